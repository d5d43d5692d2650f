//! Bound volumes that only some nodes can mount.

use k8s_openapi::api::core::v1::{Node, NodeSelector, PersistentVolume, Pod};
use kube::ResourceExt;

use crate::{
    Picture,
    cause::{self, Cause},
    claim,
    evidence::Evidence,
    node,
};

/// A volume that the pod mounts, with the nodes that can mount it.
struct Tied<'a> {
    claim: String,
    volume: &'a PersistentVolume,
    selector: &'a NodeSelector,
}

fn tied<'a>(picture: &'a Picture, pod: &Pod) -> Vec<Tied<'a>> {
    let volumes = picture.volumes.as_deref().unwrap_or_default();
    let tie = |name: String| {
        let wanted = picture.claim(&name)?.spec.as_ref()?.volume_name.as_ref()?;
        let volume = volumes.iter().find(|volume| volume.name_any() == *wanted)?;
        let selector = volume.spec.as_ref()?.node_affinity.as_ref()?.required.as_ref()?;
        Some(Tied { claim: name, volume, selector })
    };
    claim::mounted(pod).into_iter().filter_map(tie).collect()
}

/// The nodes that can mount all volumes of the pod; all of them where no volume is tied.
pub(super) fn nodes_for<'a>(picture: &'a Picture, pod: &Pod) -> Vec<&'a Node> {
    let ties = tied(picture, pod);
    let nodes = picture.nodes.as_deref().unwrap_or_default();
    nodes.iter().filter(|node| ties.iter().all(|tie| node::admits(tie.selector, node))).collect()
}

/// Whether none of the nodes that can mount the pod's volumes can take a pod.
pub(super) fn examine(picture: &Picture, pod: &Pod) -> Option<Vec<Cause>> {
    let nodes = picture.nodes.as_deref().ok()?;
    let ties = tied(picture, pod);
    if ties.is_empty() || nodes_for(picture, pod).iter().any(|node| node::trouble(node).is_none()) {
        return None;
    }
    let blamed = ties.iter().find_map(|tie| unreachable(picture, nodes, tie));
    Some(vec![blamed.unwrap_or_else(|| apart(picture, pod, &ties))])
}

fn unreachable(picture: &Picture, nodes: &[Node], tie: &Tied<'_>) -> Option<Cause> {
    let able: Vec<&Node> = nodes.iter().filter(|node| node::admits(tie.selector, node)).collect();
    if able.iter().any(|node| node::trouble(node).is_none()) {
        return None;
    }
    let (volume, needed) = (tie.volume.name_any(), node::selector_text(tie.selector));
    let mut seen = format!("PV {volume} of PVC {} can only be mounted on a node with {needed}", tie.claim);
    if able.is_empty() {
        seen.push_str(", and there is no such node");
        let cause = Cause::new(cause::VOLUME_NODE_UNAVAILABLE, format!("persistentvolume/{volume}"), seen)
            .advise("bring that node back under its old name and labels: kubectl get nodes --show-labels")
            .advise(format!(
                "if the node is gone for ever and the data may go with it: {}, and delete the pod: both are made anew elsewhere",
                picture.kubectl(&format!("delete pvc {}", tie.claim))
            ));
        return Some(cause);
    }
    let states: Vec<String> = able
        .iter()
        .filter_map(|node| Some(format!("node {} {}", node.name_any(), node::trouble(node)?)))
        .collect();
    seen.push_str(&format!(", and {}", states.join(", ")));
    let mut cause = Cause::new(cause::VOLUME_NODE_UNAVAILABLE, format!("persistentvolume/{volume}"), seen);
    for node in able {
        let name = node.name_any();
        cause = if node::ready(node) {
            cause.advise(format!("let pods onto it again: kubectl uncordon {name}"))
        } else {
            cause.advise(format!("see why it is not Ready: kubectl describe node {name}"))
        };
    }
    Some(cause)
}

/// Each volume has a node, but no node has them all.
fn apart(picture: &Picture, pod: &Pod, ties: &[Tied<'_>]) -> Cause {
    let places = ties.iter().map(|tie| {
        format!("PV {} of PVC {} on {}", tie.volume.name_any(), tie.claim, node::selector_text(tie.selector))
    });
    let places = places.collect::<Vec<_>>().join("; ");
    let seen = format!("no usable node can mount all volumes of pod {}: {places}", pod.name_any());
    let about = ties.first().map(|tie| tie.volume.name_any()).unwrap_or_default();
    Cause::new(cause::VOLUME_NODE_UNAVAILABLE, format!("persistentvolume/{about}"), seen).advise(format!(
        "move the data of one of them, or, if it may go: {} with its name, and delete the pod",
        picture.kubectl("delete pvc")
    ))
}

/// Where the pod's volumes tie it to, in words; nothing where they leave all nodes.
pub(super) fn place(picture: &Picture, pod: &Pod) -> Option<String> {
    let ties = tied(picture, pod);
    let nodes = nodes_for(picture, pod);
    let all = picture.nodes.as_deref().unwrap_or_default().len();
    if ties.is_empty() || nodes.is_empty() || nodes.len() == all {
        return None;
    }
    let claims = ties.iter().map(|tie| tie.claim.clone()).collect::<Vec<_>>().join(", ");
    let nodes = nodes.iter().map(|node| node.name_any()).collect::<Vec<_>>().join(", ");
    Some(format!("the volume of PVC {claims} can only be mounted on {nodes}"))
}

/// Nodes have what the pod's selector and affinity ask for, and nodes can mount its volumes, and no node is both.
pub(super) fn elsewhere(picture: &Picture, pod: &Pod, said: &str) -> Option<Cause> {
    let place = place(picture, pod)?;
    let able = nodes_for(picture, pod);
    let nodes = picture.nodes.as_deref().ok()?;
    let wanted: Vec<&Node> = nodes.iter().filter(|node| node::meets_demand(node, pod)).collect();
    if wanted.is_empty() || able.iter().any(|node| node::meets_demand(node, pod)) {
        return None;
    }
    let (name, set, demand) = (pod.name_any(), picture.name(), node::demand(pod));
    let wanted = wanted.iter().map(|node| node.name_any()).collect::<Vec<_>>().join(", ");
    let ties = tied(picture, pod);
    let claims = ties.iter().map(|tie| tie.claim.clone()).collect::<Vec<_>>().join(" ");
    let needed = ties.iter().map(|tie| node::selector_text(tie.selector)).collect::<Vec<_>>().join("; ");
    let seen = format!(
        "pod {name} must be on two nodes at once: it asks for {demand}, which only {wanted} has, and {place}; no node is both; {said}"
    );
    let cause = Cause::new(cause::VOLUME_ELSEWHERE, format!("pod/{name}"), seen)
        .by(ties.iter().map(|tie| {
            let about = format!("persistentvolume/{}", tie.volume.name_any());
            Evidence::field(about, "spec.nodeAffinity", &needed)
        }))
        .by([Evidence::field(format!("pod/{name}"), "spec.nodeSelector, spec.affinity.nodeAffinity", &demand)])
        .advise(format!("take the selector or affinity of statefulset {set} back, so that it admits the node of the volume"))
        .advise(format!(
            "or move the data; if it may go: {}, and delete the pod: both are made anew on a node that the pod asks for",
            picture.kubectl(&format!("delete pvc {claims}"))
        ))
        .advise("no new node and no label helps: the volume does not move");
    Some(cause)
}
