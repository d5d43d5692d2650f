//! What the API server does not let the controller, or the scheduler, do; and what the set itself keeps from its pods.

use anyhow::Result;
use harness::{
    claim::S15,
    explain::cause::{
        ADOPTED_POD_DIFFERS, BINDING_REFUSED, DELETION_REFUSED, OLD_REVISION_KEPT, UPDATE_REFUSED,
        WEBHOOK_UNREACHABLE,
    },
    runner::{Run, Scenario},
    wait::expectations::pod_ready,
};
use serde_json::{Value, json};

use super::{healed, report};
use crate::{diagnosis::case::case, seconds};

/// What these scenarios make.
#[cfg(test)]
pub(super) const CAUSES: &[&str] = &[
    ADOPTED_POD_DIFFERS,
    BINDING_REFUSED,
    DELETION_REFUSED,
    OLD_REVISION_KEPT,
    UPDATE_REFUSED,
    WEBHOOK_UNREACHABLE,
];

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        report(
            "diagnosis::reports::policies",
            "a policy refuses deletions, updates and bindings, and a webhook does not answer",
            seconds(300),
            policies,
        ),
        report(
            "diagnosis::reports::adopted",
            "a set is made again with another claim template around its pod",
            seconds(180),
            adopted,
        ),
        report(
            "diagnosis::reports::old_revision",
            "a broken pod of an old revision is kept by a partition, and by OnDelete",
            seconds(240),
            old_revision,
        ),
    ]
}

const CONTROLLER: &str = "request.userInfo.username.endsWith('statefulset-controller')";

/// A policy that refuses this to whom it means, of pods that have the label `guarded`.
fn policy(run: &Run, name: &str, who: &str, rule: Value, allowed: &str) -> [Value; 2] {
    let name = run.outside(name);
    let here = json!({"matchLabels": {"kubernetes.io/metadata.name": run.namespace()}});
    let kind = |kind: &str, spec: Value| json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec});
    [
        kind(
            "ValidatingAdmissionPolicy",
            json!({
                "failurePolicy": "Fail",
                "matchConstraints": {"namespaceSelector": here, "resourceRules": [rule]},
                "matchConditions": [{"name": "who", "expression": who}],
                "validations": [{"expression": allowed, "message": "this member has not left its cluster"}],
            }),
        ),
        kind("ValidatingAdmissionPolicyBinding", json!({"policyName": name, "validationActions": ["Deny"]})),
    ]
}

async fn policies(run: Run) -> Result<()> {
    let pods = |operation: &str| json!({"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": [operation]});
    let binding = json!({"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods/binding"], "operations": ["CREATE"]});
    let round = |number: &str| json!({"env": [{"name": "ROUND", "value": number}]});
    let labelled = |set, cause, labels: Value| {
        case(set, cause).spec(json!({"template": {"metadata": {"labels": labels}}}))
    };
    // Whoever may go, change or be bound is told by a label of the cluster's own.
    let told = |set: &str, object: &str| {
        format!(
            "!{object}.metadata.name.startsWith('{set}-') || has({object}.metadata.annotations) && 'left' in {object}.metadata.annotations"
        )
    };
    run.step("two sets are well, before anything is refused").await?;
    // Its new pods may go, so that the namespace can.
    let placement = |number: &str| {
        let left = if number == "2" { json!({"left": "yes"}) } else { json!({}) };
        case("placement", DELETION_REFUSED)
            .spec(json!({"template": {"metadata": {"annotations": left}}}))
            .container(round(number))
    };
    let changed = case("changed", UPDATE_REFUSED);
    run.apply_objects([placement("1").object()?, changed.object()?]).await?;
    run.wait(&pod_ready("placement-0", None), seconds(90)).await?;
    run.wait(&pod_ready("changed-0", None), seconds(90)).await?;

    run.step("a policy for each, and a webhook that nobody answers").await?;
    run.apply_objects(policy(&run, "freeze", CONTROLLER, pods("UPDATE"), &told("changed", "oldObject")))
        .await?;
    let bound = "!request.name.startsWith('bound-')";
    run.apply_objects(policy(&run, "bind", "true", binding.clone(), bound)).await?;
    // Whoever asks, so that it shows when the API server knows of it; it learns of them in their order.
    run.apply_objects(policy(&run, "keep", "true", pods("DELETE"), &told("placement", "oldObject"))).await?;
    let webhook = |failure: &str| {
        json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": run.outside("asked")}, "webhooks": [{"name": "asked.example.com", "sideEffects": "None",
            "admissionReviewVersions": ["v1"], "timeoutSeconds": 1, "failurePolicy": failure,
            "clientConfig": {"service": {"namespace": run.namespace(), "name": "nobody"}},
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": run.namespace()}},
            "objectSelector": {"matchLabels": {"asked": "yes"}},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}]}]})
    };
    run.apply_objects([webhook("Fail")]).await?;
    run.set("placement").until_pod_undeletable(0, seconds(30)).await?;
    run.apply_objects([placement("2").object()?]).await?;
    run.apply_objects([
        labelled("asked", WEBHOOK_UNREACHABLE, json!({"asked": "yes"})).object()?,
        case("bound", BINDING_REFUSED).object()?,
    ])
    .await?;
    run.set("changed").take_label(0, "statefulset.kubernetes.io/pod-name").await?;

    let (placement, changed) = (run.set("placement"), run.set("changed"));
    placement
        .judge_advice(
            S15,
            DELETION_REFUSED,
            &["has not left its cluster", "ValidatingAdmissionPolicy"],
            seconds(60),
        )
        .await?;
    changed.judge_advice(S15, UPDATE_REFUSED, &["can't bring pod changed-0 up to date"], seconds(60)).await?;
    run.set("asked").judge_advice(S15, WEBHOOK_UNREACHABLE, &["failurePolicy: Ignore"], seconds(60)).await?;
    run.set("bound").judge_advice(S15, BINDING_REFUSED, &["has not left its cluster"], seconds(60)).await?;

    run.step("what the policies complain about ends, and the webhook may be passed by").await?;
    placement.annotate(0, "left").await?;
    changed.annotate(0, "left").await?;
    run.apply_objects([webhook("Ignore")]).await?;
    run.apply_objects(policy(&run, "bind", "true", binding, "true")).await?;
    for set in ["placement", "changed", "asked", "bound"] {
        healed(&run, set).await?;
    }
    Ok(())
}

