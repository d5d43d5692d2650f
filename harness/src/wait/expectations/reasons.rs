//! Why a pod is not there yet, in the words of whoever said so last.

use std::sync::Arc;

use super::volume_claims::unbound;
use crate::{
    journal::{
        Promise, World,
        fact::{Event, Pod},
    },
    law::Obstacle,
    wait::Progress::{self, Never, NotYet},
};

/// A pod's state with the last warning about it and what its claims wait for, for a time-out's message.
pub(super) fn describe(world: &World, pod: &Pod) -> String {
    let mut text = format!("{} is {}", pod.meta.name, pod.summary());
    if let Some(warning) = warnings_of(world, pod).last() {
        text.push_str(&format!("; {}: {}", warning.reason, warning.message));
    }
    if &*pod.phase == "Pending" {
        let unbound = pod.claims.values().filter_map(|claim| unbound(world, claim));
        text.extend(unbound.map(|why| format!("; its claim {why}")));
    }
    text
}

/// Warnings about this very pod, none of an earlier one of its name; the newest last.
pub(super) fn warnings_of<'world>(
    world: &'world World,
    pod: &Pod,
) -> impl Iterator<Item = &'world Arc<Event>> {
    let warnings = world.warnings_about(&format!("Pod/{}", pod.meta.name));
    warnings.into_iter().filter(|warning| warning.regarding_uid == pod.meta.uid)
}

/// The last warning about a set, for a time-out's message.
pub(super) fn said_of_set(world: &World, promise: &Promise) -> String {
    match world.warnings_about(&format!("StatefulSet/{}", promise.set)).last() {
        Some(warning) => format!("; {}: {}", warning.reason, warning.message),
        None => String::new(),
    }
}

/// What no time can mend: an image that can't be had, a program of the set's own that ends again and again.
pub(super) fn doomed(world: &World, pod: &Pod) -> Option<Progress> {
    pod.containers.iter().find_map(|container| {
        let (reason, message) = container.waiting.as_ref()?;
        let name = &pod.meta.name;
        match reason.as_str() {
            "ErrImageNeverPull" | "InvalidImageName" | "ImagePullBackOff" => {
                Some(Progress::Prevented(Obstacle::Image, format!("{name}: {reason}: {message}")))
            }
            "CrashLoopBackOff" if !given_by_others(world, pod, &container.name) => {
                let ended = container.ended.as_ref();
                let how = ended.map_or_else(String::new, |ended| {
                    format!(" ({}, exit code {})", ended.reason, ended.code)
                });
                Some(Never(format!("{name}: container {} ends again and again{how}", container.name)))
            }
            _ => None,
        }
    })
}

/// Whether the template of the pod's set has no such container: whoever gave it to the pod answers for its program.
fn given_by_others(world: &World, pod: &Pod, container: &str) -> bool {
    let set = pod.meta.owner().filter(|owner| owner.kind == "StatefulSet");
    let set = set.and_then(|owner| world.sets.get(&owner.name));
    set.is_some_and(|set| !set.containers.iter().any(|own| &**own == container))
}

/// What a pod that is not there yet waits for.
pub(super) fn waiting(world: &World, pod: &Pod) -> Progress {
    doomed(world, pod).unwrap_or_else(|| NotYet(describe(world, pod)))
}
