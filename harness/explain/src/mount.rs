//! A pod on a node whose volumes or sandbox are not made.

mod attach;
mod driver;
mod in_memory;
mod sandbox;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event, Pod, Volume};
use kube::ResourceExt;

use super::{
    Picture,
    cause::{self, Cause, quote},
    claim,
    evidence::{Evidence, often},
    picture::{is_true, message, seen_last, spec, status},
    reference::missing,
    remedy::{self, Remedies},
    thousandths,
};

const SANDBOX: &str = "FailedCreatePodSandBox";
const REASONS: &[&str] = &["FailedAttachVolume", "FailedMount", "FailedMapVolume", SANDBOX];
/// What comes after volumes and sandbox are there.
const LATER: &[&str] = &["Pulling", "Pulled", "Created", "Started"];
/// What follows the event that says why, and says nothing itself.
const SAYS_NOTHING: &[&str] = &["timed out waiting for the condition", "context deadline exceeded"];

/// Complaints of mounts, with what helps against each. The kubelet has one reason for all of them.
const COMPLAINTS: Remedies = &[
    (
        &["/sbin/mount.", "mount.nfs: not found", "unknown filesystem type", "filesystem not supported"],
        "the program that mounts this kind of file system is missing on it: install it there (nfs-common or nfs-utils, cifs-utils, glusterfs-client …)",
    ),
    (
        &["does not exist", "no such file", "no such device", "hostPath type check failed"],
        "the directory or device is not there: make the directory, or bring the device back, and its kubelet mounts by itself",
    ),
    (
        &["access denied by server", "permission denied", "operation not permitted"],
        "the server does not let it mount: see its exports, or the credentials of the volume",
    ),
    (
        &["connection refused", "connection timed out", "no route to host", "no such host"],
        "it does not reach the storage's server: see its network and the server",
    ),
    (
        &["fsck found errors", "superblock", "structure needs cleaning", "input/output error"],
        "the volume's file system is damaged: copy the volume before anything else, then repair it (fsck) while nobody mounts it",
    ),
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
    failing(picture, pod, REASONS, None)
}

/// Why a pod whose containers have ended gets no new ones: its node was started again, and its sandbox is made anew.
pub(super) fn again(picture: &Picture, pod: &Pod) -> Option<Cause> {
    let status = status(pod);
    let all = status.init_container_statuses.iter().chain(&status.container_statuses).flatten();
    let mut newest: Option<Timestamp> = None;
    for container in all {
        let state = container.state.as_ref()?;
        if state.running.is_some() {
            return None;
        }
        let last = container.last_state.as_ref().and_then(|last| last.terminated.as_ref());
        let ended = state.terminated.as_ref().or(last).and_then(|ended| ended.finished_at.as_ref());
        newest = newest.max(ended.map(|end| end.0));
    }
    failing(picture, pod, &[SANDBOX], Some(newest?))
}

/// The newest complaint of these kinds, if nothing has gone on since.
fn failing(picture: &Picture, pod: &Pod, reasons: &[&str], since: Option<Timestamp>) -> Option<Cause> {
    let mut events = picture.events_about(pod);
    let is = |event: &Event, reasons: &[&str]| {
        event.reason.as_deref().is_some_and(|reason| reasons.contains(&reason))
    };
    let went_on = events.iter().find(|event| is(event, LATER)).and_then(|event| seen_last(event));
    events.retain(|event| is(event, reasons) && seen_last(event) > went_on.max(since));
    let of_volumes: Vec<&Event> =
        events.iter().copied().filter(|event| event.reason.as_deref() != Some(SANDBOX)).collect();
    if let Some(cause) = driver::examine(picture, pod, &of_volumes) {
        return Some(cause);
    }
    let telling = |event: &&&Event| !SAYS_NOTHING.iter().any(|nothing| message(event).contains(nothing));
    match events.iter().find(telling) {
        Some(event) => Some(judge(picture, pod, event)),
        None => Some(timed_out(picture, pod, events.first()?)),
    }
}

fn judge(picture: &Picture, pod: &Pod, event: &Event) -> Cause {
    match event.reason.as_deref() {
        Some(SANDBOX) => sandbox::failed(picture, pod, event),
        Some("FailedAttachVolume") => attach::failed(picture, pod, event),
        _ => not_mounted(picture, pod, event),
    }
}

