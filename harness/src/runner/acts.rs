//! Acts on objects beside the set: pods by name, Deployments, a Deployment's pods.

use std::{fmt::Debug, time::Duration};

use explain::explain;
use futures::future::try_join_all;
use k8s_openapi::{
    NamespaceResourceScope,
    api::{
        apps::v1::{Deployment, StatefulSet},
        core::v1::Pod,
    },
};
use kube::{
    Api,
    api::{DeleteParams, EvictParams, Patch, PatchParams},
};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::Run;
use crate::{
    claim::Claim,
    cluster::{Node, api_ready},
    error::{Error, Result, within},
    fault::{self, process::Killed},
    wait::{Progress, expectations::made_by, until_asked},
    workload::{sentinel::Sentinel, set::GATE},
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

    /// Kills a program of the control plane, and waits until it runs again.
    ///
    /// # Errors
    /// When the control plane is not ours, or the program does not come back.
    pub async fn kill_program(&self, program: &str) -> Result<Killed> {
        let node = self.control_plane()?;
        self.log().act("kill", format!("control-plane/{program}"), format!("kill {program}"));
        fault::process::kill(node, program).await
    }

    /// Lets a program of the control plane stand still, until [`Run::thaw`].
    ///
    /// # Errors
    /// When the control plane is not ours, or the program does not run.
    pub async fn freeze(&self, program: &str) -> Result<()> {
        let node = self.control_plane()?;
        self.log().act("freeze", format!("control-plane/{program}"), format!("freeze {program}"));
        fault::process::freeze(node, program).await
    }

    /// Lets every program of the control plane go on.
    ///
    /// # Errors
    /// When the control plane is not ours.
    pub async fn thaw(&self) -> Result<()> {
        self.log().act("thaw", "control-plane", "let its programs go on");
        fault::process::thaw_all(self.control_plane()?).await
    }

    /// Deletes a pod; does not wait.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete_pod(&self, pod: &str) -> Result<()> {
        let doing = format!("delete pod {pod}");
        let target = format!("pod/{pod}");
        let act = self.log().act("delete", target.clone(), doing.clone());
        let api: Api<Pod> = Api::namespaced(self.client().clone(), self.namespace());
        let parameters = DeleteParams::default();
        let outcome = within(CALL, &doing, api.delete(pod, &parameters), Error::api(doing.clone())).await;
        if let Some(pod) = self.log().outcome(&target, outcome)?.left() {
            self.log().answered(act, pod.metadata.resource_version.as_deref());
        }
        Ok(())
    }

    /// Asks for a pod's eviction, as a drain does. A refusal is not tried again.
    ///
    /// # Errors
    /// When the API server refuses, as it does below a disruption budget.
    pub async fn evict(&self, pod: &str) -> Result<()> {
        let doing = format!("evict pod {pod}");
        let target = format!("pod/{pod}");
        self.log().act("evict", target.clone(), doing.clone());
        let api: Api<Pod> = Api::namespaced(self.probe_client().clone(), self.namespace());
        let parameters = EvictParams::default();
        let outcome = within(CALL, &doing, api.evict(pod, &parameters), Error::api(doing.clone())).await;
        self.log().outcome(&target, outcome).map(drop)
    }

    /// Waits until the cluster misses a node: nothing was heard of it for as long as it may be silent.
    ///
    /// # Errors
    /// When it is not missed in time.
    pub async fn until_missed(&self, node: &Node, deadline: Duration) -> Result<Duration> {
        let missed = || async {
            Ok(match fault::node::ready(self.client(), node).await?.as_str() {
                "Unknown" => Progress::Met,
                ready => Progress::NotYet(format!("its Ready is {ready}")),
            })
        };
        until_asked(&format!("node {} is missed", node.name), self.stretch(deadline), missed).await
    }

    /// Waits until the API server answers again.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn until_api_answers(&self, deadline: Duration) -> Result<()> {
        api_ready(self.client(), self.stretch(deadline)).await
    }

    /// Judges that the diagnosis of a set names these causes, and no other. Events may lag.
    ///
    /// # Errors
    /// When it does not; that is a finding as well.
    pub async fn judge_diagnosis(
        &self,
        claim: Claim,
        set: &str,
        causes: &[&str],
        deadline: Duration,
    ) -> Result<()> {
        let named = if causes.is_empty() { "nothing".to_owned() } else { causes.join(", ") };
        let sentence = format!("why {set} is stuck is {named}");
        let ask = || async {
            let diagnosis = explain(self.client(), self.namespace(), set).await?;
            let met = diagnosis.ids() == causes && diagnosis.healthy() == causes.is_empty();
            Ok(if met { Progress::Met } else { Progress::NotYet(diagnosis.to_string()) })
        };
        let outcome = until_asked(&sentence, self.stretch(deadline), ask).await;
        let lag = self.found(claim, outcome)?;
        self.measure(&format!("diagnosis of {set}"), lag.as_secs_f64(), "s");
        Ok(())
    }

    /// Judges, of many sets at once, that the diagnosis of each names its own cause, and no other.
    ///
    /// # Errors
    /// When one does not; that is a finding as well.
    pub async fn judge_diagnoses(
        &self,
        claim: Claim,
        sets: impl IntoIterator<Item = (&str, &str)>,
        deadline: Duration,
    ) -> Result<()> {
        let judge =
            async |(set, cause): (&str, &str)| self.judge_diagnosis(claim, set, &[cause], deadline).await;
        try_join_all(sets.into_iter().map(judge)).await.map(drop)
    }

    /// Lets a sentinel take more memory, and asks it once: one that is killed for it must not be asked again when it
    /// is back. What became of it is to be seen in the journal.
    pub async fn overfill(&self, pod: &str, mebibytes: u32) {
        let sentinel = Sentinel::new(self.probe_client().clone(), self.namespace(), pod);
        if let Err(error) = sentinel.allocate(mebibytes).await {
            self.log().act("overfill", format!("pod/{pod}"), format!("{pod} did not answer: {error}"));
        }
    }

    /// Waits until a Deployment's status counts so many pods as ready: its controllers have then seen which.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn until_deployment_counts(&self, name: &str, ready: i32) -> Result<()> {
        let api: Api<Deployment> = Api::namespaced(self.client().clone(), self.namespace());
        let doing = format!("reading deployment {name}");
        let ask = || async {
            let found = within(CALL, &doing, api.get(name), Error::api(doing.clone())).await?;
            Ok(match found.status.and_then(|status| status.ready_replicas).unwrap_or(0) {
                counted if counted == ready => Progress::Met,
                counted => Progress::NotYet(format!("it counts {counted}")),
            })
        };
        let sentence = format!("deployment {name} counts {ready} ready pods");
        until_asked(&sentence, self.stretch(CALL * 2), ask).await.map(drop)
    }

    /// Scales a Deployment; does not wait.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn scale_deployment(&self, name: &str, replicas: u32) -> Result<()> {
        self.scale::<Deployment>("deployment", name, replicas).await
    }

    /// Scales a set beside the workload's; does not wait.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn scale_set(&self, name: &str, replicas: u32) -> Result<()> {
        self.scale::<StatefulSet>("statefulset", name, replicas).await
    }

    async fn scale<K>(&self, kind: &str, name: &str, replicas: u32) -> Result<()>
    where
        K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope>
            + DeserializeOwned
            + Clone
            + Debug,
    {
        let doing = format!("{kind} {name}: scale to {replicas}");
        self.log().act("scale", format!("{kind}/{name}"), doing.clone());
        let api: Api<K> = Api::namespaced(self.client().clone(), self.namespace());
        let (parameters, patch) =
            (PatchParams::default(), Patch::Merge(json!({"spec": {"replicas": replicas}})));
        let patch = api.patch(name, &parameters, &patch);
        within(CALL, &doing, patch, Error::api(doing.clone())).await.map(drop)
    }
}