async fn adopted(run: Run) -> Result<()> {
    let search = case("search", ADOPTED_POD_DIFFERS);
    run.step("a set with one claim template is well").await?;
    run.apply_objects([search.object()?]).await?;
    run.wait(&pod_ready("search-0", None), seconds(90)).await?;
    run.step("it is made again around its pod, with another claim template").await?;
    let set = run.set("search");
    set.leave_pods().await?;
    let mut again = search.object()?;
    let templates = &mut again["spec"]["volumeClaimTemplates"];
    let mut journal = templates[0].clone();
    journal["metadata"]["name"] = json!("journal");
    if let Some(templates) = templates.as_array_mut() {
        templates.push(journal);
    }
    run.apply_objects([again]).await?;
    set.judge_advice(S15, ADOPTED_POD_DIFFERS, &["journal-search-0", "delete pod search-0"], seconds(60))
        .await?;
    set.delete_pod(0).await?;
    healed(&run, "search").await
}

async fn old_revision(run: Run) -> Result<()> {
    let with = |set, strategy: Value, argument: &str| {
        case(set, OLD_REVISION_KEPT)
            .spec(json!({"updateStrategy": strategy}))
            .container(json!({"args": [argument]}))
    };
    let partition = |count: u32| json!({"type": "RollingUpdate", "rollingUpdate": {"partition": count}});
    let by_hand = json!({"type": "OnDelete", "rollingUpdate": null});
    run.step("two sets crash for a typing error").await?;
    run.apply_objects([
        with("index", partition(2), "prob").object()?,
        with("manual", by_hand.clone(), "prob").object()?,
    ])
    .await?;
    let (index, manual) = (run.set("index"), run.set("manual"));
    let crashes = harness::explain::cause::CONTAINER_CRASHES;
    index.judge_advice(S15, crashes, &["while the partition is 2"], seconds(60)).await?;
    manual.judge_advice(S15, crashes, &["OnDelete"], seconds(60)).await?;

    run.step("it is corrected, and the pod deleted, which does not help the one with the partition").await?;
    run.apply_objects([
        with("index", partition(2), "serve").object()?,
        with("manual", by_hand, "serve").object()?,
    ])
    .await?;
    index.delete_pod(0).await?;
    index
        .judge_advice(S15, OLD_REVISION_KEPT, &["\"partition\":0", "delete pod index-0"], seconds(60))
        .await?;
    manual.judge_advice(S15, OLD_REVISION_KEPT, &["delete pod manual-0"], seconds(60)).await?;
    run.apply_objects([with("index", partition(0), "serve").object()?]).await?;
    index.delete_pod(0).await?;
    manual.delete_pod(0).await?;
    healed(&run, "index").await?;
    healed(&run, "manual").await
}
