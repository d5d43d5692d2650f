//! Where the scheduler has no say, or nothing to choose from: a template that names its node, a class that makes volumes
//! elsewhere, a node that is not fit for pods yet.

use anyhow::Result;
use harness::{
    claim::S15,
    explain::cause::{CLAIM_WAITS_FOR_SCHEDULER, CLASS_NOT_FOR_NODES, NODE_NOT_SET_UP},
    fault::node,
    runner::{Run, Scenario},
    wait::expectations::pod_placed,
};
use serde_json::{Value, json};

use super::{healed, report};
use crate::{diagnosis::case::case, seconds};

/// What these scenarios make.
#[cfg(test)]
pub(super) const CAUSES: &[&str] = &[CLAIM_WAITS_FOR_SCHEDULER, CLASS_NOT_FOR_NODES, NODE_NOT_SET_UP];

/// The taint of a node that its cloud's controller has not seen yet.
const NOT_SEEN: &str = "node.cloudprovider.kubernetes.io/uninitialized";

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        report(
            "diagnosis::reports::passed_by",
            "a template names its node, and a class makes volumes in no place that there is",
            seconds(240),
            passed_by,
        ),
        report(
            "diagnosis::reports::not_set_up",
            "a node waits for its cloud's controller",
            seconds(180),
            not_set_up,
        )
        .alone(),
    ]
}

async fn passed_by(run: Run) -> Result<()> {
    let Some(worker) = run.workers()?.into_iter().next() else {
        run.leave_out("a template that names its node: there is no worker");
        return Ok(());
    };
    let pinned = |pod: Value| case("pinned", CLAIM_WAITS_FOR_SCHEDULER).pod(pod);
    let far = run.outside("far");
    let zoned = case("zoned", CLASS_NOT_FOR_NODES).volume_claim(json!({"storageClassName": far}));
    let zone =
        json!([{"matchLabelExpressions": [{"key": "topology.kubernetes.io/zone", "values": ["nowhere"]}]}]);
    let class = |places: Value| {
        json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": far},
            "provisioner": "rancher.io/local-path", "volumeBindingMode": "WaitForFirstConsumer", "allowedTopologies": places})
    };
    run.step("each set is stuck for its own cause").await?;
    run.apply_objects([class(zone)]).await?;
    run.apply_objects([pinned(json!({"nodeName": worker.name})).object()?, zoned.object()?]).await?;
    let advice = ["nodeName", "kubernetes.io/hostname", "delete pod pinned-0"];
    run.set("pinned").judge_advice(S15, CLAIM_WAITS_FOR_SCHEDULER, &advice, seconds(60)).await?;
    let advice = ["allowedTopologies", "zone in (nowhere)", "delete pvc data-zoned-0"];
    run.set("zoned").judge_advice(S15, CLASS_NOT_FOR_NODES, &advice, seconds(60)).await?;

    run.step("the scheduler chooses that node itself, and the claim is made anew with another class").await?;
    let selected = json!({"nodeSelector": {"kubernetes.io/hostname": worker.name}});
    run.apply_objects([pinned(selected).object()?]).await?;
    run.set("pinned").delete_pod(0).await?;
    let zoned = run.set("zoned");
    zoned.leave_pods().await?;
    zoned.delete_pod_at_once(0).await?;
    zoned.delete_volume_claim(0).await?;
    run.apply_objects([case("zoned", CLASS_NOT_FOR_NODES).object()?]).await?;
    healed(&run, "pinned").await?;
    healed(&run, "zoned").await
}

async fn not_set_up(run: Run) -> Result<()> {
    let name = run.outside("new");
    let on_new = json!({"nodeSelector": {"kubernetes.io/hostname": name}, "volumes": [{"name": "data", "emptyDir": {}}],
        "tolerations": [{"key": node::TAINT, "operator": "Exists"}]});
    let early = case("early", NODE_NOT_SET_UP).pod(on_new).spec(json!({"volumeClaimTemplates": null}));
    run.step("a node joins, and nobody makes it fit for pods").await?;
    let room = json!({"cpu": "4", "memory": "8Gi", "ephemeral-storage": "100Gi", "pods": "110"});
    node::make_up(run.client(), &name, run.namespace(), &room, &[]).await?;
    node::set_taint(run.client(), &name, NOT_SEEN, true).await?;
    run.apply_objects([early.object()?]).await?;
    let advice = ["cloud controller manager", "kubectl taint node"];
    run.set("early").judge_advice(S15, NODE_NOT_SET_UP, &advice, seconds(30)).await?;
    run.step("the taint is taken away").await?;
    node::set_taint(run.client(), &name, NOT_SEEN, false).await?;
    run.wait(&pod_placed("early-0"), seconds(30)).await?;
    run.set("early").scale(0).await?;
    Ok(run.set("early").delete_pod_at_once(0).await?)
}
