//! A pod by its name: what is done to it, and what it says of itself.

mod admission;
mod ending;
mod given;
mod life;
mod unsettled;

use std::time::Duration;

use external::api::{self, cluster_objects, objects};
use k8s_openapi::api::core::v1::{Node, Pod as PodObject};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
    core::Status,
};
use serde_json::json;

use crate::{
    claim::Claim,
    cluster::{Output, Tunnel, exec},
    error::{Error, Result},
    runner::Run,
    wait::{Progress, until_asked},
    workload::{Kind, sentinel::Sentinel, set::GATE},
};

pub use ending::Ending;
pub use life::Life;

/// How long a program in a pod may take.
const EXEC: Duration = Duration::from_secs(15);
/// How many lines of a log are asked for.
const LINES: i64 = 1000;

/// A pod by its name, whichever object carries that.
#[derive(Debug, Clone)]
pub struct Pod {
    pub(super) run: Run,
    pub(super) name: String,
}

impl Pod {
    pub(in crate::runner) fn new(run: Run, name: impl Into<String>) -> Self {
        Self { run, name: name.into() }
    }

    /// What the kernel calls the host inside it.
    ///
    /// # Errors
    /// When it can't be asked.
    pub async fn hostname(&self) -> Result<String> {
        let pod = self.name.as_str();
        match self.run.workload().kind {
            Kind::Garage => {
                let hostname = self.run.garage().admin(pod).await?.node_info().await?.hostname;
                hostname.ok_or_else(|| Error::failed(format!("Garage at {pod} does not say its hostname")))
            }
            Kind::Sentinel => Ok(self.run.sentinel(pod).identity().await?.hostname),
            Kind::PostgreSql { .. } | Kind::Chart => {
                Ok(self.exec(&["hostname"]).await?.stdout.trim().to_owned())
            }
        }
    }

    /// It, as the API server has it.
    ///
    /// # Errors
    /// When the API server does not tell.
    pub(super) async fn object(&self) -> Result<PodObject> {
        objects(self.run.client(), self.run.namespace()).get(&self.name).await
    }

    /// Runs a program in the workload's container.
    ///
    /// # Errors
    /// When it can't be run, or does not end in time.
    pub(super) async fn exec(&self, arguments: &[&str]) -> Result<Output> {
        self.exec_within(arguments, EXEC).await
    }

    /// As [`Pod::exec`], of one that may take so long.
    pub(super) async fn exec_within(&self, arguments: &[&str], deadline: Duration) -> Result<Output> {
        let (client, namespace) = (self.run.streams(), self.run.namespace());
        exec(client, namespace, &self.name, self.run.workload().container, arguments, deadline).await
    }

    /// What its workload's container has said since it started, or the last of it.
    ///
    /// # Errors
    /// When its log can't be read.
    pub async fn log(&self) -> Result<String> {
        let pods = objects::<PodObject>(self.run.client(), self.run.namespace());
        pods.log(&self.name, self.run.workload().container, false, LINES).await
    }

    /// Waits until its server says this, in its log or in that of its life before.
    ///
    /// # Errors
    /// When it does not in time; the message quotes what it said last.
    pub async fn until_says(&self, words: &str, deadline: Duration) -> Result<Duration> {
        let (pod, container) = (self.name.as_str(), self.run.workload().container);
        let pods = objects::<PodObject>(self.run.client(), self.run.namespace());
        let ask = || async {
            // A container that was never restarted has no life before.
            let before = pods.log(pod, container, true, LINES).await.unwrap_or_default();
            let now = pods.log(pod, container, false, LINES).await?;
            Ok(match before.contains(words) || now.contains(words) {
                true => Progress::Met,
                false => Progress::NotYet(
                    now.lines().last().or(before.lines().last()).unwrap_or("nothing").to_owned(),
                ),
            })
        };
        until_asked(&format!("{pod} says {words:?}"), self.run.stretch(deadline), ask).await
    }

    /// A way to a port of it from this machine.
    ///
    /// # Errors
    /// When no local port can be had.
    pub async fn tunnel(&self, port: u16) -> Result<Tunnel> {
        let pod = self.name.as_str();
        Tunnel::open(self.run.streams(), self.run.namespace(), pod, port).await
    }

