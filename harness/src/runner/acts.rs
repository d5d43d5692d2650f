//! Acts on objects beside the set: pods by name, Deployments, a Deployment's pods.

use std::time::Duration;

use k8s_openapi::api::{apps::v1::Deployment, core::v1::Pod};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
};
use serde_json::json;

use super::Run;
use crate::{
    error::{Error, Result, within},
    wait::expectations::made_by,
    workload::set::GATE,
};

/// How long the API server may take for one call.
const CALL: Duration = Duration::from_secs(15);

impl Run {
    /// The pods that a Deployment has now, by name.
    pub fn pods_named(&self, deployment: &str) -> Vec<String> {
        self.log().now(|world| made_by(world, deployment).map(|pod| pod.meta.name.clone()).collect())
    }

    /// Lets a pod that a readiness gate holds become Ready, or holds it again.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn set_gate(&self, pod: &str, open: bool) -> Result<()> {
        let doing = format!("pod {pod}: {} its readiness gate", if open { "open" } else { "close" });
        self.log().act("release", format!("pod/{pod}"), doing.clone());
        let status = if open { "True" } else { "False" };
        let patch = Patch::Strategic(json!({"status": {"conditions": [{"type": GATE, "status": status}]}}));
        let api: Api<Pod> = Api::namespaced(self.client().clone(), self.namespace());
        let parameters = PatchParams::default();
        let patch = api.patch_status(pod, &parameters, &patch);
        within(CALL, &doing, patch, Error::api(doing.clone())).await.map(drop)
    }

    /// Deletes a pod; does not wait.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete_pod(&self, pod: &str) -> Result<()> {
        let doing = format!("delete pod {pod}");
        self.log().act("delete", format!("pod/{pod}"), doing.clone());
        let api: Api<Pod> = Api::namespaced(self.client().clone(), self.namespace());
        let parameters = DeleteParams::default();
        within(CALL, &doing, api.delete(pod, &parameters), Error::api(doing.clone())).await.map(drop)
    }

    /// Scales a Deployment; does not wait.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn scale_deployment(&self, name: &str, replicas: u32) -> Result<()> {
        let doing = format!("deployment {name}: scale to {replicas}");
        self.log().act("scale", format!("deployment/{name}"), doing.clone());
        let api: Api<Deployment> = Api::namespaced(self.client().clone(), self.namespace());
        let (parameters, patch) =
            (PatchParams::default(), Patch::Merge(json!({"spec": {"replicas": replicas}})));
        let patch = api.patch(name, &parameters, &patch);
        within(CALL, &doing, patch, Error::api(doing.clone())).await.map(drop)
    }
}
