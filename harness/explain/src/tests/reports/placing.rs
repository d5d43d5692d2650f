//! Nodes.

use serde_json::{Value, json};

use super::{Report, World, report};
use crate::cause;

fn homeless(message: &str) -> World {
    World::new(1)
        .unscheduled(0, message)
        .claim(0, json!({"spec": {"volumeName": null}, "status": {"phase": "Pending"}}))
        .without("volume", "pv-0")
}

fn tainted(key: &str) -> Value {
    json!({"spec": {"taints": [{"key": key, "value": "true", "effect": "NoSchedule"}]}})
}

fn all_tainted(key: &str) -> World {
    homeless("0/3 nodes are available: 3 node(s) had untolerated taint(s). preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.")
        .node("worker", tainted(key))
        .node("worker2", tainted(key))
}

pub fn reports() -> Vec<Report> {
    let scaled = "pod didn't trigger scale-up: 2 max node group size reached";
    let alone = json!({"metadata": {"labels": {"app": "db"}}, "status": {"phase": "Running"}, "spec": {"nodeName": "worker", "containers": [], "affinity": {"podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}]}}}});
    vec![
        report("our own: the rule of others", homeless("0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 node(s) didn't satisfy existing pods anti-affinity rules.").object("neighbour", "db-0", alone))
            .certain(cause::ANTI_AFFINITY)
            .says(&["shop/db-0", "change the rule of those pods"])
            .not(&["rule of statefulset web preferred"]),
        report("rancher/rke2#7822", all_tainted("node.cloudprovider.kubernetes.io/uninitialized"))
            .certain(cause::NODE_NOT_SET_UP)
            .says(&["cloud controller manager", "node/worker"])
            .not(&["tolerate the taint"]),
        report("cilium/cilium#16846", all_tainted("node.kubernetes.io/network-unavailable"))
            .certain(cause::NODE_NOT_SET_UP)
            .says(&["node.kubernetes.io/network-unavailable"])
            .not(&["tolerate the taint"]),
        report(
            "aerospike/aerospike-kubernetes-operator#80",
            homeless("0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu.")
                .event("pod-web-0", "NotTriggerScaleUp", scaled),
        )
        .certain(cause::INSUFFICIENT_CPU)
        .says(&["max node group size reached"]),
    ]
}
