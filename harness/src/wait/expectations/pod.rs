//! What is expected of one pod.

use std::sync::Arc;

use super::{waiting, warnings_of};
use crate::{
    journal::{Promise, fact::Pod},
    wait::{
        Expectation,
        Progress::{Met, Never, NotYet},
    },
};

/// A pod of the set is Running and Ready again, as another object.
pub fn pod_returns(promise: &Promise, ordinal: u32, old_uid: &str) -> Expectation {
    by_the_set(promise, pod_ready(&promise.pod(ordinal), Some(old_uid)))
}

/// A pod of the set is made again, as another object, whatever becomes of it.
pub fn pod_made_again(promise: &Promise, ordinal: u32, old_uid: &str) -> Expectation {
    by_the_set(promise, pod_is_another(&promise.pod(ordinal), old_uid))
}

/// What never comes without the set.
fn by_the_set(promise: &Promise, comes: Expectation) -> Expectation {
    let set = promise.set.clone();
    Expectation::new(comes.sentence.clone(), move |world| match comes.check(world) {
        NotYet(why) if !world.sets.contains_key(&set) => {
            Never(format!("{why}; the StatefulSet {set} does not exist, so nothing makes it again"))
        }
        progress => progress,
    })
}

/// One pod is there, whatever it does.
pub fn pod_exists(pod: &str) -> Expectation {
    let name = pod.to_owned();
    Expectation::new(format!("{name} exists"), move |world| match world.pods.contains_key(&name) {
        true => Met,
        false => NotYet(format!("{name} does not exist")),
    })
}

/// One pod is Running and Ready, as an object other than `not_uid`.
pub fn pod_ready(pod: &str, not_uid: Option<&str>) -> Expectation {
    let (name, old) = (pod.to_owned(), not_uid.map(str::to_owned));
    Expectation::new(format!("{name} is ready{}", if old.is_some() { " again" } else { "" }), move |world| {
        match world.pods.get(&name) {
            None => NotYet(format!("{name} does not exist")),
            Some(pod) if Some(&pod.meta.uid) == old.as_ref() => {
                NotYet(format!("{name} is still the old object"))
            }
            Some(pod) if pod.healthy() => Met,
            Some(pod) => waiting(world, pod),
        }
    })
}

/// One pod runs all its containers, Ready or not.
pub fn pod_running(pod: &str) -> Expectation {
    let name = pod.to_owned();
    Expectation::new(format!("{name} is running"), move |world| match world.pods.get(&name) {
        None => NotYet(format!("{name} does not exist")),
        Some(pod)
            if !pod.meta.terminating
                && !pod.containers.is_empty()
                && pod.containers.iter().all(|container| container.running) =>
        {
            Met
        }
        Some(pod) => waiting(world, pod),
    })
}

/// A pod is being deleted, or gone.
pub fn pod_terminating(pod: &str) -> Expectation {
    let name = pod.to_owned();
    Expectation::new(format!("{name} is being deleted"), move |world| match world.pods.get(&name) {
        Some(pod) if !pod.meta.terminating => NotYet(format!("{name} is {}", pod.summary())),
        _ => Met,
    })
}

/// Another object than the one with this UID carries the pod's name.
pub fn pod_is_another(pod: &str, uid: &str) -> Expectation {
    let (name, old) = (pod.to_owned(), uid.to_owned());
    Expectation::new(format!("{name} is another object"), move |world| match world.pods.get(&name) {
        None => NotYet(format!("{name} does not exist")),
        Some(pod) if pod.meta.uid == old => NotYet(format!("{name} is still the old object")),
        Some(_) => Met,
    })
}

/// The object with this UID carries the pod's name still.
pub fn pod_is(pod: &str, uid: &str) -> Expectation {
    let (name, uid) = (pod.to_owned(), uid.to_owned());
    Expectation::new(format!("{name} is the same object"), move |world| match world.pods.get(&name) {
        None => NotYet(format!("{name} does not exist")),
        Some(pod) if pod.meta.uid != uid => NotYet(format!("{name} is another object: {}", pod.meta.uid)),
        Some(_) => Met,
    })
}

/// The journal shows another version of the pod than this one.
pub fn pod_touched(pod: &str, version: u64) -> Expectation {
    let name = pod.to_owned();
    Expectation::new(format!("{name} is changed"), move |world| match world.pods.get(&name) {
        Some(pod) if pod.version == version => NotYet(format!("{name} is at {version}")),
        _ => Met,
    })
}

/// A pod is owned by the set, or by nobody.
pub fn pod_owned(promise: &Promise, ordinal: u32, owned: bool) -> Expectation {
    let (set, name) = (promise.set.clone(), promise.pod(ordinal));
    let whose = if owned { set.as_str() } else { "nobody" };
    Expectation::new(format!("{name} belongs to {whose}"), move |world| match world.pods.get(&name) {
        None if !owned => Never(format!("{name} does not exist")),
        None => NotYet(format!("{name} does not exist")),
        Some(_) if owned && !world.sets.contains_key(&set) => {
            Never(format!("the StatefulSet {set} does not exist"))
        }
        Some(pod) => {
            let owner = pod.meta.owner().map(|owner| owner.name.as_str());
            if owner == owned.then_some(set.as_str()) {
                Met
            } else {
                NotYet(format!("its owner is {owner:?}"))
            }
        }
    })
}

