use serde_json::json;

use super::{Case, World, case, diagnose};
use crate::cause;

/// `web-1` finds no node; its volume is not made yet, so that any node would do.
fn homeless(message: &str) -> World {
    World::new(2)
        .unscheduled(1, message)
        .claim(1, json!({"spec": {"volumeName": null}, "status": {"phase": "Pending"}}))
        .without("volume", "pv-1")
}

fn mixed(reasons: &str) -> World {
    homeless(&format!(
        "0/3 nodes are available: 1 node(s) had untolerated taint {{node-role.kubernetes.io/control-plane: }}, {reasons}. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
    ))
}

fn taint(key: &str) -> serde_json::Value {
    json!({"spec": {"taints": [{"key": key, "effect": "NoSchedule"}]}})
}

pub fn cases() -> Vec<Case> {
    let asks = |resource: &str, amount: &str| json!({"spec": {"containers": [{"name": "main", "resources": {"requests": {resource: amount}}}]}});
    let all_tainted = "0/3 nodes are available: 3 node(s) had untolerated taint(s).";
    vec![
        case(
            cause::INSUFFICIENT_CPU,
            mixed("2 Insufficient cpu").pod(1, asks("cpu", "100")),
            &[
                "it asks for 100 cpu",
                "worker has 2 allocatable, 1500m free",
                "worker2 has 2 allocatable, 2 free",
            ],
        ),
        case(
            cause::INSUFFICIENT_MEMORY,
            mixed("2 Insufficient memory").pod(1, asks("memory", "1Ti")),
            &["asks for 1Ti memory", "4Gi allocatable"],
        ),
        case(
            cause::INSUFFICIENT_EPHEMERAL_STORAGE,
            mixed("2 Insufficient ephemeral-storage").pod(1, asks("ephemeral-storage", "5Ti")),
            &["asks for 5Ti ephemeral-storage"],
        ),
        case(
            cause::INSUFFICIENT_RESOURCE,
            mixed("2 Insufficient nvidia.com/gpu").pod(1, asks("nvidia.com/gpu", "1")),
            &["nvidia.com/gpu"],
        ),
        case(cause::TOO_MANY_PODS, mixed("2 Too many pods"), &["Too many pods"]),
        case(
            cause::INSUFFICIENT_STORAGE,
            mixed("2 node(s) did not have enough free storage"),
            &["1Gi in PVC data-web-1"],
        ),
        case(
            cause::NO_NODE_MATCHES,
            mixed("2 node(s) didn't match Pod's node affinity/selector")
                .pod(1, json!({"spec": {"nodeSelector": {"disk": "fast"}}})),
            &["disk=fast"],
        ),
        case(
            cause::TAINT_NOT_TOLERATED,
            homeless(all_tainted).node("worker", taint("dedicated")).node("worker2", taint("dedicated")),
            &["worker has dedicated:NoSchedule"],
        ),
        case(
            cause::NODE_UNDER_PRESSURE,
            homeless(all_tainted).node("worker", taint("node.kubernetes.io/disk-pressure")),
            &["node/worker"],
        ),
        case(
            cause::NODE_NOT_READY,
            homeless(all_tainted).node("worker2", taint("node.kubernetes.io/not-ready")),
            &["node/worker2"],
        ),
        case(
            cause::NODES_CORDONED,
            homeless("0/2 nodes are available: 2 node(s) were unschedulable.")
                .node("worker2", json!({"spec": {"unschedulable": true}})),
            &["kubectl uncordon worker2"],
        ),
        case(
            cause::PORTS_TAKEN,
            mixed("2 node(s) didn't have free ports for the requested pod ports"),
            &["hostPort"],
        ),
        case(cause::VOLUME_LIMIT, mixed("2 node(s) exceed max volume count"), &["csinodes"]),
        case(
            cause::VOLUME_IN_USE,
            mixed(
                "2 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode",
            ),
            &["ReadWriteOncePod"],
        ),
        case(
            cause::ANTI_AFFINITY,
            mixed("2 node(s) didn't match pod anti-affinity rules"),
            &["anti-affinity"],
        ),
        case(
            cause::TOPOLOGY_SPREAD,
            mixed("2 node(s) didn't match pod topology spread constraints"),
            &["spread"],
        ),
        case(cause::UNSCHEDULABLE, homeless("no nodes available to schedule pods"), &["no nodes available"]),
        case(
            cause::SCHEDULING_GATED,
            homeless("").pod(1, json!({"spec": {"schedulingGates": [{"name": "example.com/wait"}]}})),
            &["example.com/wait"],
        ),
        case(
            cause::SCHEDULER_IDLE,
            homeless("")
                .pod(1, json!({"spec": {"schedulerName": "mine"}, "status": {"conditions": []}}))
                .quiet(),
            &["asks for mine"],
        ),
    ]
}

/// A cordoned node has a taint as well.
fn cordoned() -> serde_json::Value {
    let taint = json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"});
    json!({"spec": {"unschedulable": true, "taints": [taint]}})
}

