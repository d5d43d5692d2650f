//! A deployed StatefulSet: what a scenario does to it. Each act is written to the journal before it is done.

mod deletion;
mod volume_claims;

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use external::api::{Namespaced, Objects, objects};
use k8s_openapi::api::{
    apps::v1::{ControllerRevision, StatefulSet},
    core::v1::Pod,
};
use kube::Client;
use serde_json::{Value, json};

use super::Workload;
use crate::{
    cluster::HOLD_FINALIZER,
    error::{Error, Result},
    journal::{Log, Promise, fact},
    manifest::patch::merge,
    wait::{Expectation, Patience, Waiter, expectations},
};

/// How long the journal may take to show a change that the API server has confirmed.
const SHOWN: Duration = Duration::from_secs(15);
/// How long a whole set may take: far longer than it needs, since a time-out should mean broken, not slow.
const READY: Duration = Duration::from_secs(240);
/// The readiness gate that keeps a pod from being Ready.
pub const GATE: &str = "steadfast.dev/released";

/// A StatefulSet of the scenario.
#[derive(Clone)]
pub struct Set {
    /// What it is.
    pub workload: Workload,
    /// What its manifest, as shipped and as the scenario changed it since, promises.
    pub promise: Promise,
    /// Where it is.
    pub namespace: String,
    manifest: Value,
    client: Client,
    log: Arc<Log>,
    waiter: Waiter,
    patience: Patience,
    announced: bool,
}

impl fmt::Debug for Set {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Set").field("name", &self.promise.set).finish_non_exhaustive()
    }
}

impl Set {
    /// A set that is about to be deployed from this manifest; its promise goes to the journal.
    pub(crate) fn new(
        workload: Workload,
        manifest: Value,
        namespace: String,
        client: Client,
        log: Arc<Log>,
        waiter: Waiter,
        patience: Patience,
    ) -> Self {
        let promise = Promise::of(&manifest);
        log.promise(promise.clone());
        Self { workload, promise, namespace, manifest, client, log, waiter, patience, announced: true }
    }

    /// A handle for sabotage, which imitates a broken controller: its acts are not taken for the scenario's own.
    pub fn unannounced(&self) -> Self {
        Self { announced: false, ..self.clone() }
    }

    fn act(&self, verb: &str, target: String, text: &str) -> u64 {
        let verb = if self.announced { verb } else { "sabotage" };
        self.log.act(verb, target, text)
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

    /// The pods that exist now: name and UID.
    pub fn pods(&self) -> BTreeMap<String, String> {
        self.log.now(|world| {
            let pods = world.pods_of(&self.promise).into_values();
            pods.map(|pod| (pod.meta.name.clone(), pod.meta.uid.clone())).collect()
        })
    }

    /// The set as the journal shows it now.
    ///
    /// # Errors
    /// When it does not exist.
    pub fn state(&self) -> Result<Arc<fact::Set>> {
        let name = &self.promise.set;
        let set = self.log.now(|world| world.sets.get(name).cloned());
        set.ok_or_else(|| Error::failed(format!("expected the StatefulSet {name}; it does not exist")))
    }

    /// The revision that the set's template has now: name and UID of the ControllerRevision.
    ///
    /// # Errors
    /// When there is no such revision.
    pub fn revision(&self) -> Result<(String, String)> {
        let name = self.state()?.update_revision.to_string();
        let uid = self.log.now(|world| world.revisions.get(&name).map(|meta| meta.uid.clone()));
        let uid = uid.ok_or_else(|| Error::failed(format!("expected the ControllerRevision {name}")))?;
        Ok((name, uid))
    }

    /// The name of the revision that is the newest by its number: the one that the template has now, also where it came back.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn newest_revision(&self) -> Result<Option<String>> {
        let ours = format!("{}-", self.promise.set);
        let all = self.objects::<ControllerRevision>().list().await?.into_iter();
        let numbered = all.filter_map(|one| Some((one.revision, one.metadata.name?)));
        Ok(numbered.filter(|(_, name)| name.starts_with(&ours)).max().map(|(_, name)| name))
    }

    /// The ordinals that exist now, lowest first.
    pub fn ordinals(&self) -> Vec<u32> {
        self.log.now(|world| world.pods_of(&self.promise).into_keys().collect())
    }

