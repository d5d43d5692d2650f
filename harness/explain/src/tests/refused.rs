//! What is refused, and what nodes can't be all at once.

use serde_json::{Value, json};

use super::{Case, World, case, diagnose, world::A_MINUTE_AGO};
use crate::{State, cause};

const POLICY: &str = "ValidatingAdmissionPolicy 'keep' with binding 'keep' denied request: not left";

fn on_set(world: World, reason: &str, verb: &str, pod: &str, told: &str) -> World {
    world.event("set-web", reason, &format!("{verb} Pod {pod} in StatefulSet web failed error: {told}"))
}

fn rolling() -> World {
    World::new(2).set(json!({"status": {"updateRevision": "web-b"}})).quiet()
}

/// `web-0` crashes at the old revision, under this strategy.
fn old_and_broken(strategy: Value) -> World {
    let ended =
        json!({"exitCode": 1, "startedAt": "2026-01-01T11:58:00Z", "finishedAt": "2026-01-01T11:58:20Z"});
    World::new(2)
        .without_pod(1)
        .set(json!({"spec": {"updateStrategy": strategy}, "status": {"updateRevision": "web-b"}}))
        .container(0, json!({"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": ended}, "restartCount": 3}))
}

fn homeless(message: &str) -> World {
    World::new(2)
        .unscheduled(1, message)
        .claim(1, json!({"spec": {"volumeName": null}, "status": {"phase": "Pending"}}))
        .without("volume", "pv-1")
}

fn mounting(told: &str) -> World {
    World::new(1)
        .container(0, json!({"state": {"waiting": {"reason": "ContainerCreating"}}}))
        .pod(0, json!({"status": {"phase": "Pending"}, "spec": {"volumes": [{"name": "keys", "csi": {"driver": "secrets-store.csi.k8s.io"}}]}}))
        .event("pod-web-0", "FailedMount", told)
}

