//! Volumes that do not come to their node. Its drivers are not here: what they would say is said for them, on a node
//! without a machine.

use anyhow::Result;
use harness::{
    claim::S15,
    explain::cause::{VOLUME_ATTACH_FAILED, VOLUME_LIMIT, VOLUME_OWNERS_CHANGE},
    fault::node,
    runner::{Run, Scenario},
    wait::expectations::pod_placed,
};
use serde_json::{Value, json};

use super::report;
use crate::{
    diagnosis::case::{Case, case},
    seconds,
};

/// What this scenario makes.
#[cfg(test)]
pub(super) const CAUSES: &[&str] = &[VOLUME_ATTACH_FAILED, VOLUME_LIMIT, VOLUME_OWNERS_CHANGE];

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        report(
            "diagnosis::reports::volumes",
            "a volume is not attached, not allowed, or given to a group file by file",
            seconds(180),
            volumes,
        )
        .alone(),
    ]
}

/// What is said of a pod: reasons and sentences, the newest last.
type Said = &'static [(&'static str, &'static str)];

/// The sets, the cause of each, and what is said of its pod.
fn told() -> [(&'static str, &'static str, Said); 3] {
    [
        (
            "unattached",
            VOLUME_ATTACH_FAILED,
            &[(
                "FailedAttachVolume",
                "AttachVolume.Attach failed for volume \"one\" : timed out waiting for external-attacher of disk.example.com CSI driver to attach volume one",
            )],
        ),
        (
            "laden",
            VOLUME_LIMIT,
            &[(
                "FailedAttachVolume",
                "AttachVolume.Attach failed for volume \"one\" : rpc error: code = ResourceExhausted desc = max number of volumes (8) already attached to instance",
            )],
        ),
        (
            "owned",
            VOLUME_OWNERS_CHANGE,
            &[
                ("SuccessfulAttachVolume", "AttachVolume.Attach succeeded for volume \"one\""),
                (
                    "FailedMount",
                    "Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[], failed to process volumes=[]: timed out waiting for the condition",
                ),
            ],
        ),
    ]
}

fn on(node: &str, set: &'static str, cause: &'static str) -> Case {
    case(set, cause)
        .pod(json!({"nodeSelector": {"kubernetes.io/hostname": node}, "securityContext": {"fsGroupChangePolicy": "Always"},
            "tolerations": [{"key": node::TAINT, "operator": "Exists"}]}))
        .volume_claim(json!({"storageClassName": ""}))
}

/// A volume for the claim of a set.
fn volume(run: &Run, set: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": run.outside(set)}, "spec": {
        "capacity": {"storage": "64Mi"}, "accessModes": ["ReadWriteOnce"], "persistentVolumeReclaimPolicy": "Retain",
        "hostPath": {"path": "/no/such/directory"},
        "claimRef": {"namespace": run.namespace(), "name": format!("data-{set}-0")}}})
}

async fn volumes(run: Run) -> Result<()> {
    let name = run.outside("far");
    let room = json!({"cpu": "8", "memory": "16Gi", "ephemeral-storage": "100Gi", "pods": "110"});
    node::make_up(run.client(), &name, run.namespace(), &room, &[]).await?;
    run.step("each pod has its node, and its volume does not come").await?;
    for (set, cause, _) in told() {
        run.apply_objects([volume(&run, set), on(&name, set, cause).object()?]).await?;
    }
    for (set, _, sentences) in told() {
        run.wait(&pod_placed(&format!("{set}-0")), seconds(30)).await?;
        for (reason, sentence) in sentences {
            run.set(set).say(0, reason, sentence).await?;
        }
    }
    for (set, cause, _) in told() {
        run.set(set).judge_diagnosis(S15, &[cause], seconds(30)).await?;
    }
    for (set, ..) in told() {
        run.set(set).scale(0).await?;
        run.set(set).delete_pod_at_once(0).await?;
    }
    Ok(())
}
