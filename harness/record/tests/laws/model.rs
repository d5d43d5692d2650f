//! A model of the StatefulSet controller and its surroundings, small enough to be seen right: it makes whole histories in
//! which every promise is kept.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use record::journal::{
    Act, Change, Entry, Fact, Kind, Promise, Record,
    fact::{Container, Ended, Meta, Pod, Set, VolumeClaim},
};

use crate::controller::{View, sync};

/// What may happen next; the numbers choose among the sets and ordinals there are.
#[derive(Debug, Clone)]
pub enum Step {
    /// The controller fills its cache anew.
    Look,
    /// It acts on what its cache showed then, and writes a status.
    Act,
    /// Containers start, become Ready, or end, each where it can.
    Run,
    /// So many rounds of all three; what runs may come between a look and what is done upon it.
    Settle(u8, bool),
    /// So many seconds pass.
    Wait(u8),
    /// A pod that is Ready is not any more.
    Falter(u8),
    /// A pod's containers fail for good.
    Fail(u8),
    /// We delete a pod.
    Delete(u8),
    /// We scale.
    Scale(u8),
    /// We change the template, to one of three.
    Template(u8),
    /// We change the template and scale, at once.
    Both(u8, u8),
    /// We set a partition.
    Partition(u8),
    /// We choose between OnDelete and RollingUpdate.
    OnDelete(bool),
    /// We choose between Recreate and RollingUpdate.
    Recreate(bool),
    /// We delete the set with its pods, and make it anew with so many replicas.
    Again(u8),
    /// A list shows everything again.
    List,
    /// An entry is told twice.
    Twice,
}

/// A set, what it owns, and what its controller has in its cache.
pub struct Model {
    pub promise: Promise,
    pub template: u8,
    pub set: Set,
    pub pods: BTreeMap<u32, Life>,
    pub claims: BTreeMap<u32, VolumeClaim>,
    pub view: Option<View>,
}

/// A pod, and since when it is Ready.
#[derive(Clone)]
pub struct Life {
    pub pod: Pod,
    pub ready_since: u64,
}

/// The journal that is being written, and the cluster's clocks.
pub struct Cluster {
    pub entries: Vec<Entry>,
    pub now: u64,
    revision: u64,
    born: u64,
}

impl Cluster {
    pub fn new() -> Self {
        Self { entries: Vec::new(), now: 0, revision: 0, born: 0 }
    }

    fn record(&mut self, record: Record) {
        // Every entry has a time of its own, as those of a journal have.
        self.now += 1;
        let at = Timestamp::from_millisecond(i64::try_from(self.now).unwrap()).unwrap();
        self.entries.push(Entry { line: self.entries.len() as u64 + 1, at, record });
    }

    pub fn act(&mut self, verb: &str, target: String) {
        self.record(Record::Act(Box::new(Act { verb: verb.to_owned(), text: target.clone(), target })));
    }

    pub fn promise(&mut self, promise: &Promise) {
        self.record(Record::Promise(Box::new(promise.clone())));
    }

    pub fn uid(&mut self) -> String {
        self.born += 1;
        format!("uid-{}", self.born)
    }

    pub fn pod(&mut self, change: Change, pod: &Pod) {
        self.object(change, Fact::Pod(Arc::new(pod.clone())));
    }

    pub fn set(&mut self, change: Change, set: &Set) {
        self.object(change, Fact::Set(Arc::new(set.clone())));
    }

    pub fn claim(&mut self, change: Change, claim: &VolumeClaim) {
        self.object(change, Fact::VolumeClaim(Arc::new(claim.clone())));
    }

    fn object(&mut self, change: Change, fact: Fact) {
        self.revision += 1;
        self.record(Record::Object { change, revision: self.revision, fact });
    }
}

impl Model {
    pub fn new(cluster: &mut Cluster, promise: Promise, replicas: u32) -> Self {
        let mut model = Self {
            promise,
            template: 0,
            set: Set::default(),
            pods: BTreeMap::new(),
            claims: BTreeMap::new(),
            view: None,
        };
        model.deploy(cluster, replicas);
        model
    }

    fn deploy(&mut self, cluster: &mut Cluster, replicas: u32) {
        cluster.promise(&self.promise);
        let (name, uid) = (self.promise.set.clone(), cluster.uid());
        let meta = Arc::new(Meta { name, uid, generation: 1, ..Meta::default() });
        self.set = Set { meta, replicas, ..Set::default() };
        self.view = None;
        cluster.set(Change::Added, &self.set);
    }

    /// The spec is changed: the promise is told before.
    fn change(&mut self, cluster: &mut Cluster) {
        cluster.promise(&self.promise);
        Arc::make_mut(&mut self.set.meta).generation += 1;
        cluster.set(Change::Modified, &self.set);
    }

