//! A claim that a pod mounts: missing, going, lost, or not bound.

mod attributes_class;
pub(crate) mod growth;
mod named_volume;
mod provisioning;
mod unbound;

use k8s_openapi::api::{
    core::v1::{PersistentVolumeClaim, Pod, Volume},
    storage::v1::StorageClass,
};
use kube::ResourceExt;

use super::{
    Picture,
    cause::{self, Cause, quote},
    evidence::Evidence,
    picture::{message, spec, terminating},
};

/// The annotation of the class that a claim gets which names none.
pub const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";
/// The mark of before, which Kubernetes goes by as well.
const FORMER_DEFAULT_CLASS: &str = "storageclass.beta.kubernetes.io/is-default-class";
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
/// Seconds within which a claim is bound when its node is chosen.
const BOUND_WITHIN: f64 = 10.0;
/// A controller that makes deleted claims again does so within seconds.
const MADE_AGAIN_WITHIN: f64 = 30.0;

/// The names of the claims that a pod mounts.
pub(super) fn mounted(pod: &Pod) -> Vec<String> {
    let volumes = spec(pod).volumes.as_deref().unwrap_or_default().iter();
    volumes.filter_map(|volume| of_volume(pod, volume)).collect()
}

/// The name of the claim that a volume of a pod is made from.
pub(super) fn of_volume(pod: &Pod, volume: &Volume) -> Option<String> {
    match &volume.persistent_volume_claim {
        Some(source) => Some(source.claim_name.clone()),
        None => volume.ephemeral.as_ref().map(|_| format!("{}-{}", pod.name_any(), volume.name)),
    }
}

/// A claim's phase.
pub(super) fn phase(claim: &PersistentVolumeClaim) -> &str {
    claim.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or("Pending")
}

/// The storage class that a claim names; `Some("")` asks for a volume without one.
fn class_name(claim: &PersistentVolumeClaim) -> Option<&str> {
    claim.spec.as_ref()?.storage_class_name.as_deref()
}

/// Whether a class is marked as the default.
pub fn is_default(class: &StorageClass) -> bool {
    let marked = |mark: &str| class.annotations().get(mark).is_some_and(|value| value == "true");
    marked(DEFAULT_CLASS) || marked(FORMER_DEFAULT_CLASS)
}

/// Whether a pending claim only waits until a pod that mounts it has a node: that is how such a class works.
pub(super) fn waits_for_consumer(picture: &Picture, claim: &PersistentVolumeClaim) -> bool {
    let class = class_name(claim)
        .and_then(|name| picture.classes.as_ref().ok()?.iter().find(|class| class.name_any() == name));
    let late = match class {
        Some(class) => class.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer"),
        // Without the class, its own word for it.
        None => picture.event(claim, &["WaitForFirstConsumer", "WaitForPodScheduled"]).is_some(),
    };
    late && phase(claim) == "Pending"
        && named_volume::of(claim).is_none()
        && !claim.annotations().contains_key(SELECTED_NODE)
}

/// The causes in the claims that a pod without a node mounts.
pub(super) fn examine(picture: &Picture, pod: &Pod) -> Option<Vec<Cause>> {
    let causes: Vec<Cause> = mounted(pod).iter().filter_map(|name| one(picture, pod, name)).collect();
    (!causes.is_empty()).then_some(causes)
}

/// The cause in a claim that a pod which has its node, and no container yet, can't mount. The scheduler binds claims before
/// it gives a node, so that a claim which still waits for that was passed by.
pub(super) fn examine_placed(picture: &Picture, pod: &Pod) -> Option<Cause> {
    mounted(pod).iter().find_map(|name| match picture.claim(name) {
        Some(claim) if terminating(claim) => None,
        Some(claim) if waits_for_consumer(picture, claim) => passed_by(picture, pod, claim),
        _ => one(picture, pod, name),
    })
}

