//! A pod on a node whose volumes or sandbox are not made.

use k8s_openapi::api::core::v1::{Event, Pod, Volume};
use kube::ResourceExt;

use super::{
    Picture,
    cause::{self, Cause, quote},
    container::missing,
    driver,
    evidence::{Evidence, times},
    picture::{is_true, message, spec, status},
};

const REASONS: &[&str] = &["FailedAttachVolume", "FailedMount", "FailedMapVolume", "FailedCreatePodSandBox"];
/// What follows the event that says why, and says nothing itself.
const SAYS_NOTHING: &[&str] = &[
    "timed out waiting for the condition",
    "Unable to attach or mount volumes",
    "context deadline exceeded",
];

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
    let mut events = picture.events_about(pod);
    events.retain(|event| event.reason.as_deref().is_some_and(|reason| REASONS.contains(&reason)));
    if let Some(cause) = driver::examine(picture, pod, &events) {
        return Some(cause);
    }
    let telling = |event: &&&Event| !SAYS_NOTHING.iter().any(|nothing| message(event).contains(nothing));
    let event = *events.iter().find(telling).or(events.first())?;
    Some(judge(picture, pod, event))
}

fn judge(picture: &Picture, pod: &Pod, event: &Event) -> Cause {
    let (name, told) = (pod.name_any(), message(event));
    let often = match times(event) {
        1 => String::new(),
        times => format!(" ({times} times)"),
    };
    let new = |id, what: &str| {
        Cause::new(id, format!("pod/{name}"), format!("{what}{often}: {}", quote(told))).by_event(event)
    };
    match event.reason.as_deref() {
        Some("FailedCreatePodSandBox") if told.contains("OOM-killed") => {
            new(cause::OUT_OF_MEMORY, &format!("the memory limit of pod {name} is too low even to start it"))
                .advise(format!("raise resources.limits.memory in statefulset {}", picture.name()))
        }
        Some("FailedCreatePodSandBox") => new(cause::SANDBOX_FAILED, &format!("pod {name} gets no sandbox"))
            .advise("see the network plugin on its node: kubectl -n kube-system get pods -o wide"),
        Some("FailedAttachVolume") if told.contains("Multi-Attach") => {
            new(cause::VOLUME_IN_USE, &format!("a volume of pod {name} is attached elsewhere"))
                .advise("see where: kubectl get volumeattachments")
                .advise("delete the pod that uses it, if one does, or if its node is off for good:")
                .advise("kubectl taint node NODE node.kubernetes.io/out-of-service=nodeshutdown:NoExecute")
        }
        _ => {
            let volume = volume(pod, told);
            // Only a volume that is made from a ConfigMap or Secret can lack one, whatever a driver's answer speaks of.
            let of_objects = volume.is_none_or(|volume| {
                volume.config_map.is_some() || volume.secret.is_some() || volume.projected.is_some()
            });
            if let Some(missing) = missing(picture, pod, told).filter(|_| of_objects) {
                return missing.by_event(event);
            }
            let which = volume.map_or_else(
                || "a volume".to_owned(),
                |volume| format!("volume {} ({})", volume.name, source(volume)),
            );
            new(cause::VOLUME_MOUNT_FAILED, &format!("{which} of pod {name} can't be mounted"))
                .by(volume.map(|volume| {
                    Evidence::field(
                        format!("pod/{name}"),
                        format!("spec.volumes[{}]", volume.name),
                        &source(volume),
                    )
                }))
                .advise(format!(
                    "see the events of the pod: {}",
                    picture.kubectl(&format!("describe pod {name}"))
                ))
        }
    }
}

/// The volume of the pod that a message names: `MountVolume.SetUp failed for volume "keys" : …`
fn volume<'a>(pod: &'a Pod, told: &str) -> Option<&'a Volume> {
    let name = told.split_once("for volume \"")?.1.split('"').next()?;
    spec(pod).volumes.as_deref().unwrap_or_default().iter().find(|volume| volume.name == name)
}

/// What a volume is made from.
fn source(volume: &Volume) -> String {
    if let Some(csi) = &volume.csi {
        return format!("of CSI driver {}", csi.driver);
    }
    if let Some(claim) = &volume.persistent_volume_claim {
        return format!("PVC {}", claim.claim_name);
    }
    let kinds = [
        (volume.config_map.is_some(), "a ConfigMap"),
        (volume.secret.is_some(), "a Secret"),
        (volume.projected.is_some(), "projected"),
        (volume.host_path.is_some(), "hostPath"),
        (volume.nfs.is_some(), "NFS"),
    ];
    kinds.iter().find(|(is, _)| *is).map_or("of another kind", |(_, kind)| kind).to_owned()
}
