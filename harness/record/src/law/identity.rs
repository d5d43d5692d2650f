//! Stable names: what a set's pods are called.

use std::collections::{BTreeMap, HashSet};

use super::{Inquiry, demand::Demand};
use crate::{
    claim::{K1, S1, S2},
    journal::{Change, Entry, Fact, Kind, Promise, Record, World, fact::Pod},
};

/// A pod of the set, by its owner or by its name, that this entry shows for the first time.
pub(super) fn born<'entry>(world: &World, entry: &'entry Entry, promise: &Promise) -> Option<&'entry Pod> {
    let Record::Object { change, fact: Fact::Pod(pod), .. } = &entry.record else { return None };
    let known = || world.pods.get(&pod.meta.name).is_some_and(|known| known.meta.uid == pod.meta.uid);
    let first = match change {
        Change::Added => true,
        Change::Listed => !known(),
        Change::Modified | Change::Deleted => false,
    };
    (first && belongs(pod, promise)).then_some(pod)
}

/// Whether a pod is the set's: by its owner, by the owner's of a workload that took the set's name, or by its own name.
pub(super) fn belongs(pod: &Pod, promise: &Promise) -> bool {
    let owned = pod.meta.owner().is_some_and(|owner| {
        // A ReplicaSet is called after its Deployment and a hash; another set's name may begin alike.
        let name = match owner.name.rsplit_once('-') {
            Some((deployment, _)) if owner.kind == "ReplicaSet" => deployment,
            _ => &owner.name,
        };
        name == promise.set
    });
    owned || promise.ordinal(&pod.meta.name).is_some()
}

/// The last release that may leave a pod's ordinal off its labels (feature gate PodIndexLabel).
const LAST_WITHOUT_INDEX: (u32, u32) = (1, 31);

/// S1: every pod of the set is named `<set>-<ordinal>`, says so in its labels, and has an ordinal that the set
/// asked for.
pub fn pods_carry_their_ordinals(_: &Promise) -> Inquiry<'_> {
    let mut demand = Demand::default();
    let mut may_lack_index = false;
    Inquiry::new(S1, &[Kind::Pod, Kind::StatefulSet], move |judgement, world, promise, entry| {
        demand.follow(entry, promise);
        if let Record::Terrain(terrain) = &entry.record {
            may_lack_index = terrain.may_lack(LAST_WITHOUT_INDEX);
        }
        let Some(pod) = born(world, entry, promise) else { return };
        judgement.examined += 1;
        let name = &pod.meta.name;
        let Some(ordinal) = promise.ordinal(name) else {
            judgement
                .find(format!("a pod of {0} is named {name}; expected {0}-<ordinal>", promise.set), [entry]);
            return;
        };
        for (label, expected, may_lack) in [
            ("statefulset.kubernetes.io/pod-name", name.clone(), false),
            ("apps.kubernetes.io/pod-index", ordinal.to_string(), may_lack_index),
        ] {
            let found = pod.meta.labels.get(label).map(AsRef::as_ref);
            if found != Some(expected.as_str()) && !(may_lack && found.is_none()) {
                let found = found.unwrap_or("nothing");
                judgement
                    .find(format!("label {label} of {name}: expected {expected}, found {found}"), [entry]);
            }
        }
        let ordinals = demand.ordinals();
        if !ordinals.contains(&ordinal) {
            judgement.find(
                format!(
                    "{name} was created; the set had asked for the ordinals {} to below {}",
                    ordinals.start, ordinals.end
                ),
                [entry],
            );
        }
    })
}

/// S2: a name that returns is another object, and no object returns.
pub fn names_return_as_other_objects(_: &Promise) -> Inquiry<'_> {
    let mut gone: HashSet<&str> = HashSet::new();
    let mut last: BTreeMap<&str, &Entry> = BTreeMap::new();
    Inquiry::new(S2, &[Kind::Pod], move |judgement, _, promise, entry| {
        let Record::Object { change, fact: Fact::Pod(pod), .. } = &entry.record else { return };
        if promise.ordinal(&pod.meta.name).is_none() {
            return;
        }
        if *change == Change::Deleted {
            gone.insert(&pod.meta.uid);
            last.insert(&pod.meta.name, entry);
        } else if gone.contains(pod.meta.uid.as_str()) {
            let before = last.get(pod.meta.name.as_str()).copied();
            judgement.find(
                format!("{} came back as the same object, uid {}", pod.meta.name, pod.meta.uid),
                before.into_iter().chain([entry]),
            );
        } else if *change == Change::Added && last.contains_key(pod.meta.name.as_str()) {
            judgement.examined += 1;
        }
    })
}

/// K1: a pod is gone from the API only when its containers have ended; otherwise the next of its ordinal may run
/// beside it. A pod that never ran has nothing to end. Its kubelet calls one failed that nobody told to go only when none of its
/// containers runs, and what it has said of them may be older; of one whose node was taken away, which the garbage collector
/// calls failed, nobody can say more.
pub fn at_most_one_of_an_ordinal(_: &Promise) -> Inquiry<'_> {
    let mut ended_by_themselves: HashSet<&str> = HashSet::new();
    Inquiry::new(K1, &[Kind::Pod], move |judgement, _, promise, entry| {
        let Record::Object { change, fact: Fact::Pod(pod), .. } = &entry.record else { return };
        let failed = &*pod.phase == "Failed";
        if promise.ordinal(&pod.meta.name).is_none() {
            return;
        }
        if *change != Change::Deleted {
            if failed && !pod.meta.terminating {
                ended_by_themselves.insert(&pod.meta.uid);
            }
            return;
        }
        let node_is_lost = pod.disrupted.is_some() && failed;
        if node_is_lost || ended_by_themselves.contains(pod.meta.uid.as_str()) {
            return;
        }
        judgement.examined += 1;
        let name = &pod.meta.name;
        for container in pod.containers.iter().filter(|container| container.running) {
            let message = format!(
                "{name} was removed while its container {} was still running: another {name} could run beside it",
                container.name
            );
            judgement.find(message, [entry]);
        }
    })
}
