//! The nodes themselves: cordoned, tainted, not Ready; and, on nodes that are made up, pressure and limits.

use anyhow::Result;
use harness::{
    claim::S15,
    explain::cause::{self, NODE_NOT_READY, NODES_CORDONED, TAINT_NOT_TOLERATED, VOLUME_NODE_UNAVAILABLE},
    fault::node::{self, TAINT},
    runner::{Run, Scenario, scenario},
    workload::SENTINEL,
};
use serde_json::{Value, json};

use super::{
    BY_THE_SAME,
    case::{Case, add, case, named, taken},
};
use crate::{
    sabotage::{CORDON_TOLERATED, CORDONED_BEFORE},
    seconds,
};

pub(crate) const TAINTED: &str = "every worker has a taint, and a new pod comes";

/// What these scenarios make.
#[cfg(test)]
pub(super) fn causes() -> Vec<&'static str> {
    let real = [NODES_CORDONED, VOLUME_NODE_UNAVAILABLE, TAINT_NOT_TOLERATED, NODE_NOT_READY];
    real.into_iter().chain(named(&made_up(&|name| name.to_owned())).map(|(_, cause)| cause)).collect()
}

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "diagnosis::nodes",
            "every worker is cordoned, then tainted; then one stops answering",
            nodes,
        )
        .proves([S15])
        .within(seconds(360))
        .slow()
        .alone()
        .slow_control("cordon_tolerated", [S15], CORDON_TOLERATED, "why late is stuck is nodes-cordoned")
        .slow_control(
            "cordoned_before",
            [S15],
            CORDONED_BEFORE,
            "why later is stuck is taint-not-tolerated",
        ),
        scenario(
            "diagnosis::made_up_nodes",
            "nodes without a machine: under pressure, with room for no pod, with room for no volume",
            made_up_nodes,
        )
        .proves([S15])
        .alike([SENTINEL], BY_THE_SAME)
        .within(seconds(180))
        .slow()
        .alone(),
    ]
}

async fn nodes(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            let late = [case("late", NODES_CORDONED), case("later", TAINT_NOT_TOLERATED)];
            add(manifest, &late.map(|case| case.replicas(0)))?;
            workload.with_replicas(manifest, 1)
        })
        .await?;
    set.ready(1).await?;
    let (late, later) = (run.set("late"), run.set("later"));
    let home = run.node(&set.pod(0)?.node.clone().unwrap_or_default())?;

    run.step("every worker is cordoned: a new pod finds no node, and an old one not the node of its volume")
        .await?;
    for worker in run.workers()? {
        worker.cordon().await?;
    }
    late.scale(1).await?;
    set.delete_pod(0).await?;
    late.judge_diagnosis(S15, &[NODES_CORDONED], seconds(40)).await?;
    run.set(SENTINEL.name).judge_diagnosis(S15, &[VOLUME_NODE_UNAVAILABLE], seconds(40)).await?;
    for worker in run.workers()? {
        worker.uncordon().await?;
    }
    set.ready(1).await?;
    late.judge_diagnosis(S15, &[], seconds(60)).await?;

    run.step(TAINTED).await?;
    for worker in run.workers()? {
        worker.taint().await?;
    }
    later.scale(1).await?;
    later.judge_diagnosis(S15, &[TAINT_NOT_TOLERATED], seconds(40)).await?;
    for worker in run.workers()? {
        worker.untaint().await?;
    }
    later.judge_diagnosis(S15, &[], seconds(60)).await?;

    run.step("the worker of pod 0 stops answering").await?;
    home.pause().await?;
    run.set(SENTINEL.name).judge_diagnosis(S15, &[NODE_NOT_READY], seconds(120)).await?;
    home.unpause().await?;
    set.ready(1).await?;
    Ok(())
}

/// Sets for nodes that are made up, each for its own.
fn made_up(outside: &dyn Fn(&str) -> String) -> Vec<Case> {
    let on = |node: &str| {
        json!({"nodeSelector": {"kubernetes.io/hostname": outside(node)},
            "tolerations": [{"key": TAINT, "operator": "Exists"}]})
    };
    vec![
        case("pressed", cause::NODE_UNDER_PRESSURE).pod(on("pressed")),
        case("crowded", cause::TOO_MANY_PODS).pod(on("crowded")),
        case("laden", cause::VOLUME_LIMIT).pod(on("laden")).volume_claim(json!({"storageClassName": ""})),
    ]
}

async fn made_up_nodes(run: Run) -> Result<()> {
    let cases = made_up(&|name| run.outside(name));
    let room = |pods: &str| json!({"cpu": "4", "memory": "8Gi", "ephemeral-storage": "100Gi", "pods": pods});
    let nodes = [("pressed", "110", &["DiskPressure"][..]), ("crowded", "0", &[]), ("laden", "110", &[])];
    let set = run.deploy_with(|manifest, workload| workload.with_replicas(manifest, 1)).await?;
    set.ready(1).await?;
    run.step("each set is stuck for its own cause").await?;
    for (name, pods, under) in nodes {
        node::make_up(run.client(), &run.outside(name), run.namespace(), &room(pods), under).await?;
    }
    run.apply_objects(volume_of_a_full_node(&run)).await?;
    for case in &cases {
        run.apply_objects([case.object()?]).await?;
    }
    let cases = taken(&run, cases).await?;
    run.judge_diagnoses(S15, named(&cases), seconds(40)).await?;
    run.step("a set elsewhere is well").await?;
    run.set(SENTINEL.name).judge_diagnosis(S15, &[], seconds(30)).await?;
    Ok(())
}

/// A node that may have no volume of a driver, and a volume of that driver.
fn volume_of_a_full_node(run: &Run) -> [Value; 2] {
    let (driver, node) = (run.outside("driver"), run.outside("laden"));
    [
        json!({"apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": {"name": node}, "spec": {"drivers": [
            {"name": driver, "nodeID": node, "topologyKeys": [], "allocatable": {"count": 0}}]}}),
        json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": run.outside("volume")}, "spec": {
            "capacity": {"storage": "64Mi"}, "accessModes": ["ReadWriteOnce"], "persistentVolumeReclaimPolicy": "Retain",
            "csi": {"driver": driver, "volumeHandle": "one"},
            "claimRef": {"namespace": run.namespace(), "name": "data-laden-0"}}}),
    ]
}
