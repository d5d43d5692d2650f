//! The control plane stands still, and the cluster has no default storage class.

use anyhow::Result;
use harness::{
    claim::S15,
    explain::cause::{CONTROLLER_IDLE, NO_DEFAULT_STORAGE_CLASS, SCHEDULER_IDLE},
    fault::storage,
    runner::{Run, Scenario, scenario},
    wait::expectations::pod_ready,
    workload::SENTINEL,
};

use super::{
    BY_THE_SAME,
    case::{add, case},
};
use crate::seconds;

/// What this scenario makes.
#[cfg(test)]
pub(super) const CAUSES: &[&str] = &[NO_DEFAULT_STORAGE_CLASS, SCHEDULER_IDLE, CONTROLLER_IDLE];

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "diagnosis::cluster",
            "no default storage class, a frozen scheduler, a frozen controller manager",
            cluster,
        )
        .proves([S15])
        .alike([SENTINEL], BY_THE_SAME)
        .within(seconds(600))
        .slow()
        .alone(),
    ]
}

async fn cluster(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            add(manifest, &[case("classless", NO_DEFAULT_STORAGE_CLASS).replicas(0)])?;
            workload.with_replicas(manifest, 1)
        })
        .await?;
    set.ready(1).await?;
    let control_plane = run.control_plane()?;
    let classless = run.set("classless");

    run.step("no class is the default").await?;
    storage::default_class(run.client(), false).await?;
    classless.scale(1).await?;
    classless.judge_diagnosis(S15, &[NO_DEFAULT_STORAGE_CLASS], seconds(40)).await?;
    storage::default_class(run.client(), true).await?;
    // A scheduler that looked in the moment in which the claim got its class looks again after five minutes.
    run.wait(&pod_ready("classless-0", None), seconds(360)).await?;

    run.step("the scheduler stands still").await?;
    control_plane.freeze("kube-scheduler").await?;
    set.scale(2).await?;
    run.set(SENTINEL.name).judge_diagnosis(S15, &[SCHEDULER_IDLE], seconds(40)).await?;
    control_plane.thaw().await?;
    set.ready(2).await?;

    run.step("the controller manager stands still").await?;
    control_plane.freeze("kube-controller-manager").await?;
    set.scale(1).await?;
    run.set(SENTINEL.name).judge_diagnosis(S15, &[CONTROLLER_IDLE], seconds(40)).await?;
    control_plane.thaw().await?;
    set.ready(1).await?;
    Ok(())
}
