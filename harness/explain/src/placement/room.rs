//! How much of a resource a pod asks for, and how much each node has.

use k8s_openapi::{
    api::core::v1::{Container, Node, Pod},
    apimachinery::pkg::api::resource::Quantity,
};
use kube::ResourceExt;

use crate::{
    Picture, node,
    picture::{phase, spec},
    quantity,
};

fn amount(quantities: Option<&std::collections::BTreeMap<String, Quantity>>, resource: &str) -> Option<f64> {
    quantity::parse(&quantities?.get(resource)?.0)
}

fn request(container: &Container, resource: &str) -> f64 {
    amount(container.resources.as_ref().and_then(|all| all.requests.as_ref()), resource).unwrap_or(0.0)
}

/// What the scheduler counts for a pod: its containers together, or its largest initial step.
pub(super) fn requested(pod: &Pod, resource: &str) -> f64 {
    let spec = spec(pod);
    let overhead = amount(spec.overhead.as_ref(), resource).unwrap_or(0.0);
    if let Some(whole) = amount(spec.resources.as_ref().and_then(|all| all.requests.as_ref()), resource) {
        return whole + overhead;
    }
    let (mut sidecars, mut largest) = (0.0, 0.0_f64);
    for container in spec.init_containers.as_deref().unwrap_or_default() {
        let needs = request(container, resource);
        if container.restart_policy.as_deref() == Some("Always") {
            sidecars += needs;
            largest = largest.max(sidecars);
        } else {
            largest = largest.max(sidecars + needs);
        }
    }
    let together: f64 = spec.containers.iter().map(|container| request(container, resource)).sum();
    largest.max(together + sidecars) + overhead
}

fn allocatable(node: &Node, resource: &str) -> f64 {
    amount(node.status.as_ref().and_then(|status| status.allocatable.as_ref()), resource).unwrap_or(0.0)
}

/// What the pods on a node leave of a resource.
pub(super) fn free(picture: &Picture, node: &Node, resource: &str) -> Option<f64> {
    let name = node.name_any();
    let here = |pod: &&Pod| {
        spec(pod).node_name.as_deref() == Some(&name) && !["Succeeded", "Failed"].contains(&phase(pod))
    };
    let pods = picture.neighbours.as_ref().ok()?.iter().filter(here);
    Some(allocatable(node, resource) - pods.map(|pod| requested(pod, resource)).sum::<f64>())
}

/// `worker has 2 allocatable, 1.8 free`, of each of these nodes.
pub(super) fn table(picture: &Picture, nodes: &[&Node], resource: &str) -> String {
    let line = |node: &&Node| {
        let has = quantity::show(resource, allocatable(node, resource));
        let free = free(picture, node, resource);
        let free = free.map_or("unknown".to_owned(), |free| quantity::show(resource, free));
        let trouble = node::trouble(node).map(|trouble| format!(" and {trouble}")).unwrap_or_default();
        format!("{} has {has} allocatable, {free} free{trouble}", node.name_any())
    };
    nodes.iter().map(line).collect::<Vec<_>>().join("; ")
}
