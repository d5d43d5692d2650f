//! The same of claims and of what a namespace limits.

use serde_json::{Value, json};

use crate::{
    cause,
    tests::{
        reports::{Report, World, report},
        world::LONG_AGO,
    },
};

const SHARED_IN_USE: &str = "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod. no new claims to deallocate, preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.";
const NO_LIMIT: &str = "create Pod web-0 in StatefulSet web failed error: Pod \"web-0\" is invalid: spec.containers[0].resources.requests: Invalid value: \"512Mi\": must be less than or equal to memory limit of 256Mi";

/// Both pods mount one claim that is for one pod alone.
fn one_claim(user: &str) -> World {
    let volumes =
        json!({"spec": {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "shared"}}]}});
    let world = World::new(2).unscheduled(1, SHARED_IN_USE).pod(1, volumes.clone());
    let world = world.object("claim", "shared", json!({"metadata": {"creationTimestamp": LONG_AGO},
        "spec": {"storageClassName": "standard", "volumeName": "pv-1", "accessModes": ["ReadWriteOncePod"]}, "status": {"phase": "Bound"}}));
    if user == "web-0" {
        return world.pod(0, volumes);
    }
    world.object("neighbour", user, volumes).object(
        "neighbour",
        user,
        json!({"spec": {"nodeName": "worker", "containers": []}}),
    )
}

/// The claim of `web-0` asks for this, and its provisioner says so.
fn not_provisioned(spec: Value, told: &str) -> World {
    World::new(1)
        .unscheduled(
            0,
            "running PreBind plugin \"VolumeBinding\": binding volumes: context deadline exceeded",
        )
        .claim(0, json!({"spec": {"volumeName": null}, "status": {"phase": "Pending"}}))
        .claim(0, json!({"spec": spec}))
        .without("volume", "pv-0")
        .event("claim-data-web-0", "ProvisioningFailed", told)
}

fn not_created(limits: Value) -> World {
    let container = json!({"name": "main", "image": "web:1", "resources": {"requests": {"memory": "512Mi"}, "limits": limits}});
    World::new(1)
        .without_pod(0)
        .set(json!({"spec": {"template": {"spec": {"containers": [container]}}}}))
        .event("set-web", "FailedCreate", NO_LIMIT)
}

pub fn reports() -> Vec<Report> {
    let block = "rancher.io/local-path does not support block volume provisioning";
    let modes = "failed to provision volume with StorageClass \"standard\": only the access modes ReadWriteOnce and ReadWriteOncePod are supported, not ReadWriteMany";
    let steps = "make set and claim anew so: kubectl -n shop delete statefulset web --cascade=orphan; kubectl -n shop delete pvc data-web-0";
    vec![
        report("one claim for two pods", one_claim("web-0"))
            .certain(cause::VOLUME_IN_USE)
            .says(&["pod web-0 of this very set uses it", "volumeClaimTemplate", "--replicas 1"])
            .not(&["what helps must happen there", "find the other pod"]),
        report("a claim of another's pod", one_claim("db-0"))
            .certain(cause::VOLUME_IN_USE)
            .says(&["pod db-0 uses it", "describe pod db-0"])
            .not(&["of this very set"]),
        report("a block volume", not_provisioned(json!({"volumeMode": "Block"}), block))
            .certain(cause::PROVISIONING_FAILED)
            .says(&["no volumes with volumeMode: Block", "volumeMode: Filesystem", steps])
            .not(&["end what is complained about"]),
        report("a volume that is shared", not_provisioned(json!({"accessModes": ["ReadWriteMany"]}), modes))
            .certain(cause::PROVISIONING_FAILED)
            .says(&["no volumes with accessModes: ReadWriteMany", "ask for ReadWriteOnce", steps])
            .not(&["end what is complained about"]),
        report("a limit of a LimitRange", not_created(json!({})))
            .certain(cause::ADMISSION_REFUSED)
            .says(&[
                "the limit of 256Mi is not the template's",
                "set resources.limits.memory of container main to 512Mi or more",
            ])
            .not(&["correct spec.containers[0]"]),
        report("a limit of its own", not_created(json!({"memory": "256Mi"})))
            .certain(cause::ADMISSION_REFUSED)
            .says(&["correct spec.containers[0].resources.requests"])
            .not(&["LimitRange"]),
    ]
}
