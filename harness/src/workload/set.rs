//! A deployed StatefulSet: what a scenario does to it. Each act is written to the journal before it is done.

use std::{fmt, sync::Arc, time::Duration};

use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{PersistentVolumeClaim, Pod},
};
use kube::{
    Api, Client,
    api::{DeleteParams, Patch, PatchParams},
};
use serde_json::{Value, json};

use super::Workload;
use crate::{
    cluster::HOLD_FINALIZER,
    error::{Error, Result, within},
    journal::{Log, Promise, fact},
    wait::{Expectation, Waiter, expectations},
};

/// How long the API server may take for one call.
const CALL: Duration = Duration::from_secs(15);
/// How long a whole set may take: far longer than it needs, since a time-out should mean broken, not slow.
const READY: Duration = Duration::from_secs(240);
/// The readiness gate that keeps a pod from being Ready.
pub const GATE: &str = "steadfast.dev/released";

/// A StatefulSet of the scenario.
#[derive(Clone)]
pub struct Set {
    /// What it is.
    pub workload: Workload,
    /// What its manifest, as shipped, promises.
    pub promise: Promise,
    /// Where it is.
    pub namespace: String,
    client: Client,
    log: Arc<Log>,
    waiter: Waiter,
    patience: f64,
}

impl fmt::Debug for Set {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Set").field("name", &self.promise.set).finish_non_exhaustive()
    }
}

impl Set {
    pub(crate) fn new(
        workload: Workload,
        promise: Promise,
        namespace: String,
        client: Client,
        log: Arc<Log>,
        waiter: Waiter,
        patience: f64,
    ) -> Self {
        Self { workload, promise, namespace, client, log, waiter, patience }
    }

    /// The pod's name.
    pub fn pod_name(&self, ordinal: u32) -> String {
        self.promise.pod(ordinal)
    }

    /// The pod as the journal shows it now.
    ///
    /// # Errors
    /// When it does not exist.
    pub fn pod(&self, ordinal: u32) -> Result<Arc<fact::Pod>> {
        let name = self.pod_name(ordinal);
        let pod = self.log.now(|world| world.pods.get(&name).cloned());
        pod.ok_or_else(|| Error::failed(format!("expected the pod {name}; it does not exist")))
    }

    /// The ordinals that exist now, lowest first.
    pub fn ordinals(&self) -> Vec<u32> {
        self.log.now(|world| world.pods_of(&self.promise).into_keys().collect())
    }

    /// Waits; `deadline` is what a quick machine needs, and is stretched by the setting `patience`.
    ///
    /// # Errors
    /// When it can't be met, or was not in time.
    pub async fn wait(&self, expectation: &Expectation, deadline: Duration) -> Result<Duration> {
        self.waiter.until(expectation, deadline.mul_f64(self.patience)).await
    }

    /// Waits until this many pods are ready, and no other is there.
    ///
    /// # Errors
    /// When they are not in time; the message says which pod is not, and why.
    pub async fn ready(&self, replicas: u32) -> Result<Duration> {
        self.wait(&expectations::set_ready(&self.promise, replicas), READY).await
    }

    /// Asks for this many replicas; does not wait.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn scale(&self, replicas: u32) -> Result<()> {
        self.patch_set("scale", &format!("scale to {replicas}"), &json!({"spec": {"replicas": replicas}}))
            .await
    }

    /// Makes the controller look at the set again, without changing what is asked of it.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn nudge(&self) -> Result<()> {
        let now = jiff::Timestamp::now().to_string();
        let patch = json!({"metadata": {"annotations": {"steadfast.dev/nudge": now}}});
        self.patch_set("patch", "touch, so that the controller looks again", &patch).await
    }

    async fn patch_set(&self, verb: &str, text: &str, patch: &Value) -> Result<()> {
        let name = &self.promise.set;
        let doing = format!("statefulset {name}: {text}");
        self.log.act(verb, format!("statefulset/{name}"), doing.clone());
        let api: Api<StatefulSet> = self.api();
        let (parameters, patch) = (PatchParams::default(), Patch::Merge(patch));
        within(CALL, &doing, api.patch(name, &parameters, &patch), Error::api(doing.clone())).await?;
        Ok(())
    }

    /// Deletes the set and, in the background, its pods.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete(&self) -> Result<()> {
        self.delete_object::<StatefulSet>("statefulset", &self.promise.set).await
    }

    /// Deletes a pod, with its own grace period; does not wait.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete_pod(&self, ordinal: u32) -> Result<()> {
        self.delete_object::<Pod>("pod", &self.pod_name(ordinal)).await
    }

    /// Deletes a PVC; it goes when no pod uses it any more.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete_claim(&self, name: &str) -> Result<()> {
        self.delete_object::<PersistentVolumeClaim>("persistentvolumeclaim", name).await
    }

    async fn delete_object<K>(&self, kind: &str, name: &str) -> Result<()>
    where
        K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
            + Clone
            + fmt::Debug
            + serde::de::DeserializeOwned,
    {
        let doing = format!("delete {kind} {name}");
        self.log.act("delete", format!("{kind}/{name}"), doing.clone());
        let api: Api<K> = self.api();
        let parameters = DeleteParams::background();
        within(CALL, &doing, api.delete(name, &parameters), Error::api(doing.clone())).await?;
        Ok(())
    }

    /// Keeps a pod from being completely gone once it is deleted, until [`Set::release_removal`].
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn hold_removal(&self, ordinal: u32) -> Result<()> {
        let patch = json!({"metadata": {"finalizers": [HOLD_FINALIZER]}});
        self.patch_pod("hold", ordinal, "hold its removal", &patch).await
    }

    /// Lets a held pod be gone.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn release_removal(&self, ordinal: u32) -> Result<()> {
        let patch = json!({"metadata": {"finalizers": null}});
        self.patch_pod("release", ordinal, "release its removal", &patch).await
    }

    async fn patch_pod(&self, verb: &str, ordinal: u32, text: &str, patch: &Value) -> Result<()> {
        let name = self.pod_name(ordinal);
        let doing = format!("pod {name}: {text}");
        self.log.act(verb, format!("pod/{name}"), doing.clone());
        let api: Api<Pod> = self.api();
        let (parameters, patch) = (PatchParams::default(), Patch::Merge(patch));
        within(CALL, &doing, api.patch(&name, &parameters, &patch), Error::api(doing.clone())).await?;
        Ok(())
    }

    /// Lets a pod that its readiness gate holds become Ready.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn release(&self, ordinal: u32) -> Result<()> {
        let name = self.pod_name(ordinal);
        let doing = format!("pod {name}: release, so that it may become Ready");
        self.log.act("release", format!("pod/{name}"), doing.clone());
        let patch = json!({"status": {"conditions": [{"type": GATE, "status": "True"}]}});
        let api: Api<Pod> = self.api();
        let (parameters, patch) = (PatchParams::default(), Patch::Strategic(patch));
        within(CALL, &doing, api.patch_status(&name, &parameters, &patch), Error::api(doing.clone())).await?;
        Ok(())
    }

    fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }
}
