//! What the API server takes and what it refuses.

use anyhow::Result;
use harness::{
    claim::K13,
    runner::{Run, Scenario, scenario},
};
use serde_json::{Value, json};

use crate::{sabotage::FIELD_CHANGED_BEFORE, seconds};

/// The last release that lets the history of a set that is there be limited no other way than it is.
pub(crate) const LAST_WITH_FIXED_HISTORY: (u32, u32) = (1, 32);
/// Why it can't be asked for there.
pub(crate) const HISTORY_IS_FIXED: &str =
    "before Kubernetes 1.33 the API server refuses to change it (kubernetes/kubernetes#130263)";

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "api::immutable_fields",
            "each field that may not change is refused, and each that may is taken",
            immutable_fields,
        )
        .proves([K13])
        .within(seconds(120))
        .control(
            "field_changed_before",
            [K13],
            FIELD_CHANGED_BEFORE,
            "serviceName: expected a refusal",
        ),
    ]
}

async fn immutable_fields(run: Run) -> Result<()> {
    let set = run.deploy_with(|manifest, workload| workload.with_replicas(manifest, 1)).await?;
    set.ready(1).await?;

    run.step("change what may not change").await?;
    let templates = json!([{"metadata": {"name": "data"}, "spec": {
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}]);
    // The template has the new label as well, so that nothing else is wrong with the new selector.
    let label = label_of_ours();
    let selector = json!({"spec": {
        "selector": {"matchLabels": label},
        "template": {"metadata": {"labels": label}}}});
    let shipped =
        run.workload().manifest()?.find("StatefulSet", run.workload().name)?["spec"]["volumeClaimTemplates"]
            .clone();
    let changed = |change: fn(&mut Value)| {
        let mut changed = shipped.clone();
        change(&mut changed);
        spec("volumeClaimTemplates", changed)
    };
    let another = changed(|templates| {
        let mut another = templates[0].clone();
        another["metadata"]["name"] = json!("more");
        templates.as_array_mut().into_iter().for_each(|templates| templates.push(another.clone()));
    });
    for (field, patch) in [
        ("serviceName", spec("serviceName", json!("elsewhere"))),
        ("podManagementPolicy", spec("podManagementPolicy", json!("Parallel"))),
        ("selector", selector),
        ("volumeClaimTemplates", spec("volumeClaimTemplates", templates)),
        ("a second one of volumeClaimTemplates", another),
        (
            "a label of volumeClaimTemplates",
            changed(|templates| templates[0]["metadata"]["labels"] = label_of_ours()),
        ),
        (
            "the storageClassName of volumeClaimTemplates",
            changed(|templates| templates[0]["spec"]["storageClassName"] = json!("elsewhere")),
        ),
    ] {
        let taken = set.would_take(&patch).await;
        // Which words follow the field has changed with the versions.
        run.judge_refused(K13, field, taken, 422, "is invalid: spec");
    }

    run.step("change what may change").await?;
    for (field, value) in [
        ("replicas", json!(2)),
        ("template", json!({"metadata": {"annotations": {"steadfast.dev/note": "new"}}})),
        ("updateStrategy", json!({"type": "OnDelete", "rollingUpdate": null})),
        ("updateStrategy", json!({"rollingUpdate": {"partition": 1}})),
        ("minReadySeconds", json!(1)),
        ("ordinals", json!({"start": 1})),
        ("persistentVolumeClaimRetentionPolicy", json!({"whenScaled": "Delete"})),
        ("persistentVolumeClaimRetentionPolicy", json!({"whenDeleted": "Delete"})),
        ("revisionHistoryLimit", json!(3)),
    ] {
        if field == "revisionHistoryLimit" && run.terrain().may_lack(LAST_WITH_FIXED_HISTORY) {
            run.leave_out(format!("whether {field} may change: {HISTORY_IS_FIXED}"));
            continue;
        }
        let what = format!("{field} {value}");
        let taken = set.would_take(&spec(field, value)).await;
        // One that is refused keeps no other from being asked.
        drop(run.judge_taken(K13, &what, taken));
    }
    Ok(())
}

fn label_of_ours() -> Value {
    json!({"steadfast.dev/new": "yes"})
}

fn spec(field: &str, value: Value) -> Value {
    json!({"spec": {field: value}})
}
