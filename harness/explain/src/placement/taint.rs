//! Taints that keep a pod away. Those that Kubernetes and its programs set themselves say more than that they are not
//! tolerated.

use k8s_openapi::api::core::v1::{Node, Pod, Taint};
use kube::ResourceExt;

use crate::{
    Picture,
    cause::{self, Cause},
    evidence::Evidence,
    node,
};

/// Taints of nodes that are not fit for pods yet, with who takes them away.
const NOT_SET_UP: &[(&str, &str)] = &[
    (
        "node.cloudprovider.kubernetes.io/uninitialized",
        "the cloud controller manager, when it has found the node in its cloud",
    ),
    ("node.cluster.x-k8s.io/uninitialized", "Cluster API's controllers"),
    (
        "node.kubernetes.io/network-unavailable",
        "the network's controller (in a cloud, the one that makes routes)",
    ),
    ("karpenter.sh/unregistered", "Karpenter"),
    (
        "/agent-not-ready",
        "the agent of that name (a network plugin or CSI driver), when its pod is Ready on the node",
    ),
    ("startup-taint.cluster-autoscaler.kubernetes.io/", "whoever set it, when the node is made ready"),
];

/// The cause in the taints of the nodes that the pod would go to otherwise.
pub(super) fn examine(picture: &Picture, pod: &Pod, able: &[&Node], said: &str) -> Cause {
    let keeps = |test: &dyn Fn(&Taint) -> bool| {
        let hit = |node: &&&Node| node::untolerated(node, pod).into_iter().any(test);
        able.iter().filter(hit).map(|node| node.name_any()).collect::<Vec<_>>()
    };
    let pressure = keeps(&|taint| taint.key.ends_with("-pressure"));
    if !pressure.is_empty() {
        let seen = format!("{said}; under pressure: {}", pressure.join(", "));
        return Cause::new(cause::NODE_UNDER_PRESSURE, format!("node/{}", pressure[0]), seen).advise(
            format!("free some there, and the taint goes by itself: kubectl describe node {}", pressure[0]),
        );
    }
    let down = keeps(&|taint| taint.key.ends_with("/not-ready") || taint.key.ends_with("/unreachable"));
    if !down.is_empty() {
        let seen = format!("{said}; not Ready: {}", down.join(", "));
        return Cause::new(cause::NODE_NOT_READY, format!("node/{}", down[0]), seen)
            .advise(format!("see why: kubectl describe node {}", down[0]));
    }
    // Without a look at nodes, only the scheduler names their taints, and not in all versions.
    if picture.nodes.is_err() && ["/not-ready", "/unreachable"].iter().any(|key| said.contains(key)) {
        return Cause::new(cause::NODE_NOT_READY, "node", said)
            .advise("see which, and why: kubectl get nodes; kubectl describe node NAME");
    }
    if let Some(cause) = not_set_up(pod, able, said) {
        return cause;
    }
    let (open, tainted): (Vec<_>, Vec<_>) =
        able.iter().copied().partition(|node: &&Node| node::untolerated(node, pod).is_empty());
    let mut parts = vec![said.to_owned()];
    parts.extend(tainted.iter().map(|node| {
        let taints = node::untolerated(node, pod).into_iter().map(node::taint_text).collect::<Vec<_>>();
        format!("{} has {}", node.name_any(), taints.join(", "))
    }));
    // The scheduler may have looked before a taint was taken away, or something else keeps these from the pod.
    if !open.is_empty() {
        let open = open.iter().map(|node| node.name_any()).collect::<Vec<_>>().join(", ");
        parts.push(format!("no taint keeps the pod from {open} now"));
    }
    let about = format!("pod/{}", pod.name_any());
    Cause::new(cause::TAINT_NOT_TOLERATED, about, parts.join("; ")).advise(format!(
        "tolerate the taint in statefulset {}, or take it away: kubectl taint node NODE KEY-",
        picture.name()
    ))
}

/// Who takes a taint away when its node is fit for pods.
fn owner(taint: &Taint) -> Option<&'static str> {
    NOT_SET_UP.iter().find(|(key, _)| taint.key.contains(key)).map(|(_, owner)| *owner)
}

/// A node that only such taints keep from the pod.
fn not_set_up(pod: &Pod, able: &[&Node], said: &str) -> Option<Cause> {
    let waits = |node: &&&Node| {
        let taints = node::untolerated(node, pod);
        !taints.is_empty() && taints.iter().all(|taint| owner(taint).is_some())
    };
    let node = able.iter().find(waits)?;
    let name = node.name_any();
    let taint = node::untolerated(node, pod).into_iter().next()?;
    let (text, owner) = (node::taint_text(taint), owner(taint)?);
    let seen = format!(
        "{said}; node {name} is not yet fit for pods: it has the taint {text}, which is taken away by {owner}"
    );
    let cause = Cause::new(cause::NODE_NOT_SET_UP, format!("node/{name}"), seen)
        .by([Evidence::field(format!("node/{name}"), "spec.taints", &text)])
        .advise("see that it runs, and what its log says of the node: kubectl get pods -A -o wide")
        .advise(format!("only if it is not there, and not needed: kubectl taint node {name} {}-", taint.key));
    Some(cause)
}
