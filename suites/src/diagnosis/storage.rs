//! Claims that are not bound, and volumes that can't be had: each set is stuck for its own reason, side by side.

use anyhow::Result;
use harness::{
    claim::S15,
    explain::cause,
    runner::{Need, Run, Scenario, scenario},
    wait::expectations::pod_running,
    workload::SENTINEL,
};
use serde_json::{Value, json};

use super::{
    BY_THE_SAME,
    case::{Case, add, case, named, taken},
};
use crate::seconds;

const LEAVING: &str = "leaving";
const SHARED: &str = "shared";
const TAKEN: &str = "taken";
/// The claim that it shares with itself.
const SINGLE: &str = "single";

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "diagnosis::storage",
            "a claim that can't bind, is lost, leaves or is taken, and volumes out of reach",
            storage,
        )
        .proves([S15])
        .alike([SENTINEL], BY_THE_SAME)
        .wants(Need::UnsharedClass, "that a claim for several nodes is told to be refused")
        .wants(Need::OnePodClass, "that a claim for one pod is told to be taken")
        .within(seconds(240)),
    ]
}

/// What this scenario makes.
#[cfg(test)]
pub(super) fn causes() -> Vec<&'static str> {
    let all = cases(&|name| name.to_owned());
    named(&all).chain(named(&[leaving()])).map(|(_, cause)| cause).collect()
}

fn cases(outside: &dyn Fn(&str) -> String) -> Vec<Case> {
    let class = |name: &str| json!({"storageClassName": name});
    let mounts = |volume_claim: &str| json!({"persistentVolumeClaim": {"claimName": volume_claim}});
    vec![
        case("class", cause::STORAGE_CLASS_MISSING).volume_claim(class("no-such-class")),
        // Not by a volume that somebody has ready.
        case("volume", cause::NO_VOLUME_FITS).volume_claim(
            json!({"storageClassName": "", "selector": {"matchLabels": {"steadfast.dev/of": "nobody"}}}),
        ),
        case("nameless", cause::CLAIM_MISSING).volume(&mounts("no-such-claim")),
        case("lost", cause::CLAIM_LOST).volume_claim(class("")),
        case("tied", cause::VOLUME_NODE_UNAVAILABLE).volume_claim(class("")),
        // Volumes in a node's own directory are for one node alone.
        case(SHARED, cause::PROVISIONING_FAILED).volume_claim(json!({"accessModes": ["ReadWriteMany"]})),
        case("silent", cause::PROVISIONER_SILENT).volume_claim(class(&outside("silent"))),
        case("full", cause::INSUFFICIENT_STORAGE).volume_claim(class(&outside("full"))),
        case(TAKEN, cause::VOLUME_IN_USE).replicas(2).volume(&mounts(SINGLE)),
    ]
}

/// A set whose second pod comes when the PVC that both share is being deleted.
fn leaving() -> Case {
    case(LEAVING, cause::CLAIM_TERMINATING).volume(&json!({"persistentVolumeClaim": {"claimName": "left"}}))
}

/// What the sets find, and do not find.
fn surroundings(run: &Run) -> Vec<Value> {
    let volume_claim = |name: &str, mode: &str| {
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name},
            "spec": {"accessModes": [mode], "resources": {"requests": {"storage": "64Mi"}}}})
    };
    let class = |name: &str, provisioner: &str, mode: &str| {
        json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name},
            "provisioner": provisioner, "volumeBindingMode": mode})
    };
    // As after a restore of PVCs without their volumes.
    let mut lost = volume_claim("data-lost-0", "ReadWriteOnce");
    lost["metadata"]["annotations"] = json!({"pv.kubernetes.io/bind-completed": "yes"});
    lost["spec"]["storageClassName"] = json!("");
    lost["spec"]["volumeName"] = json!(run.outside("gone"));
    let (silent, full, tied) = (run.outside("silent"), run.outside("full"), run.outside("tied"));
    let nowhere = json!({"key": "kubernetes.io/hostname", "operator": "In", "values": ["no-such-node"]});
    vec![
        class(&silent, "example.invalid/nobody", "Immediate"),
        json!({"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": {"name": full},
            "spec": {"attachRequired": false, "storageCapacity": true}}),
        class(&full, &full, "WaitForFirstConsumer"),
        json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": tied}, "spec": {
            "capacity": {"storage": "64Mi"}, "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain", "local": {"path": "/no/such/directory"},
            "claimRef": {"namespace": run.namespace(), "name": "data-tied-0"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [nowhere]}]}}}}),
        lost,
        volume_claim(SINGLE, "ReadWriteOncePod"),
        volume_claim("left", "ReadWriteOnce"),
    ]
}

async fn storage(run: Run) -> Result<()> {
    let mut cases = cases(&|name| run.outside(name));
    let (unshared, one_pod) = (run.has(Need::UnsharedClass), run.has(Need::OnePodClass));
    cases.retain(|case| (case.set != SHARED || unshared) && (case.set != TAKEN || one_pod));
    let mut around = surroundings(&run);
    around.retain(|object| object["metadata"]["name"] != SINGLE || one_pod);
    let leaving = leaving();
    run.apply_objects(around).await?;
    let set = run
        .deploy_with(|manifest, workload| {
            add(manifest, &cases)?;
            manifest.objects.push(leaving.object()?);
            workload.with_replicas(manifest, 0)
        })
        .await?;
    run.step("a claim is deleted while a pod uses it, and another pod comes").await?;
    run.wait(&pod_running(&format!("{LEAVING}-0")), seconds(60)).await?;
    set.delete_volume_claim("left").await?;
    run.set(LEAVING).scale(2).await?;
    let cases = taken(&run, cases).await?;
    run.step("each set is stuck for its own cause").await?;
    run.judge_diagnoses(S15, named(&cases), seconds(60)).await?;
    run.set(leaving.set).judge_diagnosis(S15, &[leaving.cause], seconds(60)).await?;
    Ok(())
}