fn passed_by(picture: &Picture, pod: &Pod, claim: &PersistentVolumeClaim) -> Option<Cause> {
    // It may have been bound, and this look at it be older.
    if picture.since(pod.metadata.creation_timestamp.as_ref()) < BOUND_WITHIN {
        return None;
    }
    let (name, pod_name, set) = (claim.name_any(), pod.name_any(), picture.name());
    let node = spec(pod).node_name.as_deref().unwrap_or("its node");
    let named = picture.template().and_then(|template| template.node_name.as_deref());
    let class = class_name(claim).unwrap_or("its");
    let seen = format!(
        "PVC {name} waits until a scheduler chooses a node for pod {pod_name} (storage class {class}, WaitForFirstConsumer), and none will: the pod was put on {node} past the scheduler{}",
        if named.is_some() { ", since the template names its node (nodeName)" } else { "" }
    );
    let cause = Cause::new(cause::CLAIM_WAITS_FOR_SCHEDULER, format!("persistentvolumeclaim/{name}"), seen)
        .by([
            Evidence::field(format!("persistentvolumeclaim/{name}"), "status.phase", phase(claim)),
            Evidence::field(format!("pod/{pod_name}"), "spec.nodeName", node),
        ])
        .by(picture.events_about(claim).first().map(|event| Evidence::event(event)));
    Some(match named {
        Some(named) => cause
            .advise(format!("name the node to the scheduler instead: nodeSelector kubernetes.io/hostname: {named} in statefulset {set}, and take nodeName out; then: {}", picture.kubectl(&format!("delete pod {pod_name}"))))
            .advise("or use a storage class with volumeBindingMode Immediate"),
        None => cause
            .likely(format!("see who put it there: {}", picture.kubectl(&format!("get pod {pod_name} -o yaml --show-managed-fields"))))
            .advise("let the scheduler place the pods, or the program that does in its stead bind their claims as well"),
    })
}

/// Whether a claim of the pod is being bound now: the scheduler's last word is older than that.
pub(super) fn on_its_way(picture: &Picture, pod: &Pod) -> bool {
    pending(picture, pod).any(|claim| !waits_for_consumer(picture, claim))
}

/// Why no volume was made on the node that the scheduler had chosen, before it took the choice back.
pub(super) fn failed_before(picture: &Picture, pod: &Pod) -> Option<Vec<Cause>> {
    let failed = |claim| provisioning::failed(picture, claim, class_name(claim)?);
    let causes: Vec<Cause> = pending(picture, pod).filter_map(failed).collect();
    (!causes.is_empty()).then_some(causes)
}

fn pending<'a>(picture: &'a Picture, pod: &Pod) -> impl Iterator<Item = &'a PersistentVolumeClaim> {
    let names = mounted(pod);
    picture.claims.iter().filter(move |claim| names.contains(&claim.name_any()) && phase(claim) == "Pending")
}

fn one(picture: &Picture, pod: &Pod, name: &str) -> Option<Cause> {
    let Some(claim) = picture.claim(name) else { return missing(picture, pod, name) };
    if terminating(claim) {
        return Some(going(picture, claim));
    }
    match phase(claim) {
        "Lost" => Some(lost(picture, claim)),
        "Pending" if named_volume::of(claim).is_some() => named_volume::examine(picture, claim),
        "Pending" => attributes_class::examine(picture, claim).or_else(|| unbound::examine(picture, claim)),
        _ => None,
    }
}

/// The set's own claims are made again by its controller; others are not.
fn missing(picture: &Picture, pod: &Pod, name: &str) -> Option<Cause> {
    if picture
        .pods_of_set()
        .iter()
        .any(|(ordinal, _)| picture.template_claims(*ordinal).iter().any(|own| own == name))
    {
        return super::controller::refusal::examine(picture, &pod.name_any())
            .or_else(|| gone(picture, pod, name));
    }
    let seen = format!("pod {} mounts PVC {name}, which does not exist", pod.name_any());
    let advice =
        format!("create PVC {name} in namespace {}, or take it out of the pod template", picture.namespace());
    Some(Cause::new(cause::CLAIM_MISSING, format!("persistentvolumeclaim/{name}"), seen).advise(advice))
}

