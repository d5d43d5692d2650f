//! A pod that is being deleted and does not go.

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;

use super::Examination;
use crate::{
    Picture,
    cause::{self, Cause, quote},
    evidence::Evidence,
    node,
    picture::{message, spec, status},
};
use record::words;

/// Longer than any pod needs that ends when told.
const PATIENCE: f64 = 60.0;
/// After its grace, the kubelet kills at once.
const KILLING_MAY_TAKE: f64 = 15.0;

/// Why a pod that is being deleted is still there.
pub(crate) fn examine(picture: &Picture, pod: &Pod) -> Examination {
    let name = pod.name_any();
    let about = format!("pod/{name}");
    if let Some(cause) = node_lost(picture, pod) {
        return Examination::Blamed(vec![cause]);
    }
    // The moment at which the grace is over.
    let end = pod.metadata.deletion_timestamp.as_ref();
    let grace = pod.metadata.deletion_grace_period_seconds.unwrap_or(0);
    let late = picture.since(end);
    let left = end.map_or(0.0, |end| end.0.duration_since(picture.at).as_secs_f64().max(0.0));
    let finalizers = pod.finalizers().join(", ");
    // Its kubelet, or whoever deleted it by force, has no more to do when the grace is nothing.
    if !finalizers.is_empty() && (grace == 0 || late > KILLING_MAY_TAKE) {
        return Examination::Blamed(vec![held(picture, "pod", &name, &finalizers)]);
    }
    let told =
        picture.event(pod, &["FailedKillPod", "FailedPreStopHook", "FailedUnmount", "KillContainerError"]);
    let evidence = told.map(Evidence::event);
    let mut told = told.map(|event| format!(": {}", quote(message(event)))).unwrap_or_default();
    if let Some(hooked) = hooked(pod) {
        told.push_str(&format!("; container {hooked} has a preStop hook, which runs before the process is told to stop, within the same time"));
    }
    let grace_text = words::seconds(grace as f64);
    let cause = if late > KILLING_MAY_TAKE {
        let seen = format!(
            "pod {name} is being deleted, and still there {} after its grace of {grace_text} was over; {}{told}",
            words::seconds(late),
            left_of_it(pod)
        );
        Cause::new(cause::POD_TERMINATING, about, seen)
            .advise(format!(
                "see the pod and its node's kubelet: {}",
                picture.kubectl(&format!("describe pod {name}"))
            ))
            .advise(format!(
                "only if its process surely runs no more: {}; two pods with one volume destroy data",
                picture.kubectl(&format!("delete pod {name} --force --grace-period=0"))
            ))
    } else if grace as f64 - left > PATIENCE {
        let seen = format!(
            "pod {name} was told to stop {} ago and has not; it has {} more of its grace of {grace_text}{told}",
            words::seconds(grace as f64 - left),
            words::seconds(left)
        );
        Cause::new(cause::POD_TERMINATING, about, seen)
            .advise(format!(
                "see what it is at: {}",
                picture.kubectl(&format!("logs {name} --all-containers --tail 50"))
            ))
            .advise(if hooked(pod).is_some() { "bound the preStop hook: its own command may wait, and the process is told to stop only after it" } else { "a process that is a shell's child may never hear of the signal: use exec" })
            .advise(format!(
                "let it end on SIGTERM, or lower terminationGracePeriodSeconds of statefulset {}",
                picture.name()
            ))
    } else {
        return Examination::Moving(format!(
            "pod {name} is being deleted and has {} to stop",
            words::seconds(left)
        ));
    };
    let deleted = end.map(|end| end.0.to_string()).unwrap_or_default();
    let field = Evidence::field(format!("pod/{name}"), "metadata.deletionTimestamp", &deleted);
    Examination::Blamed(vec![cause.by([field]).by(evidence)])
}

/// What of a pod is still there after its grace.
fn left_of_it(pod: &Pod) -> String {
    let status = status(pod);
    let all = status.init_container_statuses.iter().chain(&status.container_statuses).flatten();
    let running = all.filter(|found| found.state.as_ref().is_some_and(|state| state.running.is_some()));
    let running = running.map(|found| found.name.as_str()).collect::<Vec<_>>().join(", ");
    if running.is_empty() {
        "its containers have ended: what is left are its volumes and its sandbox, which its node can't take down (a server of a network file system that is gone, a driver or network plugin that does not run there)".to_owned()
    } else {
        format!(
            "its node says that {running} still runs: a process that waits for its disk can't be killed, or the container runtime does not answer"
        )
    }
}

/// A container of the pod with a preStop hook.
fn hooked(pod: &Pod) -> Option<&str> {
    let all = spec(pod).containers.iter().chain(spec(pod).init_containers.iter().flatten());
    let hooked = |container: &&k8s_openapi::api::core::v1::Container| {
        container.lifecycle.as_ref().is_some_and(|lifecycle| lifecycle.pre_stop.is_some())
    };
    all.into_iter().find(hooked).map(|container| container.name.as_str())
}

/// An object that only its finalizers keep.
pub(crate) fn held(picture: &Picture, kind: &str, name: &str, finalizers: &str) -> Cause {
    let seen = format!("{kind} {name} is deleted, and kept by its finalizers: {finalizers}");
    Cause::new(cause::FINALIZER_HOLDS, format!("{kind}/{name}"), seen)
        .by([Evidence::field(format!("{kind}/{name}"), "metadata.finalizers", finalizers)])
        .advise("look after the program that set them: it takes them away when it has cleaned up")
        .advise(format!(
            "if that program is gone for good: {}",
            picture.kubectl(&format!(
                "patch {kind} {name} --type merge -p '{{\"metadata\":{{\"finalizers\":null}}}}'"
            ))
        ))
}

/// A pod whose node is gone or not Ready: nobody there says what becomes of it.
pub(crate) fn node_lost(picture: &Picture, pod: &Pod) -> Option<Cause> {
    let node_name = spec(pod).node_name.as_deref()?;
    let state = match picture.node(node_name).ok()? {
        None => "does not exist any more",
        Some(node) if !node::ready(node) => "is not Ready",
        Some(_) => return None,
    };
    let name = pod.name_any();
    let seen = format!(
        "pod {name} is on node {node_name}, which {state}, so that nobody knows what its process does"
    );
    let cause = Cause::new(cause::NODE_NOT_READY, format!("node/{node_name}"), seen)
        .advise(format!("bring the node back: kubectl describe node {node_name}"))
        .advise(format!(
            "only if the machine is surely off: {}; two pods with one volume destroy data",
            picture.kubectl(&format!("delete pod {name} --force --grace-period=0"))
        ));
    Some(cause)
}
