//! Volumes that are not attached to a pod's node: in use elsewhere, more than the node may have, or refused.

use k8s_openapi::api::{
    core::v1::{Event, Pod},
    storage::v1::VolumeAttachment,
};
use kube::ResourceExt;

use crate::{
    Picture,
    cause::{self, Cause, quote},
    claim,
    evidence::{Evidence, often},
    node,
    picture::{message, spec},
};

/// What a driver answers that may attach no more, in the clouds' own words.
const NO_MORE: &[&str] =
    &["AttachmentLimitExceeded", "number of volumes", "attach limit", "attachment limit"];
/// gRPC's code for it, and for other things that are used up.
const USED_UP: &str = "code = ResourceExhausted";
const NOBODY: &str = "timed out waiting for external-attacher";

/// A volume that the attach/detach controller could not attach to the pod's node, as it says in this event.
pub(super) fn failed(picture: &Picture, pod: &Pod, event: &Event) -> Cause {
    let told = message(event);
    if told.contains("Multi-Attach") {
        return in_use(picture, pod, event);
    }
    let name = pod.name_any();
    let node = spec(pod).node_name.as_deref().unwrap_or("its node");
    let often = often(event);
    let new = |id, what: &str| {
        Cause::new(id, format!("pod/{name}"), format!("{what}{often}: {}", quote(told))).by_event(event)
    };
    // No field of the pod or the node has the driver's answer.
    let no_more = NO_MORE.iter().any(|words| told.contains(words));
    if no_more || told.contains(USED_UP) {
        let cause =
            new(cause::VOLUME_LIMIT, &format!("node {node} of pod {name} may have no more volumes attached"));
        let cause = if no_more {
            cause
        } else {
            cause.likely(format!("see how many it has, and may have: kubectl get volumeattachments; kubectl get csinode {node} -o yaml"))
        };
        return cause
            .advise(format!("let the pod go to another node, if its volumes can be mounted there: kubectl cordon {node}; {}; kubectl uncordon {node}", picture.kubectl(&format!("delete pod {name}"))))
            .advise(format!("let the scheduler know the true limit: the driver tells it in csinode {node} (spec.drivers[].allocatable.count), and many have a setting for it"));
    }
    let cause = new(
        cause::VOLUME_ATTACH_FAILED,
        &format!("a volume of pod {name} can't be attached to its node {node}"),
    );
    if told.contains(NOBODY) {
        return cause
            .advise("nobody attaches for this driver: see that its controller runs, with the external-attacher in it: kubectl get pods -A; kubectl get csidrivers")
            .advise("if the driver attaches nothing (its CSIDriver should say attachRequired: false), make that object as the driver's documentation has it");
    }
    cause
        .advise("see what the driver was asked: kubectl get volumeattachments; its controller's log says more")
        .advise("if the volume is gone in the storage, its data is as well: restore it there under the same handle, or delete the PVC and the pod, so that both are made anew, empty")
}

/// A volume that may be on one node at a time, and is on another.
fn in_use(picture: &Picture, pod: &Pod, event: &Event) -> Cause {
    let name = pod.name_any();
    let own = spec(pod).node_name.as_deref();
    let attachments = elsewhere(picture, pod);
    let claims = claim::mounted(pod);
    let users = picture.pods.iter().filter(|other| {
        other.name_any() != name
            && spec(other).node_name.is_some()
            && spec(other).node_name.as_deref() != own
            && claim::mounted(other).iter().any(|mounted| claims.contains(mounted))
    });
    let users: Vec<&Pod> = users.collect();
    let mut seen =
        format!("a volume of pod {name} is attached elsewhere{}: {}", often(event), quote(message(event)));
    for attachment in &attachments {
        seen.push_str(&format!(
            "; it is attached to {} (volumeattachment {})",
            attachment.spec.node_name,
            attachment.name_any()
        ));
    }
    let places = users.iter().map(|user| {
        format!("pod {} on {}", user.name_any(), spec(user).node_name.as_deref().unwrap_or_default())
    });
    let places = places.collect::<Vec<_>>().join(", ");
    if !places.is_empty() {
        seen.push_str(&format!("; mounted by {places}"));
    } else if !attachments.is_empty() {
        seen.push_str("; no pod there mounts it any more");
    }
    let cause = Cause::new(cause::VOLUME_IN_USE, format!("pod/{name}"), seen).by_event(event).by(attachments
        .iter()
        .map(|found| {
            Evidence::field(
                format!("volumeattachment/{}", found.name_any()),
                "spec.nodeName",
                &found.spec.node_name,
            )
        }));
    let cause = match users.first() {
        Some(user) => cause.advise(format!(
            "let it go where it is used: {}, or whoever made that pod; or give each its own claim",
            picture.kubectl(&format!("delete pod {}", user.name_any()))
        )),
        None => cause.advise("see where: kubectl get volumeattachments; with no pod there, it is detached by itself within minutes (6, where its node does not answer)"),
    };
    let lost = attachments.iter().any(|found| !usable(picture, &found.spec.node_name));
    if lost || attachments.is_empty() {
        return cause
            .advise("if that node is off for good:")
            .advise("kubectl taint node NODE node.kubernetes.io/out-of-service=nodeshutdown:NoExecute");
    }
    cause.advise(format!("if it stays though surely nobody writes to it there: see the driver's controller, or kubectl delete volumeattachment {}", attachments.first().map(|found| found.name_any()).unwrap_or_default()))
}

/// The attachments of the pod's volumes to other nodes than its own.
fn elsewhere<'a>(picture: &'a Picture, pod: &Pod) -> Vec<&'a VolumeAttachment> {
    let volumes = claim::mounted(pod).into_iter();
    let volumes: Vec<String> =
        volumes.filter_map(|name| picture.claim(&name)?.spec.as_ref()?.volume_name.clone()).collect();
    let own = spec(pod).node_name.as_deref();
    let all = picture.attachments.as_deref().unwrap_or_default().iter();
    let of_pod = all.filter(|found| {
        let volume = found.spec.source.persistent_volume_name.as_ref();
        volume.is_some_and(|volume| volumes.contains(volume)) && Some(found.spec.node_name.as_str()) != own
    });
    of_pod.collect()
}

fn usable(picture: &Picture, node: &str) -> bool {
    // Of a node that can't be seen nothing bad is known.
    picture.node(node).map_or(true, |node| node.is_some_and(node::ready))
}
