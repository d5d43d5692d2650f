//! The expectations that scenarios share.

mod endpoints;
mod named;
mod placement;
mod pod;
mod reasons;
mod refusal;
mod rollout;
mod status;
mod volume_claims;

pub use endpoints::{endpoint_leaving, endpoint_listed, endpoints_ready};
pub use named::{made_by, only_these_ready, pods_named, pods_ready};
pub use placement::{pod_placed, pod_unschedulable};
pub use pod::{
    pod_exists, pod_is, pod_is_another, pod_made_again, pod_not_terminating, pod_owned, pod_ready,
    pod_recovers, pod_restarted, pod_returns, pod_running, pod_runs_again, pod_started_again,
    pod_terminating, pod_touched, pod_undisturbed, pod_unowned, pod_unready, readiness_fails,
};
pub use refusal::pod_refuses;
pub use rollout::{pods_at, pods_replaced, pods_stay, revision_is, revisions_are, rolled};
pub use status::status_agrees;
pub use volume_claims::{
    pods_have_volume_claims, volume_claim_goes, volume_claim_is_another, volume_claim_made_again,
    volume_claim_unbound, volume_claims_are, volume_claims_bound, volume_claims_exactly, volume_claims_gone,
    volume_claims_linger, volume_claims_owned, volume_claims_settled,
};

use reasons::{describe, doomed, said_of_set, waiting, warnings_of};

use super::{
    Expectation,
    Progress::{self, Met, Never, NotYet},
};
use crate::journal::{Promise, World, fact::Set};

/// All `replicas` pods of the set are Running and Ready, there is no other, and the controller says the same of
/// the newest spec.
pub fn set_ready(promise: &Promise, replicas: u32) -> Expectation {
    let promise = promise.clone();
    Expectation::new(format!("{replicas} of {replicas} pods of {} are ready", promise.set), move |world| {
        let pods = world.pods_of(&promise);
        for pod in pods.values() {
            if let Some(why) = doomed(world, pod) {
                return why;
            }
        }
        let wanted = promise.start..promise.start + replicas;
        for ordinal in wanted.clone() {
            match pods.get(&ordinal) {
                None if settled_elsewhere(world, &promise, replicas) => {
                    return Never(format!(
                        "the controller is done, and {} does not exist; there are {}",
                        promise.pod(ordinal),
                        list(pods.values().map(|pod| pod.meta.name.clone()))
                    ));
                }
                None => {
                    return NotYet(format!(
                        "{} does not exist{}",
                        promise.pod(ordinal),
                        said_of_set(world, &promise)
                    ));
                }
                Some(pod) if !pod.healthy() => return NotYet(describe(world, pod)),
                Some(_) => {}
            }
        }
        if let Some((ordinal, _)) = pods.iter().find(|(ordinal, _)| !wanted.contains(ordinal)) {
            let there = format!("{} is still there", promise.pod(*ordinal));
            let left = has_seen(world, &promise, replicas) && pods.values().all(|pod| pod.healthy());
            return if left {
                Never(format!("the controller knows that {replicas} are asked for, and {there}"))
            } else {
                NotYet(there)
            };
        }
        let Some(set) = world.sets.get(&promise.set) else {
            return NotYet(format!("the StatefulSet {} does not exist", promise.set));
        };
        if set.replicas != replicas {
            return NotYet(format!("the set asks for {} replicas", set.replicas));
        }
        if let Some(why) = unseen(set) {
            return NotYet(why);
        }
        if (set.current, set.ready) != (replicas, replicas) {
            return NotYet(format!("the controller counts {} pods, {} ready", set.current, set.ready));
        }
        Met
    })
}

/// Whether the controller has all the replicas it wants, ready, and sees nothing more to do.
fn settled_elsewhere(world: &World, promise: &Promise, replicas: u32) -> bool {
    let pods = world.pods_of(promise);
    has_seen(world, promise, replicas)
        && world.sets.get(&promise.set).is_some_and(|set| (set.current, set.ready) == (replicas, replicas))
        && pods.len() == replicas as usize
        && pods.values().all(|pod| pod.healthy())
}

/// Whether the controller has seen that the set asks for so many.
fn has_seen(world: &World, promise: &Promise, replicas: u32) -> bool {
    let set = world.sets.get(&promise.set);
    set.is_some_and(|set| set.replicas == replicas && set.observed == set.meta.generation)
}

