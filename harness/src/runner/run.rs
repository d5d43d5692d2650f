//! What a scenario holds in its hands: deploy, act, expect, judge.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use camino::Utf8PathBuf;
use kube::Client;
use serde_json::Value;

use super::{
    catalogue::{Control, Plan, Sabotage},
    evidence::Secrets,
    state::State,
};
use crate::{
    claim::Claim,
    cluster::{NAMESPACE_LABEL, Node, RUN_LABEL, Site, Tunnel},
    error::{Error, Result},
    journal::{Judged, Log, lifeline::WINDOW},
    manifest::{Manifest, apply::apply},
    report::{
        progress::{Event, Progress},
        result::{Finding, Measure, Row},
    },
    wait::{Expectation, Waiter, expectations},
    workload::{Set, Workload, folder, garage, sentinel::Sentinel},
};

/// How long a fresh pod of ours may take until it runs.
const PROBE_DEADLINE: Duration = Duration::from_secs(120);
/// The window in which something must not happen, once the controller is known to have looked.
pub const HOLD: Duration = Duration::from_millis(1500);

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
    pub(super) namespace: String,
    pub(super) run_label: String,
    pub(super) client: Client,
    pub(super) probe_client: Client,
    /// The cluster's images: their tags are a setting.
    pub(super) images: Vec<String>,
    pub(super) nodes: Vec<Node>,
    pub(super) log: Arc<Log>,
    pub(super) waiter: Waiter,
    pub(super) progress: Progress,
    pub(super) patience: f64,
    pub(super) directory: Utf8PathBuf,
    pub(super) secrets: Secrets,
    pub(super) site: Site,
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
        &self.inner.parts.client
    }

    /// A client that never tries again, for refusals that are to be seen.
    pub(super) fn probe_client(&self) -> &Client {
        &self.inner.parts.probe_client
    }

    /// The cluster's images.
    pub fn images(&self) -> &[String] {
        &self.inner.parts.images
    }

    /// Where the cluster is, for programs that talk to it.
    pub(super) fn site(&self) -> &Site {
        &self.inner.parts.site
    }

    pub(super) fn secrets(&self) -> &Secrets {
        &self.inner.parts.secrets
    }

    /// The journal.
    pub fn log(&self) -> &Arc<Log> {
        &self.inner.parts.log
    }

    /// The folder for this trial's files: ledgers, evidence.
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
        self.inner.parts.progress.send(Event::Step { scenario, name: name.clone() });
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
        self.apply(manifest).await?;
        self.state().set = Some(set.clone());
        Ok(set)
    }

    pub(super) fn sabotage(&self) -> Option<&Sabotage> {
        self.inner.parts.plan.control.as_ref().map(|control| &control.sabotage)
    }

    /// Applies objects in the trial's namespace, with the cluster's images.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn apply(&self, mut manifest: Manifest) -> Result<()> {
        self.inner.parts.secrets.learn(&manifest);
        garage::discover_in(&mut manifest, self.namespace());
        manifest.use_images(&self.inner.parts.images);
        apply(
            self.client(),
            self.namespace(),
            &manifest,
            &[(RUN_LABEL, &self.inner.parts.run_label), (NAMESPACE_LABEL, self.namespace())],
        )
        .await
    }

    /// A pod of our program beside the workload: names are asked, and connections opened, from inside it.
    ///
    /// # Errors
    /// When it does not run in time.
    pub async fn probe(&self) -> Result<Sentinel> {
        self.apply(Manifest::load(&folder("probe"))?).await?;
        self.wait(&expectations::pod_ready("probe", None), PROBE_DEADLINE).await?;
        Ok(self.sentinel("probe"))
    }

    /// Our program in a pod.
    pub fn sentinel(&self, pod: impl Into<String>) -> Sentinel {
        Sentinel::new(self.client().clone(), self.namespace(), pod)
    }

    /// A node, to be hurt.
    ///
    /// # Errors
    /// When the cluster is not ours, or has no such node.
    pub fn node(&self, name: &str) -> Result<&Node> {
        let node = self.inner.parts.nodes.iter().find(|node| node.name == name);
        node.ok_or_else(|| {
            Error::environment(format!("node {name} is not ours: only nodes of our own clusters are hurt"))
        })
    }

    /// The control plane's node, to be hurt.
    ///
    /// # Errors
    /// When the cluster is not ours.
    pub(super) fn control_plane(&self) -> Result<&Node> {
        let node = self.inner.parts.nodes.iter().find(|node| node.name.ends_with("-control-plane"));
        node.ok_or_else(|| {
            Error::environment("the control plane is not ours: only that of our own clusters is hurt")
        })
    }

    /// The nodes that workloads run on, to be hurt: the workers, or the control plane where there are none.
    ///
    /// # Errors
    /// When the cluster is not ours.
    pub fn workers(&self) -> Result<Vec<&Node>> {
        let control_plane = self.control_plane()?;
        let workers = self.inner.parts.nodes.iter().filter(|node| *node != control_plane);
        let workers: Vec<&Node> = workers.collect();
        Ok(if workers.is_empty() { vec![control_plane] } else { workers })
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

    /// A way to a pod's port from this machine.
    ///
    /// # Errors
    /// When no local port can be had.
    pub async fn tunnel(&self, pod: &str, port: u16) -> Result<Tunnel> {
        Tunnel::open(self.client(), self.namespace(), pod, port).await
    }

    /// A way to a name and port as the probe pod sees them.
    ///
    /// # Errors
    /// When no local port can be had.
    pub async fn tunnel_through(&self, probe: &Sentinel, host: &str, port: u16) -> Result<Tunnel> {
        Tunnel::through(self.client(), self.namespace(), &probe.pod, host, port).await
    }

    /// Waits for something that the scenario needs and that is no claim.
    ///
    /// # Errors
    /// When it can't be met, or was not in time.
    pub async fn wait(&self, expectation: &Expectation, deadline: Duration) -> Result<Duration> {
        let (scenario, reason) = (self.inner.parts.plan.name.clone(), expectation.sentence.clone());
        self.inner.parts.progress.send(Event::Waiting { scenario, reason });
        self.inner.parts.waiter.until(expectation, self.stretch(deadline)).await
    }

    /// A deadline for a quick machine, as the setting for slow ones stretches it, within the scenario's time.
    pub fn stretch(&self, deadline: Duration) -> Duration {
        self.inner.parts.waiter.at_most(deadline.mul_f64(self.inner.parts.patience))
    }

    /// Waits for what a claim promises.
    ///
    /// # Errors
    /// When it does not come about; that is a finding as well.
    pub async fn expect(
        &self,
        claim: Claim,
        expectation: &Expectation,
        deadline: Duration,
    ) -> Result<Duration> {
        let outcome = self.wait(expectation, deadline).await;
        self.found(claim, outcome)
    }

    /// Watches for the stated window that what a claim promises stays so. Call it when the controller is known to
    /// have looked.
    ///
    /// # Errors
    /// When it does not stay so; that is a finding as well.
    pub async fn hold(&self, claim: Claim, expectation: &Expectation) -> Result<()> {
        self.log().act(WINDOW, "scenario", format!("for {HOLD:?}: {}", expectation.sentence));
        let outcome = self.inner.parts.waiter.hold(expectation, HOLD).await;
        self.found(claim, outcome)
    }

    /// Passes an outcome on; one that a claim forbids is a finding as well.
    ///
    /// # Errors
    /// The outcome's own.
    pub fn found<T>(&self, claim: Claim, outcome: Result<T>) -> Result<T> {
        match &outcome {
            Ok(_) => self.judge(claim, None),
            Err(Error::Failed(message)) => self.judge(claim, [message.clone()]),
            Err(_) => {}
        }
        outcome
    }

    /// Judges a claim by an answer: `None` speaks for it, words against it.
    pub fn judge(&self, claim: Claim, against: impl IntoIterator<Item = String>) {
        let id = claim.id.to_owned();
        let finding = |message| Finding { claim: id.clone(), message, quotes: Vec::new() };
        self.take(claim, 1, against.into_iter().map(finding).collect());
    }

    /// Judges that two things are equal.
    pub fn judge_equal<T: PartialEq + fmt::Debug>(&self, claim: Claim, what: &str, expected: T, found: T) {
        let differs = expected != found;
        self.judge(claim, differs.then(|| format!("{what}: expected {expected:?}, found {found:?}")));
    }

    /// Fills a row of the table Deployment against StatefulSet with what was seen, and judges both cells, each given as
    /// expected and found.
    ///
    /// # Errors
    /// When a cell is not as expected: what follows would stand on it.
    pub fn row(
        &self,
        claim: Claim,
        feature: &str,
        deployment: (&str, String),
        set: (&str, String),
    ) -> Result<()> {
        let differs = |column: &str, (expected, found): &(&str, String)| {
            let words = format!("{feature} of {column}: expected {expected}, found {found}");
            (expected != found).then_some(words)
        };
        let against: Vec<_> =
            differs("a Deployment", &deployment).into_iter().chain(differs("a StatefulSet", &set)).collect();
        let (deployment, stateful_set) = (deployment.1, set.1);
        self.state().comparison.push(Row { feature: feature.to_owned(), deployment, stateful_set });
        let outcome = if against.is_empty() { Ok(()) } else { Err(Error::failed(against.join("; "))) };
        self.found(claim, outcome)
    }

    /// Takes findings that a checker made, with how much it judged.
    pub fn take(&self, claim: Claim, judged: u64, mut findings: Vec<Finding>) {
        for finding in &mut findings {
            finding.message = self.inner.parts.secrets.redact(&finding.message);
        }
        self.state().against.extend_from_slice(&findings);
        self.log().judged(Judged { claim: claim.id.to_owned(), count: judged, against: findings });
    }

    /// Returns when a control has turned every claim red that it names, by what the scenario judges itself.
    pub(super) async fn turned_red(&self, control: &Control) {
        let mut changed = self.log().subscribe();
        loop {
            if control.is_met(&self.state().against) {
                return;
            }
            // The log outlives its scenario.
            drop(changed.changed().await);
        }
    }

    /// Keeps a figure for the report.
    pub fn measure(&self, name: &str, value: f64, unit: &str) {
        self.state().measures.push(Measure { name: name.to_owned(), value, unit: unit.to_owned() });
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
