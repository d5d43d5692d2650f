//! The scheduler finds no node, or is not asked: each set is stuck for its own reason, side by side.

use anyhow::Result;
use harness::{
    claim::S15,
    explain::cause,
    runner::{Run, Scenario, scenario},
    workload::SENTINEL,
};
use serde_json::json;

use super::case::{Case, add, case, named, taken};
use crate::{sabotage::ANOTHER_CAUSE, seconds};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario("diagnosis::pending", "what the nodes lack, and who holds a pod back from them", pending)
            .proves([S15])
            .within(seconds(240))
            .control("another_cause", [S15], ANOTHER_CAUSE, "why memory is stuck is insufficient-memory"),
    ]
}

/// What this scenario makes.
#[cfg(test)]
pub(super) fn causes() -> Vec<&'static str> {
    named(&cases()).chain(named(&beside(""))).map(|(_, cause)| cause).collect()
}

fn cases() -> Vec<Case> {
    let spread = json!([{"topologyKey": "example.com/zone", "maxSkew": 1,
        "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"app": "spread"}}}]);
    let scratch =
        json!({"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}});
    vec![
        case("memory", cause::INSUFFICIENT_MEMORY).requests("memory", "1Pi"),
        case("cpu", cause::INSUFFICIENT_CPU).requests("cpu", "1000"),
        case("disk", cause::INSUFFICIENT_EPHEMERAL_STORAGE).requests("ephemeral-storage", "1000Ti"),
        case("device", cause::INSUFFICIENT_RESOURCE)
            .container(json!({"resources": {"limits": {"example.com/device": "1"}}})),
        case("selector", cause::NO_NODE_MATCHES).pod(json!({"nodeSelector": {"disk": "of-gold"}})),
        case("spread", cause::TOPOLOGY_SPREAD).pod(json!({"topologySpreadConstraints": spread})),
        case("gated", cause::SCHEDULING_GATED)
            .pod(json!({"schedulingGates": [{"name": "example.com/wait"}]})),
        case("unserved", cause::SCHEDULER_IDLE).pod(json!({"schedulerName": "nobody"})),
        // The scheduler refuses a PVC that is not the pod's own, which no list of reasons has.
        case("foreign", cause::UNSCHEDULABLE)
            .pod(json!({"volumes": [{"name": "scratch", "ephemeral": {"volumeClaimTemplate": scratch}}]})),
    ]
}

/// Sets that a pod of the sentinel's, on the node of this host, must be there before.
fn beside(host: &str) -> [Case; 2] {
    let apart = json!({"requiredDuringSchedulingIgnoredDuringExecution": [
        {"topologyKey": "kubernetes.io/os", "labelSelector": {"matchLabels": {"app": SENTINEL.name}}}]});
    [
        case("apart", cause::ANTI_AFFINITY).pod(json!({"affinity": {"podAntiAffinity": apart}})),
        // Two pods that want one port of one node. A PVC that is bound at once may be on another.
        case("ports", cause::PORTS_TAKEN)
            .replicas(2)
            .spec(json!({"volumeClaimTemplates": null}))
            .pod(json!({"nodeSelector": {"kubernetes.io/hostname": host}, "volumes": [{"name": "data", "emptyDir": {}}]}))
            .container(json!({"ports": [{"name": "http", "containerPort": 8080, "hostPort": 39471}]})),
    ]
}

async fn pending(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            add(manifest, &cases())?;
            manifest.objects.push(json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
                "metadata": {"name": "foreign-0-scratch"},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}}));
            workload.with_replicas(manifest, 1)
        })
        .await?;
    set.ready(1).await?;
    let host = run.pod(set.pod_name(0)).host().await?;
    let beside = beside(&host);
    for case in &beside {
        run.apply_objects([case.object()?]).await?;
    }
    let cases = taken(&run, cases().into_iter().chain(beside).collect()).await?;
    run.step("each set is stuck for its own cause").await?;
    run.judge_diagnoses(S15, named(&cases), seconds(40)).await?;
    run.step("a set that is well is said to be well").await?;
    run.set(SENTINEL.name).judge_diagnosis(S15, &[], seconds(30)).await?;
    Ok(())
}
