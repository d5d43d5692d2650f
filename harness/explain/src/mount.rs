//! A pod on a node whose volumes or sandbox are not made.

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;

use super::{
    Picture,
    cause::{self, Cause, quote},
    container::missing,
    picture::{is_true, message, status},
};

/// Why a pod's containers are not even created.
pub(super) fn examine(picture: &Picture, pod: &Pod) -> Option<Cause> {
    let status = status(pod);
    let mut all = status.init_container_statuses.iter().chain(&status.container_statuses).flatten();
    // Once a container has run, volumes and sandbox are there.
    if all.any(|container| container.state.as_ref().is_some_and(|state| state.waiting.is_none()))
        || is_true(pod, "PodReadyToStartContainers")
    {
        return None;
    }
    let event = picture
        .event(pod, &["FailedAttachVolume", "FailedMount", "FailedMapVolume", "FailedCreatePodSandBox"])?;
    let (name, told) = (pod.name_any(), message(event));
    let about = format!("pod/{name}");
    match event.reason.as_deref() {
        Some("FailedCreatePodSandBox") if told.contains("OOM-killed") => {
            let seen = format!("the memory limit of pod {name} is too low even to start it: {}", quote(told));
            Some(
                Cause::new(cause::OUT_OF_MEMORY, about, seen)
                    .advise(format!("raise resources.limits.memory in statefulset {}", picture.name())),
            )
        }
        Some("FailedCreatePodSandBox") => {
            let cause = Cause::new(
                cause::SANDBOX_FAILED,
                about,
                format!("pod {name} gets no sandbox: {}", quote(told)),
            )
            .advise("see the network plugin on its node: kubectl -n kube-system get pods -o wide");
            Some(cause)
        }
        Some("FailedAttachVolume") if told.contains("Multi-Attach") => {
            let cause = Cause::new(
                cause::VOLUME_IN_USE,
                about,
                format!("a volume of pod {name} is attached elsewhere: {}", quote(told)),
            )
            .advise("see where: kubectl get volumeattachments")
            .advise("delete the pod that uses it, if one does, or if its node is off for good:")
            .advise("kubectl taint node NODE node.kubernetes.io/out-of-service=nodeshutdown:NoExecute");
            Some(cause)
        }
        _ => Some(missing(picture, pod, told).or_else(|| earlier(picture, pod)).unwrap_or_else(|| {
            Cause::new(
                cause::VOLUME_MOUNT_FAILED,
                about,
                format!("a volume of pod {name} can't be mounted: {}", quote(told)),
            )
            .advise(format!(
                "see the events of the pod: {}",
                picture.kubectl(&format!("describe pod {name}"))
            ))
        })),
    }
}

/// `timed out waiting for the condition` follows the event that says why.
fn earlier(picture: &Picture, pod: &Pod) -> Option<Cause> {
    let mounts =
        picture.events_about(pod).into_iter().filter(|event| event.reason.as_deref() == Some("FailedMount"));
    mounts.into_iter().find_map(|event| missing(picture, pod, message(event)))
}
