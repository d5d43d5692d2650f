//! One step at a time: the order in which a set creates and removes its pods.

use std::collections::{BTreeMap, BTreeSet};

use super::Judgement;
use crate::{
    claim::{S8, S9},
    journal::{Change, Entry, Fact, History, Kind, Promise, Record, World},
};

/// S8: a pod is created only when all lower ordinals are Running and Ready.
///
/// The controller reads from a cache: a predecessor that stopped being Ready a moment ago may not have reached it.
/// So a predecessor counts against it only if it never was healthy, or if the controller has since written a
/// status, which proves that it looked.
pub fn creates_lowest_first(history: &History, promise: &Promise) -> Judgement {
    let mut judgement = Judgement::over(S8, history, &[Kind::Pod, Kind::StatefulSet]);
    if !promise.ordered {
        return judgement;
    }
    let mut health = Health::default();
    history.walk_promised(promise, |world, promise, entry| {
        if let Some((ordinal, pod)) = created(entry, promise) {
            if ordinal > promise.start {
                judgement.examined += 1;
            }
            for lower in promise.start..ordinal {
                if let Some((why, proof)) = health.excuse(world, promise, lower) {
                    let name = promise.pod(lower);
                    let proof = proof.into_iter().chain([entry]);
                    let policy = policy(world, promise);
                    judgement.find(format!("{pod} was created while {name} {why}{policy}"), proof);
                }
            }
        }
        health.follow(entry, promise);
    });
    judgement
}

/// For a finding: the policy that explains it, where the set does not have the promised one.
fn policy(world: &World, promise: &Promise) -> String {
    match world.sets.get(&promise.set) {
        Some(set) if set.policy != "OrderedReady" => format!("; podManagementPolicy is {}", set.policy),
        _ => String::new(),
    }
}

/// The ordinal and name of a pod that this entry creates.
fn created<'entry>(entry: &'entry Entry, promise: &Promise) -> Option<(u32, &'entry str)> {
    match &entry.record {
        Record::Object { change: Change::Added, fact: Fact::Pod(pod), .. } => {
            Some((promise.ordinal(&pod.meta.name)?, &pod.meta.name))
        }
        _ => None,
    }
}

/// Which pods were healthy, since when they are not, and whether the controller has looked since.
#[derive(Default)]
pub(super) struct Health<'history> {
    pods: BTreeMap<u32, PodHealth<'history>>,
}

struct PodHealth<'history> {
    healthy: bool,
    ever: bool,
    controller_looked: bool,
    entry: &'history Entry,
}

impl<'history> Health<'history> {
    pub(super) fn follow(&mut self, entry: &'history Entry, promise: &Promise) {
        match &entry.record {
            Record::Object { change, fact: Fact::Pod(pod), .. } => {
                let Some(ordinal) = promise.ordinal(&pod.meta.name) else { return };
                let healthy = *change != Change::Deleted && pod.healthy();
                let before = self.pods.get(&ordinal);
                let fresh = *change == Change::Added;
                let unchanged = before.filter(|before| !fresh && before.healthy == healthy);
                let health = PodHealth {
                    healthy,
                    ever: healthy || (!fresh && before.is_some_and(|before| before.ever)),
                    controller_looked: unchanged.is_some_and(|before| before.controller_looked),
                    entry: unchanged
                        .filter(|_| *change != Change::Deleted)
                        .map_or(entry, |before| before.entry),
                };
                self.pods.insert(ordinal, health);
            }
            Record::Object { fact: Fact::Set(set), .. } if set.meta.name == promise.set => {
                for pod in self.pods.values_mut() {
                    pod.controller_looked = true;
                }
            }
            _ => {}
        }
    }

    /// Why a lower pod forbids a creation now; none if it does not.
    pub(super) fn excuse(
        &self,
        world: &World,
        promise: &Promise,
        ordinal: u32,
    ) -> Option<(String, Option<&'history Entry>)> {
        let health = self.pods.get(&ordinal);
        if let Some(pod) = world.pods.get(&promise.pod(ordinal)) {
            if pod.healthy() || health.is_some_and(|health| health.ever && !health.controller_looked) {
                return None;
            }
            return Some((format!("was not ready: {}", pod.summary()), health.map(|health| health.entry)));
        }
        match health {
            Some(health) if health.ever && !health.controller_looked => None,
            Some(health) => Some(("was gone".to_owned(), Some(health.entry))),
            None => Some(("did not exist".to_owned(), None)),
        }
    }
}

/// S9: scale-down takes the highest ordinal first, and the next only when it is completely gone.
pub fn removes_highest_first(history: &History, promise: &Promise) -> Judgement {
    let mut judgement = Judgement::over(S9, history, &[Kind::Pod, Kind::StatefulSet]);
    if !promise.ordered {
        return judgement;
    }
    let mut ending: BTreeSet<String> = BTreeSet::new();
    let mut latest: BTreeMap<u32, &Entry> = BTreeMap::new();
    history.walk_promised(promise, |world, promise, entry| {
        let Record::Object { change, fact: Fact::Pod(pod), .. } = &entry.record else { return };
        let Some(ordinal) = promise.ordinal(&pod.meta.name) else { return };
        let begins = pod.meta.terminating || *change == Change::Deleted;
        if begins && ending.insert(pod.meta.uid.clone()) {
            // Deleted because the set shrank, not by hand and not with the set (which promises no order).
            let set = world.sets.get(&promise.set).filter(|set| !set.meta.terminating);
            if set.is_some_and(|set| ordinal >= promise.start + set.replicas) {
                judgement.examined += 1;
                for (higher, there) in world.pods_of(promise).range(ordinal + 1..) {
                    judgement.find(
                        format!(
                            "{} began to terminate while {} was still there ({}){}",
                            pod.meta.name,
                            promise.pod(*higher),
                            there.summary(),
                            policy(world, promise)
                        ),
                        latest.get(higher).copied().into_iter().chain([entry]),
                    );
                }
            }
        }
        latest.insert(ordinal, entry);
    });
    judgement
}
