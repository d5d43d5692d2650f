//! What of a set is deleted, and what is said of all that belongs to it.

use external::api::Namespaced;
use k8s_openapi::api::{
    apps::v1::{ControllerRevision, StatefulSet},
    core::v1::Pod,
};
use kube::api::DeleteParams;

use super::Set;
use crate::error::Result;

impl Set {
    /// Deletes the set and, in the background, its pods.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete(&self) -> Result<()> {
        self.delete_object::<StatefulSet>("statefulset", &self.promise.set).await
    }

    /// Deletes the set and says nothing of its pods: what becomes of them is the API server's default.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete_by_default(&self) -> Result<()> {
        self.delete_with::<StatefulSet>("statefulset", &self.promise.set, &DeleteParams::default()).await
    }

    /// Deletes the set and leaves its pods, without an owner.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete_orphaning(&self) -> Result<()> {
        self.delete_with::<StatefulSet>("statefulset", &self.promise.set, &DeleteParams::orphan()).await
    }

    /// Deletes the set when its pods are gone, and its pods at once; does not wait.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete_in_foreground(&self) -> Result<()> {
        self.delete_with::<StatefulSet>("statefulset", &self.promise.set, &DeleteParams::foreground()).await
    }

    /// Takes a pod's object away at once, whether its containers have ended or not.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn force_delete_pod(&self, ordinal: u32) -> Result<()> {
        self.delete_pod_within(ordinal, 0).await
    }

    /// Deletes a pod, with a grace period of so many seconds instead of its own; does not wait.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete_pod_within(&self, ordinal: u32, seconds: u32) -> Result<()> {
        let parameters = DeleteParams::background().grace_period(seconds);
        self.delete_with::<Pod>("pod", &self.pod_name(ordinal), &parameters).await
    }

    /// Deletes a pod, with its own grace period; does not wait.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete_pod(&self, ordinal: u32) -> Result<()> {
        self.delete_object::<Pod>("pod", &self.pod_name(ordinal)).await
    }

    /// Deletes a ControllerRevision.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete_revision(&self, name: &str) -> Result<()> {
        self.delete_object::<ControllerRevision>("controllerrevision", name).await
    }

    pub(super) async fn delete_object<K: Namespaced>(&self, kind: &str, name: &str) -> Result<()> {
        self.delete_with::<K>(kind, name, &DeleteParams::background()).await
    }

    async fn delete_with<K: Namespaced>(
        &self,
        kind: &str,
        name: &str,
        parameters: &DeleteParams,
    ) -> Result<()> {
        let (doing, target) = (format!("delete {kind} {name}"), format!("{kind}/{name}"));
        let act = self.act("delete", target.clone(), &doing);
        let outcome = self.objects::<K>().doing(doing).delete(name, parameters).await;
        let answer = self.log.outcome(&target, outcome)?;
        // Without a grace, two changes follow from the act, and the answer has the second's version: the first would come before it.
        let at_once = parameters.grace_period_seconds == Some(0);
        if let Some(object) = answer.filter(|_| !at_once) {
            self.log.answered(act, object.meta().resource_version.as_deref());
        }
        Ok(())
    }
}