#[test]
fn the_control_plane_s_taint_does_not_hide_that_the_workers_are_cordoned() {
    let world = mixed("2 node(s) were unschedulable").node("worker", cordoned()).node("worker2", cordoned());
    let diagnosis = diagnose(&world.picture());
    assert_eq!(diagnosis.ids(), [cause::NODES_CORDONED], "{diagnosis}");
    // Uncordoning a node that has another taint as well would help nobody, nor would taking that taint away.
    let other = json!({"key": "dedicated", "effect": "NoSchedule"});
    let both = json!({"spec": {"taints": [other, cordoned()["spec"]["taints"][0]]}});
    let world = world.node("worker", both.clone()).node("worker2", both);
    let both = [cause::NODES_CORDONED, cause::TAINT_NOT_TOLERATED];
    assert_eq!(diagnose(&world.picture()).ids(), both);
    let world = world.node("worker2", json!({"spec": {"unschedulable": false, "taints": [other]}}));
    assert_eq!(diagnose(&world.picture()).ids(), [cause::TAINT_NOT_TOLERATED]);
}

#[test]
fn a_node_without_a_taint_is_not_said_to_have_one() {
    let message = "0/3 nodes are available: 3 node(s) had untolerated taint {dedicated: }.";
    let diagnosis = diagnose(&homeless(message).node("worker2", taint("dedicated")).picture());
    assert_eq!(diagnosis.ids(), [cause::TAINT_NOT_TOLERATED], "{diagnosis}");
    let text = diagnosis.to_string();
    assert!(text.contains("worker2 has dedicated:NoSchedule") && !text.contains("worker has"), "{text}");
    assert!(text.contains("no taint keeps the pod from worker now"), "{text}");
}

#[test]
fn where_a_node_has_what_the_pod_asks_for_that_node_s_reason_counts() {
    let message = "0/3 nodes are available: 1 node(s) had untolerated taint {dedicated: }, 2 node(s) didn't match Pod's node affinity/selector.";
    let wanted = json!({"spec": {"nodeSelector": {"kubernetes.io/hostname": "worker2"}}});
    let world = homeless(message).pod(1, wanted).node("worker2", taint("dedicated"));
    let diagnosis = diagnose(&world.picture());
    assert_eq!(diagnosis.ids(), [cause::TAINT_NOT_TOLERATED], "{diagnosis}");
    let text = diagnosis.to_string();
    assert!(text.contains("worker2 has dedicated:NoSchedule") && !text.contains("; worker has"), "{text}");
    let nobody = json!({"spec": {"nodeSelector": {"kubernetes.io/hostname": "worker9"}}});
    assert_eq!(diagnose(&world.pod(1, nobody).picture()).ids(), [cause::NO_NODE_MATCHES]);
}

#[test]
fn two_resources_are_two_causes() {
    let diagnosis = diagnose(&mixed("2 Insufficient cpu, 2 Insufficient memory").picture());
    assert_eq!(diagnosis.ids(), [cause::INSUFFICIENT_CPU, cause::INSUFFICIENT_MEMORY]);
}

#[test]
fn where_the_volume_is_tied_to_a_usable_node_that_node_s_reason_counts() {
    let message = "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), 1 node(s) had volume node affinity conflict.";
    let diagnosis = diagnose(&World::new(2).unscheduled(1, message).picture());
    assert_eq!(diagnosis.ids(), [cause::INSUFFICIENT_CPU], "{diagnosis}");
    let text = diagnosis.to_string();
    assert!(text.contains("worker has 2") && !text.contains("worker2 has"), "{text}");
}

#[test]
fn a_budget_is_never_the_cause() {
    let budget = json!({
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "minAvailable": 2},
        "status": {"currentHealthy": 1, "desiredHealthy": 2, "disruptionsAllowed": 0, "expectedPods": 2},
    });
    let world = mixed("2 Insufficient cpu").object("budget", "web", budget.clone());
    let diagnosis = diagnose(&world.picture());
    assert_eq!(diagnosis.ids(), [cause::INSUFFICIENT_CPU]);
    assert!(
        diagnosis.notes.iter().any(
            |note| note.contains("PodDisruptionBudget web") && note.contains("never keeps a pod Pending")
        ),
        "{diagnosis}"
    );
    let healthy = World::new(2).object("budget", "web", budget.clone());
    assert!(diagnose(&healthy.picture()).notes.is_empty());
    let other = mixed("2 Insufficient cpu").object("budget", "web", budget).object(
        "budget",
        "web",
        json!({"spec": {"selector": {"matchLabels": {"app": "other"}}}}),
    );
    assert!(!diagnose(&other.picture()).to_string().contains("Budget"));
}

#[test]
fn where_each_node_lacks_something_else_each_is_told() {
    let world = mixed("1 Insufficient cpu, 1 node(s) had untolerated taint {dedicated: db}")
        .pod(1, json!({"spec": {"containers": [{"name": "main", "resources": {"requests": {"cpu": "2"}}}]}}))
        .node("worker2", taint("dedicated"));
    let text = diagnose(&world.picture()).to_string();
    let told = "worker: it has 1500m cpu free, and not 2; worker2: it has the taint dedicated:NoSchedule";
    assert!(text.contains(told), "{text}");
}
