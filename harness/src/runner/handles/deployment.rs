//! A Deployment beside the set.

use std::time::Duration;

use external::api::objects;
use k8s_openapi::api::apps::v1::Deployment as DeploymentObject;

use super::scale::scale;
use crate::{
    error::Result,
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

    /// Scales it; does not wait.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn scale(&self, replicas: u32) -> Result<()> {
        scale::<DeploymentObject>(&self.run, "deployment", &self.name, replicas).await
    }
}
