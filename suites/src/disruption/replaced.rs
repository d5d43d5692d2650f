//! Pods that lose their set, are taken away by force, or fail, and what comes after them.

use anyhow::Result;
use harness::{
    claim::{K1, K17, S16},
    explain::cause::POD_FAILED,
    runner::{Run, Scenario, scenario},
    wait::expectations::{
        pod_is_another, pod_made_again, pod_owned, pod_returns, pod_terminating, pods_exactly, pods_gone,
        pods_stay, set_gone, set_leaving, volume_claims_are,
    },
    workload::sentinel::Held,
};
use serde_json::json;

use crate::{
    sabotage::{
        DELETED_IN_BACKGROUND, PODS_DELETED_WITH_SET, REMOVAL_HELD, SET_GONE_BEFORE_FAILURE,
        claims_go_with_the_set,
    },
    scheduling_gate, seconds,
};

/// Steps at which controls do their sabotage.
pub(crate) const SET_DELETED_ALONE: &str =
    "the set is deleted without its pods: they stay, and belong to nobody";
pub(crate) const DELETED_IN_FOREGROUND: &str =
    "the set is deleted when its pods are gone, of which one does not stop";
pub(crate) const REFUSES_TO_STOP: &str = "pod 1 is told to stop, and refuses";
pub(crate) const POD_FAILS: &str = "pod 1 fails, and is replaced";

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "disruption::orphans",
            "a set deleted without its pods leaves them running, and a new one adopts them",
            orphans,
        )
        .proves([S16])
        .within(seconds(300))
        .control("pods_deleted_with_set", [S16], PODS_DELETED_WITH_SET, "belongs to nobody"),
        scenario(
            "disruption::foreground_deletion",
            "a set that waits for its pods to go makes none anew, and goes when the last is gone",
            foreground_deletion,
        )
        .proves([S16])
        .within(seconds(240))
        .slow_control(
            "deleted_in_background",
            [S16],
            DELETED_IN_BACKGROUND,
            "the StatefulSet sentinel does not exist",
        ),
        scenario(
            "disruption::forced_deletion",
            "a pod that refuses to stop is taken away by force, at a price: two of one ordinal for a moment",
            forced_deletion,
        )
        .proves([S16])
        .breaks([K1])
        .within(seconds(180))
        .slow_control("removal_held", [S16], REMOVAL_HELD, "sentinel-1 is still the old object"),
        scenario("disruption::failed_pod", "a pod that ended, badly or well, is replaced", failed_pod)
            .proves([K17])
            .within(seconds(180))
            .control("set_gone", [K17], SET_GONE_BEFORE_FAILURE, "nothing makes it again"),
    ]
}

async fn orphans(run: Run) -> Result<()> {
    let set = run.deploy_with(claims_go_with_the_set).await?;
    set.ready(3).await?;
    let (pods, volume_claims) = (set.pods(), run.volumes(&set).uids().await?);

    run.step(SET_DELETED_ALONE).await?;
    // A set that is gone already is no reason to stop looking at its pods.
    drop(run.judge_taken(S16, "a deletion without the pods", set.delete_orphaning().await));
    run.expect(S16, &set_gone(&set.promise), seconds(30)).await?;
    for ordinal in 0..3 {
        run.expect(S16, &pod_owned(&set.promise, ordinal, false), seconds(30)).await?;
    }
    run.hold_long(S16, &pods_stay(&pods).and(volume_claims_are(&volume_claims))).await?;

    let set = run.deploy_with(claims_go_with_the_set).await?;
    run.step("the new set adopts the same pods").await?;
    run.found(S16, set.ready(3).await)?;
    run.expect(S16, &pods_stay(&pods), seconds(1)).await?;
    for ordinal in 0..3 {
        run.expect(S16, &pod_owned(&set.promise, ordinal, true), seconds(30)).await?;
    }
    run.judge_equal(S16, "the claims", volume_claims, run.found(S16, run.volumes(&set).uids().await)?);
    Ok(())
}

