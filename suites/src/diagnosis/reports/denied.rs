//! What the API server does not take, and what a set has lost: security levels, classes of pods, labels, finalizers.

use anyhow::Result;
use harness::{
    claim::S15,
    explain::cause::{FINALIZER_HOLDS, NAME_TAKEN, POD_CLASS_MISSING, POD_SECURITY_REFUSED},
    runner::{Run, Scenario},
    wait::expectations::pod_ready,
};
use serde_json::json;

use super::{healed, report};
use crate::{diagnosis::case::case, seconds};

/// What these scenarios make.
#[cfg(test)]
pub(super) const CAUSES: &[&str] = &[FINALIZER_HOLDS, NAME_TAKEN, POD_CLASS_MISSING, POD_SECURITY_REFUSED];

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![report(
        "diagnosis::reports::denied",
        "a security level and a missing class refuse pods, a pod loses its labels, a finalizer keeps a set",
        seconds(240),
        denied,
    )]
}

async fn denied(run: Run) -> Result<()> {
    let escalates = |may: bool| {
        case("escalates", POD_SECURITY_REFUSED)
            .container(json!({"securityContext": {"allowPrivilegeEscalation": may}}))
    };
    let class = run.outside("urgent");
    let urgent = case("urgent", POD_CLASS_MISSING).pod(json!({"priorityClassName": class}));
    let strayed = case("strayed", NAME_TAKEN);
    let mut kept = case("kept", FINALIZER_HOLDS).object()?;
    kept["metadata"]["finalizers"] = json!(["example.com/protection"]);

    run.step("two sets are well").await?;
    run.apply_objects([strayed.object()?, kept.clone()]).await?;
    run.wait(&pod_ready("strayed-0", None), seconds(90)).await?;
    run.wait(&pod_ready("kept-0", None), seconds(90)).await?;

    run.step("each set is stuck for its own cause").await?;
    run.apply_objects([
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": run.namespace(),
        "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}),
    ])
    .await?;
    run.apply_objects([escalates(true).object()?, urgent.object()?]).await?;
    run.set("strayed").take_label(0, "app").await?;
    run.set("kept").delete().await?;
    let advice = ["allowPrivilegeEscalation=false", "the level restricted"];
    run.set("escalates").judge_advice(S15, POD_SECURITY_REFUSED, &advice, seconds(60)).await?;
    let advice = ["kubectl create priorityclass"];
    run.set("urgent").judge_advice(S15, POD_CLASS_MISSING, &advice, seconds(60)).await?;
    let advice = ["label pod strayed-0 app=strayed"];
    run.set("strayed").judge_advice(S15, NAME_TAKEN, &advice, seconds(60)).await?;
    let advice = ["example.com/protection", "\"finalizers\":null"];
    run.set("kept").judge_advice(S15, FINALIZER_HOLDS, &advice, seconds(60)).await?;

    run.step("the advice is carried out").await?;
    run.apply_objects([
        escalates(false).object()?,
        json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": class},
            "value": 1, "globalDefault": false}),
    ])
    .await?;
    run.set("strayed").give_label(0, "app", "strayed").await?;
    run.set("kept").take_finalizers().await?;
    for set in ["escalates", "urgent", "strayed"] {
        healed(&run, set).await?;
    }
    Ok(())
}
