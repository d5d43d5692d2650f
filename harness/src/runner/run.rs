//! What a scenario holds in its hands: deploy, act, expect, judge.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use camino::Utf8PathBuf;
use jiff::Timestamp;
use kube::Client;
use serde_json::{Value, json};

use super::{
    catalogue::{Plan, Sabotage},
    evidence::Secrets,
    needs::Need,
    shared::Shared,
    state::State,
};
use crate::{
    cluster::{NAMESPACE_LABEL, RUN_LABEL, Site},
    error::{Error, Result},
    journal::Log,
    manifest::{Local, Manifest, apply::apply},
    report::{
        screen::Event,
        terrain::{Dns, Family, Terrain},
    },
    wait::{Expectation, Patience, Waiter},
    workload::{Set, Workload, garage},
};

/// A running scenario. Cheap to clone.
#[derive(Clone)]
pub struct Run {
    inner: Arc<Inner>,
}

struct Inner {
    parts: Parts,
    state: Mutex<State>,
}

/// What a run is made of.
pub(super) struct Parts {
    pub(super) plan: Plan,
    pub(super) shared: Arc<Shared>,
    pub(super) namespace: String,
    pub(super) log: Arc<Log>,
    pub(super) waiter: Waiter,
    pub(super) patience: Patience,
    pub(super) directory: Utf8PathBuf,
}

impl fmt::Debug for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Run").field(&self.inner.parts.plan.name).finish()
    }
}

impl Run {
    pub(super) fn new(parts: Parts) -> Self {
        Self { inner: Arc::new(Inner { parts, state: Mutex::new(State::new()) }) }
    }

    /// The workload of this trial.
    pub fn workload(&self) -> Workload {
        self.inner.parts.plan.workload
    }

    /// The namespace that is this trial's alone.
    pub fn namespace(&self) -> &str {
        &self.inner.parts.namespace
    }

    /// A client of the API server, for what no handle offers.
    pub fn client(&self) -> &Client {
        &self.shared().clients.plumbing
    }

    /// A client that never tries again, for refusals that are to be seen.
    pub(super) fn probe_client(&self) -> &Client {
        &self.shared().clients.probe
    }

    /// A client for ways into pods.
    pub(crate) fn streams(&self) -> &Client {
        &self.shared().clients.streams
    }

    /// What manifests take from the cluster: its images, pull Secrets and storage class.
    pub(crate) fn local(&self) -> &Local {
        &self.shared().local
    }

    /// What the cluster is like.
    pub fn terrain(&self) -> &Terrain {
        &self.shared().terrain
    }

    /// Whether the terrain meets a need.
    pub fn has(&self, need: Need) -> bool {
        need.lacking(self.terrain()).is_none()
    }

    /// What is known of its DNS: a scenario that asks [needs](Need::KnownDns) that.
    ///
    /// # Errors
    /// When nothing is.
    pub fn dns(&self) -> Result<&Dns> {
        self.terrain()
            .dns
            .as_ref()
            .ok_or_else(|| Error::bug("a scenario needs a DNS that is known, and does not say so"))
    }

    /// Says that what the scenario wants this for is not judged here, and why.
    pub(super) fn leave_out_for(&self, need: Need, why: &str) {
        let wants = self.parts().plan.scenario.wants.iter().filter(|want| want.need == need);
        wants.for_each(|want| self.leave_out(format!("{}: {why}", want.what)));
    }

    /// Says what is not judged here of what is judged elsewhere, and why.
    pub fn leave_out(&self, what: impl Into<String>) {
        self.state().left_out.push(what.into());
    }

    /// Keeps a value out of every log, report and evidence.
    pub fn keep_secret(&self, value: &str) {
        self.secrets().keep(value);
    }

    /// When the scenario began.
    pub fn started(&self) -> Timestamp {
        self.state().began
    }

    /// Where the cluster is, for programs that talk to it.
    pub(super) fn site(&self) -> &Site {
        &self.shared().site
    }

    /// Whether nobody else has a part in the cluster: its nodes are ours.
    pub fn is_in_cluster_of_ours(&self) -> bool {
        !self.shared().nodes.is_empty()
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.inner.parts
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.inner.parts.shared
    }

    pub(super) fn secrets(&self) -> &Secrets {
        &self.shared().secrets
    }

    /// The journal.
    pub fn log(&self) -> &Arc<Log> {
        &self.inner.parts.log
    }

    /// The folder for this trial's files: histories, evidence.
    pub fn directory(&self) -> &Utf8PathBuf {
        &self.inner.parts.directory
    }

    /// Says what is done from here on. A control that sabotages this step does so now, before anything else.
    ///
    /// # Errors
    /// When the sabotage could not be done.
    pub async fn step(&self, name: impl Into<String>) -> Result<()> {
        let name = name.into();
        self.log().act("step", "scenario", name.clone());
        self.state().step(&name);
        let scenario = self.inner.parts.plan.name.clone();
        self.shared().progress.send(Event::Step { scenario, name: name.clone() });
        if let Some(Sabotage::At(step, sabotage)) = self.sabotage()
            && *step == name
        {
            self.log().act("sabotage", "scenario", format!("sabotage before {name}"));
            let set = self.state().set.clone();
            let set = set.ok_or_else(|| Error::bug("a step is sabotaged before a set is deployed"))?;
            sabotage(self.clone(), set).await?;
        }
        Ok(())
    }