fn not_mounted(picture: &Picture, pod: &Pod, event: &Event) -> Cause {
    let (name, told) = (pod.name_any(), message(event));
    let volume = volume(picture, pod, told);
    // Only a volume that is made from a ConfigMap or Secret can lack one, whatever a driver's answer speaks of.
    let of_objects = volume.is_none_or(|volume| {
        volume.config_map.is_some() || volume.secret.is_some() || volume.projected.is_some()
    });
    if let Some(missing) = missing(picture, pod, told).filter(|_| of_objects) {
        return missing.by_event(event);
    }
    if let Some(full) = in_memory::full(picture, pod, volume, event) {
        return full;
    }
    let which = volume.map_or_else(
        || "a volume".to_owned(),
        |volume| format!("volume {} ({})", volume.name, source(volume)),
    );
    let seen = format!("{which} of pod {name} can't be mounted{}: {}", often(event), quote(told));
    let cause = Cause::new(cause::VOLUME_MOUNT_FAILED, format!("pod/{name}"), seen).by_event(event).by(
        volume.map(|volume| {
            Evidence::field(format!("pod/{name}"), format!("spec.volumes[{}]", volume.name), &source(volume))
        }),
    );
    let cause = match remedy::against(COMPLAINTS, &told.to_lowercase()) {
        Some(helps) => {
            let node = spec(pod).node_name.as_deref().unwrap_or("NODE");
            cause.advise(format!("it happens on node {node}: {helps}"))
        }
        None => cause,
    };
    let cause = thousandths::note(picture, pod, cause);
    cause.advise(format!("see the events of the pod: {}", picture.kubectl(&format!("describe pod {name}"))))
}

/// The kubelet has waited for long, and nobody says for what. With a group for the volumes, it may be at their files.
fn timed_out(picture: &Picture, pod: &Pod, event: &Event) -> Cause {
    let (name, told) = (pod.name_any(), message(event));
    let describe = picture.kubectl(&format!("describe pod {name}"));
    let security = spec(pod).security_context.as_ref();
    let each =
        security.and_then(|security| security.fs_group_change_policy.as_deref()) != Some("OnRootMismatch");
    let group = security.and_then(|security| security.fs_group).filter(|_| each);
    let bound = claim::mounted(pod)
        .iter()
        .any(|name| picture.claim(name).is_some_and(|claim| claim::phase(claim) == "Bound"));
    let attached = picture.event(pod, &["SuccessfulAttachVolume"]).is_some();
    if let Some(group) = group.filter(|_| bound && attached) {
        let seen = format!(
            "the volumes of pod {name} are attached, and its kubelet has not mounted them in time{}: {}; before it does, it gives each file on them to the group {group} (securityContext.fsGroup), which takes as long as there are files",
            often(event),
            quote(told)
        );
        let set = picture.name();
        return Cause::new(cause::VOLUME_OWNERS_CHANGE, format!("pod/{name}"), seen)
            .by_event(event)
            .by([Evidence::field(format!("pod/{name}"), "spec.securityContext.fsGroup", &group.to_string())])
            .likely("see the kubelet's log on its node: \"Setting volume ownership … is taking longer than expected\"")
            .advise(format!("look at the root of each volume only: securityContext.fsGroupChangePolicy: OnRootMismatch in the pod template of statefulset {set}"))
            .advise("or wait: it ends by itself, and comes again with each start");
    }
    let seen = format!(
        "the volumes of pod {name} are not mounted in time, and no event says why{}: {}",
        often(event),
        quote(told)
    );
    Cause::new(cause::VOLUME_MOUNT_FAILED, format!("pod/{name}"), seen)
        .unknown()
        .by_event(event)
        .advise(format!("see the events of the pod: {describe}"))
        .advise("see the log of the kubelet on its node, and of the volume driver's pod there")
}

/// The volume of the pod that a message names, by its own name or its persistent volume's:
/// `MountVolume.SetUp failed for volume "keys" : …`
fn volume<'a>(picture: &Picture, pod: &'a Pod, told: &str) -> Option<&'a Volume> {
    let name = told.split_once("for volume \"")?.1.split('"').next()?;
    let bound = |volume: &Volume| {
        let claim = picture.claim(&volume.persistent_volume_claim.as_ref()?.claim_name)?;
        claim.spec.as_ref()?.volume_name.clone()
    };
    let volumes = spec(pod).volumes.as_deref().unwrap_or_default();
    volumes.iter().find(|volume| volume.name == name || bound(volume).as_deref() == Some(name))
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
