//! One step at a time: the order in which a set creates and removes its pods.

use std::collections::BTreeMap;

use super::{
    Inquiry,
    demand::Demand,
    health::Health,
    removal::{Removals, ended},
};
use crate::{
    claim::{S8, S9},
    journal::{Change, Entry, Fact, Kind, Promise, Record, World, fact::Pod},
};

/// S8: a pod is created only when all lower ordinals are Running and Ready.
pub fn creates_lowest_first(promise: &Promise) -> Inquiry<'_> {
    if !promise.ordered {
        return Inquiry::none(S8);
    }
    let mut demand = Demand::default();
    let mut health = Health::default();
    Inquiry::new(S8, &[Kind::Pod, Kind::StatefulSet], move |judgement, world, promise, entry| {
        demand.follow(entry, promise);
        if let Some((ordinal, pod)) = created(entry, promise) {
            if ordinal > promise.start {
                judgement.examined += 1;
            }
            // One proof is enough: ten thousand pods made at once would give fifty million.
            if let Some((why, proof)) = health.against(world, promise, demand.always().start..ordinal).next()
            {
                let policy = policy(world, promise);
                judgement
                    .find(format!("{pod} was created while {why}{policy}"), proof.into_iter().chain([entry]));
            }
        }
        health.follow(entry, promise);
    })
}

/// For a finding: the policy that explains it, where the set does not have the promised one.
fn policy(world: &World, promise: &Promise) -> String {
    match world.sets.get(&promise.set) {
        Some(set) if &*set.policy != "OrderedReady" => format!("; podManagementPolicy is {}", set.policy),
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

/// S9: scale-down takes the highest ordinal first, and the next only when it is completely gone.
pub fn removes_highest_first(promise: &Promise) -> Inquiry<'_> {
    if !promise.ordered {
        return Inquiry::none(S9);
    }
    let mut removals = Removals::new();
    let mut there: BTreeMap<u32, (&Pod, &Entry)> = BTreeMap::new();
    Inquiry::new(S9, &[Kind::Pod, Kind::StatefulSet], move |judgement, world, promise, entry| {
        let removed = removals.by_controller(world, promise, entry);
        if let (Some((ordinal, pod)), Some(set)) = (removed, world.sets.get(&promise.set)) {
            // A controller that has not seen the scaling may still roll, or make a failed pod anew.
            let replaced = removals.demand.ordinals().contains(&ordinal)
                && (ended(pod) || pod.revision() != &*set.update_revision);
            // What is scaled down may be of an old revision as well, which is told only after the pods have gone.
            let replaced = replaced || removals.demand.recreates();
            if ordinal >= promise.start + set.replicas && !replaced {
                judgement.examined += 1;
                let higher = there
                    .range(ordinal + 1..)
                    .find(|(_, (higher, _))| higher.meta.owner() == pod.meta.owner());
                if let Some((_, (higher, proof))) = higher {
                    let (name, higher_name, state) = (&pod.meta.name, &higher.meta.name, higher.summary());
                    let policy = policy(world, promise);
                    judgement.find(
                        format!(
                            "{name} began to terminate while {higher_name} was still there ({state}){policy}"
                        ),
                        [*proof, entry],
                    );
                }
            }
        }
        let Record::Object { change, fact: Fact::Pod(pod), .. } = &entry.record else { return };
        let Some(ordinal) = promise.ordinal(&pod.meta.name) else { return };
        if *change == Change::Deleted {
            there.remove(&ordinal);
        } else {
            there.insert(ordinal, (pod, entry));
        }
    })
}
