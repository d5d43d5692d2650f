//! A set waits: for its first pod, for a quota, for a broken roll, for a finalizer; and never for a budget.

use anyhow::Result;
use harness::{
    claim::S15,
    explain::cause::{FINALIZER_HOLDS, QUOTA_EXCEEDED, READINESS_PROBE_FAILING, REVISION_STUCK},
    runner::{Run, Scenario, scenario},
    wait::expectations::{controller_counts, pod_running, pod_terminating},
    workload::{SENTINEL, set::GATE},
};
use serde_json::json;

use super::BY_THE_SAME;
use crate::seconds;

/// What this scenario makes.
#[cfg(test)]
pub(super) const CAUSES: &[&str] =
    &[READINESS_PROBE_FAILING, QUOTA_EXCEEDED, REVISION_STUCK, FINALIZER_HOLDS];

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "diagnosis::waiting",
            "a predecessor that is not Ready, a quota, a broken roll, and a budget that does nothing",
            waiting,
        )
        .proves([S15])
        .alike([SENTINEL], BY_THE_SAME)
        .within(seconds(240)),
    ]
}

async fn waiting(run: Run) -> Result<()> {
    let mut set = run
        .deploy_with(|manifest, workload| {
            workload.with_variable(manifest, "SENTINEL_HELD", "0")?;
            manifest.objects.push(json!({
                "apiVersion": "policy/v1",
                "kind": "PodDisruptionBudget",
                "metadata": {"name": "budget"},
                "spec": {"maxUnavailable": 0, "selector": {"matchLabels": {"app": workload.name}}},
            }));
            Ok(())
        })
        .await?;
    run.step("pod 0 is not Ready, and the others wait for it: the budget is not to blame").await?;
    run.wait(&pod_running(&set.pod_name(0)), seconds(60)).await?;
    run.set(SENTINEL.name).judge_diagnosis(S15, &[READINESS_PROBE_FAILING], seconds(30)).await?;

    run.step("a quota allows no more pods").await?;
    run.apply_objects([json!({"apiVersion": "v1", "kind": "ResourceQuota",
        "metadata": {"name": "pods"}, "spec": {"hard": {"pods": "2"}}})])
        .await?;
    let zero = run.sentinel(set.pod_name(0));
    zero.hold(harness::workload::sentinel::Held { ready: Some(false), ..Default::default() }).await?;
    run.set(SENTINEL.name).judge_diagnosis(S15, &[QUOTA_EXCEEDED], seconds(60)).await?;

    run.step("a broken roll is taken back, and its pod stays").await?;
    set.scale(1).await?;
    set.ready(1).await?;
    let gate = json!([{"conditionType": GATE}]);
    set.change("a template with a gate", &json!({"spec": {"template": {"spec": {"readinessGates": gate}}}}))
        .await?;
    run.wait(&controller_counts(&set.promise, 0), seconds(60)).await?;
    run.wait(&pod_running(&set.pod_name(0)), seconds(60)).await?;
    set.change("as it was", &json!({"spec": {"template": {"spec": {"readinessGates": null}}}})).await?;
    run.set(SENTINEL.name).judge_diagnosis(S15, &[REVISION_STUCK], seconds(60)).await?;

    run.step("a finalizer keeps a deleted pod").await?;
    set.hold_removal(0).await?;
    set.delete_pod(0).await?;
    run.wait(&pod_terminating(&set.pod_name(0)), seconds(30)).await?;
    run.set(SENTINEL.name).judge_diagnosis(S15, &[FINALIZER_HOLDS], seconds(90)).await?;
    set.release_removal(0).await?;
    Ok(())
}
