//! What the set's own template rules out before any pod is looked at.

use k8s_openapi::api::core::v1::Pod;

use crate::{
    Picture,
    cause::{self, Cause, quote},
    evidence::Evidence,
    picture::spec,
};

/// The longest value that a label may have.
const LONGEST_LABEL: usize = 63;

/// A template that names a node which is not there: its pods pass the scheduler by, and no kubelet takes them. A pod of
/// another revision may be elsewhere.
pub(super) fn node_name(picture: &Picture, pod: Option<&Pod>) -> Option<Cause> {
    let template = picture.template()?;
    let node = template.node_name.as_deref()?;
    let elsewhere = pod.is_some_and(|pod| spec(pod).node_name.as_deref() != Some(node));
    if elsewhere || picture.node(node).ok()?.is_some() {
        return None;
    }
    let set = picture.name();
    let seen = format!(
        "the pod template of statefulset {set} names node {node} (nodeName), which does not exist: no scheduler is asked, no kubelet takes the pods, and they are removed and made again"
    );
    let cause = Cause::new(cause::NODE_NAME_UNKNOWN, format!("statefulset/{set}"), seen)
        .by([Evidence::field(format!("statefulset/{set}"), "spec.template.spec.nodeName", node)])
        .advise(format!("take nodeName out: {}", picture.kubectl(&format!("patch statefulset {set} --type json -p '[{{\"op\":\"remove\",\"path\":\"/spec/template/spec/nodeName\"}}]'"))))
        .advise("or name a node that is there: kubectl get nodes; a nodeSelector leaves the scheduler a choice");
    Some(cause)
}

/// A refusal of a label that the controller makes of the set's name: `NAME-HASH`, `NAME-ORDINAL`.
pub(super) fn name_too_long(picture: &Picture, pod: &str, told: &str) -> Option<Cause> {
    let status = picture.set.status.as_ref();
    let revision = status.and_then(|status| status.update_revision.as_deref()).unwrap_or_default();
    let label = [revision, pod].into_iter().find(|label| label.len() > LONGEST_LABEL)?;
    if !told.contains("must be no more than 63") {
        return None;
    }
    let set = picture.name();
    let seen = format!(
        "pod {pod} is not created: its labels hold {label}, which is {} characters long, and a label's value may have {LONGEST_LABEL}: the set's name has {}, and the controller adds the hash of a revision to it: {}",
        label.len(),
        set.len(),
        quote(told)
    );
    let cause = Cause::new(cause::NAME_TOO_LONG, format!("statefulset/{set}"), seen)
        .by([Evidence::field(format!("statefulset/{set}"), "metadata.name", &set)])
        .advise(format!("give the set a name of at most {} characters, which makes it another set: of a chart, a shorter release name or fullnameOverride", LONGEST_LABEL - 11))
        .advise("it has no pods yet, so that nothing is lost with it; PVCs of an earlier set keep the old name");
    Some(cause)
}
