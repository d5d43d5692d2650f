//! The document's table, Deployment against StatefulSet, each row side by side.

use anyhow::Result;
use harness::{
    claim::{D4, S11},
    journal::Promise,
    runner::{Run, Scenario, scenario},
    wait::expectations::{pod_returns, pods_exactly, pods_named, pods_named_are_ready},
    workload::{Set, sentinel::Held, set::GATE},
};
use serde_json::{Value, json};

use crate::{
    sabotage::{NOT_READY_HELD_TWICE, STATEFUL_SET_FOR_DEPLOYMENT},
    seconds,
};

/// The name of the Deployment beside the set.
pub(crate) const STATELESS: &str = "stateless";

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "comparison::deployment_and_stateful_set",
            "naming, identity, storage, order of start and of end, side by side",
            deployment_and_stateful_set,
        )
        .proves([S11, D4])
        .within(seconds(300))
        .control("stateful_set_for_deployment", [S11, D4], STATEFUL_SET_FOR_DEPLOYMENT, "pod naming")
        .control("other_pod_not_ready", [D4], NOT_READY_HELD_TWICE, "the pods that a Deployment took away"),
    ]
}

/// A Deployment of the sentinel's own pods, perhaps held by a readiness gate.
pub(crate) fn deployment(run: &Run, replicas: u32, gated: bool) -> Result<Value> {
    let mut manifest = run.workload().manifest()?;
    let mut template = manifest.find("StatefulSet", run.workload().name)?["spec"]["template"].clone();
    template["metadata"]["labels"] = json!({"app": STATELESS});
    template["spec"]["volumes"] = json!([{"name": "data", "emptyDir": {}}]);
    if gated {
        template["spec"]["readinessGates"] = json!([{"conditionType": GATE}]);
    }
    Ok(json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": STATELESS},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": STATELESS}}, "template": template},
    }))
}

/// What a set of the Deployment's name would promise.
pub(crate) fn stateless() -> Promise {
    Promise::of(&json!({"metadata": {"name": STATELESS}}))
}

async fn deployment_and_stateful_set(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            workload.with_gate(manifest)?;
            manifest.objects.push(deployment(&run, 3, true).map_err(|error| {
                harness::Error::bug(format!("making the Deployment: {error}"))
            })?);
            Ok(())
        })
        .await?;

    run.step("startup order, and scaling up from none: all at once against one after the other").await?;
    let at_once = run.wait(&pods_named(STATELESS, 3), seconds(15)).await;
    let ready = run.log().now(|world| world.pods.values().filter(|pod| pod.healthy()).count());
    let seen = format!("{} pods, {ready} ready", run.pods_named(STATELESS).len());
    run.wait(&pods_exactly(&set.promise, [0]), seconds(15)).await?;
    run.hold(S11, &pods_exactly(&set.promise, [0])).await?;
    run.row(
        "startup order, scaling up",
        ("3 pods, 0 ready".to_owned(), seen),
        ("sentinel-0".to_owned(), set.ordinals().iter().map(|ordinal| set.pod_name(*ordinal)).collect()),
    );
    let _ = at_once;
    for ordinal in 0..3 {
        run.wait(&harness::wait::expectations::pod_running(&set.pod_name(ordinal)), seconds(60)).await?;
        set.release(ordinal).await?;
        run.wait(&harness::wait::expectations::pod_ready(&set.pod_name(ordinal), None), seconds(60)).await?;
    }
    for pod in run.pods_named(STATELESS) {
        run.release_pod(&pod).await?;
    }
    run.wait(&pods_named_are_ready(STATELESS, 3), seconds(60)).await?;
    Ok(())
}
