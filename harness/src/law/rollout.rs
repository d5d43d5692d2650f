//! How a set replaces its pods when its template changes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Judgement, identity::born, ordering::Health};
use crate::{
    claim::{K3, K4, K5, K8},
    journal::{Change, Entry, Fact, History, Kind, Promise, Record, World, fact::Pod},
};

/// The pods that the controller takes away although their ordinals are asked for: what a roll does. What we delete
/// or evict ourselves, and what failed, is none of that.
#[derive(Default)]
struct Taken<'history> {
    by_hand: BTreeSet<&'history str>,
    ending: BTreeSet<&'history str>,
}

impl<'history> Taken<'history> {
    fn by_controller(
        &mut self,
        world: &World,
        promise: &Promise,
        entry: &'history Entry,
    ) -> Option<(u32, &'history Pod)> {
        let (change, pod) = match &entry.record {
            Record::Act(act) if matches!(act.verb.as_str(), "delete" | "evict") => {
                // An act means the pod that carries the name at that moment.
                self.by_hand.extend(act.target.strip_prefix("pod/"));
                return None;
            }
            Record::Object { change, fact: Fact::Pod(pod), .. } => (change, pod),
            _ => return None,
        };
        let ordinal = promise.ordinal(&pod.meta.name)?;
        if *change == Change::Added {
            self.by_hand.remove(pod.meta.name.as_str());
        }
        let begins = pod.meta.terminating || *change == Change::Deleted;
        if !begins || !self.ending.insert(&pod.meta.uid) || self.by_hand.contains(pod.meta.name.as_str()) {
            return None;
        }
        let set = world.sets.get(&promise.set).filter(|set| !set.meta.terminating)?;
        let asked = (promise.start..promise.start + set.replicas).contains(&ordinal);
        let ended = matches!(pod.phase.as_str(), "Failed" | "Succeeded");
        (asked && !ended).then_some((ordinal, pod))
    }
}

/// K3: a roll goes from the highest to the lowest ordinal, one at a time, each Ready first.
pub fn rolls_highest_first(history: &History, promise: &Promise) -> Judgement {
    let mut judgement = Judgement::over(K3, history, &[Kind::Pod, Kind::StatefulSet]);
    let mut taken = Taken::default();
    let mut health = Health::default();
    history.walk_promised(promise, |world, promise, entry| {
        if let Some((ordinal, pod)) = taken.by_controller(world, promise, entry) {
            judgement.examined += 1;
            let replicas = world.sets.get(&promise.set).map_or(0, |set| set.replicas);
            let mut missing = Vec::new();
            for higher in ordinal + 1..promise.start + replicas {
                let name = promise.pod(higher);
                let there = world.pods.get(&name);
                if there.is_some_and(|there| there.revision() == pod.revision() && there.healthy()) {
                    missing.push((format!("{name} was still of the same revision"), None));
                } else if let Some((why, proof)) = health.excuse(world, promise, higher) {
                    missing.push((format!("{name} {why}"), proof));
                }
            }
            if missing.len() >= promise.max_unavailable as usize {
                let (reasons, proof): (Vec<_>, Vec<_>) = missing.into_iter().unzip();
                let message = format!("{} began to terminate while {}", pod.meta.name, reasons.join(", "));
                judgement.find(message, proof.into_iter().flatten().chain([entry]));
            }
        }
        health.follow(entry, promise);
    });
    judgement
}

/// K4: a roll leaves ordinals below the partition alone, and one that is deleted comes back as it was.
pub fn partition_protects(history: &History, promise: &Promise) -> Judgement {
    let mut judgement = Judgement::over(K4, history, &[Kind::Pod, Kind::StatefulSet]);
    let mut taken = Taken::default();
    history.walk_promised(promise, |world, promise, entry| {
        if let Some((ordinal, pod)) = taken.by_controller(world, promise, entry) {
            judgement.examined += 1;
            if ordinal < promise.partition {
                let message =
                    format!("{} was taken away, below the partition {}", pod.meta.name, promise.partition);
                judgement.find(message, [entry]);
            }
        }
        let Some(pod) = born(world, entry, promise) else { return };
        let Some(ordinal) = promise.ordinal(&pod.meta.name) else { return };
        let Some(set) = world.sets.get(&promise.set) else { return };
        if ordinal < promise.partition && set.current_revision != set.update_revision {
            judgement.examined += 1;
            if pod.revision() != set.current_revision {
                let message = format!(
                    "{} was created at revision {}, below the partition {}; expected {}",
                    pod.meta.name,
                    pod.revision(),
                    promise.partition,
                    set.current_revision
                );
                judgement.find(message, [entry]);
            }
        }
    });
    judgement
}

/// K5: under `OnDelete` nobody but the user takes a pod away.
pub fn on_delete_waits(history: &History, promise: &Promise) -> Judgement {
    let mut judgement = Judgement::over(K5, history, &[Kind::Pod, Kind::StatefulSet]);
    let mut taken = Taken::default();
    history.walk_promised(promise, |world, promise, entry| {
        if !promise.on_delete {
            return;
        }
        if matches!(&entry.record, Record::Act(act) if act.target == format!("statefulset/{}", promise.set)) {
            judgement.examined += 1;
        }
        if let Some((_, pod)) = taken.by_controller(world, promise, entry) {
            let message =
                format!("{} was taken away under OnDelete, and nobody had deleted it", pod.meta.name);
            judgement.find(message, [entry]);
        }
    });
    judgement
}

/// K8: no pod is created, and none taken away by a roll, before the one above or below it has been Ready for
/// `minReadySeconds`.
pub fn availability_gates(history: &History, promise: &Promise) -> Judgement {
    let mut judgement = Judgement::over(K8, history, &[Kind::Pod, Kind::StatefulSet]);
    let mut taken = Taken::default();
    let mut ready: BTreeMap<String, (Timestamp, &Entry)> = BTreeMap::new();
    history.walk_promised(promise, |world, promise, entry| {
        let rolled = taken.by_controller(world, promise, entry).map(|(ordinal, _)| ordinal + 1);
        let grown = born(world, entry, promise)
            .filter(|_| promise.ordered)
            .and_then(|pod| promise.ordinal(&pod.meta.name)?.checked_sub(1));
        if let Some(before) = rolled.or(grown).filter(|_| promise.min_ready_seconds > 0)
            && let Some((since, proof)) = ready.get(&promise.pod(before))
        {
            judgement.examined += 1;
            let waited = entry.at.duration_since(*since).as_secs_f64();
            // The API's times are whole seconds, cut off: a wait may look one shorter than it was meant.
            let least = f64::from(promise.min_ready_seconds) - 1.0;
            if waited < least {
                judgement.find(
                    format!(
                        "the next pod was touched {waited:.1} s after {} was ready; minReadySeconds is {}",
                        promise.pod(before),
                        promise.min_ready_seconds
                    ),
                    [*proof, entry],
                );
            }
        }
        if let Record::Object { change, fact: Fact::Pod(pod), .. } = &entry.record {
            if *change == Change::Deleted || !pod.healthy() {
                ready.remove(&pod.meta.name);
            } else {
                ready.entry(pod.meta.name.clone()).or_insert((entry.at, entry));
            }
        }
    });
    judgement
}
