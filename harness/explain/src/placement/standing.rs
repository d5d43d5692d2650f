//! What keeps a pod from each node, as far as objects tell: no node may be all at once that the pod asks for, though each
//! thing that it asks for is somewhere.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Node, Pod};
use kube::ResourceExt;

use super::{room, volume};
use crate::{Picture, node, quantity};

const RESOURCES: &[&str] = &["cpu", "memory", "ephemeral-storage"];
/// More nodes than these are not told one by one.
const MOST: usize = 8;

/// What keeps the pod from the nodes, one by one, where it is not the same everywhere.
pub(super) fn differing(picture: &Picture, pod: &Pod) -> Option<String> {
    let nodes = picture.nodes.as_deref().ok()?;
    let able: BTreeSet<String> = volume::nodes_for(picture, pod).iter().map(|node| node.name_any()).collect();
    let workers = nodes.iter().filter(|node| !reserved(node, pod));
    let kept: Vec<(String, Vec<String>)> =
        workers.map(|node| (node.name_any(), reasons(picture, pod, node, &able))).collect();
    let kinds: BTreeSet<&Vec<String>> = kept.iter().map(|(_, reasons)| reasons).collect();
    // Of a node without a reason nothing is known: what keeps the pod from it is in the scheduler's words alone.
    if kinds.len() < 2 || kept.len() > MOST || kept.iter().any(|(_, reasons)| reasons.is_empty()) {
        return None;
    }
    let lines = kept.iter().map(|(name, reasons)| format!("{name}: {}", reasons.join(" and ")));
    Some(lines.collect::<Vec<_>>().join("; "))
}

/// Whether a node is the control plane's, which a pod seldom is meant for.
fn reserved(node: &Node, pod: &Pod) -> bool {
    node::untolerated(node, pod).iter().any(|taint| taint.key == node::CONTROL_PLANE)
}

fn reasons(picture: &Picture, pod: &Pod, node: &Node, able: &BTreeSet<String>) -> Vec<String> {
    let mut reasons = Vec::new();
    if let Some(trouble) = node::trouble(node) {
        reasons.push(format!("it {trouble}"));
    }
    let own = node::untolerated(node, pod).into_iter().filter(|taint| taint.key != node::CORDONED);
    let taints = own.map(node::taint_text).collect::<Vec<_>>().join(", ");
    if !taints.is_empty() {
        reasons.push(format!("it has the taint {taints}"));
    }
    if !node::meets_demand(node, pod) {
        reasons.push(format!("it has not {}", node::demand(pod)));
    }
    if !able.contains(&node.name_any()) {
        reasons.push("it can't mount the pod's volume".to_owned());
    }
    for resource in RESOURCES {
        let asked = room::requested(pod, resource);
        if let Some(free) = room::free(picture, node, resource).filter(|free| asked > 0.0 && *free < asked) {
            reasons.push(format!(
                "it has {} {resource} free, and not {}",
                quantity::show(resource, free.max(0.0)),
                quantity::show(resource, asked)
            ));
        }
    }
    reasons
}
