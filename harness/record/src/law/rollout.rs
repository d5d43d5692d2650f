//! How a set replaces its pods when its template changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;

use super::{Inquiry, demand::Demand, health::Health, identity::born, removal::Removals};
use crate::{
    claim::{K3, K4, K5, K6, K8, K23},
    journal::{
        Change, Entry, Fact, Kind, Promise, Record,
        fact::{Pod, Set},
    },
};

/// K3: a roll goes from the highest to the lowest ordinal, one at a time, each Ready first.
pub fn rolls_highest_first(_: &Promise) -> Inquiry<'_> {
    let mut removals = Removals::new();
    let mut health = Health::default();
    Inquiry::new(K3, &[Kind::Pod, Kind::StatefulSet], move |judgement, world, promise, entry| {
        let rolled = removals.by_roll(world, promise, entry);
        if let Some((ordinal, pod)) = rolled.filter(|_| !removals.demand.recreates()) {
            judgement.examined += 1;
            let higher = ordinal + 1..removals.demand.always().end;
            let alike = health.alike(pod.revision(), higher.clone());
            let alike =
                alike.map(|higher| (format!("{} was still of the same revision", promise.pod(higher)), None));
            let missing = alike.chain(health.against(world, promise, higher));
            let missing: Vec<_> = missing.take(promise.max_unavailable as usize).collect();
            if missing.len() == promise.max_unavailable as usize {
                let (reasons, proof): (Vec<_>, Vec<_>) = missing.into_iter().unzip();
                let message = format!("{} began to terminate while {}", pod.meta.name, reasons.join(", "));
                judgement.find(message, proof.into_iter().flatten().chain([entry]));
            }
        }
        health.follow(entry, promise);
        if let Some((ordinal, _)) = rolled {
            health.taken(ordinal);
        }
    })
}

/// K3: a roll takes what is old, and nothing that is as it should be already.
pub fn rolls_what_is_old(_: &Promise) -> Inquiry<'_> {
    let mut removals = Removals::new();
    Inquiry::new(K3, &[Kind::Pod, Kind::StatefulSet], move |judgement, world, promise, entry| {
        let Some((_, pod)) = removals.by_roll(world, promise, entry) else { return };
        // A controller writes what it has seen after what it does upon it.
        let seen = world.sets.get(&promise.set).filter(|set| set.observed == set.meta.generation);
        let Some(set) = seen else { return };
        judgement.examined += 1;
        let healthy = world.pods.get(&pod.meta.name).is_some_and(|before| before.healthy());
        if healthy && pod.revision() == &*set.update_revision {
            let message = format!(
                "{} was taken away for nothing: it was healthy, asked for, and at {} already",
                pod.meta.name, set.update_revision
            );
            judgement.find(message, [entry]);
        }
    })
}

/// K6: a template has one revision for as long as its set lives: nothing else makes another, and a rollback finds the old one again.
pub fn revisions_are_of_templates(_: &Promise) -> Inquiry<'_> {
    // By the set's UID and its template.
    let mut known: BTreeMap<(&str, u64), (&str, &Entry)> = BTreeMap::new();
    let mut last: Option<&Set> = None;
    // The revisions of sets that had the name before, and of the one that has it.
    let (mut former, mut own): (BTreeSet<&str>, BTreeSet<&str>) = Default::default();
    Inquiry::new(K6, &[Kind::StatefulSet], move |judgement, _, promise, entry| {
        let Record::Object { fact: Fact::Set(set), .. } = &entry.record else { return };
        if set.meta.name != promise.set {
            return;
        }
        let before = last.replace(set);
        if before.is_some_and(|before| before.meta.uid != set.meta.uid) {
            former.append(&mut own);
        }
        let revision = &*set.update_revision;
        own.insert(revision);
        // A status may be one of another spec, or one that was meant for a set of this name before.
        let told = set.observed == set.meta.generation && !revision.is_empty() && !former.contains(revision);
        let Some(template) = set.template.filter(|_| told) else { return };
        let (first, proof) = *known.entry((&set.meta.uid, template)).or_insert((revision, entry));
        let again = before.is_some_and(|before| before.observed != set.observed);
        judgement.examined += u64::from(again && proof.line != entry.line);
        if first != revision {
            let message =
                format!("{} has the revision {revision} of a template that had {first}", promise.set);
            judgement.find(message, [proof, entry]);
        }
    })
}

