//! One pod that exists and is not Ready: what it stands at, the first thing first.

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;

use super::{
    Picture,
    cause::{self, Cause, quote},
    container, mount,
    picture::{message, phase, spec, status, terminating},
    placement, probe, termination,
};

/// What an examination found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    /// Something is to blame.
    Blamed(Vec<Cause>),
    /// Nothing is; it is at this.
    Moving(String),
}

/// Examines a pod of the set that is not healthy.
pub(super) fn examine(picture: &Picture, pod: &Pod) -> Finding {
    if terminating(pod) {
        return termination::examine(picture, pod);
    }
    let found = if ["Failed", "Succeeded"].contains(&phase(pod)) {
        Some(vec![ended(pod)])
    } else if spec(pod).node_name.is_none() {
        placement::examine(picture, pod)
    } else {
        placed(picture, pod).map(|cause| vec![cause])
    };
    found.map_or_else(|| Finding::Moving(moving(picture, pod)), Finding::Blamed)
}

fn placed(picture: &Picture, pod: &Pod) -> Option<Cause> {
    termination::node_lost(picture, pod)
        .or_else(|| container::examine(picture, pod))
        .or_else(|| mount::examine(picture, pod))
        .or_else(|| probe::examine(picture, pod))
}

/// The controller makes another; who sees this one sees it happen again and again.
fn ended(pod: &Pod) -> Cause {
    let (name, status) = (pod.name_any(), status(pod));
    let reason = status.reason.as_deref().unwrap_or("no reason given");
    let told = status.message.as_deref().map(|told| format!(": {}", quote(told))).unwrap_or_default();
    let node = spec(pod).node_name.as_deref().unwrap_or("no node");
    let seen = format!("pod {name} on {node} is {} ({reason}){told}", phase(pod));
    Cause::new(cause::POD_FAILED, format!("pod/{name}"), seen)
        .advise(format!(
            "if it was evicted, its node ran out of what the message names: kubectl describe node {node}"
        ))
        .advise("the set's controller makes it anew; give it requests and limits that it keeps to")
}

/// What a pod is at that nothing seems to stop.
fn moving(picture: &Picture, pod: &Pod) -> String {
    let newest =
        picture.events_about(pod).first().map(|event| format!(", last event: {}", quote(message(event))));
    let since = picture.ago(pod.metadata.creation_timestamp.as_ref());
    format!(
        "pod {} is {} and not Ready, created {since} ago{}",
        pod.name_any(),
        phase(pod),
        newest.unwrap_or_default()
    )
}
