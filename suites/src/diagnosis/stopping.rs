//! What is deleted does not go: a pod that does not stop, and a namespace whose set somebody protects.

use anyhow::Result;
use harness::{
    claim::S15,
    explain::cause::{NAMESPACE_TERMINATING, POD_TERMINATING},
    runner::{Need, Run, Scenario, scenario},
    wait::expectations::pod_ready,
    workload::{SENTINEL, sentinel::Held},
};
use serde_json::{Value, json};

use super::{BY_THE_SAME, case::case};
use crate::seconds;

/// What these scenarios make.
#[cfg(test)]
pub(super) const CAUSES: &[&str] = &[POD_TERMINATING, NAMESPACE_TERMINATING];

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "diagnosis::stopping",
            "a deleted pod does not stop when told, and has minutes of its grace left",
            stopping,
        )
        .proves([S15])
        .alike([SENTINEL], BY_THE_SAME)
        .within(seconds(240))
        .slow(),
        scenario(
            "diagnosis::namespace",
            "the namespace is deleted, a policy protects the set in it, and its pods can't come back",
            namespace,
        )
        .proves([S15])
        .needs([Need::OwnNamespace])
        .alike([SENTINEL], BY_THE_SAME)
        .within(seconds(180))
        .slow(),
    ]
}

async fn stopping(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            workload.with_variable(manifest, "SENTINEL_STOP_HELD", "0")?;
            let patch = json!({"spec": {"template": {"spec": {"terminationGracePeriodSeconds": 300}}}});
            manifest.merge("StatefulSet", workload.name, &patch)?;
            workload.with_replicas(manifest, 1)
        })
        .await?;
    set.ready(1).await?;
    run.pod(set.pod_name(0)).has_its_grace().await?;
    run.step("the pod is told to stop, and does not").await?;
    set.delete_pod(0).await?;
    run.set(SENTINEL.name).judge_diagnosis(S15, &[POD_TERMINATING], seconds(100)).await?;
    run.sentinel(set.pod_name(0)).hold(Held { stop: Some(false), ..Held::default() }).await?;
    set.ready(1).await?;
    Ok(())
}

async fn namespace(run: Run) -> Result<()> {
    let protected = case("protected", NAMESPACE_TERMINATING);
    let set = run
        .deploy_with(|manifest, workload| {
            manifest.objects.push(protected.object()?);
            workload.with_replicas(manifest, 0)
        })
        .await?;
    run.wait(&pod_ready("protected-0", None), seconds(60)).await?;
    run.step("nobody may delete a set here").await?;
    run.apply_objects(protection(&run)).await?;
    run.set(&set.promise.set).until_undeletable(seconds(30)).await?;
    run.step("the namespace is deleted: pods and claims go, the set stays").await?;
    run.delete_namespace().await?;
    run.set(protected.set).judge_diagnosis(S15, &[protected.cause], seconds(60)).await?;
    Ok(())
}

/// A policy of the API server's own, as others protect what is dear to them with a webhook.
fn protection(run: &Run) -> [Value; 2] {
    let name = run.outside("protected");
    let here = json!({"matchLabels": {"kubernetes.io/metadata.name": run.namespace()}});
    let sets = json!({"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["statefulsets"], "operations": ["DELETE"]});
    let kind = |kind: &str, spec: Value| json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec});
    [
        kind(
            "ValidatingAdmissionPolicy",
            json!({
                "failurePolicy": "Fail",
                "matchConstraints": {"namespaceSelector": here, "resourceRules": [sets]},
                "validations": [{"expression": "false", "message": "this set is protected"}],
            }),
        ),
        kind("ValidatingAdmissionPolicyBinding", json!({"policyName": name, "validationActions": ["Deny"]})),
    ]
}
