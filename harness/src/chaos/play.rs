//! A schedule is played on a set, fault by fault. What is begun is ended, however it went; where even that fails, or the scenario is
//! broken off, its cluster is mended or condemned as after any scenario that runs alone.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use history::check::Fault;

use super::{Deed, Planned, Schedule};
use crate::{
    error::Result,
    journal::fact::Pod,
    load::Recorder,
    runner::{Disks, Prober, Run},
    wait::{
        Expectation,
        expectations::{pod_is_another, pod_recovers, pods_exactly, set_recovers},
        pause,
    },
    workload::{Kind, Set},
};

/// How long a set may take until it is whole again. Who crashed often is started again minutes later.
const HEALED: Duration = Duration::from_secs(420);
/// How long servers go on without their disks before they are gone.
const WITHOUT_DISKS: Duration = Duration::from_secs(1);
/// How long the API server may take to answer again after a program of the control plane was killed.
const ANSWERS: Duration = Duration::from_secs(120);
/// How long a pod may take until the journal shows that it is another, or that its server was started again.
const SEEN: Duration = Duration::from_secs(300);

/// What chaos is played on.
#[derive(Clone, Copy)]
pub struct Stage<'a> {
    /// The trial.
    pub run: &'a Run,
    /// The set, which is whole.
    pub set: &'a Set,
    /// Its volumes.
    pub disks: &'a Disks,
    /// The pod by which clients come inside the cluster; the set's are parted from it too.
    pub inside: &'a Prober,
    /// What clients were told; what they are told while disks are gone is doubted there.
    pub history: &'a Recorder,
    /// What is made of it whether the store, or a server of it, came back: what it held is lost with one that does not.
    pub came_back: &'a (dyn Fn(Result<Duration>) -> Result<Duration> + Sync),
}

impl Stage<'_> {
    /// Waits until this came back.
    async fn back(&self, back: &Expectation, deadline: Duration) -> Result<()> {
        (self.came_back)(self.run.wait(back, deadline).await).map(drop)
    }
}

/// Faults of a seed, for so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chaos {
    /// What they follow from.
    pub seed: u64,
    /// How long.
    pub time: Duration,
}

impl Chaos {
    /// What is done to a set of so many replicas.
    pub fn schedule(&self, replicas: u32) -> Schedule {
        Schedule::new(self.seed, self.time, replicas)
    }

    /// Plays it, and lets the set become whole after each fault.
    ///
    /// # Errors
    /// When a fault did nothing or could not be ended, or the set does not become whole again.
    pub async fn unleash(&self, stage: Stage<'_>) -> Result<Fault> {
        let Stage { run, set, .. } = stage;
        let replicas = set.state()?.replicas;
        let schedule = self.schedule(replicas);
        let fault = run.fault_begins(&format!("chaos of {:?} from seed {}", self.time, self.seed));
        let (began, mut done) = (Instant::now(), 0_u32);
        for planned in schedule.faults.iter().copied() {
            pause(planned.at.saturating_sub(began.elapsed())).await;
            if began.elapsed() >= self.time {
                break;
            }
            let pod = set.pod_name(planned.ordinal);
            run.step(format!("{}, at {:.0?}", planned.of(&pod), began.elapsed())).await?;
            planned.happen(stage).await?;
            stage.back(&set_recovers(&set.promise, replicas), HEALED).await?;
            // Who is Ready may not have found the others yet; a fault of one whom nobody hears is none.
            if set.workload.kind == Kind::Garage {
                let garage = run.garage();
                (stage.came_back)(garage.until_healthy(&garage.admins(set).await?).await)?;
            }
            done += 1;
        }
        run.measure("faults", done.into(), &format!("of {} planned", schedule.faults.len()));
        Ok(run.fault_ends(fault))
    }
}

