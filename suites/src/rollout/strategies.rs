//! What a set's strategy says of a roll: which pods it leaves, how many it takes away at once, and when.

use std::{collections::BTreeMap, ops::Range};

use anyhow::Result;
use harness::{
    claim::{K3, K4, K5, K7, K23},
    cluster::Capability,
    runner::{Run, Scenario, scenario},
    wait::expectations::{
        controller_counts, pod_returns, pod_running, pods_at, pods_replaced, pods_stay, rolled,
    },
};
use serde_json::json;

use super::templates::{gated, noted, partition_at, replaced, ungated};
use crate::{
    sabotage::{ONE_AT_A_TIME, PARTITION_IGNORED, ROLLING_UPDATE},
    seconds,
};

/// The step at which a control does its sabotage.
pub(crate) const BELOW_IS_DELETED: &str = "the lowest pod is deleted: it comes back as it was";

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "rollout::partition",
            "ordinals below the partition keep their revision, also when they are deleted",
            partition,
        )
        .proves([K3, K4])
        .within(seconds(300))
        .control("partition_ignored", [K4], PARTITION_IGNORED, "below the partition 2"),
        scenario(
            "rollout::partition_from_start",
            "a partition counts from the ordinal that the set begins at",
            partition_from_start,
        )
        .proves([K3, K4])
        .within(seconds(300))
        .slow()
        .control("partition_ignored_from_start", [K4], PARTITION_IGNORED, "below the partition 1"),
        scenario("rollout::on_delete", "under OnDelete a pod changes only when it is deleted", on_delete)
            .proves([K5])
            .within(seconds(240))
            .control("rolling_update", [K5], ROLLING_UPDATE, "was taken away under OnDelete"),
        scenario(
            "rollout::max_unavailable",
            "a roll takes away two pods at once where it may, and never a third",
            max_unavailable,
        )
        .proves([K7])
        .within(seconds(240))
        .needs([Capability::MaxUnavailable])
        .control("one_at_a_time", [K7], ONE_AT_A_TIME, "are gone or replaced"),
        scenario("rollout::recreate", "under Recreate all old pods go before a new one comes", recreate)
            .proves([K23])
            .within(seconds(240))
            .needs([Capability::Recreate])
            .control("rolling_update", [K23], ROLLING_UPDATE, "came at another revision while"),
    ]
}

async fn partition(run: Run) -> Result<()> {
    let mut set = run.deploy().await?;
    set.ready(3).await?;
    let (old, all) = (set.revision()?.0, set.pods());

    run.step("the template changes under a partition above all: nothing happens").await?;
    set.change("partition 4", &partition_at(4)).await?;
    // Whoever is of the new template is held: a pod that has but the old one's label is never Ready.
    set.change("a template with a readiness gate", &gated()).await?;
    run.expect(K4, &controller_counts(&set.promise, 3), seconds(30)).await?;
    run.hold_long(K4, &pods_stay(&all)).await?;

    run.step("a pod that comes new below the partition is of the old template, too").await?;
    set.scale(4).await?;
    run.found(K4, set.ready(4).await)?;
    run.expect(K4, &pods_at(&set.promise, [3], &old), seconds(1)).await?;
    set.scale(3).await?;
    run.found(K4, set.ready(3).await)?;

    run.step("the partition is lowered to 2: pod 2 alone is replaced").await?;
    set.change("partition 2", &partition_at(2)).await?;
    run.expect(K4, &replaced(&set, 2, &all[&set.pod_name(2)]), seconds(60)).await?;
    run.pod(set.pod_name(2)).open_gate().await?;
    let mut below = all.clone();
    below.remove(&set.pod_name(2));
    run.hold(K4, &pods_stay(&below)).await?;

    run.step(BELOW_IS_DELETED).await?;
    set.delete_pod(0).await?;
    run.expect(K4, &pod_returns(&set.promise, 0, &all[&set.pod_name(0)]), seconds(60)).await?;
    run.found(K4, set.ready(3).await)?;
    run.expect(K4, &pods_at(&set.promise, 0..2, &old), seconds(1)).await?;
    run.judge(K4, (set.pod(2)?.revision() == old).then(|| "pod 2 has the old revision".to_owned()));

    run.step("a third template and no partition: whatever revision a pod has, it is replaced").await?;
    let mut third = ungated();
    third["spec"]["template"]["metadata"] = noted("third")["spec"]["template"]["metadata"].take();
    third["spec"]["updateStrategy"] = partition_at(0)["spec"]["updateStrategy"].clone();
    set.change("a third template, partition 0", &third).await?;
    run.expect(K3, &rolled(&set.promise, 3), seconds(90)).await?;
    Ok(())
}

