//! A roll that is stuck, and the way out of it.

use anyhow::Result;
use harness::{
    claim::K20,
    runner::{Run, Scenario, scenario},
    wait::expectations::{controller_counts, pod_returns, pods_stay},
};

use super::templates::{gated, replaced, ungated};
use crate::{sabotage::PARALLEL, seconds};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "rollout::forced_rollback",
            "a broken roll stays stuck when the template is taken back, until the broken pod is deleted",
            forced_rollback,
        )
        .proves([K20])
        .within(seconds(240))
        .control("parallel", [K20], PARALLEL, "had to stay so"),
    ]
}

async fn forced_rollback(run: Run) -> Result<()> {
    // With one replica the way up has no order, so the control's Parallel breaks nothing but this.
    let mut set = run.deploy_with(|manifest, workload| workload.with_replicas(manifest, 1)).await?;
    set.ready(1).await?;
    let good = set.pod(0)?;

    run.step("a template whose pods never become Ready").await?;
    set.change("a template with a readiness gate", &gated()).await?;
    run.expect(K20, &replaced(&set, 0, &good.meta.uid), seconds(60)).await?;
    run.expect(K20, &controller_counts(&set.promise, 0), seconds(30)).await?;
    let broken = set.pods();

    run.step("the template is taken back, and the broken pod stays").await?;
    set.change("the template as it was", &ungated()).await?;
    run.wait(&controller_counts(&set.promise, 0), seconds(30)).await?;
    run.hold_long(K20, &pods_stay(&broken)).await?;

    run.step("the way out: the broken pod is deleted").await?;
    set.delete_pod(0).await?;
    run.expect(K20, &pod_returns(&set.promise, 0, &broken[&set.pod_name(0)]), seconds(60)).await?;
    run.judge_equal(K20, "the revision", good.revision().to_owned(), set.pod(0)?.revision().to_owned());
    Ok(())
}
