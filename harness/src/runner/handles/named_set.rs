//! A set by its name: why it is stuck is asked by that alone.

mod excuses;

use std::time::Duration;

use excuses::{NOT_IN_FORCE, is_well, told_late, told_of};
use explain::explain;
use external::api::{Namespaced, objects};
use jiff::Timestamp;
use k8s_openapi::{
    api::{
        apps::v1::StatefulSet,
        core::v1::{Event, PersistentVolumeClaim, Pod},
    },
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time},
};
use kube::{Resource, api::DeleteParams};
use serde_json::{Value, json};

use super::scale::scale;
use crate::{
    claim::Claim,
    error::{Error, Result},
    law::Obstacle,
    runner::{Run, hindrance},
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
        let time = self.run.time_for(claim, self.run.in_this_cluster(deadline));
        let outcome = until_asked_every(BETWEEN, &sentence, time, ask).await;
        let lag = self.run.found(claim, self.unless_untold(self.unless_hindered(causes, outcome)))?;
        self.run.measure(&format!("diagnosis of {set}"), lag.as_secs_f64(), "s");
        Ok(())
    }

    /// Passes an outcome on. Where no event is told of it, its pods and their claims, or late, as where events are kept back or not
    /// kept, a diagnosis that goes by them says nothing; in a cluster of others neither where none is told that warns.
    fn unless_untold<T>(&self, outcome: Result<T>) -> Result<T> {
        let Err(Error::Failed(message)) = outcome else { return outcome };
        let (history, clocks) = (self.run.log().history(), &self.run.terrain().clocks);
        let why = match told_of(&history, &self.name, !self.run.is_in_cluster_of_ours()) {
            false => Some("no event was told of it that says what is wrong".to_owned()),
            true => told_late(&history, &self.name, clocks),
        };
        Err(match why {
            Some(why) => Error::not_judged(Obstacle::Recording, format!("{message}; {why}")),
            None => Error::Failed(message),
        })
    }

    /// Passes an outcome on. Where something of the cluster's own keeps its pods away that is none of these causes, a diagnosis of
    /// another is no wrong one; and in a cluster of others none is wrong of a set that is well, where it was to be kept back.
    fn unless_hindered<T>(&self, causes: &[&str], outcome: Result<T>) -> Result<T> {
        let Err(Error::Failed(message)) = outcome else { return outcome };
        let may_be_well = !causes.is_empty() && !self.run.is_in_cluster_of_ours();
        let hindrance = self.run.log().now(|world| {
            let well = world.sets.get(&self.name).filter(|set| may_be_well && is_well(set));
            let well = well.map(|_| (Obstacle::Terrain, NOT_IN_FORCE.to_owned()));
            hindrance::of_set(world, &self.name, causes).or(well)
        });
        Err(match hindrance {
            Some((obstacle, why)) => Error::not_judged(obstacle, format!("{message}; {why}")),
            None => Error::Failed(message),
        })
    }

    /// Judges that the diagnosis of it names this cause, and no other, and advises what the scenario does next: each of
    /// these words is in its advice.
    ///
    /// # Errors
    /// When it does not; that is a finding as well.
    pub async fn judge_advice(
        &self,
        claim: Claim,
        cause: &str,
        advice: &[&str],
        deadline: Duration,
    ) -> Result<()> {
        self.judge_diagnosis(claim, &[cause], deadline).await?;
        // Some of it is known only when what goes wrong has gone wrong again.
        let ask = || async {
            let diagnosis = explain(self.run.client(), self.run.namespace(), &self.name).await?;
            let text = diagnosis.to_string();
            let unsaid: Vec<&&str> = advice.iter().filter(|words| !text.contains(**words)).collect();
            let why = || format!("it does not say {unsaid:?}: {text}");
            Ok(if unsaid.is_empty() { Progress::Met } else { Progress::NotYet(why()) })
        };
        let sentence = format!("the advice for {} says what helps", self.name);
        let time = self.run.time_for(claim, self.run.in_this_cluster(deadline));
        let outcome = until_asked_every(BETWEEN, &sentence, time, ask).await;
        self.run.found(claim, self.unless_hindered(&[cause], outcome)).map(drop)
    }

    /// Deletes a pod of it; does not wait.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete_pod(&self, ordinal: u32) -> Result<()> {
        let pod = format!("{}-{ordinal}", self.name);
        objects::<Pod>(self.run.client(), self.run.namespace())
            .delete(&pod, &DeleteParams::default())
            .await
            .map(drop)
    }

    /// Deletes a pod of it without a grace.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete_pod_at_once(&self, ordinal: u32) -> Result<()> {
        let pod = format!("{}-{ordinal}", self.name);
        let at_once = DeleteParams::default().grace_period(0);
        objects::<Pod>(self.run.client(), self.run.namespace()).delete(&pod, &at_once).await.map(drop)
    }

    /// Deletes a PVC of its claim template `data`; does not wait.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete_volume_claim(&self, ordinal: u32) -> Result<()> {
        let name = format!("data-{}-{ordinal}", self.name);
        let claims = objects::<PersistentVolumeClaim>(self.run.client(), self.run.namespace());
        claims.delete(&name, &DeleteParams::default()).await.map(drop)
    }

    /// Deletes it, and its pods with it; does not wait.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete(&self) -> Result<()> {
        let sets = objects::<StatefulSet>(self.run.client(), self.run.namespace());
        sets.delete(&self.name, &DeleteParams::background()).await.map(drop)
    }

    /// Takes all its finalizers.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn take_finalizers(&self) -> Result<()> {
        let sets = objects::<StatefulSet>(self.run.client(), self.run.namespace());
        sets.merge(&self.name, &json!({"metadata": {"finalizers": null}})).await.map(drop)
    }

    /// Deletes it and leaves its pods.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn leave_pods(&self) -> Result<()> {
        let sets = objects::<StatefulSet>(self.run.client(), self.run.namespace());
        sets.delete(&self.name, &DeleteParams::orphan()).await?;
        let gone = || async {
            Ok(match sets.get_opt(&self.name).await? {
                Some(_) => Progress::NotYet("it is still there".to_owned()),
                None => Progress::Met,
            })
        };
        let sentence = format!("statefulset {} is gone, and its pods are not", self.name);
        until_asked(&sentence, self.run.stretch(Duration::from_secs(30)), gone).await.map(drop)
    }

    /// Takes a label from a pod of it.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn take_label(&self, ordinal: u32, label: &str) -> Result<()> {
        self.patch_pod(ordinal, &json!({"metadata": {"labels": {label: null}}})).await
    }

    /// Gives a label to a pod of it.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn give_label(&self, ordinal: u32, label: &str, value: &str) -> Result<()> {
        self.patch_pod(ordinal, &json!({"metadata": {"labels": {label: value}}})).await
    }

    /// Says something of a pod of it, in an event, as who is not here would.
    ///
    /// # Errors
    /// When there is no such pod, or the API server refuses.
    pub async fn say(&self, ordinal: u32, reason: &str, message: &str) -> Result<()> {
        let (client, namespace) = (self.run.client(), self.run.namespace());
        let pod = objects::<Pod>(client, namespace).get(&format!("{}-{ordinal}", self.name)).await?;
        let event = Event {
            metadata: ObjectMeta {
                generate_name: Some(format!("{}-", self.name)),
                namespace: Some(namespace.to_owned()),
                ..ObjectMeta::default()
            },
            involved_object: pod.object_ref(&()),
            reason: Some(reason.to_owned()),
            message: Some(message.to_owned()),
            type_: Some("Warning".to_owned()),
            first_timestamp: Some(Time(Timestamp::now())),
            last_timestamp: Some(Time(Timestamp::now())),
            ..Event::default()
        };
        objects::<Event>(client, namespace).create(&event).await.map(drop)
    }

    /// Gives an annotation to a pod of it.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn annotate(&self, ordinal: u32, annotation: &str) -> Result<()> {
        self.patch_pod(ordinal, &json!({"metadata": {"annotations": {annotation: "yes"}}})).await
    }

    async fn patch_pod(&self, ordinal: u32, patch: &Value) -> Result<()> {
        let pod = format!("{}-{ordinal}", self.name);
        objects::<Pod>(self.run.client(), self.run.namespace()).merge(&pod, patch).await.map(drop)
    }

    /// Waits until the API server refuses to delete it: it learns of a policy a moment after it has taken it.
    ///
    /// # Errors
    /// When it would go on to delete it.
    pub async fn until_undeletable(&self, deadline: Duration) -> Result<()> {
        self.until_kept::<StatefulSet>("statefulset", &self.name, deadline).await
    }

    /// As [`until_undeletable`](Self::until_undeletable), of a pod of it.
    ///
    /// # Errors
    /// When it would go on to delete it.
    pub async fn until_pod_undeletable(&self, ordinal: u32, deadline: Duration) -> Result<()> {
        self.until_kept::<Pod>("pod", &format!("{}-{ordinal}", self.name), deadline).await
    }

    async fn until_kept<K: Namespaced>(&self, kind: &str, name: &str, deadline: Duration) -> Result<()> {
        let objects = objects::<K>(self.run.probe_client(), self.run.namespace()).dry_run();
        let refuses = |error: &Error| error.status().is_some_and(|status| [403, 422].contains(&status.code));
        let refused = || async {
            Ok(match objects.delete(name, &DeleteParams::background()).await {
                Ok(_) => Progress::NotYet("it would delete it".to_owned()),
                Err(error) if refuses(&error) => Progress::Met,
                Err(error) => Progress::NotYet(error.to_string()),
            })
        };
        let sentence = format!("the API server refuses to delete {kind} {name}");
        until_asked(&sentence, self.run.stretch(deadline), refused).await.map(drop)
    }
}