    pub fn step(&mut self, cluster: &mut Cluster, step: &Step) {
        // A change of the template or the size waits until the controller has seen the last one.
        let seen = self.set.observed == self.set.meta.generation;
        match step {
            Step::Look => self.view = Some(View::of(self, cluster.now)),
            Step::Act => {
                if let Some(view) = self.view.take() {
                    sync(self, &view, cluster);
                }
            }
            Step::Run => self.run(cluster),
            Step::Settle(rounds, lag) => {
                for _ in 0..*rounds {
                    let lags: &[Step] = if *lag { &[Step::Run] } else { &[] };
                    for step in [&[Step::Look], lags, &[Step::Act, Step::Run, Step::Wait(1)]].concat() {
                        self.step(cluster, &step);
                    }
                }
            }
            Step::Wait(seconds) => cluster.now += u64::from(*seconds) * 1000,
            // Within the cache's lag only: how long a pod was Ready is not what the controller is measured by then.
            Step::Falter(which) if self.promise.min_ready_seconds == 0 || self.view.is_none() => {
                self.alter(cluster, *which, |pod| pod.ready = false);
            }
            Step::Fail(which) => self.alter(cluster, *which, |pod| {
                pod.ready = false;
                pod.phase = "Failed".into();
                pod.containers = stopped();
            }),
            Step::Delete(which) => {
                if let Some(name) = self.choose(*which).map(|life| life.pod.meta.name.clone()) {
                    cluster.act("delete", format!("pod/{name}"));
                    self.alter(cluster, *which, terminate);
                }
            }
            Step::Scale(replicas) if seen => {
                self.set.replicas = u32::from(*replicas);
                self.change(cluster);
            }
            Step::Template(template) if seen && *template != self.template => {
                self.template = *template;
                self.set.template = Some(u64::from(*template));
                self.change(cluster);
            }
            Step::Both(template, replicas) if seen => {
                (self.template, self.set.replicas) = (*template, u32::from(*replicas));
                self.set.template = Some(u64::from(*template));
                self.change(cluster);
            }
            Step::Partition(partition) if !self.promise.recreate => {
                self.promise.partition = u32::from(*partition);
                self.change(cluster);
            }
            Step::OnDelete(on_delete) => {
                (self.promise.on_delete, self.promise.recreate) = (*on_delete, false);
                self.change(cluster);
            }
            Step::Recreate(recreate) => {
                (self.promise.on_delete, self.promise.recreate) = (false, *recreate);
                self.promise.partition = 0;
                self.change(cluster);
            }
            Step::Again(replicas) => {
                cluster.act("delete", format!("statefulset/{}", self.promise.set));
                cluster.set(Change::Deleted, &self.set);
                self.deploy(cluster, u32::from(*replicas));
            }
            Step::List => self.list(cluster),
            Step::Twice => {
                if let Some(entry) =
                    cluster.entries.last().filter(|entry| matches!(entry.record, Record::Object { .. }))
                {
                    let record = entry.record.clone();
                    cluster.record(record);
                }
            }
            _ => {}
        }
    }

    /// A pod that is not being deleted.
    fn choose(&mut self, which: u8) -> Option<&mut Life> {
        let alive = self.pods.values_mut().filter(|life| !life.pod.meta.terminating);
        let mut alive: Vec<_> = alive.collect();
        let index = usize::from(which) % alive.len().max(1);
        if alive.is_empty() { None } else { Some(alive.swap_remove(index)) }
    }

    fn alter(&mut self, cluster: &mut Cluster, which: u8, change: impl FnOnce(&mut Pod)) {
        if let Some(life) = self.choose(which) {
            change(&mut life.pod);
            let pod = life.pod.clone();
            cluster.pod(Change::Modified, &pod);
        }
    }

    /// What kubelet, the volumes' provisioner and the garbage collector do.
    fn run(&mut self, cluster: &mut Cluster) {
        for (ordinal, claim) in &mut self.claims {
            if claim.volume.is_none() {
                claim.volume = Some(format!("volume-{ordinal}"));
                cluster.claim(Change::Modified, claim);
            }
        }
        let ordinals: Vec<_> = self.pods.keys().copied().collect();
        for ordinal in ordinals {
            let Some(life) = self.pods.get_mut(&ordinal) else { continue };
            let pod = &mut life.pod;
            let orphaned = pod.meta.owner().is_some_and(|owner| owner.uid != self.set.meta.uid);
            if orphaned && !pod.meta.terminating {
                terminate(pod);
            } else if pod.meta.terminating && pod.containers.iter().any(|container| container.running) {
                pod.ready = false;
                pod.containers = stopped();
            } else if pod.meta.terminating {
                cluster.pod(Change::Deleted, pod);
                self.pods.remove(&ordinal);
                continue;
            } else if &*pod.phase == "Pending" {
                pod.phase = "Running".into();
                pod.node = Some("node".into());
                let main = Container { name: "main".to_owned(), running: true, ..Container::default() };
                pod.containers = [main].into();
            } else if &*pod.phase == "Running" && !pod.ready {
                pod.ready = true;
                life.ready_since = cluster.now + 1;
            } else {
                continue;
            }
            cluster.pod(Change::Modified, pod);
        }
    }

    /// Each object again, at the version that it has.
    fn list(&self, cluster: &mut Cluster) {
        let mut newest: BTreeMap<(Kind, String), Record> = BTreeMap::new();
        for entry in &cluster.entries {
            let Record::Object { change, fact, revision } = &entry.record else { continue };
            let key = (fact.kind(), fact.meta().uid.clone());
            if *change == Change::Deleted {
                newest.remove(&key);
            } else {
                let listed =
                    Record::Object { change: Change::Listed, fact: fact.clone(), revision: *revision };
                newest.insert(key, listed);
            }
        }
        newest.into_values().for_each(|record| cluster.record(record));
    }
}

fn stopped() -> Arc<[Container]> {
    let ended = Some(Ended { reason: "Completed".to_owned(), ..Ended::default() });
    [Container { name: "main".to_owned(), ended, ..Container::default() }].into()
}

pub fn terminate(pod: &mut Pod) {
    Arc::make_mut(&mut pod.meta).terminating = true;
}
