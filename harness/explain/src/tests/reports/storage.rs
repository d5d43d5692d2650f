//! Claims and volumes.

use serde_json::{Value, json};

use super::{Report, World, report};
use crate::{State, cause, tests::world::A_MINUTE_AGO};

/// `web-0` is on `worker`, and no container of it was made.
fn creating() -> World {
    World::new(1)
        .container(0, json!({"state": {"waiting": {"reason": "ContainerCreating"}}}))
        .pod(0, json!({"status": {"phase": "Pending"}}))
        .object("volume", "pv-0", json!({"spec": {"nodeAffinity": null, "csi": {"driver": "disk.example.com", "volumeHandle": "vol-1"}}}))
        .object("driver", "worker", json!({"spec": {"drivers": [{"name": "disk.example.com", "nodeID": "i-1"}]}}))
}

fn attach(told: &str) -> World {
    creating().event(
        "pod-web-0",
        "FailedAttachVolume",
        &format!("AttachVolume.Attach failed for volume \"pv-0\" : {told}"),
    )
}

fn pending() -> Value {
    json!({"spec": {"volumeName": null}, "status": {"phase": "Pending"}})
}

fn growing(condition: &str, told: &str) -> World {
    World::new(1).claim(0, json!({"spec": {"resources": {"requests": {"storage": "6Gi"}}},
        "status": {"capacity": {"storage": "1Gi"}, "conditions": [{"type": condition, "status": "True", "message": told, "lastTransitionTime": A_MINUTE_AGO}]}}))
}

