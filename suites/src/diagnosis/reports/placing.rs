//! Where pods may go, and where what they need is: volumes, drivers, other pods, and nodes that only count.

use anyhow::Result;
use harness::{
    claim::S15,
    explain::cause::{
        AFFINITY_CIRCLE, AFFINITY_UNMET, CSI_DRIVER_NOT_REGISTERED, PREEMPTION_PENDING,
        SPREAD_COUNTS_CLOSED_NODES, VOLUME_ELSEWHERE,
    },
    fault::node,
    runner::{Run, Scenario},
    wait::expectations::{pod_placed, pod_ready},
};
use serde_json::{Value, json};

use super::{healed, report};
use crate::{
    diagnosis::case::{Case, case},
    seconds,
};

/// What these scenarios make.
#[cfg(test)]
pub(super) const CAUSES: &[&str] = &[
    AFFINITY_CIRCLE,
    AFFINITY_UNMET,
    CSI_DRIVER_NOT_REGISTERED,
    PREEMPTION_PENDING,
    SPREAD_COUNTS_CLOSED_NODES,
    VOLUME_ELSEWHERE,
];

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        report(
            "diagnosis::reports::volume_elsewhere",
            "a selector sends a pod away from its volume",
            seconds(180),
            volume_elsewhere,
        )
        .alone(),
        report(
            "diagnosis::reports::spread",
            "a spread constraint counts the control plane, which takes none of the pods",
            seconds(180),
            spread,
        )
        .alone(),
        report(
            "diagnosis::reports::beside",
            "pods that must be beside each other, beside nobody, or mounted by a driver that is not there",
            seconds(240),
            beside,
        ),
        report(
            "diagnosis::reports::preemption",
            "room is made for a pod, and who must go for it does not",
            seconds(180),
            preemption,
        )
        .alone(),
    ]
}

async fn volume_elsewhere(run: Run) -> Result<()> {
    let archive = |selector: Value| case("archive", VOLUME_ELSEWHERE).pod(json!({"nodeSelector": selector}));
    run.step("it may run anywhere").await?;
    run.apply_objects([archive(json!({})).object()?]).await?;
    run.wait(&pod_ready("archive-0", None), seconds(90)).await?;
    let here = run.log().now(|world| world.pods.get("archive-0").and_then(|pod| pod.node.clone()));
    let workers = run.workers()?;
    let Some(there) =
        workers.iter().map(|worker| worker.name.as_str()).find(|name| Some(*name) != here.as_deref())
    else {
        run.leave_out("a selector for another node than the volume's: there is one worker");
        return Ok(());
    };
    run.step("it is sent to another worker than that of its volume").await?;
    run.apply_objects([archive(json!({"kubernetes.io/hostname": there})).object()?]).await?;
    let set = run.set("archive");
    let advice =
        ["on two nodes at once", "take the selector", "delete pvc data-archive-0", "delete pod archive-0"];
    set.judge_advice(S15, VOLUME_ELSEWHERE, &advice, seconds(60)).await?;
    run.step("the data may go: claim and pod are made anew where the pod is wanted").await?;
    set.delete_volume_claim(0).await?;
    set.delete_pod(0).await?;
    healed(&run, "archive").await
}

async fn spread(run: Run) -> Result<()> {
    let pods = u32::try_from(run.workers()?.len())? + 1;
    let ring = |policy: &str| {
        let constraint = json!([{"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "nodeTaintsPolicy": policy,
            "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"app": "ring"}}}]);
        case("ring", SPREAD_COUNTS_CLOSED_NODES)
            .replicas(pods)
            .pod(json!({"topologySpreadConstraints": constraint}))
    };
    run.step("one pod more than workers").await?;
    run.apply_objects([ring("Ignore").object()?]).await?;
    let set = run.set("ring");
    let advice = ["nodeTaintsPolicy: Honor", "more nodes only put it off"];
    set.judge_advice(S15, SPREAD_COUNTS_CLOSED_NODES, &advice, seconds(90)).await?;
    run.apply_objects([ring("Honor").object()?]).await?;
    set.delete_pod(pods - 1).await?;
    healed(&run, "ring").await
}

/// A set whose pods must be beside those of another.
fn near(set: &'static str, cause: &'static str, other: &str) -> Case {
    let term =
        json!([{"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": other}}}]);
    case(set, cause)
        .pod(json!({"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": term}}}))
}