fn spread() -> World {
    let constraint = json!([{"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"app": "web"}}}]);
    let world = World::new(3)
        .unscheduled(2, "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 node(s) didn't match pod topology spread constraints.")
        .claim(2, json!({"spec": {"volumeName": null}, "status": {"phase": "Pending"}}))
        .without("volume", "pv-2");
    world
        .pod(1, json!({"spec": {"nodeName": "worker2"}}))
        .pod(2, json!({"spec": {"topologySpreadConstraints": constraint}}))
}

/// `web-1` must be beside a pod of `other`.
fn beside() -> World {
    let term = json!([{"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "other"}}}]);
    let rule = json!({"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": term}});
    homeless("0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 node(s) didn't match pod affinity rules.")
        .pod(1, json!({"spec": {"affinity": rule}}))
}

fn other(term: &str) -> Value {
    let term =
        json!([{"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": term}}}]);
    json!({"metadata": {"labels": {"app": "other"}}, "spec": {"containers": [], "affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": term}}},
        "status": {"phase": "Pending"}})
}

fn named(volume: Value) -> World {
    let world = World::new(2)
        .unscheduled(1, "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.")
        .claim(1, json!({"spec": {"volumeName": "pv-old"}, "status": {"phase": "Pending"}}));
    if volume.is_null() { world } else { world.object("volume", "pv-old", volume) }
}

pub fn cases() -> Vec<Case> {
    let partition = json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 2}});
    let long = "invalid: metadata.labels: Invalid value: \"x\": must be no more than 63 characters";
    let revision = "w".repeat(64);
    let bind = json!([{"type": "PodScheduled", "status": "False", "reason": "SchedulerError",
        "message": format!("running Bind plugin \"DefaultBinder\": pods \"web-1\" is forbidden: {POLICY}")}]);
    let kept = json!({"spec": {"storageClassName": "standard", "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
        "claimRef": {"namespace": "shop", "name": "data-web-1", "uid": "an-earlier-one"}}});
    let victim = json!({"metadata": {"deletionTimestamp": "2026-01-01T12:30:00Z", "deletionGracePeriodSeconds": 3600},
        "spec": {"nodeName": "worker2", "containers": []}});
    vec![
        case(cause::DELETION_REFUSED, on_set(rolling(), "FailedDelete", "delete", "web-1", POLICY), &["pod web-1 is to go (it is of an old revision", "not left", "validatingadmissionpolicies"]),
        case(cause::DELETION_REFUSED, on_set(World::new(3).set(json!({"spec": {"replicas": 2}})).quiet(), "FailedDelete", "delete", "web-2", POLICY), &["pod/web-2"]),
        case(
            cause::WEBHOOK_UNREACHABLE,
            on_set(World::new(2).without_pod(1), "FailedCreate", "create", "web-1", "Internal error occurred: failed calling webhook \"a.example\": connection refused"),
            &["failurePolicy: Ignore"],
        ),
        case(cause::UPDATE_REFUSED, on_set(rolling(), "FailedUpdate", "update", "web-0", POLICY), &["can't bring pod web-0 up to date"]),
        case(
            cause::ADOPTED_POD_DIFFERS,
            on_set(World::new(1).set(json!({"spec": {"volumeClaimTemplates": [{"metadata": {"name": "data"}}, {"metadata": {"name": "journal"}}]}})), "FailedUpdate", "update", "web-0", "Pod \"web-0\" is invalid: spec: Forbidden"),
            &["journal-web-0", "delete pod web-0", "no roll, no scaling"],
        ),
        case(cause::OLD_REVISION_KEPT, old_and_broken(partition), &["partition is 2", "\"partition\":0", "delete pod web-0", "exit code 1"]),
        case(cause::OLD_REVISION_KEPT, old_and_broken(json!({"type": "OnDelete", "rollingUpdate": null})), &["OnDelete", "delete pod web-0"]),
        case(
            cause::NAME_TOO_LONG,
            on_set(World::new(1).without_pod(0).set(json!({"status": {"updateRevision": revision}})), "FailedCreate", "create", "web-0", long),
            &["64 characters long"],
        ),
        case(cause::NODE_NAME_UNKNOWN, World::new(1).without_pod(0).set(json!({"spec": {"template": {"spec": {"nodeName": "gone"}}}})), &["names node gone"]),
        case(
            cause::CSI_DRIVER_NOT_REGISTERED,
            mounting("MountVolume.SetUp failed for volume \"keys\" : kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: driver name secrets-store.csi.k8s.io not found in the list of registered CSI drivers"),
            &["(csidriver/secrets-store.csi.k8s.io)", "registered on no node", "kubectl get csinode worker"],
        ),
        case(
            cause::VOLUME_MOUNT_FAILED,
            mounting("MountVolume.SetUp failed for volume \"keys\" : rpc error: failed to mount secrets store objects: secret \"login\" not found")
                .object("driver", "worker", json!({"spec": {"drivers": [{"name": "secrets-store.csi.k8s.io", "nodeID": "w"}]}})),
            &["of CSI driver secrets-store.csi.k8s.io"],
        ),
        case(
            cause::VOLUME_ELSEWHERE,
            World::new(1)
                .unscheduled(0, "0/3 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) didn't match PersistentVolume's node affinity.")
                .pod(0, json!({"spec": {"nodeSelector": {"kubernetes.io/hostname": "worker2"}}})),
            &["two nodes at once", "kubernetes.io/hostname=worker2", "only be mounted on worker", "delete pvc data-web-0", "delete pod web-0"],
        ),
        case(
            cause::INSUFFICIENT_CPU,
            World::new(1)
                .unscheduled(0, "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), 1 node(s) didn't match PersistentVolume's node affinity."),
            &["can only be mounted on worker: what helps must happen there"],
        ),
        case(cause::SPREAD_COUNTS_CLOSED_NODES, spread(), &["node control (node-role.kubernetes.io/control-plane:NoSchedule)", "nodeTaintsPolicy: Honor", "more nodes only put it off"]),
        case(cause::TOPOLOGY_SPREAD, spread().node("control", json!({"spec": {"taints": null}})).pod(0, json!({"spec": {"nodeName": "worker2"}})), &["worker2 has 2"]),
        case(cause::AFFINITY_UNMET, beside(), &["no pod has these labels"]),
        case(cause::AFFINITY_UNMET, beside().object("neighbour", "other-0", other("nobody")), &["have no node themselves: other-0"]),
        case(cause::AFFINITY_CIRCLE, beside().object("neighbour", "other-0", other("web")).without_pod(0)
                .set(json!({"spec": {"podManagementPolicy": "Parallel", "replicas": 2, "ordinals": {"start": 1}}}))
                .set(json!({"spec": {"replicas": 1}})), &["in a circle", "web-1 must be beside other-0"]),
        case(cause::BINDING_REFUSED, homeless("").pod(1, json!({"status": {"conditions": bind}})), &["does not let it bind"]),
        case(cause::NAMED_VOLUME_UNAVAILABLE, named(Value::Null), &["PV pv-old (volumeName), which does not exist"]),
        case(cause::NAMED_VOLUME_UNAVAILABLE, named(kept), &["an earlier PVC of this name", "\"uid\":null"]),
        case(cause::NAMED_VOLUME_UNAVAILABLE, named(json!({"spec": {"storageClassName": "fast"}})), &["storage class is \"fast\""]),
        case(
            cause::PREEMPTION_PENDING,
            homeless("0/3 nodes are available: 2 Insufficient cpu.").pod(1, json!({"status": {"nominatedNodeName": "worker2"}})).object("neighbour", "slow-0", victim),
            &["shop/slow-0", "told to stop 30 min 00 s ago"],
        ),
    ]
}