pub fn reports() -> Vec<Report> {
    let zone = json!({"allowedTopologies": [{"matchLabelExpressions": [{"key": "topology.kubernetes.io/zone", "values": ["b"]}]}]});
    let in_zone = json!({"metadata": {"labels": {"topology.kubernetes.io/zone": "a"}}});
    let attached = json!({"spec": {"attacher": "disk.example.com", "nodeName": "worker2", "source": {"persistentVolumeName": "pv-0"}}, "status": {"attached": true}});
    let timed_out = "Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[], failed to process volumes=[]: timed out waiting for the condition";
    vec![
        report(
            "kubernetes/kubernetes#49906",
            World::new(1)
                .unscheduled(0, "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 node(s) didn't find available persistent volumes to bind.")
                .claim(0, pending())
                .without("volume", "pv-0")
                .object("class", "standard", zone)
                .node("worker", in_zone.clone())
                .node("worker2", in_zone),
        )
        .certain(cause::CLASS_NOT_FOR_NODES)
        .says(&["allowedTopologies", "topology.kubernetes.io/zone in (b)"])
        .not(&["kubectl get pv\n"]),
        report(
            "kubernetes/kubernetes#95767",
            creating()
                .set(json!({"spec": {"template": {"spec": {"nodeName": "worker"}}}}))
                .claim(0, pending())
                .without("volume", "pv-0")
                .event("claim-data-web-0", "WaitForFirstConsumer", "waiting for first consumer to be created before binding")
                .event("pod-web-0", "FailedMount", timed_out),
        )
        .certain(cause::CLAIM_WAITS_FOR_SCHEDULER)
        .says(&["nodeName", "nodeSelector", "kubernetes.io/hostname"]),
        report(
            "kubernetes/kubernetes#69699",
            creating()
                .pod(0, json!({"spec": {"securityContext": {"fsGroup": 999}}}))
                .event("pod-web-0", "SuccessfulAttachVolume", "AttachVolume.Attach succeeded for volume \"pv-0\"")
                .ago(300)
                .event("pod-web-0", "FailedMount", timed_out),
        )
        .likely(cause::VOLUME_OWNERS_CHANGE)
        .says(&["fsGroupChangePolicy: OnRootMismatch"]),
        report("kubernetes-sigs/vsphere-csi-driver#2181", creating().event("pod-web-0", "FailedMount", timed_out))
            .unknown(cause::VOLUME_MOUNT_FAILED)
            .says(&["timed out waiting for the condition"]),
        report("minio/directpv#701", attach("timed out waiting for external-attacher of disk.example.com CSI driver to attach volume vol-1"))
            .certain(cause::VOLUME_ATTACH_FAILED)
            .says(&["disk.example.com", "external-attacher"])
            .not(&["can't be mounted"]),
        report("kubernetes/kubernetes#72181", attach("rpc error: code = NotFound desc = Volume vol-1 not found"))
            .certain(cause::VOLUME_ATTACH_FAILED)
            .says(&["vol-1 not found", "kubectl get volumeattachments"]),
        report("linode/linode-blockstorage-csi-driver#182", attach("rpc error: code = ResourceExhausted desc = max number of volumes (8) already attached to instance"))
            .certain(cause::VOLUME_LIMIT)
            .says(&["already attached to instance", "delete pod web-0"]),
        report("kubernetes-sigs/karpenter#2287", attach("rpc error: code = Internal desc = Could not attach volume \"vol-1\" to node \"i-1\": operation error EC2: AttachVolume, api error AttachmentLimitExceeded: You may attach up to 27 devices for this instance type."))
            .certain(cause::VOLUME_LIMIT)
            .says(&["AttachmentLimitExceeded"]),
        report(
            "longhorn/longhorn#5345",
            creating()
                .object("attachment", "csi-1", attached)
                .event("pod-web-0", "FailedAttachVolume", "Multi-Attach error for volume \"pv-0\" Volume is already exclusively attached to one node and can't be attached to another"),
        )
        .certain(cause::VOLUME_IN_USE)
        .says(&["attached to worker2", "volumeattachment csi-1", "no pod there mounts it"]),
        report("openebs/openebs#2796", {
            let other = json!({"spec": {"nodeName": "worker2", "containers": [], "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data-web-0"}}]}, "status": {"phase": "Running"}});
            creating()
                .object("neighbour", "backup-x", other)
                .event("pod-web-0", "FailedAttachVolume", "Multi-Attach error for volume \"pv-0\" Volume is already used by pod(s) backup-x")
        })
        .certain(cause::VOLUME_IN_USE)
        .says(&["pod backup-x on worker2"]),
        report("apecloud/kubeblocks#5711", growing("FileSystemResizePending", "Waiting for user to (re-)start a pod to finish file system resize of volume on node."))
            .is(State::Healthy)
            .says(&["PVC data-web-0 has 1Gi and asks for 6Gi", "delete pod web-0"]),
        report("longhorn/longhorn#2749", growing("Resizing", "").event("claim-data-web-0", "VolumeResizeFailed", "resize volume pv-0 failed: rpc error: code = FailedPrecondition desc = Invalid volume state attached for expansion"))
            .is(State::Healthy)
            .says(&["PVC data-web-0 has 1Gi and asks for 6Gi", "Invalid volume state"]),
        report("kubernetes/kubernetes#79794", creating().event("pod-web-0", "FailedMount", "Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[], failed to process volumes=[data]: volume data has volumeMode Block, but is specified in volumeMounts"))
            .certain(cause::VOLUME_MOUNT_FAILED)
            .says(&["volumeMode Block"]),
        report("nmaupu/freenas-provisioner#44", creating().event("pod-web-0", "FailedMount", "MountVolume.SetUp failed for volume \"pv-0\" : mount failed: exit status 32\nMounting command: mount\nOutput: mount: /var/lib/kubelet/pods/1: bad option; for several filesystems (e.g. nfs, cifs) you might need a /sbin/mount.<type> helper program."))
            .certain(cause::VOLUME_MOUNT_FAILED)
            .says(&["nfs-common", "node worker"]),
        report("arangodb/kube-arangodb#498", creating().event("pod-web-0", "FailedMount", "MountVolume.NewMounter initialization failed for volume \"pv-0\" : path \"/mnt/disks/vol1\" does not exist"))
            .certain(cause::VOLUME_MOUNT_FAILED)
            .says(&["make the directory", "node worker"]),
    ]
}
