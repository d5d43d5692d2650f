//! Revisions: pods that are not of the set's newest, and whether that keeps them broken.

use k8s_openapi::api::{apps::v1::ControllerRevision, core::v1::Pod};
use kube::ResourceExt;
use serde_json::Value;

use crate::{
    Picture,
    cause::{self, Cause},
    evidence::Evidence,
};

const REVISION_LABEL: &str = "controller-revision-hash";

/// Causes that another pod template would not end.
const NOT_OF_THE_TEMPLATE: &[&str] = &[
    cause::ADOPTED_POD_DIFFERS,
    cause::BINDING_REFUSED,
    cause::CLASS_NOT_FOR_NODES,
    cause::CREDENTIALS_REFUSED,
    cause::CSI_DRIVER_NOT_REGISTERED,
    cause::DATA_DAMAGED,
    cause::DATA_IN_USE,
    cause::DATA_OF_ANOTHER_CLUSTER,
    cause::DELETION_REFUSED,
    cause::DISK_FULL,
    cause::MEMBER_ALREADY_KNOWN,
    cause::NAMED_VOLUME_UNAVAILABLE,
    cause::NODE_SETTING_TOO_LOW,
    cause::NODE_NOT_SET_UP,
    cause::PEERS_COME_LATER,
    cause::PEERS_NOT_PUBLISHED,
    cause::PREEMPTION_PENDING,
    cause::SERVICE_GIVES_NO_NAMES,
    cause::UPDATE_REFUSED,
    cause::WEBHOOK_UNREACHABLE,
    cause::CLAIM_LOST,
    cause::CLAIM_MISSING,
    cause::CLAIM_TERMINATING,
    cause::FINALIZER_HOLDS,
    cause::INSUFFICIENT_STORAGE,
    cause::NO_DEFAULT_STORAGE_CLASS,
    cause::NO_VOLUME_FITS,
    cause::NODE_NOT_READY,
    cause::NODE_UNDER_PRESSURE,
    cause::NODES_CORDONED,
    cause::POD_FAILED,
    cause::POD_REPLACED_OFTEN,
    cause::POD_TERMINATING,
    cause::PROVISIONER_SILENT,
    cause::PROVISIONING_FAILED,
    cause::RIGHTS_MISSING,
    cause::SCHEDULER_IDLE,
    cause::STORAGE_CLASS_MISSING,
    cause::VOLUME_ATTACH_FAILED,
    cause::VOLUME_IN_USE,
    cause::VOLUME_LIMIT,
    cause::VOLUME_NODE_UNAVAILABLE,
];

/// How a set replaces pods of old revisions.
pub(crate) enum Strategy {
    /// By itself, those from this ordinal on.
    Rolling(i32),
    /// When somebody deletes them.
    OnDelete,
    /// By itself, all at once, and makes no other pod before they are gone.
    Recreate,
}

pub(crate) fn strategy(picture: &Picture) -> Strategy {
    let strategy = picture.set.spec.as_ref().and_then(|spec| spec.update_strategy.as_ref());
    match strategy.and_then(|strategy| strategy.type_.as_deref()) {
        Some("OnDelete") => return Strategy::OnDelete,
        Some("Recreate") => return Strategy::Recreate,
        _ => {}
    }
    let partition = strategy.and_then(|strategy| strategy.rolling_update.as_ref()?.partition);
    Strategy::Rolling(picture.wanted().start + partition.unwrap_or(0))
}

/// The revision that the controller wants for new pods.
pub(crate) fn newest(picture: &Picture) -> Option<&str> {
    picture.set.status.as_ref()?.update_revision.as_deref()
}

/// A pod's revision.
pub(crate) fn of(pod: &Pod) -> Option<&str> {
    pod.labels().get(REVISION_LABEL).map(String::as_str)
}

/// Whether a pod is of another revision than the newest.
pub(crate) fn other(picture: &Picture, pod: &Pod) -> bool {
    of(pod).zip(newest(picture)).is_some_and(|(own, newest)| own != newest)
}

/// The controller replaces no pod of another revision while one is not Ready, and so not this one either.
pub(crate) fn stuck(picture: &Picture, ordinal: i32, pod: &Pod, causes: &[Cause]) -> Option<Cause> {
    let own = causes.first()?;
    let rolled = matches!(strategy(picture), Strategy::Rolling(from) if ordinal >= from);
    let ours = causes.iter().any(|cause| !NOT_OF_THE_TEMPLATE.contains(&cause.id));
    if !picture.ordered() || !rolled || !ours || !other(picture, pod) || !differs(picture, pod) {
        return None;
    }
    let (name, revision) = (pod.name_any(), of(pod).unwrap_or("unknown"));
    let seen = format!(
        "pod {name} is of revision {revision}, and the set asks for {}; the controller waits until the pod is Ready before it replaces it, which it can't be: {}",
        newest(picture).unwrap_or("another"),
        own.seen
    );
    let cause = Cause::new(cause::REVISION_STUCK, format!("pod/{name}"), seen)
        .by(own.evidence.clone())
        .by([Evidence::field(format!("pod/{name}"), format!("metadata.labels[{REVISION_LABEL}]"), revision)])
        .advise(format!("delete the pod by hand: {}; it comes back with the set's present template", picture.kubectl(&format!("delete pod {name}"))))
        .advise("this is how podManagementPolicy OrderedReady works (kubernetes#67250): changing the template back is not enough");
    Some(cause)
}