/// A pod that is no set's is owned by nobody.
pub fn pod_unowned(pod: &str) -> Expectation {
    let name = pod.to_owned();
    Expectation::new(format!("{name} belongs to nobody"), move |world| match world.pods.get(&name) {
        None => NotYet(format!("{name} does not exist")),
        Some(pod) => match pod.meta.owner() {
            None => Met,
            Some(owner) => Never(format!("{name} belongs to {}", owner.name)),
        },
    })
}

/// The kubelet has asked the pod's readiness probe, this was in the answer, and the pod is not Ready.
pub fn readiness_fails(pod: &str, answer: &str) -> Expectation {
    let (name, answer) = (pod.to_owned(), answer.to_owned());
    Expectation::new(format!("the readiness probe of {name} fails with {answer:?}"), move |world| {
        let fails = |said: &str| said.starts_with("Readiness probe failed") && said.contains(&answer);
        match world.pods.get(&name) {
            None => NotYet(format!("{name} does not exist")),
            Some(pod) if pod.healthy() => Never(format!("{name} is {}", pod.summary())),
            Some(pod) if warnings_of(world, pod).any(|warning| fails(&warning.message)) => Met,
            Some(pod) => waiting(world, pod),
        }
    })
}

/// A pod runs all its containers, and is not Ready.
pub fn pod_unready(pod: &str) -> Expectation {
    let (name, running) = (pod.to_owned(), pod_running(pod));
    Expectation::new(format!("{name} runs and is not ready"), move |world| match world.pods.get(&name) {
        Some(pod) if pod.healthy() => Never(format!("{name} is {}", pod.summary())),
        _ => running.check(world),
    })
}

/// A pod exists and is not being deleted.
pub fn pod_not_terminating(pod: &str) -> Expectation {
    let name = pod.to_owned();
    Expectation::new(format!("{name} is not being deleted"), move |world| match world.pods.get(&name) {
        None => NotYet(format!("{name} does not exist")),
        Some(pod) if pod.meta.terminating => NotYet(format!("{name} is {}", pod.summary())),
        Some(_) => Met,
    })
}

/// The same pod runs its containers again, after at least one more restart.
pub fn pod_restarted(pod: &str, uid: &str, restarts: i32) -> Expectation {
    let (name, uid) = (pod.to_owned(), uid.to_owned());
    Expectation::new(format!("{name} is restarted in place and ready"), move |world| {
        match world.pods.get(&name) {
            None => NotYet(format!("{name} does not exist")),
            Some(pod) if pod.meta.uid != uid => {
                Never(format!("{name} is another object now: {}", pod.meta.uid))
            }
            Some(pod) if pod.restarts() <= restarts => {
                NotYet(format!("{name} was not restarted: {}", pod.summary()))
            }
            Some(pod) if pod.healthy() => Met,
            Some(pod) => waiting(world, pod),
        }
    })
}

/// As [`pod_restarted`], of a pod that runs, Ready or not.
pub fn pod_runs_again(pod: &str, uid: &str, restarts: i32) -> Expectation {
    let (name, same) = (pod.to_owned(), uid.to_owned());
    let (restarted, running) = (pod_restarted(pod, uid, restarts), pod_running(pod));
    Expectation::new(format!("{name} is restarted in place and runs"), move |world| {
        let again = |pod: &Arc<Pod>| pod.meta.uid == same && pod.restarts() > restarts;
        let met = if world.pods.get(&name).is_some_and(again) { &running } else { &restarted };
        met.check(world)
    })
}

/// A pod that nobody makes anew has been restarted in place, whatever it does since.
pub fn pod_started_again(pod: &str) -> Expectation {
    let name = pod.to_owned();
    Expectation::new(format!("{name} is started again"), move |world| match world.pods.get(&name) {
        None => NotYet(format!("{name} does not exist")),
        Some(pod) if pod.restarts() == 0 => NotYet(format!("{name} was not restarted: {}", pod.summary())),
        Some(_) => Met,
    })
}

/// A pod is the same, is Ready, and was not restarted since.
pub fn pod_undisturbed(pod: &Pod) -> Expectation {
    let (same, restarts) = (pod_is(&pod.meta.name, &pod.meta.uid), pod.restarts());
    let name = pod.meta.name.clone();
    Expectation::new(format!("{name} stays Ready and is not restarted"), move |world| {
        match world.pods.get(&name) {
            Some(pod) if pod.restarts() != restarts => {
                NotYet(format!("{name} was restarted: {}", pod.summary()))
            }
            Some(pod) if !pod.healthy() => NotYet(format!("{name} is {}", pod.summary())),
            _ => same.check(world),
        }
    })
}

/// As [`pod_restarted`], of a pod that may crash on the way there, as without its disk.
pub fn pod_recovers(pod: &str, uid: &str, restarts: i32) -> Expectation {
    let (name, same, restarted) = (pod.to_owned(), uid.to_owned(), pod_restarted(pod, uid, restarts));
    Expectation::new(restarted.sentence.clone(), move |world| match restarted.check(world) {
        Never(why) if world.pods.get(&name).is_some_and(|pod| pod.meta.uid == same) => NotYet(why),
        progress => progress,
    })
}
