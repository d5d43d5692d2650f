//! A set by its name: why it is stuck is asked by that alone.

use std::time::Duration;

use explain::explain;
use external::api::objects;
use k8s_openapi::api::apps::v1::StatefulSet;
use kube::api::DeleteParams;

use super::scale::scale;
use crate::{
    claim::Claim,
    error::{Error, Result},
    runner::Run,
    wait::{Progress, until_asked, until_asked_every},
};

/// A diagnosis is a dozen calls, and a scenario asks for those of a dozen sets at once.
const BETWEEN: Duration = Duration::from_secs(1);

/// A set by its name, the workload's or one beside it.
#[derive(Debug, Clone)]
pub struct NamedSet {
    run: Run,
    name: String,
}

impl NamedSet {
    pub(in crate::runner) fn new(run: Run, name: &str) -> Self {
        Self { run, name: name.to_owned() }
    }

    /// Scales it; does not wait.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn scale(&self, replicas: u32) -> Result<()> {
        scale::<StatefulSet>(&self.run, "statefulset", &self.name, replicas).await
    }

    /// Judges that the diagnosis of it names these causes, and no other. Events may lag.
    ///
    /// # Errors
    /// When it does not; that is a finding as well.
    pub async fn judge_diagnosis(&self, claim: Claim, causes: &[&str], deadline: Duration) -> Result<()> {
        let set = self.name.as_str();
        let named = if causes.is_empty() { "nothing".to_owned() } else { causes.join(", ") };
        let sentence = format!("why {set} is stuck is {named}");
        let ask = || async {
            let diagnosis = explain(self.run.client(), self.run.namespace(), set).await?;
            let met = diagnosis.ids() == causes && diagnosis.healthy() == causes.is_empty();
            Ok(if met { Progress::Met } else { Progress::NotYet(diagnosis.to_string()) })
        };
        let outcome = until_asked_every(BETWEEN, &sentence, self.run.time_for(claim, deadline), ask).await;
        let lag = self.run.found(claim, outcome)?;
        self.run.measure(&format!("diagnosis of {set}"), lag.as_secs_f64(), "s");
        Ok(())
    }

    /// Waits until the API server refuses to delete it: it learns of a policy a moment after it has taken it.
    ///
    /// # Errors
    /// When it would go on to delete it.
    pub async fn until_undeletable(&self, deadline: Duration) -> Result<()> {
        let name = self.name.as_str();
        let sets = objects::<StatefulSet>(self.run.probe_client(), self.run.namespace()).dry_run();
        let refuses = |error: &Error| error.status().is_some_and(|status| [403, 422].contains(&status.code));
        let refused = || async {
            Ok(match sets.delete(name, &DeleteParams::background()).await {
                Ok(_) => Progress::NotYet("it would delete it".to_owned()),
                Err(error) if refuses(&error) => Progress::Met,
                Err(error) => Progress::NotYet(error.to_string()),
            })
        };
        let sentence = format!("the API server refuses to delete statefulset {name}");
        until_asked(&sentence, self.run.stretch(deadline), refused).await.map(drop)
    }
}
