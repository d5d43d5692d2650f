//! What the scheduler is to do with a pod.

use super::reasons::{describe, waiting};
use crate::wait::{
    Expectation,
    Progress::{Met, Never, NotYet},
};

/// A pod has its node.
pub fn pod_placed(pod: &str) -> Expectation {
    let name = pod.to_owned();
    Expectation::new(format!("{name} has a node"), move |world| match world.pods.get(&name) {
        Some(pod) if pod.node.is_some() && !pod.meta.terminating => Met,
        Some(pod) => waiting(world, pod),
        None => NotYet(format!("{name} does not exist")),
    })
}

/// The scheduler has said that it can't place the pod's new object, another than `old_uid`, with these words.
pub fn pod_unschedulable(pod: &str, old_uid: &str, reason: &str) -> Expectation {
    let (name, old, reason) = (pod.to_owned(), old_uid.to_owned(), reason.to_owned());
    Expectation::new(format!("{name} stays Pending for {reason:?}"), move |world| {
        match world.pods.get(&name) {
            None => NotYet(format!("{name} does not exist")),
            Some(pod) if pod.meta.uid == old => NotYet(format!("{name} is still the old object")),
            Some(pod) if pod.unschedulable.as_ref().is_some_and(|why| why.contains(&reason)) => Met,
            Some(pod) => match &pod.node {
                Some(node) => Never(format!("it was placed on {node}: {}", describe(world, pod))),
                None => NotYet(describe(world, pod)),
            },
        }
    })
}