impl Planned {
    /// Does it, and ends it. Returns when the journal shows that it happened, where it is to be seen there.
    async fn happen(&self, stage: Stage<'_>) -> Result<()> {
        let Stage { run, set, disks, inside, history, .. } = stage;
        let old = set.pod(self.ordinal)?;
        let (name, uid) = (&old.meta.name, &old.meta.uid);
        match self.deed {
            Deed::Delete => {
                set.delete_pod(self.ordinal).await?;
                run.wait(&pod_is_another(name, uid), SEEN).await?;
            }
            Deed::Kill => {
                run.pod(name).server().await?.kill().await?;
                stage.back(&pod_recovers(name, uid, old.restarts()), SEEN).await?;
            }
            Deed::Stop => {
                let server = run.pod(name).server().await?;
                self.lasting(server.stop(), server.resume()).await?;
            }
            Deed::Part(ways) => {
                let others = set.pods().into_keys().filter(|pod| pod != name);
                let others: Vec<String> = others.chain([inside.pod().to_owned()]).collect();
                let partition = run.part(std::slice::from_ref(name), &others, ways).await?;
                pause(self.lasts).await;
                partition.join().await?;
            }
            Deed::RestartNode => {
                let beside = on_the_node_of(run, set, &old);
                run.node(old.node.as_deref().unwrap_or_default())?.restart().await?;
                disks.attach(&names(&beside)).await?;
                recover(stage, &beside).await?;
            }
            Deed::CutPower => {
                let beside = on_the_node_of(run, set, &old);
                let cut = disks.cut(&names(&beside), WITHOUT_DISKS).await?;
                history.doubt(cut.begun..cut.until)?;
                recover(stage, &beside).await?;
            }
            Deed::FillDisks => {
                let pods = std::slice::from_ref(name);
                self.lasting(disks.fill(pods), disks.free(pods)).await?;
            }
            Deed::HideNames => {
                let pods = set.pods().into_keys().chain([inside.pod().to_owned()]);
                let partition = run.part_from_dns(&pods.collect::<Vec<_>>()).await?;
                pause(self.lasts).await;
                // Somebody has to ask for that to be a fault; that nothing is found is what is wanted.
                drop(inside.resolve(&inside.pod_host(set, self.ordinal)).await);
                partition.join().await?;
            }
            Deed::StopKubelet => {
                let node = run.node(old.node.as_deref().unwrap_or_default())?;
                self.lasting(node.stop_kubelet(), node.resume_kubelet()).await?;
            }
            Deed::PauseNode => {
                let node = run.node(old.node.as_deref().unwrap_or_default())?;
                self.lasting(node.pause(), node.unpause()).await?;
            }
            Deed::Scale(replicas) => {
                let before = set.state()?.replicas;
                set.scale(replicas).await?;
                run.wait(&pods_exactly(&set.promise, 0..replicas), SEEN).await?;
                pause(self.lasts).await;
                set.scale(before).await?;
            }
            Deed::KillProgram(program) => {
                let control_plane = run.control_plane()?;
                control_plane.kill(program).await?;
                control_plane.until_api_answers(ANSWERS).await?;
            }
        }
        Ok(())
    }

    /// Begins a fault, and ends it whatever became of that.
    async fn lasting<T>(
        &self,
        begin: impl Future<Output = Result<T>>,
        end: impl Future<Output = Result<()>>,
    ) -> Result<()> {
        let begun = begin.await;
        if begun.is_ok() {
            pause(self.lasts).await;
        }
        let ended = end.await;
        // What did not begin may have had no end.
        begun.and(ended)
    }
}

/// The set's pods on the node of this one, itself with them.
fn on_the_node_of(run: &Run, set: &Set, pod: &Pod) -> Vec<Arc<Pod>> {
    run.log().now(|world| {
        let pods = world.pods_of(&set.promise).into_values();
        pods.filter(|other| other.node == pod.node).cloned().collect()
    })
}

fn names(pods: &[Arc<Pod>]) -> Vec<String> {
    pods.iter().map(|pod| pod.meta.name.clone()).collect()
}

/// Waits until the servers of these pods were started again, in their places.
async fn recover(stage: Stage<'_>, pods: &[Arc<Pod>]) -> Result<()> {
    for pod in pods {
        stage.back(&pod_recovers(&pod.meta.name, &pod.meta.uid, pod.restarts()), SEEN).await?;
    }
    Ok(())
}
