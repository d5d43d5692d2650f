//! Volumes that somebody has ready, and that no provisioner makes.

use anyhow::Result;
use harness::{
    claim::{K10, S6},
    runner::{Need, Run, Scenario, scenario},
    wait::expectations::{pod_exists, volume_claim_goes, volume_claim_made_again, volume_claim_unbound},
};
use serde_json::{Value, json};

use crate::{sabotage::VOLUME_SET_FREE, scheduling_gate, seconds};

/// The one that fits.
pub(crate) const LARGE: &str = "large";
/// The step at which a control does its sabotage.
pub(crate) const WAS_ANOTHERS: &str = "the only volume that fits was another claim's: this one is given none";

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "storage::ready_made_volumes",
            "a claim is given the volume that fits, none that is smaller or of another mode, and none that was another claim's",
            ready_made_volumes,
        )
        .proves([S6])
        .needs([Need::OwnVolumes])
        .within(seconds(240))
        .slow()
        .control("volume_set_free", [S6], VOLUME_SET_FREE, "the claim data-sentinel-0 has no volume had to stay so"),
    ]
}

/// A volume that no node has: nothing is ever written to it.
fn volume(run: &Run, name: &str, size: &str, mode: &str) -> Value {
    let nowhere = json!({"key": "kubernetes.io/hostname", "operator": "In", "values": ["no-such-node"]});
    json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": run.outside(name)}, "spec": {
        "capacity": {"storage": size}, "accessModes": [mode], "storageClassName": run.outside("ready-made"),
        "persistentVolumeReclaimPolicy": "Retain", "local": {"path": format!("/no/such/directory/{name}")},
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [nowhere]}]}}}})
}

async fn ready_made_volumes(run: Run) -> Result<()> {
    let volumes = [
        ("small", "32Mi", "ReadWriteOnce"),
        ("shared", "64Mi", "ReadOnlyMany"),
        (LARGE, "128Mi", "ReadWriteOnce"),
    ];
    run.apply_objects(volumes.map(|(name, size, mode)| volume(&run, name, size, mode))).await?;
    let set = run
        .deploy_with(|manifest, workload| {
            workload.with_replicas(manifest, 1)?;
            // There is no class of this name: nobody makes volumes of it, and nobody waits for a pod's node.
            workload.with_class(manifest, &run.outside("ready-made"))?;
            manifest.merge("StatefulSet", workload.name, &scheduling_gate())
        })
        .await?;
    run.wait(&pod_exists(&set.pod_name(0)), seconds(60)).await?;
    let volumes = run.volumes(&set);

    run.step("the claim is given the volume that fits, though others are nearer in size").await?;
    volumes.judge_bound(S6, 0, seconds(60)).await?;
    volumes.judge(S6).await?;
    if let Some(how) = &run.terrain().namespace.claims_changed {
        run.leave_out(format!(
            "that no claim is given what was another's: somebody changes claims here: {how}"
        ));
        return Ok(());
    }

    run.step("it is deleted, and made again under its name").await?;
    let claims = volumes.uids().await?;
    let (claim, old) = claims.into_iter().next().unwrap_or_default();
    set.delete_volume_claim(&claim).await?;
    run.wait(&volume_claim_goes(&claim, &old), seconds(30)).await?;
    run.settled().await?;
    run.expect(K10, &volume_claim_made_again(&set.promise, &claim, &old), seconds(20)).await?;

    run.step(WAS_ANOTHERS).await?;
    run.hold_long(S6, &volume_claim_unbound(&claim)).await?;
    Ok(())
}