async fn partition_from_start(run: Run) -> Result<()> {
    let mut from_one = partition_at(1);
    from_one["spec"]["ordinals"] = json!({"start": 1});
    let mut set =
        run.deploy_with(|manifest, workload| manifest.merge("StatefulSet", workload.name, &from_one)).await?;
    set.ready(3).await?;
    let (old, one) = (set.revision()?.0, set.pod(1)?);

    run.step("the template changes: the lowest is below the partition, and stays").await?;
    set.change("another template", &noted("new")).await?;
    run.expect(K4, &controller_counts(&set.promise, 3), seconds(60)).await?;

    run.step(BELOW_IS_DELETED).await?;
    set.delete_pod(1).await?;
    run.expect(K4, &pod_returns(&set.promise, 1, &one.meta.uid), seconds(60)).await?;
    run.found(K4, set.ready(3).await)?;
    run.expect(K4, &pods_at(&set.promise, [1], &old), seconds(1)).await?;

    run.step("those above the partition are rolled, and without one the lowest is as well").await?;
    let new = set.state()?.update_revision.to_string();
    run.expect(K3, &pods_at(&set.promise, 2..4, &new), seconds(90)).await?;
    run.found(K3, set.ready(3).await)?;
    set.change("partition 0", &partition_at(0)).await?;
    run.expect(K3, &rolled(&set.promise, 3), seconds(90)).await?;
    Ok(())
}

async fn on_delete(run: Run) -> Result<()> {
    let on_delete = json!({"spec": {"updateStrategy": {"type": "OnDelete"}}});
    let mut set = run
        .deploy_with(|manifest, workload| manifest.merge("StatefulSet", workload.name, &on_delete))
        .await?;
    set.ready(3).await?;
    let (old, all) = (set.revision()?.0, set.pods());

    run.step("the template changes: nothing happens").await?;
    set.change("another template", &noted("new")).await?;
    run.expect(K5, &controller_counts(&set.promise, 3), seconds(30)).await?;
    run.hold_long(K5, &pods_stay(&all)).await?;

    run.step("pod 1 is deleted: it alone changes").await?;
    set.delete_pod(1).await?;
    run.expect(K5, &pod_returns(&set.promise, 1, &all[&set.pod_name(1)]), seconds(60)).await?;
    run.found(K5, set.ready(3).await)?;
    run.expect(K5, &pods_at(&set.promise, [0, 2], &old), seconds(1)).await?;
    run.judge(K5, (set.pod(1)?.revision() == old).then(|| "pod 1 has the old revision".to_owned()));
    Ok(())
}

async fn max_unavailable(run: Run) -> Result<()> {
    // In no order: what comes of a roll is not held back by a new pod that is not Ready, but by the count alone.
    let two = json!({"spec": {"replicas": 4, "podManagementPolicy": "Parallel", "updateStrategy": {"rollingUpdate": {"maxUnavailable": 2}}}});
    let mut set =
        run.deploy_with(|manifest, workload| manifest.merge("StatefulSet", workload.name, &two)).await?;
    set.ready(4).await?;
    let (below, above): (BTreeMap<_, _>, BTreeMap<_, _>) =
        set.pods().into_iter().partition(|(name, _)| *name < set.pod_name(2));

    run.step("the template changes: two old pods go at once, and no third").await?;
    set.change("a template with a readiness gate", &gated()).await?;
    run.expect(K7, &pods_replaced(&above), seconds(30)).await?;
    run.expect(K7, &controller_counts(&set.promise, 2), seconds(60)).await?;
    run.hold(K7, &pods_stay(&below)).await?;

    run.step("they are Ready: the other two go").await?;
    let release = async |ordinals: Range<u32>| {
        for name in ordinals.map(|ordinal| set.pod_name(ordinal)) {
            run.wait(&pod_running(&name), seconds(60)).await?;
            run.pod(name).open_gate().await?;
        }
        anyhow::Ok(())
    };
    release(2..4).await?;
    run.expect(K7, &pods_replaced(&below), seconds(60)).await?;
    release(0..2).await?;
    run.expect(K7, &rolled(&set.promise, 4), seconds(60)).await?;
    Ok(())
}

async fn recreate(run: Run) -> Result<()> {
    // What another strategy waits for, this one must not: each change comes before the pods are available.
    let strategy = json!({"spec": {"updateStrategy": {"type": "Recreate"}, "minReadySeconds": 3}});
    let mut set =
        run.deploy_with(|manifest, workload| manifest.merge("StatefulSet", workload.name, &strategy)).await?;
    set.ready(3).await?;

    run.step("the template changes: every old pod goes, then the new ones come").await?;
    let old = set.pod(0)?;
    set.change("a template with a readiness gate", &gated()).await?;
    run.expect(K23, &replaced(&set, 0, &old.meta.uid), seconds(90)).await?;
    let told = set.state()?.progressing.clone().map(|(status, _)| status);
    run.judge_equal(K23, "the Progressing condition meanwhile", Some("True".to_owned()), told);
    for ordinal in 0..3 {
        run.expect(K23, &pod_running(&set.pod_name(ordinal)), seconds(60)).await?;
        run.pod(set.pod_name(ordinal)).open_gate().await?;
    }
    run.expect(K23, &rolled(&set.promise, 3), seconds(60)).await?;
    let told = set.state()?.progressing.clone().map(|(status, _)| status);
    run.judge_equal(K23, "the Progressing condition at the end", Some("False".to_owned()), told);

    run.step("another template, and one replica fewer: all three go at once, and two come").await?;
    let mut fewer = ungated();
    fewer["spec"]["replicas"] = json!(2);
    set.change("two replicas without the gate", &fewer).await?;
    run.wait(&rolled(&set.promise, 2), seconds(90)).await?;
    Ok(())
}