#[test]
fn a_refusal_of_an_earlier_pod_is_not_held_against_this_one() {
    let world = on_set(rolling(), "FailedDelete", "delete", "web-1", POLICY)
        .pod(1, json!({"metadata": {"creationTimestamp": "2026-01-01T12:00:30Z"}}));
    assert_eq!(diagnose(&world.picture()).ids(), [cause::CONTROLLER_IDLE]);
}

#[test]
fn a_claim_that_is_gone_is_no_longer_in_the_way_of_its_pod() {
    let said = "create Pod web-1 in StatefulSet web failed error: pvc data-web-1 is being deleted";
    let world =
        World::new(2).without_pod(1).without("claim", "data-web-1").event("set-web", "FailedCreate", said);
    assert_eq!(diagnose(&world.picture()).ids(), Vec::<&str>::new());
}

#[test]
fn a_controller_that_is_alive_is_not_called_idle() {
    let lease = |renewed: &str| json!({"spec": {"renewTime": renewed, "leaseDurationSeconds": 15}});
    let world = |renewed: &str| {
        diagnose(
            &World::new(3)
                .without_pod(1)
                .quiet()
                .object("lease", "kube-controller-manager", lease(renewed))
                .picture(),
        )
    };
    let alive = world("2026-01-01T11:59:55.000000Z");
    assert_eq!((alive.state, alive.ids()), (State::Moving, vec![]), "{alive}");
    assert_eq!(world("2026-01-01T11:59:00.000000Z").ids(), [cause::CONTROLLER_IDLE]);
}

#[test]
fn a_volume_that_is_to_be_bound_to_its_claim_is_no_trouble() {
    let free = json!({"spec": {"storageClassName": "standard", "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}, "status": {"phase": "Available"}});
    assert_eq!(diagnose(&named(free).picture()).state, State::Moving);
}

#[test]
fn what_is_waited_for_is_told_with_what_was_seen_the_newest_last() {
    let world = World::new(2)
        .without_pod(1)
        .event("set-web", "Something", "an odd thing")
        .ago(50)
        .event("set-web", "Other", "a newer thing")
        .ago(5);
    let diagnosis = diagnose(&world.picture());
    let texts: Vec<&str> = diagnosis.seen.iter().map(|seen| seen.text.as_str()).collect();
    assert_eq!(texts, ["an odd thing", "a newer thing"], "{diagnosis}");
    assert_eq!(diagnosis.state, State::Moving);
}

#[test]
fn room_that_is_just_being_made_is_no_cause() {
    let victim = json!({"metadata": {"deletionTimestamp": "2026-01-01T12:00:20Z", "deletionGracePeriodSeconds": 30}, "spec": {"nodeName": "worker2", "containers": []}});
    let world = homeless("0/3 nodes are available: 2 Insufficient cpu.")
        .pod(1, json!({"status": {"nominatedNodeName": "worker2"}, "metadata": {"creationTimestamp": A_MINUTE_AGO}}))
        .object("neighbour", "slow-0", victim);
    assert_eq!(diagnose(&world.picture()).state, State::Moving);
}

#[test]
fn a_refusal_is_over_when_the_change_was_done() {
    let refused = on_set(World::new(1), "FailedUpdate", "update", "web-0", POLICY).ago(60);
    let told = "update Pod web-0 in StatefulSet web successful";
    assert!(diagnose(&refused.picture()).ids().contains(&cause::UPDATE_REFUSED));
    // In the same second, too.
    for ago in [0, 60] {
        let done = refused.clone().event("set-web", "SuccessfulUpdate", told).ago(ago);
        assert!(!diagnose(&done.picture()).ids().contains(&cause::UPDATE_REFUSED));
        let again = on_set(done, "FailedUpdate", "update", "web-0", POLICY).ago(ago);
        assert!(diagnose(&again.picture()).ids().contains(&cause::UPDATE_REFUSED));
    }
}