fn list(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// The controller counts so many pods as available.
pub fn available(promise: &Promise, count: u32) -> Expectation {
    about_set(promise, format!("{count} pods of {} are available", promise.set), move |set| {
        if set.available == count { Met } else { NotYet(format!("it counts {} available", set.available)) }
    })
}

/// As [`set_ready`], of a set whose pods may crash on the way there.
pub fn set_recovers(promise: &Promise, replicas: u32) -> Expectation {
    let ready = set_ready(promise, replicas);
    Expectation::new(ready.sentence.clone(), move |world| match ready.check(world) {
        Never(why) => NotYet(why),
        progress => progress,
    })
}

/// None of these pods exists.
pub fn pods_gone(pods: impl IntoIterator<Item = String>) -> Expectation {
    let names: Vec<_> = pods.into_iter().collect();
    Expectation::new(format!("{} are gone", names.join(", ")), move |world| {
        match names.iter().find_map(|name| world.pods.get(name)) {
            None => Met,
            Some(pod) => NotYet(describe(world, pod)),
        }
    })
}

/// These pods, and no other of the set, exist.
pub fn pods_exactly(promise: &Promise, ordinals: impl IntoIterator<Item = u32>) -> Expectation {
    let promise = promise.clone();
    let wanted: Vec<u32> = ordinals.into_iter().collect();
    let names: Vec<_> = wanted.iter().map(|ordinal| promise.pod(*ordinal)).collect();
    Expectation::new(format!("exactly {} exist", names.join(", ")), move |world| {
        let found: Vec<u32> = world.pods_of(&promise).into_keys().collect();
        if found == wanted {
            return Met;
        }
        let found: Vec<_> = found.into_iter().map(|ordinal| promise.pod(ordinal)).collect();
        NotYet(format!("there are [{}]", found.join(", ")))
    })
}

/// The set does not exist.
pub fn set_gone(promise: &Promise) -> Expectation {
    let name = promise.set.clone();
    Expectation::new(format!("the StatefulSet {name} is gone"), move |world| {
        if world.sets.contains_key(&name) { NotYet("it is there".to_owned()) } else { Met }
    })
}

/// The set is being deleted and is there still, and its controller counts so many pods: it has looked since they are so many.
pub fn set_leaving(promise: &Promise, count: u32) -> Expectation {
    let name = promise.set.clone();
    let sentence = format!("{name} is there, is being deleted, and counts {count} pods");
    Expectation::new(sentence, move |world| match world.sets.get(&name) {
        None => Never(format!("the StatefulSet {name} does not exist")),
        Some(set) if !set.meta.terminating => NotYet("it is not being deleted".to_owned()),
        Some(set) if set.current != count => NotYet(format!("it counts {}", set.current)),
        Some(_) => Met,
    })
}

/// The journal shows the set at this generation of its spec, or a later one.
pub fn set_generation(promise: &Promise, generation: i64) -> Expectation {
    let sentence = format!("the journal shows generation {generation} of {}", promise.set);
    about_set(promise, sentence, move |set| match set.meta.generation {
        found if found < generation => NotYet(format!("it shows generation {found}")),
        _ => Met,
    })
}

/// The set asks for this many replicas.
pub fn asks_for(promise: &Promise, replicas: u32) -> Expectation {
    about_set(promise, format!("{} asks for {replicas} replicas", promise.set), move |set| {
        match set.replicas {
            asked if asked == replicas => Met,
            asked => NotYet(format!("it asks for {asked}")),
        }
    })
}

/// The controller has seen the newest spec and counts this many ready pods: only then has it had its chance to act.
pub fn controller_counts(promise: &Promise, ready: u32) -> Expectation {
    let sentence =
        format!("the controller of {} has seen the newest spec and counts {ready} ready", promise.set);
    about_set(promise, sentence, move |set| match unseen(set) {
        Some(why) => NotYet(why),
        None if set.ready != ready => NotYet(format!("it counts {} ready", set.ready)),
        None => Met,
    })
}

/// An expectation of a set that exists.
fn about_set(
    promise: &Promise,
    sentence: String,
    check: impl Fn(&Set) -> Progress + Send + Sync + 'static,
) -> Expectation {
    let name = promise.set.clone();
    Expectation::new(sentence, move |world| match world.sets.get(&name) {
        None => NotYet(format!("the StatefulSet {name} does not exist")),
        Some(set) => check(set),
    })
}

/// What says that the controller has not seen the newest spec.
fn unseen(set: &Set) -> Option<String> {
    let (seen, newest) = (set.observed, set.meta.generation);
    (seen < newest).then(|| format!("the controller has seen generation {seen} of {newest}"))
}

#[cfg(test)]
mod tests;
