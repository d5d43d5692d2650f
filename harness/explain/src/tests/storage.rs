use serde_json::{Value, json};

use super::{Case, World, case, diagnose};
use crate::{State, cause};

const UNBOUND: &str = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/3 nodes are available.";

/// `web-1` waits for its claim, which is Pending and like this.
fn unbound(spec: Value) -> World {
    World::new(3)
        .without_pod(2)
        .unscheduled(1, UNBOUND)
        .claim(
            1,
            json!({"spec": {"volumeName": null, "storageClassName": null}, "status": {"phase": "Pending"}}),
        )
        .claim(1, json!({"spec": spec}))
}

fn immediate(world: World) -> World {
    world.object(
        "class",
        "fast",
        json!({"provisioner": "example.com/fast", "volumeBindingMode": "Immediate"}),
    )
}

fn tied(world: World) -> World {
    world.unscheduled(1, "0/3 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, 1 node(s) didn't match PersistentVolume's node affinity.").without_pod(2)
}

pub fn cases() -> Vec<Case> {
    let asks_fast = || unbound(json!({"storageClassName": "fast"}));
    let mounting = || {
        World::new(3)
            .without_pod(2)
            .container(1, json!({"state": {"waiting": {"reason": "ContainerCreating"}}}))
    };
    vec![
        case(
            cause::STORAGE_CLASS_MISSING,
            asks_fast().event("claim-data-web-1", "ProvisioningFailed", "storageclass.storage.k8s.io \"fast\" not found"),
            &["(storageclass/fast)", "PVC data-web-1", "\"fast\" not found", "there are: standard", "only waiting for that: web-2"],
        ),
        case(
            cause::NO_DEFAULT_STORAGE_CLASS,
            unbound(json!({}))
                .object("class", "standard", json!({"metadata": {"annotations": null}}))
                .event("claim-data-web-1", "FailedBinding", "no persistent volumes available for this claim and no storage class is set"),
            &["PVC data-web-1", "no storage class is set"],
        ),
        case(
            cause::PROVISIONING_FAILED,
            immediate(asks_fast()).event("claim-data-web-1", "ProvisioningFailed", "failed to provision volume: quota of the array is used up"),
            &["array is used up"],
        ),
        case(
            cause::PROVISIONER_SILENT,
            immediate(asks_fast()).event("claim-data-web-1", "ExternalProvisioning", "Waiting for a volume to be created either by the external provisioner 'example.com/fast' or manually by the system administrator."),
            &["example.com/fast", "1 min 00 s"],
        ),
        // The scheduler took its choice of a node back, and chooses again.
        case(
            cause::PROVISIONING_FAILED,
            unbound(json!({"storageClassName": "standard"}))
                .unscheduled(1, "running PreBind plugin \"VolumeBinding\": binding volumes: context deadline exceeded")
                .event("claim-data-web-1", "ProvisioningFailed", "no room in the pool"),
            &["no room in the pool"],
        ),
        case(cause::NO_VOLUME_FITS, unbound(json!({"storageClassName": ""})), &["1Gi or more with ReadWriteOnce"]),
        case(
            cause::NO_VOLUME_FITS,
            unbound(json!({"storageClassName": "manual"})).object("volume", "other", json!({"spec": {"storageClassName": "manual"}})),
            &["manual"],
        ),
        case(
            cause::NO_VOLUME_FITS,
            unbound(json!({"storageClassName": "standard"})).unscheduled(1, "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 node(s) didn't find available persistent volumes to bind."),
            &["data-web-1", "WaitForFirstConsumer"],
        ),
        case(
            cause::CLAIM_TERMINATING,
            World::new(3)
                .unscheduled(1, "0/3 nodes are available: persistentvolumeclaim \"data-web-1\" is being deleted.")
                .claim(1, json!({"metadata": {"deletionTimestamp": super::world::A_MINUTE_AGO, "finalizers": ["kubernetes.io/pvc-protection"]}})),
            &["kubernetes.io/pvc-protection"],
        ),
        case(
            cause::CLAIM_TERMINATING,
            World::new(2).without_pod(1).claim(1, json!({"metadata": {"deletionTimestamp": super::world::A_MINUTE_AGO, "finalizers": ["example.com/hold"]}})),
            &["example.com/hold"],
        ),
        case(
            cause::CLAIM_LOST,
            World::new(2)
                .unscheduled(1, "0/3 nodes are available: persistentvolumeclaim \"data-web-1\" bound to non-existent persistentvolume \"pv-1\".")
                .claim(1, json!({"status": {"phase": "Lost"}}))
                .without("volume", "pv-1"),
            &["its volume pv-1"],
        ),
        case(
            cause::CLAIM_MISSING,
            World::new(1)
                .unscheduled(0, "0/3 nodes are available: persistentvolumeclaim \"shared\" not found.")
                .pod(0, json!({"spec": {"volumes": [{"name": "shared", "persistentVolumeClaim": {"claimName": "shared"}}]}})),
            &["PVC shared"],
        ),
        case(cause::VOLUME_NODE_UNAVAILABLE, tied(World::new(3)).without("node", "worker"), &["PV pv-1", "kubernetes.io/hostname In (worker)", "no such node"]),
        case(cause::VOLUME_NODE_UNAVAILABLE, tied(World::new(3)).node("worker", json!({"spec": {"unschedulable": true}})), &["node worker is cordoned", "kubectl uncordon worker"]),
        case(
            cause::VOLUME_NODE_UNAVAILABLE,
            tied(World::new(1).healthy_pod(1).set(json!({"spec": {"replicas": 2}})))
                .node("worker", json!({"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}))
                .pod(0, json!({"spec": {"nodeName": "worker2"}})),
            &["node worker is not Ready"],
        ),
        case(
            cause::VOLUME_IN_USE,
            mounting().event("pod-web-1", "FailedAttachVolume", "Multi-Attach error for volume \"pv-1\" Volume is already exclusively attached to one node and can't be attached to another"),
            &["Multi-Attach"],
        ),
        case(cause::VOLUME_MOUNT_FAILED, mounting().event("pod-web-1", "FailedMount", "MountVolume.MountDevice failed for volume \"pv-1\" : wrong fs type"), &["wrong fs type"]),
        case(cause::CONFIG_MAP_MISSING, mounting().event("pod-web-1", "FailedMount", "MountVolume.SetUp failed for volume \"config\" : configmap \"settings\" not found"), &["(configmap/settings)"]),
        case(cause::SECRET_MISSING, mounting().event("pod-web-1", "FailedMount", "MountVolume.SetUp failed for volume \"key\" : secret \"web-key\" not found"), &["(secret/web-key)"]),
        case(cause::OUT_OF_MEMORY, mounting().event("pod-web-1", "FailedCreatePodSandBox", "container init was OOM-killed (memory limit too low?)"), &["OOM-killed"]),
        case(cause::SANDBOX_FAILED, mounting().event("pod-web-1", "FailedCreatePodSandBox", "Failed to create pod sandbox: plugin type=\"bridge\" failed"), &["bridge"]),
    ]
}

#[test]
fn a_claim_that_waits_for_its_consumer_is_not_blamed() {
    let world = unbound(json!({"storageClassName": "standard"})).unscheduled(
        1,
        "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient memory.",
    );
    let diagnosis = diagnose(&world.picture());
    assert_eq!(diagnosis.ids(), [cause::INSUFFICIENT_MEMORY]);
    assert!(
        diagnosis.notes.iter().any(|note| note.contains("PVC data-web-1") && note.contains("normal")),
        "{diagnosis}"
    );
}

#[test]
fn a_provisioner_that_has_begun_is_not_blamed() {
    let world = immediate(unbound(json!({"storageClassName": "fast"})))
        .event("claim-data-web-1", "ExternalProvisioning", "Waiting for a volume to be created")
        .event(
            "claim-data-web-1",
            "Provisioning",
            "External provisioner is provisioning volume for claim \"shop/data-web-1\"",
        );
    let diagnosis = diagnose(&world.picture());
    assert_eq!((diagnosis.state, diagnosis.ids()), (State::Moving, vec![]), "{diagnosis}");
}

#[test]
fn a_class_that_came_since_is_not_missing() {
    let world = immediate(unbound(json!({"storageClassName": "fast"})))
        .event("claim-data-web-1", "ProvisioningFailed", "storageclass.storage.k8s.io \"fast\" not found")
        .event("claim-data-web-1", "Provisioning", "External provisioner is provisioning volume");
    let diagnosis = diagnose(&world.picture());
    assert_eq!(diagnosis.state, State::Moving, "{diagnosis}");
}

#[test]
fn a_claim_that_goes_with_its_pod_is_noted_while_the_pod_is_healthy() {
    let deleted = json!({"metadata": {"deletionTimestamp": super::world::A_MINUTE_AGO, "finalizers": ["kubernetes.io/pvc-protection"]}});
    let diagnosis = diagnose(&World::new(2).claim(1, deleted).picture());
    assert!(
        diagnosis.healthy() && diagnosis.notes.iter().any(|note| note.contains("PVC data-web-1")),
        "{diagnosis}"
    );
}

#[test]
fn a_volume_that_fits_is_about_to_be_bound() {
    let volume = |size: &str, phase: &str| {
        unbound(json!({"storageClassName": "manual"})).object("volume", "mine", json!({
            "spec": {"storageClassName": "manual", "capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"]},
            "status": {"phase": phase},
        }))
    };
    assert_eq!(diagnose(&volume("2Gi", "Available").picture()).state, State::Moving);
    for (size, phase) in [("1Mi", "Available"), ("2Gi", "Released")] {
        assert_eq!(diagnose(&volume(size, phase).picture()).ids(), [cause::NO_VOLUME_FITS]);
    }
    let kept_for = |claim: &str| {
        let reference = json!({"spec": {"claimRef": {"namespace": "shop", "name": claim}}});
        diagnose(&volume("2Gi", "Available").object("volume", "mine", reference).picture())
    };
    let selecting = |disk: &str| {
        let labelled = json!({"metadata": {"labels": {"disk": disk}}});
        let selector = json!({"spec": {"selector": {"matchLabels": {"disk": "of-gold"}}}});
        let world = volume("2Gi", "Available").object("volume", "mine", labelled).claim(1, selector);
        diagnose(&world.picture())
    };
    assert_eq!(selecting("of-gold").state, State::Moving);
    assert_eq!(selecting("of-tin").ids(), [cause::NO_VOLUME_FITS]);
    assert_eq!(kept_for("data-web-1").state, State::Moving);
    assert_eq!(kept_for("another").ids(), [cause::NO_VOLUME_FITS]);
}