async fn beside(run: Run) -> Result<()> {
    let driver = json!({"csi": {"driver": "secrets-store.example.com", "readOnly": true}});
    run.step("each set is stuck for its own cause").await?;
    for case in [
        near("cache", AFFINITY_CIRCLE, "store"),
        near("store", AFFINITY_CIRCLE, "cache"),
        near("lonely", AFFINITY_UNMET, "nobody"),
        case("keys", CSI_DRIVER_NOT_REGISTERED).volume(&driver),
    ] {
        run.apply_objects([case.object()?]).await?;
    }
    let set = |name: &str| run.set(name);
    set("cache")
        .judge_advice(S15, AFFINITY_CIRCLE, &["in a circle", "delete it after the change"], seconds(60))
        .await?;
    set("store").judge_advice(S15, AFFINITY_CIRCLE, &["in a circle"], seconds(60)).await?;
    set("lonely")
        .judge_advice(S15, AFFINITY_UNMET, &["correct the labels", "delete pod lonely-0"], seconds(60))
        .await?;
    set("keys")
        .judge_advice(
            S15,
            CSI_DRIVER_NOT_REGISTERED,
            &["registered on no node", "kubectl get csinode"],
            seconds(60),
        )
        .await?;

    run.step("the circle is broken, and the label corrected").await?;
    run.apply_objects([
        case("store", AFFINITY_CIRCLE).object()?,
        near("lonely", AFFINITY_UNMET, "store").object()?,
    ])
    .await?;
    set("store").delete_pod(0).await?;
    set("lonely").delete_pod(0).await?;
    // The driver can't be had here: without its volume, nothing else is in the way.
    run.apply_objects([case("keys", CSI_DRIVER_NOT_REGISTERED).object()?]).await?;
    set("keys").delete_pod(0).await?;
    for name in ["store", "cache", "lonely", "keys"] {
        healed(&run, name).await?;
    }
    Ok(())
}

/// On a node without a machine nobody hears that he is to stop.
async fn preemption(run: Run) -> Result<()> {
    let node_name = run.outside("full");
    let class = |name: &str, value: i32| {
        json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
        "metadata": {"name": run.outside(name)}, "value": value, "globalDefault": false})
    };
    let on = |set, cause, priority: &str| {
        case(set, cause)
            .pod(json!({"priorityClassName": run.outside(priority), "terminationGracePeriodSeconds": 3600,
                "nodeSelector": {"kubernetes.io/hostname": node_name}, "volumes": [{"name": "data", "emptyDir": {}}],
                "tolerations": [{"operator": "Exists"}]}))
            .spec(json!({"volumeClaimTemplates": null}))
            .requests("cpu", "3")
    };
    run.step("a node is full with a pod of little priority").await?;
    let room = json!({"cpu": "4", "memory": "8Gi", "ephemeral-storage": "100Gi", "pods": "110"});
    node::make_up(run.client(), &node_name, run.namespace(), &room, &[]).await?;
    run.apply_objects([class("little", 1), class("much", 1000)]).await?;
    run.apply_objects([on("small", PREEMPTION_PENDING, "little").object()?]).await?;
    run.wait(&pod_placed("small-0"), seconds(60)).await?;
    run.step("one of more priority comes").await?;
    run.apply_objects([on("great", PREEMPTION_PENDING, "much").object()?]).await?;
    let advice = ["small-0", "delete pod small-0"];
    run.set("great").judge_advice(S15, PREEMPTION_PENDING, &advice, seconds(90)).await?;
    run.step("who must go goes at once, and the other one gets the node").await?;
    run.set("small").scale(0).await?;
    run.set("small").delete_pod_at_once(0).await?;
    run.wait(&pod_placed("great-0"), seconds(60)).await?;
    run.set("great").scale(0).await?;
    Ok(run.set("great").delete_pod_at_once(0).await?)
}