/// K4: a roll leaves ordinals below the partition alone, and one that is deleted comes back as it was.
pub fn partition_protects(_: &Promise) -> Inquiry<'_> {
    let mut removals = Removals::new();
    Inquiry::new(K4, &[Kind::Pod, Kind::StatefulSet], move |judgement, world, promise, entry| {
        if let Some((ordinal, pod)) = removals.by_roll(world, promise, entry) {
            judgement.examined += 1;
            if removals.demand.promises().all(|promise| promise.holds_back(ordinal)) {
                let message =
                    format!("{} was taken away, below the partition {}", pod.meta.name, promise.partition);
                judgement.find(message, [entry]);
            }
        }
        let Some(pod) = born(world, entry, promise) else { return };
        let Some(ordinal) = promise.ordinal(&pod.meta.name) else { return };
        let Some(set) = world.sets.get(&promise.set) else { return };
        if removals.demand.promises().all(|promise| promise.holds_back(ordinal))
            && set.current_revision != set.update_revision
        {
            judgement.examined += 1;
            if pod.revision() != &*set.current_revision {
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
    })
}

/// K5: under `OnDelete` nobody but the user takes a pod away.
pub fn on_delete_waits(_: &Promise) -> Inquiry<'_> {
    let mut removals = Removals::new();
    Inquiry::new(K5, &[Kind::Pod, Kind::StatefulSet], move |judgement, world, promise, entry| {
        let taken = removals.by_roll(world, promise, entry);
        if !removals.demand.promises().all(|promise| promise.on_delete) {
            return;
        }
        if let Record::Act(act) = &entry.record {
            let set = act.target.strip_prefix("statefulset/");
            judgement.examined += u64::from(set == Some(promise.set.as_str()));
        }
        if let Some((_, pod)) = taken {
            let message =
                format!("{} was taken away under OnDelete, and nobody had deleted it", pod.meta.name);
            judgement.find(message, [entry]);
        }
    })
}

/// K8: no pod is created, and none taken away by a roll, before the one above or below it has been Ready for
/// `minReadySeconds`. Both moments are told by the cluster's own clocks, which its controller compares as well; ours may be another.
pub fn availability_gates(_: &Promise) -> Inquiry<'_> {
    let mut removals = Removals::new();
    let mut ready: BTreeMap<u32, (Timestamp, &Entry)> = BTreeMap::new();
    Inquiry::new(K8, &[Kind::Pod, Kind::StatefulSet], move |judgement, world, promise, entry| {
        let rolled = removals.by_roll(world, promise, entry);
        // Of several that may be missing at once, each waits for none in particular.
        let rolled = rolled
            .filter(|_| promise.max_unavailable == 1 && !removals.demand.recreates())
            .map(|(ordinal, pod)| (ordinal + 1, pod.told_to_go));
        let grown = born(world, entry, promise).filter(|_| promise.ordered).and_then(|pod| {
            let ordinal = promise.ordinal(&pod.meta.name).filter(|ordinal| *ordinal > promise.start)?;
            Some((ordinal - 1, pod.created))
        });
        let seconds = removals.demand.promises().map(|promise| promise.min_ready_seconds).min().unwrap_or(0);
        if let Some((before, touched)) = rolled.or(grown).filter(|_| seconds > 0)
            && let Some((since, proof)) = ready.get(&before)
        {
            judgement.examined += 1;
            let waited = touched.unwrap_or(entry.at).duration_since(*since).as_secs_f64();
            // The API's times are whole seconds, cut off: a wait may look one shorter than it was meant.
            let least = f64::from(seconds) - 1.0;
            if waited < least {
                judgement.find(
                    format!(
                        "the next pod was touched {waited:.1} s after {} was ready; minReadySeconds is {seconds}",
                        promise.pod(before)
                    ),
                    [*proof, entry],
                );
            }
        }
        let Record::Object { change, fact: Fact::Pod(pod), .. } = &entry.record else { return };
        let Some(ordinal) = promise.ordinal(&pod.meta.name) else { return };
        if *change == Change::Deleted || !pod.healthy() {
            ready.remove(&ordinal);
        } else {
            // The kubelet's own time: a watch under load tells it late.
            let since = pod.ready_since.unwrap_or(entry.at);
            ready.entry(ordinal).or_insert((since, entry));
        }
    })
}

/// K23: under `Recreate` no pod of a new revision comes while one of another is there.
pub fn recreates_all_at_once(promise: &Promise) -> Inquiry<'_> {
    if !promise.recreate {
        return Inquiry::none(K23);
    }
    let mut demand = Demand::default();
    Inquiry::new(K23, &[Kind::Pod, Kind::StatefulSet], move |judgement, world, promise, entry| {
        demand.follow(entry, promise);
        let Some(pod) = born(world, entry, promise) else { return };
        if !demand.promises().all(|promise| promise.recreate) {
            return;
        }
        judgement.examined += 1;
        // What a set before it left, of the same name, is not its own.
        let own = |other: &&Arc<Pod>| other.meta.owner() == pod.meta.owner();
        let mut pods = world.pods_of(promise).into_values().filter(own);
        let other = pods.find(|other| other.revision() != pod.revision());
        if let Some(other) = other {
            let (new, old) = (&pod.meta.name, &other.meta.name);
            let message = format!("{new} came at another revision while {old} was still there");
            judgement.find(message, [entry]);
        }
    })
}