/// A claim of the set's own that was deleted after its pod was made: some versions of the controller make it again only
/// with the pod.
fn gone(picture: &Picture, pod: &Pod, name: &str) -> Option<Cause> {
    if picture.since(pod.metadata.creation_timestamp.as_ref()) < MADE_AGAIN_WITHIN {
        return None;
    }
    let pod = pod.name_any();
    let seen = format!(
        "pod {pod} mounts PVC {name}, which does not exist any more: it was deleted after the pod was made"
    );
    let cause =
        Cause::new(cause::CLAIM_MISSING, format!("persistentvolumeclaim/{name}"), seen).advise(format!(
            "delete the pod: {}; the controller makes both anew, the PVC empty",
            picture.kubectl(&format!("delete pod {pod}"))
        ));
    Some(cause)
}

/// A claim that is being deleted: nothing new may use it.
pub(super) fn going(picture: &Picture, claim: &PersistentVolumeClaim) -> Cause {
    let name = claim.name_any();
    let held = claim.finalizers().join(", ");
    let users =
        picture.pods.iter().filter(|pod| mounted(pod).contains(&name) && spec(pod).node_name.is_some());
    let users = users.map(ResourceExt::name_any).collect::<Vec<_>>().join(", ");
    let mut seen = format!(
        "PVC {name} is being deleted since {}, so that no pod may begin to use it",
        picture.ago(claim.metadata.deletion_timestamp.as_ref())
    );
    if !held.is_empty() {
        seen.push_str(&format!("; it stays because of its finalizers: {held}"));
    }
    if !users.is_empty() {
        seen.push_str(&format!("; pods that still use it: {users}"));
    }
    Cause::new(cause::CLAIM_TERMINATING, format!("persistentvolumeclaim/{name}"), seen)
        .advise(
            "a deletion can't be taken back; the data stays only if the volume's reclaim policy is Retain",
        )
        .advise(format!("see what holds it: {}", picture.kubectl(&format!("get pvc {name} -o yaml"))))
        .advise("kubernetes.io/pvc-protection goes when no pod uses it; others belong to whoever set them")
        .advise("once it is gone, the set's controller makes a new, empty claim")
}

fn lost(picture: &Picture, claim: &PersistentVolumeClaim) -> Cause {
    let name = claim.name_any();
    let volume = claim.spec.as_ref().and_then(|spec| spec.volume_name.as_deref()).unwrap_or("unknown");
    let told = picture.event(claim, &["ClaimLost"]).map(|event| format!(": {}", quote(message(event))));
    let seen = format!(
        "PVC {name} is Lost: its volume {volume} does not exist any more{}",
        told.unwrap_or_default()
    );
    Cause::new(cause::CLAIM_LOST, format!("persistentvolumeclaim/{name}"), seen)
        .advise(format!(
            "if the storage behind it is still there, create PV {volume} again with a claimRef to this PVC"
        ))
        .advise(format!(
            "if the data may go: {}, and then delete its pod: both are made anew",
            picture.kubectl(&format!("delete pvc {name}"))
        ))
}

/// Claims keep what their template said when they were made.
pub(super) fn again(picture: &Picture, claim: &PersistentVolumeClaim, with: &str) -> String {
    format!("or {}", anew(picture, claim, with))
}

/// The steps to a claim that is otherwise than its template was.
pub(super) fn anew(picture: &Picture, claim: &PersistentVolumeClaim, with: &str) -> String {
    let (claim, set) = (claim.name_any(), picture.name());
    let delete_set = picture.kubectl(&format!("delete statefulset {set} --cascade=orphan"));
    let delete_claim = picture.kubectl(&format!("delete pvc {claim}"));
    let steps = format!("{delete_set}; {delete_claim} (it is empty); apply the manifest; delete the pod");
    format!("make set and claim anew {with}: {steps}")
}
