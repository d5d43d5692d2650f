//! Pod Stuck in Pending During Scale-Up: each cause is made for real, and it, and no other, must be named.

use anyhow::Result;
use harness::{
    claim::S15,
    diagnosis::cause::{
        FINALIZER_HOLDS, IMAGE_UNAVAILABLE, INSUFFICIENT_CPU, INSUFFICIENT_EPHEMERAL_STORAGE,
        INSUFFICIENT_MEMORY, NO_NODE_MATCHES, NO_VOLUME_FITS, QUOTA_EXCEEDED, READINESS_PROBE_FAILING,
        REVISION_STUCK, STORAGE_CLASS_MISSING,
    },
    manifest::{Manifest, patch::merge},
    runner::{Run, Scenario, scenario},
    wait::expectations::{controller_counts, pod_running, pod_terminating},
    workload::{SENTINEL, set::GATE},
};
use serde_json::{Value, json};

use crate::{sabotage::ANOTHER_CAUSE, seconds};

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "diagnosis::pending",
            "a claim that can't bind, and requests that no node can meet, side by side",
            pending,
        )
        .proves([S15])
        .within(seconds(180))
        .control("another_cause", [S15], ANOTHER_CAUSE, "why memory is stuck is insufficient-memory"),
        scenario(
            "diagnosis::waiting",
            "a predecessor that is not Ready, a quota, a broken roll, and a budget that does nothing",
            waiting,
        )
        .proves([S15])
        .within(seconds(180)),
    ]
}

/// A set of the sentinel's for each cause: its name, the cause, and what brings it about.
fn causes() -> Vec<(&'static str, &'static str, Value)> {
    let claim = |class: &str| {
        json!({"spec": {"volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {
            "accessModes": ["ReadWriteOnce"], "storageClassName": class,
            "resources": {"requests": {"storage": "64Mi"}}}}]}})
    };
    let pod = |spec: Value| json!({"spec": {"template": {"spec": spec}}});
    vec![
        ("class", STORAGE_CLASS_MISSING, claim("no-such-class")),
        ("volume", NO_VOLUME_FITS, claim("")),
        ("memory", INSUFFICIENT_MEMORY, requests("memory", "1000Gi")),
        ("cpu", INSUFFICIENT_CPU, requests("cpu", "1000")),
        ("disk", INSUFFICIENT_EPHEMERAL_STORAGE, requests("ephemeral-storage", "1000Ti")),
        ("selector", NO_NODE_MATCHES, pod(json!({"nodeSelector": {"disk": "of-gold"}}))),
    ]
}

/// Requests of the first container, as a patch that [`change`] understands.
fn requests(resource: &str, quantity: &str) -> Value {
    json!({"resources": {"requests": {resource: quantity}}})
}

/// Adds a set of its own name beside the sentinel's, changed by a patch of the set or of its container's resources.
pub(crate) fn add_set(
    manifest: &mut Manifest,
    name: &str,
    replicas: u32,
    patch: &Value,
) -> harness::Result<()> {
    let mut set = manifest.find("StatefulSet", SENTINEL.name)?.clone();
    let labels = json!({"app": name});
    merge(&mut set, &json!({"metadata": {"name": name, "labels": labels}, "spec": {"replicas": replicas}}));
    set["spec"]["selector"] = json!({"matchLabels": labels});
    set["spec"]["template"]["metadata"]["labels"] = labels;
    match patch.get("resources") {
        Some(resources) => set["spec"]["template"]["spec"]["containers"][0]["resources"] = resources.clone(),
        None => merge(&mut set, patch),
    }
    manifest.objects.push(set);
    Ok(())
}

async fn pending(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            for (name, _, patch) in causes() {
                add_set(manifest, name, 1, &patch)?;
            }
            add_set(manifest, "image", 1, &json!({}))?;
            manifest.find("StatefulSet", "image")?["spec"]["template"]["spec"]["containers"][0]["image"] =
                json!("example.invalid/no-such-image:1");
            workload.with_replicas(manifest, 1)
        })
        .await?;
    set.ready(1).await?;
    run.step("each set is stuck for its own cause").await?;
    for (name, cause, _) in causes() {
        run.judge_diagnosis(S15, name, &[cause], seconds(30)).await?;
    }
    run.judge_diagnosis(S15, "image", &[IMAGE_UNAVAILABLE], seconds(60)).await?;
    run.step("a set that is well is said to be well").await?;
    run.judge_diagnosis(S15, SENTINEL.name, &[], seconds(30)).await?;
    Ok(())
}

async fn waiting(run: Run) -> Result<()> {
    let mut set = run
        .deploy_with(|manifest, workload| {
            workload.with_variable(manifest, "SENTINEL_HELD", "0")?;
            add_set(manifest, "held", 1, &json!({}))?;
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
    run.judge_diagnosis(S15, SENTINEL.name, &[READINESS_PROBE_FAILING], seconds(30)).await?;

    run.step("a quota allows no more pods").await?;
    run.apply_objects([json!({"apiVersion": "v1", "kind": "ResourceQuota",
        "metadata": {"name": "pods"}, "spec": {"hard": {"pods": "2"}}})])
        .await?;
    let zero = run.sentinel(set.pod_name(0));
    zero.hold(harness::workload::sentinel::Held { ready: Some(false), ..Default::default() }).await?;
    run.judge_diagnosis(S15, SENTINEL.name, &[QUOTA_EXCEEDED], seconds(60)).await?;

    run.step("a broken roll is taken back, and its pod stays").await?;
    set.scale(1).await?;
    set.ready(1).await?;
    let gate = json!([{"conditionType": GATE}]);
    set.change("a template with a gate", &json!({"spec": {"template": {"spec": {"readinessGates": gate}}}}))
        .await?;
    run.wait(&controller_counts(&set.promise, 0), seconds(60)).await?;
    run.wait(&pod_running(&set.pod_name(0)), seconds(60)).await?;
    set.change("as it was", &json!({"spec": {"template": {"spec": {"readinessGates": null}}}})).await?;
    run.judge_diagnosis(S15, SENTINEL.name, &[REVISION_STUCK], seconds(60)).await?;

    run.step("a finalizer keeps a deleted pod").await?;
    set.hold_removal(0).await?;
    set.delete_pod(0).await?;
    run.wait(&pod_terminating(&set.pod_name(0)), seconds(30)).await?;
    run.judge_diagnosis(S15, SENTINEL.name, &[FINALIZER_HOLDS], seconds(90)).await?;
    set.release_removal(0).await?;
    Ok(())
}
