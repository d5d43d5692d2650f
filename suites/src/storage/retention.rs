//! Claims outlive their pods and their set, or go with them where a policy says so.

use anyhow::Result;
use harness::{
    claim::{D3, K9, S6, S7, S17},
    cluster::Capability,
    runner::{Run, Scenario, scenario},
    wait::expectations::{
        pod_returns, pods_gone, volume_claims_are, volume_claims_gone, volume_claims_owned,
    },
    workload::Set,
};
use serde_json::{Value, json};

use super::deleted::with_second_volume;
use crate::{
    sabotage::{DELETE_VOLUME_CLAIMS_WHEN_DELETED, RETAINED},
    seconds,
};

/// The step at which a control does its sabotage.
pub(crate) const SCALED_DOWN: &str = "scaled down, the claim of the pod goes, and no other";

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "storage::claims_outlive_the_set",
            "the set is deleted and made again: claims and data are as before",
            claims_outlive_the_set,
        )
        .proves([S17, S7, S6])
        .within(seconds(300))
        .control(
            "delete_claims_when_deleted",
            [S17],
            DELETE_VOLUME_CLAIMS_WHEN_DELETED,
            "was deleted when its set",
        ),
        scenario(
            "storage::retention_policy",
            "which claims go, and which stay, in all combinations, and never one of a foreign owner",
            retention_policy,
        )
        .proves([K9, D3])
        .needs([Capability::RetentionPolicy])
        .within(seconds(300))
        .control("retained", [K9, D3], RETAINED, "the claims data-sentinel-5 are gone"),
        scenario(
            "storage::retention_policy_in_order",
            "a set that keeps its order, with two claims for each pod: both go, and both stay",
            retention_policy_in_order,
        )
        .proves([K9, D3])
        .needs([Capability::RetentionPolicy])
        .within(seconds(240))
        .slow()
        .slow_control(
            "retained_in_order",
            [K9, D3],
            RETAINED,
            "the claims data-sentinel-1, second-sentinel-1 are gone",
        ),
    ]
}

async fn claims_outlive_the_set(run: Run) -> Result<()> {
    let set = run.deploy().await?;
    let volumes = run.volumes(&set);
    volumes.judge_bound(S6, 0, seconds(60)).await?;
    set.ready(3).await?;
    volumes.judge(S6).await?;
    let volume_claims = volumes.uids().await?;
    let marks = volumes.leave_marks().await?;

    run.step("delete the set, and say nothing of its pods: they go, and the claims stay").await?;
    set.delete_by_default().await?;
    run.expect(S17, &pods_gone((0..3).map(|ordinal| set.pod_name(ordinal))), seconds(120)).await?;
    run.hold_long(S17, &volume_claims_are(&volume_claims)).await?;

    let set = run.deploy().await?;
    run.found(S7, set.ready(3).await)?;
    run.step("the same claims, with the same data").await?;
    run.expect(S17, &volume_claims_are(&volume_claims), seconds(1)).await?;
    run.volumes(&set).judge_marks(S7, &marks).await?;
    Ok(())
}

/// What becomes of claims when their pod is scaled away, and when their set is deleted.
fn policy(scaled: &str, deleted: &str) -> Value {
    json!({"spec": {"persistentVolumeClaimRetentionPolicy": {"whenScaled": scaled, "whenDeleted": deleted}}})
}

async fn retention_policy_in_order(run: Run) -> Result<()> {
    let mut set = run
        .deploy_with(|manifest, workload| {
            with_second_volume(manifest, workload)?;
            workload.with_replicas(manifest, 2)?;
            manifest.merge("StatefulSet", workload.name, &policy("Delete", "Delete"))
        })
        .await?;
    set.ready(2).await?;
    let of = |set: &Set, ordinal: u32| set.promise.volume_claims(ordinal).collect::<Vec<_>>();
    let (zero, one) = (of(&set, 0), of(&set, 1));
    let owned = |kinds: &[&str]| volume_claims_owned(zero.clone(), kinds);
    let both = volume_claims_owned([zero.clone(), one.clone()].concat(), &["StatefulSet"]);
    run.expect(K9, &both, seconds(30)).await?;
    let mut rest = run.volumes(&set).uids().await?;

    run.step(SCALED_DOWN).await?;
    set.scale(1).await?;
    rest.retain(|name, _| !one.contains(name));
    run.found(K9, run.expect(D3, &volume_claims_gone(one), seconds(30)).await)?;
    run.found(K9, set.ready(1).await)?;
    run.hold(K9, &volume_claims_are(&rest)).await?;

    run.step("retained: the set owns no claim").await?;
    set.change("whenScaled Retain, whenDeleted Retain", &policy("Retain", "Retain")).await?;
    run.expect(K9, &owned(&[]), seconds(30)).await?;

    run.step("deleted again, and the set is deleted: the claims go with it").await?;
    set.change("whenScaled Delete, whenDeleted Delete", &policy("Delete", "Delete")).await?;
    run.expect(K9, &owned(&["StatefulSet"]), seconds(30)).await?;
    set.delete().await?;
    run.expect(K9, &volume_claims_gone(zero.clone()), seconds(60)).await?;
    Ok(())
}