async fn foreground_deletion(run: Run) -> Result<()> {
    let set = run.deploy_with(|manifest, workload| workload.with_replicas(manifest, 2)).await?;
    set.ready(2).await?;
    let one = set.pod_name(1);
    run.pod(&one).hold_stop().await?;

    run.step(DELETED_IN_FOREGROUND).await?;
    // A set that is gone already is no reason to stop looking at what is left.
    drop(run.judge_taken(S16, "a deletion in the foreground", set.delete_in_foreground().await));
    let one_is_left = pods_exactly(&set.promise, [1]).and(set_leaving(&set.promise, 1));
    run.expect(S16, &one_is_left, seconds(60)).await?;
    run.hold(S16, &one_is_left).await?;

    run.step("it stops, and the set goes").await?;
    run.sentinel(one.clone()).hold(Held { stop: Some(false), ..Held::default() }).await?;
    run.expect(S16, &pods_gone([set.pod_name(0), one]), seconds(60)).await?;
    run.expect(S16, &set_gone(&set.promise), seconds(60)).await?;
    Ok(())
}

async fn forced_deletion(run: Run) -> Result<()> {
    let set = run.deploy_with(|manifest, workload| workload.with_replicas(manifest, 2)).await?;
    set.ready(2).await?;
    let old = set.pod(1)?;
    run.pod(set.pod_name(1)).hold_stop().await?;

    run.step(REFUSES_TO_STOP).await?;
    set.delete_pod(1).await?;
    run.wait(&pod_terminating(&set.pod_name(1)), seconds(30)).await?;
    run.step("it is taken away by force: its name is free at once").await?;
    set.force_delete_pod(1).await?;
    // The API server takes it away before it answers: a long wait would take an ordinary end for it.
    let freed = run.expect(S16, &pod_is_another(&set.pod_name(1), &old.meta.uid), seconds(5)).await?;
    run.measure("from the forced deletion to the next pod", freed.as_secs_f64(), "s");
    run.expect(S16, &pod_returns(&set.promise, 1, &old.meta.uid), seconds(90)).await?;

    run.step("one that would stop is taken away by force as well: what ran in it ends").await?;
    let old = set.pod(1)?;
    let instance = run.sentinel(set.pod_name(1)).identity().await?.instance;
    set.force_delete_pod(1).await?;
    run.expect(S16, &pod_returns(&set.promise, 1, &old.meta.uid), seconds(90)).await?;
    run.prober(set.pod_name(0)).judge_ended(S16, &old, &instance, seconds(60)).await?;
    Ok(())
}

async fn failed_pod(run: Run) -> Result<()> {
    let mut set = run.deploy_with(|manifest, workload| workload.with_replicas(manifest, 2)).await?;
    set.ready(2).await?;
    let old = set.pod(1)?;
    run.step(POD_FAILS).await?;
    set.change_pod(1, "one second to live", &json!({"spec": {"activeDeadlineSeconds": 1}})).await?;
    let replaced = pod_made_again(&set.promise, 1, &old.meta.uid).despite([POD_FAILED]);
    run.expect(K17, &replaced, seconds(60)).await?;
    run.expect(K17, &pod_returns(&set.promise, 1, &old.meta.uid), seconds(60)).await?;
    run.found(K17, run.life(&old).failed())?;

    run.step("a pod that has ended well, though nothing of it ran: it is replaced").await?;
    let old = set.pod(1)?;
    set.change("pods that get no node", &scheduling_gate()).await?;
    run.wait(&pod_is_another(&old.meta.name, &old.meta.uid), seconds(60)).await?;
    let gated = set.pod(1)?;
    run.pod(&gated.meta.name).write_phase("Succeeded").await?;
    let replaced = pod_made_again(&set.promise, 1, &gated.meta.uid).despite([POD_FAILED]);
    run.expect(K17, &replaced, seconds(60)).await?;
    Ok(())
}