    /// Lets it become Ready where a readiness gate holds it.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn open_gate(&self) -> Result<()> {
        self.set_gate(true).await
    }

    /// Holds it by its readiness gate again.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn close_gate(&self) -> Result<()> {
        self.set_gate(false).await
    }

    async fn set_gate(&self, open: bool) -> Result<()> {
        let pod = self.name.as_str();
        let doing = format!("pod {pod}: {} its readiness gate", if open { "open" } else { "close" });
        self.run.log().act("release", format!("pod/{pod}"), doing.clone());
        let status = if open { "True" } else { "False" };
        let patch = Patch::Strategic(json!({"status": {"conditions": [{"type": GATE, "status": status}]}}));
        let api: Api<PodObject> = Api::namespaced(self.run.client().clone(), self.run.namespace());
        let parameters = PatchParams::default();
        api::call(doing, api.patch_status(pod, &parameters, &patch)).await.map(drop)
    }

    /// Writes its phase, as only its kubelet should: of a pod without a node nobody else does.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn write_phase(&self, phase: &str) -> Result<()> {
        let pod = self.name.as_str();
        let doing = format!("pod {pod}: write the phase {phase}");
        self.run.log().act("patch", format!("pod/{pod}"), doing.clone());
        let pods = objects::<PodObject>(self.run.client(), self.run.namespace()).doing(doing);
        pods.merge_status(pod, &json!({"status": {"phase": phase}})).await.map(drop)
    }

    /// What its node calls its host, by which pods are sent there: not always the node's name.
    ///
    /// # Errors
    /// When the API server does not tell.
    pub async fn host(&self) -> Result<String> {
        let pod = self.object().await?;
        let name = pod.spec.and_then(|spec| spec.node_name).unwrap_or_default();
        let node = match cluster_objects::<Node>(self.run.client()).get_opt(&name).await {
            // Who may not see nodes takes it that it is as usual.
            Err(error) if error.is_forbidden() => None,
            node => node?,
        };
        let label = node.and_then(|node| node.metadata.labels?.remove("kubernetes.io/hostname"));
        Ok(label.unwrap_or(name))
    }

    /// Deletes it; does not wait.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete(&self) -> Result<()> {
        let pod = self.name.as_str();
        let doing = format!("delete pod {pod}");
        let target = format!("pod/{pod}");
        let act = self.run.log().act("delete", target.clone(), doing.clone());
        let pods = objects::<PodObject>(self.run.client(), self.run.namespace()).doing(doing);
        let outcome = pods.delete(pod, &DeleteParams::default()).await;
        if let Some(deleted) = self.run.log().outcome(&target, outcome)? {
            self.run.log().answered(act, deleted.metadata.resource_version.as_deref());
        }
        Ok(())
    }

    /// Asks for its eviction, as a drain does. A refusal is not tried again.
    ///
    /// # Errors
    /// When the API server refuses, as it does below a disruption budget.
    pub async fn evict(&self) -> Result<()> {
        self.evict_given(None).await
    }

    /// As [`Pod::evict`], with a grace period of so many seconds instead of its own.
    ///
    /// # Errors
    /// As for [`Pod::evict`].
    pub async fn evict_within(&self, seconds: u32) -> Result<()> {
        self.evict_given(Some(seconds)).await
    }

    async fn evict_given(&self, grace: Option<u32>) -> Result<()> {
        let pod = self.name.as_str();
        let doing = format!("evict pod {pod}");
        let target = format!("pod/{pod}");
        self.run.log().act("evict", target.clone(), doing.clone());
        let pods = objects::<PodObject>(self.run.probe_client(), self.run.namespace()).doing(doing);
        let outcome = pods.evict(pod, grace).await;
        self.run.log().outcome(&target, outcome)
    }

    /// Evicts it as soon as its budget allows it; the controller that counts for the budget may lag.
    ///
    /// # Errors
    /// When it is not allowed in time.
    pub async fn evict_when_allowed(&self, deadline: Duration) -> Result<()> {
        let pod = self.name.as_str();
        let ask = || async {
            match self.evict().await {
                Ok(()) => Ok(Progress::Met),
                Err(error) if of_budget(&error).is_some() => Ok(Progress::NotYet(error.to_string())),
                Err(error) => Err(error),
            }
        };
        let time = self.run.stretch_here(deadline);
        until_asked(&format!("{pod} may be evicted"), time, ask).await.map(drop)
    }

    /// Judges that its eviction is refused for what its budget's controller has counted. Before it has, the API server refuses
    /// every eviction, and says something else.
    ///
    /// # Errors
    /// When it is taken, or not refused so in time; that is a finding as well.
    pub async fn judge_eviction_refused(
        &self,
        claim: Claim,
        counted: &str,
        deadline: Duration,
    ) -> Result<()> {
        let ask = || async {
            let refused = match self.evict().await {
                Ok(()) => return Ok(Progress::Never("it was taken".to_owned())),
                Err(error) => error,
            };
            let Some(status) = of_budget(&refused) else { return Err(refused) };
            let causes = status.details.iter().flat_map(|details| &details.causes);
            let said = causes.map(|cause| cause.message.as_str()).collect::<Vec<_>>().join("; ");
            Ok(if said.contains(counted) { Progress::Met } else { Progress::NotYet(said) })
        };
        let sentence = format!("an eviction of {} is refused, since its budget {counted}", self.name);
        let time = self.run.time_for(claim, self.run.in_this_cluster(deadline));
        let outcome = until_asked(&sentence, time, ask).await;
        self.run.found(claim, outcome).map(drop)
    }

    /// Lets a sentinel take more memory, and asks it once: one that is killed for it must not be asked again when it
    /// is back. What became of it is to be seen in the journal.
    pub async fn overfill(&self, mebibytes: u32) {
        let pod = self.name.as_str();
        let sentinel = Sentinel::new(self.run.probe_client().clone(), self.run.namespace(), pod);
        if let Err(error) = sentinel.allocate(mebibytes).await {
            self.run.log().act("overfill", format!("pod/{pod}"), format!("{pod} did not answer: {error}"));
        }
    }
}

/// A budget's no: with the same code the API server says that it has no time for us.
fn of_budget(error: &Error) -> Option<&Status> {
    error.status().filter(|status| status.code == 429 && status.message.contains("disruption budget"))
}
