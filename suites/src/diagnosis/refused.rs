//! The API server, or a node, does not take the pod: each set is stuck for its own reason, side by side.

use anyhow::Result;
use harness::{
    claim::S15,
    explain::cause,
    runner::{Run, Scenario, scenario},
    workload::SENTINEL,
};
use serde_json::{Value, json};

use super::case::{Case, add, case, named};
use crate::{sabotage::ACCOUNT_MADE, seconds};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "diagnosis::refused",
            "an account, a class, a limit or a name that a pod can't have, and a node that sends it away",
            refused,
        )
        .proves([S15])
        .within(seconds(180))
        .slow_control(
            "account_made",
            [S15],
            ACCOUNT_MADE,
            "why account is stuck is service-account-missing",
        ),
    ]
}

/// What this scenario makes.
#[cfg(test)]
pub(super) fn causes() -> Vec<&'static str> {
    named(&cases()).chain(named(&[sent_away("")])).map(|(_, cause)| cause).collect()
}

fn cases() -> Vec<Case> {
    vec![
        case("account", cause::SERVICE_ACCOUNT_MISSING).pod(json!({"serviceAccountName": "no-such-account"})),
        // A number that only the API server may compute.
        case("computed", cause::ADMISSION_REFUSED).pod(json!({"priority": 5})),
        case("priority", cause::POD_CLASS_MISSING).pod(json!({"priorityClassName": "no-such-priority"})),
        case("range", cause::LIMIT_RANGE_REFUSED)
            .volume_claim(json!({"resources": {"requests": {"storage": "1Gi"}}})),
        case("taken", cause::NAME_TAKEN),
    ]
}

/// A pod that passes the scheduler by, to a node that is not what it asks for.
fn sent_away(node: &str) -> Case {
    case("sent-away", cause::POD_FAILED).pod(json!({"nodeName": node, "nodeSelector": {"disk": "of-gold"}}))
}

/// A pod of this name that is nobody's.
fn stranger(name: &str) -> harness::Result<Value> {
    let mut pod = SENTINEL.manifest()?.find("StatefulSet", SENTINEL.name)?["spec"]["template"]["spec"].take();
    pod["schedulingGates"] = json!([{"name": "example.com/wait"}]);
    pod["volumes"] = json!([{"name": "data", "emptyDir": {}}]);
    let metadata = json!({"name": name, "labels": {"app": "stranger"}});
    Ok(json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod}))
}

async fn refused(run: Run) -> Result<()> {
    run.apply_objects([
        json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "small"},
            "spec": {"limits": [{"type": "PersistentVolumeClaim", "max": {"storage": "100Mi"}}]}}),
        stranger("taken-0")?,
    ])
    .await?;
    let set = run
        .deploy_with(|manifest, workload| {
            add(manifest, &cases())?;
            workload.with_replicas(manifest, 1)
        })
        .await?;
    run.step("each set is stuck for its own cause").await?;
    run.judge_diagnoses(S15, named(&cases()), seconds(40)).await?;
    run.step("a node sends every pod of a set away").await?;
    set.ready(1).await?;
    let sent_away = sent_away(&set.pod(0)?.node.clone().unwrap_or_default());
    run.apply_objects([sent_away.object()?]).await?;
    run.set(sent_away.set).judge_diagnosis(S15, &[sent_away.cause], seconds(60)).await?;
    run.set(sent_away.set).scale(0).await?;
    Ok(())
}
