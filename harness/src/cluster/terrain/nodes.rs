//! Nodes: which of them take pods of ours, and how their clocks differ.

use std::collections::BTreeMap;

use external::api::{cluster_objects, objects};
use jiff::Timestamp;
use k8s_openapi::api::{coordination::v1::Lease, core::v1 as core};
use kube::{Client, ResourceExt};

use crate::{
    error::Result,
    report::terrain::{Closed, Node},
};

/// The operating system of our images.
const SYSTEM: &str = "linux";

/// Where each node's kubelet writes that it is there.
const LEASES: &str = "kube-node-lease";

/// The cluster's nodes.
pub(super) async fn all_nodes(client: &Client) -> Result<Vec<Node>> {
    let found = cluster_objects::<core::Node>(client).doing("reading the nodes").list().await?;
    let mut nodes: Vec<Node> = found.iter().map(node).collect();
    nodes.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(nodes)
}

/// The nodes; none to those who may not list them, who can run all the same.
pub(in crate::cluster) async fn nodes_seen(client: &Client) -> Result<Vec<Node>> {
    match all_nodes(client).await {
        Err(error) if error.is_forbidden() => Ok(Vec::new()),
        nodes => nodes,
    }
}

fn node(node: &core::Node) -> Node {
    let info = node.status.as_ref().and_then(|status| status.node_info.clone()).unwrap_or_default();
    Node {
        name: node.name_any(),
        closed: closed(node),
        architecture: info.architecture,
        system: info.operating_system,
        kubelet: info.kubelet_version,
    }
}

/// Whether pods have to say which operating system they are for: some node has another than that of our images.
pub(in crate::cluster) fn several_systems(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| is_other(&node.system))
}

/// Whether an operating system is another than that of our images. One that is not told is none.
fn is_other(system: &str) -> bool {
    !system.is_empty() && system != SYSTEM
}

/// Why no pod goes to a node that tolerates nothing and is for our operating system; none when it may.
pub(in crate::cluster) fn closed(node: &core::Node) -> Option<Closed> {
    let spec = node.spec.as_ref();
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    if !conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True") {
        return Some(Closed::NotReady);
    }
    let system = node.status.as_ref().and_then(|status| Some(&status.node_info.as_ref()?.operating_system));
    if let Some(system) = system.filter(|system| is_other(system)) {
        return Some(Closed::System(system.clone()));
    }
    if spec.is_some_and(|spec| spec.unschedulable == Some(true)) {
        return Some(Closed::Cordoned);
    }
    let taints = spec.and_then(|spec| spec.taints.as_deref()).unwrap_or_default();
    let taint = taints.iter().find(|taint| taint.effect != "PreferNoSchedule")?;
    Some(Closed::Tainted(format!("{}:{}", taint.key, taint.effect)))
}

/// How many seconds each node's clock is ahead of the API server's.
pub(super) async fn clocks(client: &Client) -> Result<BTreeMap<String, f64>> {
    let found = objects::<Lease>(client, LEASES).doing("reading the nodes' leases").list().await?;
    Ok(found.iter().filter_map(|lease| Some((lease.name_any(), ahead(lease)?))).collect())
}

/// By how much a node's clock was ahead of the API server's when it renewed its lease: it writes its own time, and the API
/// server notes beside it when that came.
fn ahead(lease: &Lease) -> Option<f64> {
    let renewed = lease.spec.as_ref()?.renew_time.as_ref()?.0;
    let noted = lease
        .metadata
        .managed_fields
        .iter()
        .flatten()
        .filter_map(|entry| Some(entry.time.as_ref()?.0))
        .max()?;
    Some(seconds_between(noted, renewed))
}

/// From a time in whole seconds, the rest of which is cut off, to an exact one.
pub(super) fn seconds_between(whole: Timestamp, exact: Timestamp) -> f64 {
    exact.duration_since(whole).as_secs_f64() - 0.5
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_node_that_takes_no_pods_says_why() {
        let told = |ready: &str, spec: serde_json::Value| {
            let node = json!({"metadata": {"name": "a"}, "spec": spec,
                "status": {"conditions": [{"type": "Ready", "status": ready}]}});
            closed(&serde_json::from_value(node).unwrap())
        };
        let taint = |effect: &str| json!({"taints": [{"key": "example.com/gpu", "effect": effect}]});
        assert_eq!(told("True", json!({})), None);
        assert_eq!(told("True", taint("PreferNoSchedule")), None);
        assert_eq!(
            told("True", taint("NoSchedule")),
            Some(Closed::Tainted("example.com/gpu:NoSchedule".into()))
        );
        assert_eq!(told("True", json!({"unschedulable": true})), Some(Closed::Cordoned));
        assert_eq!(told("Unknown", json!({"unschedulable": true})), Some(Closed::NotReady));
        assert_eq!(closed(&core::Node::default()), Some(Closed::NotReady));
    }

    #[test]
    fn a_node_of_another_operating_system_takes_no_pods_of_ours() {
        let of = |system: &str, ready: &str| -> core::Node {
            let node = json!({"metadata": {"name": "a"}, "status": {"conditions": [{"type": "Ready", "status": ready}],
                "nodeInfo": {"operatingSystem": system, "architecture": "amd64", "bootID": "", "containerRuntimeVersion": "",
                    "kernelVersion": "", "kubeProxyVersion": "", "kubeletVersion": "", "machineID": "", "osImage": "",
                    "systemUUID": ""}}});
            serde_json::from_value(node).unwrap()
        };
        assert_eq!(closed(&of("windows", "True")), Some(Closed::System("windows".into())));
        assert_eq!(closed(&of("windows", "False")), Some(Closed::NotReady));
        assert_eq!((closed(&of("linux", "True")), closed(&of("", "True"))), (None, None));
        let several = |systems: &[&str]| {
            let nodes: Vec<Node> = systems.iter().map(|system| node(&of(system, "False"))).collect();
            several_systems(&nodes)
        };
        assert!(several(&["linux", "windows"]) && !several(&["linux", "linux"]) && !several(&["linux", ""]));
    }

    #[test]
    fn a_lease_tells_how_far_its_nodes_clock_is_ahead() {
        let lease = |renewed: &str| -> Lease {
            serde_json::from_value(json!({"metadata": {"name": "a", "managedFields": [
                {"manager": "kubelet", "time": "2026-11-22T10:00:00Z"}]}, "spec": {"renewTime": renewed}}))
            .unwrap()
        };
        assert_eq!(ahead(&lease("2026-11-22T10:00:00.700000Z")).map(f64::round), Some(0.0));
        assert_eq!(ahead(&lease("2026-11-22T10:00:12.500000Z")).map(f64::round), Some(12.0));
        assert_eq!(ahead(&lease("2026-11-22T09:59:30.500000Z")).map(f64::round), Some(-30.0));
        assert_eq!(ahead(&Lease::default()), None);
    }
}