    /// The ordinal of a pod that is alone on its node: what happens to that happens to one server.
    ///
    /// # Errors
    /// When each shares its node with another.
    pub fn alone_on_its_node(&self) -> Result<u32> {
        self.log.now(|world| {
            let pods = world.pods_of(&self.promise);
            let on = |node: &str| pods.values().filter(|pod| pod.node.as_deref() == Some(node)).count();
            let alone = pods.iter().find(|(_, pod)| pod.node.as_deref().is_some_and(|node| on(node) == 1));
            alone.map(|(ordinal, _)| *ordinal).ok_or_else(|| {
                let place = |pod: &Arc<fact::Pod>| {
                    format!("{} on {}", pod.meta.name, pod.node.as_deref().unwrap_or("no node"))
                };
                let found: Vec<String> = pods.into_values().map(place).collect();
                let (name, found) = (&self.promise.set, found.join(", "));
                Error::environment(format!("no pod of {name} is alone on its node; found {found}"))
            })
        })
    }

    /// Waits; `deadline` is what a quick machine needs in a cluster of ours, and is stretched by the setting `scenario_deadline_factor`,
    /// by load, and threefold in a cluster of others.
    ///
    /// # Errors
    /// When it can't be met, or was not in time.
    pub async fn wait(&self, expectation: &Expectation, deadline: Duration) -> Result<Duration> {
        self.waiter.until(expectation, self.patience.stretch_here(deadline)).await
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

    /// As [`Set::scale`], by its scale subresource, as `kubectl scale` and autoscalers do. What the set asks for then is to be seen.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn scale_by_subresource(&self, replicas: u32) -> Result<()> {
        let name = &self.promise.set;
        let doing = format!("statefulset {name}: scale to {replicas} by its subresource");
        let target = format!("statefulset/{name}");
        let act = self.act("scale", target.clone(), &doing);
        let outcome = self.objects::<StatefulSet>().doing(doing).scale(name, replicas).await;
        let version = self.log.outcome(&target, outcome)?;
        self.log.answered(act, version.as_deref());
        Ok(())
    }

    /// Writes into the set's status, as only its controller should.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn write_status(&self, status: &Value) -> Result<()> {
        let name = &self.promise.set;
        let doing = format!("statefulset {name}: write the status {status}");
        self.act("patch", format!("statefulset/{name}"), &doing);
        let sets = self.objects::<StatefulSet>().doing(doing);
        sets.merge_status(name, &json!({"status": status})).await.map(drop)
    }

    /// Changes the set by a merge patch; what it promises changes with it. Does not wait.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn change(&mut self, text: &str, patch: &Value) -> Result<()> {
        merge(&mut self.manifest, patch);
        self.promise = Promise::of(&self.manifest);
        self.log.promise(self.promise.clone());
        self.patch_set("patch", text, patch).await
    }

    /// Asks whether the API server would take this merge patch of the set, without changing anything.
    ///
    /// # Errors
    /// With its words, when it would refuse.
    pub async fn would_take(&self, patch: &Value) -> Result<()> {
        self.would_patch::<StatefulSet>("statefulset", &self.promise.set, patch).await
    }

    async fn would_patch<K: Namespaced>(&self, kind: &str, name: &str, patch: &Value) -> Result<()> {
        let doing = format!("{kind} {name}: dry run of {patch}");
        self.objects::<K>().dry_run().doing(doing).merge(name, patch).await.map(drop)
    }

    /// Changes the set by a merge patch, and leaves what it is held to as it was.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn patch(&self, text: &str, patch: &Value) -> Result<()> {
        self.patch_set("patch", text, patch).await
    }

    async fn patch_set(&self, verb: &str, text: &str, patch: &Value) -> Result<()> {
        let name = &self.promise.set;
        let doing = format!("statefulset {name}: {text}");
        let act = self.act(verb, format!("statefulset/{name}"), &doing);
        let patched = self.objects::<StatefulSet>().doing(doing).merge(name, patch).await?;
        self.log.answered(act, patched.metadata.resource_version.as_deref());
        // Who asks the journal next must not be answered with the set as it was.
        let generation = patched.metadata.generation.unwrap_or(0);
        self.wait(&expectations::set_generation(&self.promise, generation), SHOWN).await?;
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

    /// Changes a pod by a merge patch.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn change_pod(&self, ordinal: u32, text: &str, patch: &Value) -> Result<()> {
        self.patch_pod("patch", ordinal, text, patch).await
    }

    async fn patch_pod(&self, verb: &str, ordinal: u32, text: &str, patch: &Value) -> Result<()> {
        let name = self.pod_name(ordinal);
        let doing = format!("pod {name}: {text}");
        let act = self.act(verb, format!("pod/{name}"), &doing);
        let patched = self.objects::<Pod>().doing(doing).merge(&name, patch).await?;
        self.log.answered(act, patched.metadata.resource_version.as_deref());
        Ok(())
    }

    fn objects<K: Namespaced>(&self) -> Objects<K> {
        objects(&self.client, &self.namespace)
    }
}