/// A broken pod of an old revision that the set's own strategy keeps: the newest template reaches it never, or only by hand.
pub(crate) fn kept(picture: &Picture, ordinal: i32, pod: &Pod, causes: &[Cause]) -> Option<Cause> {
    let own = causes.first()?;
    let ours = causes.iter().any(|cause| !NOT_OF_THE_TEMPLATE.contains(&cause.id));
    if !ours || !other(picture, pod) || !differs(picture, pod) {
        return None;
    }
    let (name, set) = (pod.name_any(), picture.name());
    let (revision, asked) = (of(pod).unwrap_or("unknown"), newest(picture).unwrap_or("another"));
    let delete = picture.kubectl(&format!("delete pod {name}"));
    let (path, value, why) = match strategy(picture) {
        Strategy::Rolling(from) if ordinal < from => {
            let partition = from - picture.wanted().start;
            (
                "spec.updateStrategy.rollingUpdate.partition",
                partition.to_string(),
                format!(
                    "updateStrategy.rollingUpdate.partition is {partition}, which is above its place in the set, so that the controller makes it from the old revision again however often it is deleted, and the newest template does not reach it"
                ),
            )
        }
        Strategy::OnDelete => (
            "spec.updateStrategy.type",
            "OnDelete".to_owned(),
            "updateStrategy is OnDelete, so that no pod gets the newest template before somebody deletes it"
                .to_owned(),
        ),
        Strategy::Rolling(_) | Strategy::Recreate => return None,
    };
    let seen = format!(
        "pod {name} is broken and of the old revision {revision}, while the set asks for {asked}: {why}; what it is broken by: {}",
        own.seen
    );
    let cause = Cause::new(cause::OLD_REVISION_KEPT, format!("statefulset/{set}"), seen)
        .by(own.evidence.clone())
        .by([
            Evidence::field(format!("statefulset/{set}"), path, &value),
            Evidence::field(format!("pod/{name}"), format!("metadata.labels[{REVISION_LABEL}]"), revision),
        ]);
    Some(if matches!(strategy(picture), Strategy::OnDelete) {
        cause.advise(format!("delete the pod: {delete}; it comes back with the newest template"))
    } else {
        let after = if picture.ordered() {
            format!("; then delete the pod once: {delete} (OrderedReady)")
        } else {
            String::new()
        };
        cause
            .advise(format!("let the newest template reach it: {}{after}", lower_partition(picture, 0)))
            .advise("deleting the pod alone brings the old revision back")
    })
}

fn lower_partition(picture: &Picture, to: i32) -> String {
    picture.kubectl(&format!(
        "patch statefulset {} --type merge -p '{{\"spec\":{{\"updateStrategy\":{{\"rollingUpdate\":{{\"partition\":{to}}}}}}}}}'",
        picture.name()
    ))
}

/// Advice that needs another template is not enough for a pod in order: it is replaced only once it is Ready, unless all
/// are replaced whatever they are. A partition above the pod keeps the new template from it altogether.
pub(crate) fn by_hand(picture: &Picture, ordinal: i32, pod: &Pod, cause: Cause) -> Cause {
    if NOT_OF_THE_TEMPLATE.contains(&cause.id) {
        return cause;
    }
    let (name, set) = (pod.name_any(), picture.name());
    let delete = picture.kubectl(&format!("delete pod {name}"));
    match strategy(picture) {
        Strategy::Rolling(from) if ordinal < from => cause.advise(format!(
            "a change of statefulset {set} does not reach this pod while the partition is {}: {}; then: {delete}",
            from - picture.wanted().start,
            lower_partition(picture, 0)
        )),
        Strategy::OnDelete => cause
            .advise(format!("after a change of statefulset {set}, also: {delete} (updateStrategy OnDelete)")),
        Strategy::Rolling(_) if picture.ordered() => cause.advise(format!(
            "after a change of statefulset {set}, also: {delete}; a pod that is not Ready is not replaced by itself (OrderedReady)"
        )),
        Strategy::Rolling(_) | Strategy::Recreate => cause,
    }
}

/// Whether the two revisions' pods are different; assumed where the revisions can't be read.
fn differs(picture: &Picture, pod: &Pod) -> bool {
    let revisions = picture.revisions.as_deref().unwrap_or_default();
    let pods = |name: Option<&str>| -> Option<&Value> {
        let found: &ControllerRevision =
            revisions.iter().find(|revision| Some(revision.name_any().as_str()) == name)?;
        found.data.as_ref()?.0.pointer("/spec/template/spec")
    };
    match (pods(of(pod)), pods(newest(picture))) {
        (Some(own), Some(newest)) => own != newest,
        _ => true,
    }
}