    /// How a scenario ended that came to its last line. A control that acts at a step has acted: a green end without that says nothing.
    ///
    /// # Errors
    /// The one that was put off, or that the control's step never came.
    pub(super) fn ended(&self) -> Result<()> {
        self.state().ended()?;
        match self.sabotage() {
            Some(Sabotage::At(step, _)) if !self.state().steps.iter().any(|came| came.name == *step) => {
                Err(Error::bug(format!("the control is to act before the step {step:?}, which never came")))
            }
            _ => Ok(()),
        }
    }

    /// Deploys the workload as shipped, and says so; does not wait until it is ready.
    ///
    /// # Errors
    /// When a manifest can't be read, or the API server refuses it.
    pub async fn deploy(&self) -> Result<Set> {
        self.deploy_with(|_, _| Ok(())).await
    }

    /// Deploys the workload with a change of the scenario's own.
    ///
    /// # Errors
    /// When a manifest can't be read or patched, or the API server refuses it.
    pub async fn deploy_with(
        &self,
        change: impl FnOnce(&mut Manifest, &Workload) -> Result<()>,
    ) -> Result<Set> {
        let workload = self.workload();
        self.step(format!("deploy {}", workload.name)).await?;
        let mut manifest = workload.manifest()?;
        change(&mut manifest, &workload)?;
        let shipped = manifest.find("StatefulSet", workload.name)?.clone();
        if let Some(Sabotage::Manifest(sabotage)) = self.sabotage() {
            sabotage(&mut manifest, &workload)?;
        }
        let (namespace, client) = (self.namespace().to_owned(), self.client().clone());
        let (log, waiter) = (Arc::clone(self.log()), self.inner.parts.waiter.clone());
        let set = Set::new(workload, shipped, namespace, client, log, waiter, self.inner.parts.patience);
        // A sabotage may have put something else in its place.
        self.state().asked = manifest.find("StatefulSet", workload.name).cloned().unwrap_or_default();
        self.apply(manifest).await?;
        self.state().set = Some(set.clone());
        Ok(set)
    }

    pub(super) fn sabotage(&self) -> Option<&Sabotage> {
        self.inner.parts.plan.control.as_ref().map(|control| &control.sabotage)
    }

    /// Applies objects in the trial's namespace, with what is the cluster's own.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn apply(&self, mut manifest: Manifest) -> Result<()> {
        self.shared().secrets.learn(&manifest);
        garage::discover_in(&mut manifest, self.namespace());
        if self.terrain().families.contains(&Family::IPv6) {
            garage::listen_to_both(&mut manifest);
        }
        manifest.take(self.local());
        apply(
            self.client(),
            self.namespace(),
            &manifest,
            &[(RUN_LABEL, &self.shared().run), (NAMESPACE_LABEL, self.namespace())],
        )
        .await
    }

    /// The patch by which a set gets the workload's container as this manifest has it, and those that run before it, with what is
    /// the cluster's own.
    ///
    /// # Errors
    /// When the manifest has no such container.
    pub fn container_patch(&self, mut manifest: Manifest) -> Result<Value> {
        manifest.take(self.local());
        let mut pod = json!({"containers": [self.workload().container(&mut manifest)?]});
        let before = &manifest.find("StatefulSet", self.workload().name)?["spec"]["template"]["spec"]["initContainers"];
        if !before.is_null() {
            pod["initContainers"] = before.clone();
        }
        Ok(json!({"spec": {"template": {"spec": pod}}}))
    }

    /// The name of an object that this scenario makes outside its namespace: no other trial's.
    pub fn outside(&self, name: &str) -> String {
        format!("{}-{name}", self.namespace())
    }

    /// Applies objects that are not in a file.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn apply_objects(&self, objects: impl IntoIterator<Item = Value>) -> Result<()> {
        self.apply(Manifest { objects: objects.into_iter().collect() }).await
    }

    /// Waits for something that the scenario needs and that is no claim.
    ///
    /// # Errors
    /// When it can't be met, or was not in time.
    pub async fn wait(&self, expectation: &Expectation, deadline: Duration) -> Result<Duration> {
        self.wait_within(expectation, self.stretch_here(deadline)).await
    }

    /// As [`Run::wait`], within a time that is stretched already.
    pub(super) async fn wait_within(&self, expectation: &Expectation, time: Duration) -> Result<Duration> {
        self.inner.parts.waiter.until(expectation, time).await
    }

    /// Returns when the controllers have looked at what there is, and all of it is recorded.
    ///
    /// # Errors
    /// When they have not in time, or it is not.
    pub async fn settled(&self) -> Result<()> {
        self.inner.parts.waiter.settled().await
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
