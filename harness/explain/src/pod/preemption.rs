//! Preemption: room is made on a node for a pod, and who must go for it takes time.

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;

use super::Examination;
use crate::{
    Picture,
    cause::{self, Cause},
    evidence::Evidence,
    picture::{spec, status, terminating},
};
use record::words;

/// As long as pods usually take to stop.
const STOPPING_MAY_TAKE: f64 = 30.0;
/// A grace that lasts for so much longer is waited for by nobody who knows of it.
const LONG_GRACE: f64 = 60.0;
/// Seconds within which a pod with a long grace may stop all the same.
const BEGUN: f64 = 10.0;

/// What a pod without a node waits for, to which the scheduler has promised one.
pub(super) fn examine(picture: &Picture, pod: &Pod) -> Option<Examination> {
    let node = status(pod).nominated_node_name.as_deref().filter(|node| !node.is_empty())?;
    let others = picture.neighbours.as_deref().unwrap_or(&picture.pods);
    let going: Vec<&Pod> = others
        .iter()
        .filter(|other| spec(other).node_name.as_deref() == Some(node) && terminating(*other))
        .collect();
    let told = |pod: &Pod| {
        let end = pod.metadata.deletion_timestamp.as_ref();
        let grace = pod.metadata.deletion_grace_period_seconds.unwrap_or(0) as f64;
        let left = end.map_or(0.0, |end| end.0.duration_since(picture.at).as_secs_f64());
        (grace - left, left.max(0.0))
    };
    let slowest = going.iter().max_by(|one, other| told(one).0.total_cmp(&told(other).0))?;
    let (ago, left) = told(slowest);
    let names = going.iter().map(|pod| format!("{}/{}", pod.namespace().unwrap_or_default(), pod.name_any()));
    let names = names.collect::<Vec<_>>().join(", ");
    let name = pod.name_any();
    let patient = if left > LONG_GRACE { BEGUN } else { STOPPING_MAY_TAKE };
    if ago < patient {
        return Some(Examination::Moving(format!(
            "pod {name}: room is being made for it on node {node}; told to stop: {names}"
        )));
    }
    let seen = format!(
        "room is being made for pod {name} on node {node} (preemption), and those who must go for it have not gone: {names}; told to stop {} ago, with {} of grace left",
        words::seconds(ago),
        words::seconds(left)
    );
    let (victim, home) = (slowest.name_any(), slowest.namespace().unwrap_or_default());
    let held = slowest.finalizers().join(", ");
    let cause = Cause::new(cause::PREEMPTION_PENDING, format!("pod/{victim}"), seen)
        .by([Evidence::field(format!("pod/{name}"), "status.nominatedNodeName", node)])
        .advise(format!("see why it does not stop: kubectl -n {home} describe pod {victim}"));
    let cause = if held.is_empty() {
        cause.advise(format!("wait for its grace to end, or let it go at once, if its data allows that: kubectl -n {home} delete pod {victim} --grace-period=1"))
    } else {
        cause.advise(format!("its finalizers keep it: {held}; look after the program that set them"))
    };
    Some(Examination::Blamed(vec![cause]))
}