async fn retention_policy(run: Run) -> Result<()> {
    let mut set = run
        .deploy_with(|manifest, workload| {
            // By its number, the highest pod that is asked for is as high as there are replicas.
            let from_one = json!({"spec": {"podManagementPolicy": "Parallel", "ordinals": {"start": 1}}});
            manifest.merge("StatefulSet", workload.name, &from_one)?;
            workload.with_replicas(manifest, 6)
        })
        .await?;
    set.ready(6).await?;
    let volumes = run.volumes(&set);
    let volume_claims = volumes.uids().await?;
    let name = |ordinal: usize| volume_claims.keys().nth(ordinal - 1).cloned().unwrap_or_default();

    run.step("no policy is set: scaled down, all claims stay, and nobody owns one").await?;
    let unowned = volume_claims_owned(volume_claims.keys().cloned(), &[]);
    run.found(K9, run.expect(D3, &unowned, seconds(15)).await)?;
    set.scale(5).await?;
    run.found(D3, set.ready(5).await)?;
    run.found(K9, run.hold(D3, &volume_claims_are(&volume_claims)).await)?;
    let mut rest = volume_claims.clone();
    // Of a pod that is gone already, no policy says anything.
    rest.remove(&name(6));

    run.step(
        "deleted when scaled: until then nobody owns one, and a pod that is deleted finds its own again",
    )
    .await?;
    set.change("whenScaled Delete", &policy("Delete", "Retain")).await?;
    run.hold(K9, &volume_claims_owned(rest.keys().cloned(), &[])).await?;
    let old = set.pod(1)?;
    set.delete_pod(1).await?;
    run.expect(K9, &pod_returns(&set.promise, 1, &old.meta.uid), seconds(60)).await?;
    run.hold(K9, &volume_claims_are(&rest)).await?;

    run.step(SCALED_DOWN).await?;
    set.scale(4).await?;
    run.found(K9, run.expect(D3, &volume_claims_gone([name(5)]), seconds(30)).await)?;
    rest.remove(&name(5));
    run.found(K9, set.ready(4).await)?;
    run.hold(K9, &volume_claims_are(&rest)).await?;

    run.step("deleted in both cases: the set owns its claims beside another owner, and that of a pod scaled away goes")
        .await?;
    volumes.own(&name(2), "beside", false).await?;
    set.change("whenScaled Delete, whenDeleted Delete", &policy("Delete", "Delete")).await?;
    run.expect(K9, &volume_claims_owned([name(1), name(3), name(4)], &["StatefulSet"]), seconds(30)).await?;
    run.expect(K9, &volume_claims_owned([name(2)], &["ConfigMap", "StatefulSet"]), seconds(30)).await?;
    set.scale(3).await?;
    run.expect(K9, &volume_claims_gone([name(4)]), seconds(30)).await?;
    rest.remove(&name(4));
    run.found(K9, set.ready(3).await)?;
    run.hold(K9, &volume_claims_are(&rest)).await?;

    run.step("retained again: the set owns no claim").await?;
    set.change("whenScaled Retain, whenDeleted Retain", &policy("Retain", "Retain")).await?;
    run.expect(K9, &volume_claims_owned([name(1), name(3)], &[]), seconds(30)).await?;
    run.expect(K9, &volume_claims_owned([name(2)], &["ConfigMap"]), seconds(30)).await?;

    run.step("deleted with the set: the set owns its claims, but not one that another owner controls")
        .await?;
    volumes.own(&name(2), "foreign", true).await?;
    volumes.own(&name(3), "beside", false).await?;
    set.change("whenDeleted Delete", &policy("Retain", "Delete")).await?;
    run.expect(K9, &volume_claims_owned([name(1)], &["StatefulSet"]), seconds(30)).await?;
    run.expect(K9, &volume_claims_owned([name(2)], &["ConfigMap"]), seconds(30)).await?;
    run.expect(K9, &volume_claims_owned([name(3)], &["ConfigMap", "StatefulSet"]), seconds(30)).await?;

    run.step("scaled down now, the claim stays").await?;
    set.scale(2).await?;
    run.found(K9, set.ready(2).await)?;
    run.hold(K9, &volume_claims_are(&rest)).await?;

    run.step("delete the set: its claim goes, the foreign one stays, and so does one that another owner is left of").await?;
    set.delete().await?;
    run.expect(K9, &volume_claims_gone([name(1)]), seconds(60)).await?;
    rest.remove(&name(1));
    run.expect(K9, &volume_claims_owned([name(2), name(3)], &["ConfigMap"]), seconds(60)).await?;
    run.hold_long(K9, &volume_claims_are(&rest)).await?;
    Ok(())
}
