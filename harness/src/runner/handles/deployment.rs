//! A Deployment beside the set.

use std::time::Duration;

use external::api::objects;
use k8s_openapi::api::apps::v1::Deployment as DeploymentObject;

use super::scale::scale;
use crate::{
    error::{Error, Result},
    law::Obstacle,
    runner::Run,
    wait::{Progress, expectations::made_by, until_asked},
};

/// How long the controller may take to count.
const COUNTED: Duration = Duration::from_secs(30);

/// A Deployment by its name.
#[derive(Debug, Clone)]
pub struct Deployment {
    run: Run,
    name: String,
}

impl Deployment {
    pub(in crate::runner) fn new(run: Run, name: &str) -> Self {
        Self { run, name: name.to_owned() }
    }

    /// The pods that it has now, by name.
    pub fn pods(&self) -> Vec<String> {
        self.run.log().now(|world| made_by(world, &self.name).map(|pod| pod.meta.name.clone()).collect())
    }

    /// Waits until its status counts so many pods as ready: its controllers have then seen which.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn until_counted(&self, ready: i32) -> Result<()> {
        let name = self.name.as_str();
        let deployments = objects::<DeploymentObject>(self.run.client(), self.run.namespace());
        let ask = || async {
            let found = deployments.get(name).await?;
            Ok(match found.status.and_then(|status| status.ready_replicas).unwrap_or(0) {
                counted if counted == ready => Progress::Met,
                counted => Progress::NotYet(format!("it counts {counted}")),
            })
        };
        let sentence = format!("deployment {name} counts {ready} ready pods");
        until_asked(&sentence, self.run.stretch(COUNTED), ask).await.map(drop)
    }

    /// Sees that its controllers count the pods that it has, at least one: they write that down when they have made all that they
    /// make at once.
    ///
    /// # Errors
    /// [`Error::NotJudged`] when they do not in time: they may be slow.
    pub async fn has_acted(&self, deadline: Duration) -> Result<()> {
        let name = self.name.as_str();
        let deployments = objects::<DeploymentObject>(self.run.client(), self.run.namespace());
        let ask = || async {
            let found = deployments.get_opt(name).await?;
            Ok(uncounted(found.as_ref(), self.pods().len()).map_or(Progress::Met, Progress::NotYet))
        };
        let sentence = format!("the controllers of deployment {name} count its pods");
        match until_asked(&sentence, self.run.stretch(deadline), ask).await {
            Err(Error::Failed(words)) => Err(Error::not_judged(Obstacle::Controller, words)),
            counted => counted.map(drop),
        }
    }

    /// Scales it; does not wait.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn scale(&self, replicas: u32) -> Result<()> {
        scale::<DeploymentObject>(&self.run, "deployment", &self.name, replicas).await
    }
}

/// What a Deployment's controllers count where these pods are not all counted yet. Where there is no Deployment nobody counts.
fn uncounted(deployment: Option<&DeploymentObject>, pods: usize) -> Option<String> {
    let counted = deployment?.status.as_ref().and_then(|status| status.replicas).unwrap_or(0);
    let all = usize::try_from(counted).is_ok_and(|counted| counted == pods) && pods > 0;
    (!all).then(|| format!("they count {counted}, and there are {pods}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn controllers_have_acted_when_they_count_the_pods_that_there_are() {
        let counting = |counted: u32, pods: usize| {
            let deployment = json!({"metadata": {"name": "web"}, "status": {"replicas": counted}});
            uncounted(Some(&serde_json::from_value(deployment).unwrap()), pods)
        };
        // As one does that makes its pods one after the other, and as one that is slow.
        assert_eq!(counting(1, 1), None);
        assert_eq!(counting(0, 1).unwrap(), "they count 0, and there are 1");
        assert!(counting(0, 0).is_some());
        assert_eq!(uncounted(None, 1), None);
    }
}
