//! A pod has its node, and does not get ready: each set is stuck for its own reason, side by side.

use anyhow::Result;
use harness::{
    claim::S15,
    explain::cause,
    runner::{Run, Scenario, scenario},
};
use serde_json::json;

use super::case::{Case, add, case, named, taken};
use crate::{sabotage::SECRET_FOR_CONFIG_MAP, seconds};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "diagnosis::starting",
            "what keeps containers from being made, from running and from being Ready",
            starting,
        )
        .proves([S15])
        .within(seconds(240))
        .slow_control(
            "secret_for_config_map",
            [S15],
            SECRET_FOR_CONFIG_MAP,
            "why settings is stuck is config-map-missing",
        ),
    ]
}

/// What this scenario makes.
#[cfg(test)]
pub(super) fn causes() -> Vec<&'static str> {
    named(&cases("")).map(|(_, cause)| cause).collect()
}

fn cases(runtime_class: &str) -> Vec<Case> {
    let nowhere =
        json!({"httpGet": {"path": "/nowhere", "port": "http"}, "periodSeconds": 1, "failureThreshold": 1});
    let mut patient = nowhere.clone();
    patient["failureThreshold"] = json!(1000);
    let held = json!([{"name": "SENTINEL_HELD", "value": "0"}]);
    // It reads the first line of what has none, and keeps it.
    let greedy = json!({"image": "postgres:17", "command": ["tail", "/dev/zero"], "args": null,
        "livenessProbe": null, "readinessProbe": null});
    let settings = json!([{"configMapRef": {"name": "no-such-settings"}}]);
    vec![
        case("image", cause::IMAGE_UNAVAILABLE)
            .container(json!({"image": "example.invalid/no-such-image:1"})),
        case("settings", cause::CONFIG_MAP_MISSING).container(json!({"envFrom": settings})),
        case("keys", cause::SECRET_MISSING).volume(&json!({"secret": {"secretName": "no-such-keys"}})),
        // Nobody says as whom, so it is the image's user.
        case("root", cause::CONTAINER_CONFIG_INVALID)
            .pod(json!({"securityContext": {"runAsUser": null, "runAsGroup": null}})),
        case("command", cause::CONTAINER_CANNOT_START).container(json!({"command": ["/no-such-program"]})),
        case("crashing", cause::CONTAINER_CRASHES).container(json!({"args": ["crash", "on purpose"]})),
        case("greedy", cause::OUT_OF_MEMORY).container(greedy),
        case("sandbox", cause::SANDBOX_FAILED).pod(json!({"runtimeClassName": runtime_class})),
        // Of huge pages that nobody asked for.
        case("mount", cause::VOLUME_MOUNT_FAILED).volume(&json!({"emptyDir": {"medium": "HugePages"}})),
        case("dead", cause::LIVENESS_PROBE_FAILING).container(json!({"env": held, "livenessProbe": nowhere})),
        case("slow", cause::STARTUP_PROBE_FAILING).container(json!({"startupProbe": patient})),
        case("unready", cause::READINESS_PROBE_FAILING).container(json!({"readinessProbe": nowhere})),
        case("gate", cause::READINESS_GATE_UNSET)
            .pod(json!({"readinessGates": [{"conditionType": "example.com/registered"}]})),
    ]
}

async fn starting(run: Run) -> Result<()> {
    let runtime_class = run.outside("none");
    let cases = cases(&runtime_class);
    run.deploy_with(|manifest, workload| {
        // Pods of a class are refused until it is there.
        manifest.objects.insert(
            0,
            json!({"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass",
                "metadata": {"name": runtime_class}, "handler": "no-such-runtime"}),
        );
        add(manifest, &cases)?;
        workload.with_replicas(manifest, 0)
    })
    .await?;
    let cases = taken(&run, cases).await?;
    run.step("each set is stuck for its own cause").await?;
    run.judge_diagnoses(S15, named(&cases), seconds(90)).await?;
    Ok(())
}
