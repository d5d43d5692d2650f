//! Claims and templates that are to be larger.

use anyhow::Result;
use harness::{
    claim::{S6, S22},
    runner::{Growth, Need, Run, Scenario, scenario},
    wait::expectations::{pod_returns, pods_stay, set_gone, volume_claims_are},
};
use serde_json::{Value, json};

use crate::{
    sabotage::{GROWTH_FORBIDDEN, TEMPLATE_CHANGED_BEFORE, claims_go_with_the_set, larger_volume_claims},
    seconds,
};

/// The step at which a control does its sabotage.
pub(crate) const ASKED_FOR_MORE: &str = "its claim asks for twice as much";

/// What can't be seen of a claim that may grow.
const FIXED: &str = "that a claim does not grow where its class forbids it";

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "storage::growth",
            "claims and template can't grow in place; the way around keeps pods and data",
            growth,
        )
        .proves([S22])
        .wants(Need::FixedClass, FIXED)
        .within(seconds(240))
        .control("template_changed_before", [S22, S6], TEMPLATE_CHANGED_BEFORE, "it was taken"),
        scenario(
            "storage::claims_grow",
            "a claim whose class allows it is made larger; its volume follows and keeps its data",
            claims_grow,
        )
        .proves([S22])
        .needs([Need::GrowingClass])
        .within(seconds(420))
        .slow_control(
            "growth_forbidden",
            [S22],
            GROWTH_FORBIDDEN,
            "a larger claim: expected it to be taken",
        ),
    ]
}

async fn growth(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            claims_go_with_the_set(manifest, workload)?;
            workload.with_replicas(manifest, 2)
        })
        .await?;
    set.ready(2).await?;
    let volumes = run.volumes(&set);
    let (pods, volume_claims) = (set.pods(), volumes.uids().await?);
    let marks = volumes.leave_marks().await?;

    run.step("neither a claim nor the template grows in place").await?;
    let volume_claim = set.promise.volume_claims(0).next().unwrap_or_default();
    if run.has(Need::FixedClass) {
        match volumes.may_grow(&volume_claim).await? {
            Some(why) => run.leave_out(format!("{FIXED}: {why}")),
            None => {
                // Somebody may have made it larger on its way in.
                let wanted = volumes.twice(&volume_claim).await?;
                let grown = set.volume_claim_would_take(&volume_claim, &storage(&wanted)).await;
                let words = "only dynamically provisioned pvc can be resized";
                run.judge_refused(S22, "a larger claim", grown, 403, words);
            }
        }
    }
    let mut manifest = run.workload().manifest()?;
    larger_volume_claims(&mut manifest, &run.workload())?;
    let template = &manifest.find("StatefulSet", run.workload().name)?["spec"]["volumeClaimTemplates"];
    let taken = set.would_take(&json!({"spec": {"volumeClaimTemplates": template}})).await;
    run.judge_refused(S22, "a larger template", taken, 422, "is invalid: spec");

    run.step("the set is deleted without its pods, and made again with a larger template").await?;
    set.delete_orphaning().await?;
    run.expect(S22, &set_gone(&set.promise), seconds(30)).await?;
    // Until another set has them, whoever is deleted with the old one goes.
    let all_stay = pods_stay(&pods).and(volume_claims_are(&volume_claims));
    run.hold(S22, &all_stay).await?;
    let set = run
        .deploy_with(|manifest, workload| {
            claims_go_with_the_set(manifest, workload)?;
            workload.with_replicas(manifest, 2)?;
            larger_volume_claims(manifest, workload)
        })
        .await?;
    run.found(S22, set.ready(2).await)?;

    run.step("it has the same pods, claims and data, and new pods get the larger claim").await?;
    run.expect(S22, &all_stay, seconds(15)).await?;
    run.volumes(&set).judge_marks(S22, &marks).await?;
    set.scale(3).await?;
    run.found(S22, set.ready(3).await)?;
    let new = set.promise.volume_claims(2).next().unwrap_or_default();
    let size =
        run.log().now(|world| world.volume_claims.get(&new).map(|volume_claim| volume_claim.storage.clone()));
    match &run.terrain().namespace.claims_changed {
        Some(how) => run.leave_out(format!("the size of a new claim: somebody changes claims here: {how}")),
        None => run.judge_equal(S22, "the size of a new claim", Some("128Mi".to_owned()), size),
    }
    Ok(())
}

async fn claims_grow(run: Run) -> Result<()> {
    let class = run.storage_class(GROWING).copy_growing().await?;
    let set = run
        .deploy_with(|manifest, workload| {
            workload.with_replicas(manifest, 1)?;
            workload.with_class(manifest, &class)
        })
        .await?;
    set.ready(1).await?;
    let volumes = run.volumes(&set);
    let (pod, volume_claim) = (set.pod_name(0), set.promise.volume_claims(0).next().unwrap_or_default());
    let mark = volumes.leave_mark(&pod).await?;

    run.step(ASKED_FOR_MORE).await?;
    let wanted = volumes.twice(&volume_claim).await?;
    let asked = set.change_volume_claim(&volume_claim, &format!("ask for {wanted}"), &storage(&wanted)).await;
    run.judge_taken(S22, "a larger claim", asked)?;

    run.step("the volume follows").await?;
    let mut growth = volumes.growth(&volume_claim, &wanted, seconds(60)).await?;
    if growth == Growth::NeedsNewPod {
        run.step("the file system follows when the pod is made again").await?;
        let old = set.pod(0)?;
        set.delete_pod(0).await?;
        run.wait(&pod_returns(&set.promise, 0, &old.meta.uid), seconds(60)).await?;
        set.ready(1).await?;
        growth = volumes.growth(&volume_claim, &wanted, seconds(60)).await?;
    }
    match growth {
        Growth::Done => run.judge(S22, None),
        Growth::Missing(why) => run.judge(S22, [format!("{volume_claim} does not grow: {why}")]),
        growth => run.leave_out(format!("that the volume of a larger claim grows: {growth}")),
    }
    run.judge_equal(S22, &format!("the data of {pod}"), mark, volumes.find_mark(&pod).await?);
    Ok(())
}

/// The storage class of PVCs that grow: a copy, which no other scenario uses.
pub(crate) const GROWING: &str = "growing";

/// A PVC that asks for so much.
fn storage(size: &str) -> Value {
    json!({"spec": {"resources": {"requests": {"storage": size}}}})
}
