//! One pod that exists and is not Ready: what it stands at, the first thing first.

pub(crate) mod failure;
mod network;
mod ordinals;
pub(crate) mod peers;
mod preemption;
pub(crate) mod termination;

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::ResourceExt;
use record::words;

use super::{
    Picture,
    cause::{Cause, quote},
    claim,
    container::{self, probe},
    mount,
    picture::{age, message, phase, spec, status, terminating},
    placement,
};

/// What an examination found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Examination {
    /// Something is to blame.
    Blamed(Vec<Cause>),
    /// Nothing is; it is at this.
    Moving(String),
}

/// Examines a pod of the set that is not healthy.
pub(super) fn examine(picture: &Picture, pod: &Pod) -> Examination {
    if terminating(pod) {
        return termination::examine(picture, pod);
    }
    if let Some(making_room) = preemption::examine(picture, pod) {
        return making_room;
    }
    let found = if ["Failed", "Succeeded"].contains(&phase(pod)) {
        Some(vec![failure::ended(picture, pod)])
    } else if spec(pod).node_name.is_none() {
        placement::examine(picture, pod)
    } else {
        placed(picture, pod).map(|cause| vec![cause])
    };
    found.map_or_else(|| Examination::Moving(moving(picture, pod)), Examination::Blamed)
}

fn placed(picture: &Picture, pod: &Pod) -> Option<Cause> {
    termination::node_lost(picture, pod)
        .or_else(|| claimed(picture, pod))
        .or_else(|| mount::again(picture, pod))
        .or_else(|| container::examine(picture, pod))
        .or_else(|| mount::examine(picture, pod))
        .or_else(|| probe::examine(picture, pod))
        .map(|cause| network::behind(picture, pod, cause))
        .map(|cause| ordinals::behind(picture, pod, cause))
        .map(|cause| peers::behind(picture, pod, cause))
}

/// What is in the way of the claims of a pod, as long as none of its containers was made.
fn claimed(picture: &Picture, pod: &Pod) -> Option<Cause> {
    let status = status(pod);
    let mut all = status.init_container_statuses.iter().chain(&status.container_statuses).flatten();
    let made = |container: &ContainerStatus| {
        container.last_state.as_ref().is_some_and(|last| last.terminated.is_some())
            || container.state.as_ref().is_some_and(|state| state.waiting.is_none())
    };
    if all.any(made) { None } else { claim::examine_placed(picture, pod) }
}

/// What a pod is at that nothing seems to stop.
fn moving(picture: &Picture, pod: &Pod) -> String {
    let newest = picture.events_about(pod).first().map(|event| {
        format!(", last event {} ago: {}", words::seconds(age(picture, event)), quote(message(event)))
    });
    let since = picture.ago(pod.metadata.creation_timestamp.as_ref());
    format!(
        "pod {} is {} and not Ready, created {since} ago{}",
        pod.name_any(),
        phase(pod),
        newest.unwrap_or_default()
    )
}
