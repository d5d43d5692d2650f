//! What is expected of a roll.

use std::collections::{BTreeMap, BTreeSet};

use super::{about_set, unseen};
use crate::{
    journal::Promise,
    law::overlooked::BYSTANDER,
    wait::{
        Expectation,
        Progress::{Met, NotYet},
    },
};

/// These pods (name and UID) are the same objects, and none is being deleted.
pub fn pods_stay(pods: &BTreeMap<String, String>) -> Expectation {
    let wanted = pods.clone();
    let names: Vec<_> = pods.keys().cloned().collect();
    Expectation::new(format!("{} stay as they are", names.join(", ")), move |world| {
        for (name, uid) in &wanted {
            match world.pods.get(name) {
                None => return NotYet(format!("{name} does not exist")),
                Some(pod) if pod.meta.uid != *uid => {
                    return NotYet(format!("{name} is another object: {} instead of {uid}", pod.meta.uid));
                }
                Some(pod) if pod.meta.terminating => return NotYet(format!("{name} is being deleted")),
                Some(_) => {}
            }
        }
        Met
    })
}

/// None of these pods (name and UID) is there any more, whether another has its name or not.
pub fn pods_replaced(pods: &BTreeMap<String, String>) -> Expectation {
    let old = pods.clone();
    let names: Vec<_> = pods.keys().cloned().collect();
    Expectation::new(format!("{} are gone or replaced", names.join(", ")), move |world| {
        let there =
            old.iter().find(|(name, uid)| world.pods.get(*name).is_some_and(|pod| pod.meta.uid == **uid));
        there.map_or(Met, |(name, _)| NotYet(format!("{name} is still the old object")))
    })
}

/// These ordinals exist at this revision, Ready or not.
pub fn pods_at(promise: &Promise, ordinals: impl IntoIterator<Item = u32>, revision: &str) -> Expectation {
    let names: Vec<_> = ordinals.into_iter().map(|ordinal| promise.pod(ordinal)).collect();
    let revision = revision.to_owned();
    Expectation::new(format!("{} are at revision {revision}", names.join(", ")), move |world| {
        for name in &names {
            match world.pods.get(name) {
                None => return NotYet(format!("{name} does not exist")),
                Some(pod) if pod.revision() != revision => {
                    return NotYet(format!("{name} is at {}", pod.revision()));
                }
                Some(_) => {}
            }
        }
        Met
    })
}

/// The set's template is of this revision still.
pub fn revision_is(promise: &Promise, revision: &str) -> Expectation {
    let revision = revision.to_owned();
    let sentence = format!("the template of {} is of the revision {revision}", promise.set);
    about_set(promise, sentence, move |set| match &*set.update_revision {
        found if found == revision => Met,
        found => NotYet(format!("it is of {found}")),
    })
}

/// The roll is over: the controller has seen the newest template, and every pod has it and is ready.
pub fn rolled(promise: &Promise, replicas: u32) -> Expectation {
    about_set(promise, format!("the roll of {} is over", promise.set), move |set| {
        if let Some(why) = unseen(set) {
            return NotYet(why);
        }
        if (set.at_update, set.ready, set.current) != (replicas, replicas, replicas)
            || set.current_revision != set.update_revision
        {
            return NotYet(format!(
                "{} of {replicas} pods are at {}, {} are ready",
                set.at_update, set.update_revision, set.ready
            ));
        }
        Met
    })
}

/// These ControllerRevisions are kept, and no other.
pub fn revisions_are(names: impl IntoIterator<Item = String>) -> Expectation {
    let wanted: BTreeSet<_> = names.into_iter().collect();
    Expectation::new(format!("the revisions {wanted:?} are kept, and no other"), move |world| {
        // That of the set by which we see whether the controller is awake is none of the workload's.
        let ours = |name: &&String| !name.starts_with(BYSTANDER);
        let found: BTreeSet<_> = world.revisions.keys().filter(ours).cloned().collect();
        if found == wanted { Met } else { NotYet(format!("there are {found:?}")) }
    })
}
