//! The document's table, Deployment against StatefulSet, row by row and side by side.

use anyhow::Result;
use harness::{
    Error,
    claim::{D4, S11},
    journal::Promise,
    manifest::Manifest,
    runner::{Need, Run, Scenario, scenario},
    wait::expectations::{
        only_these_ready, pod_ready, pod_returns, pod_running, pods_exactly, pods_gone, pods_named,
        pods_ready,
    },
    workload::{SENTINEL, Set, set::GATE},
};
use serde_json::json;

use crate::{
    network::propagation,
    sabotage::{READY_AND_NOT_READY_SWAPPED, STATEFUL_SET_FOR_DEPLOYMENT},
    seconds,
};

/// The Deployment beside the set, and its pods' label.
pub(crate) const STATELESS: &str = "stateless";

/// The step at which a control does its sabotage.
pub(crate) const SCALED_DOWN_BY_TWO: &str = "scaling down by two: not by ordinal against the highest first";

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "comparison::deployment_and_stateful_set",
            "naming, network identity, storage, order of start, of scaling up and of scaling down",
            deployment_and_stateful_set,
        )
        .proves([S11, D4])
        .needs([Need::KnownDns])
        .within(seconds(300))
        .control("stateful_set_for_deployment", [S11], STATEFUL_SET_FOR_DEPLOYMENT, "startup order")
        .slow_control(
            "ready_and_not_ready_swapped",
            [D4],
            READY_AND_NOT_READY_SWAPPED,
            "what the Deployment took away",
        ),
    ]
}

/// Adds a Deployment of the sentinel's own pods, held by a readiness gate, and a headless service for it.
pub(crate) fn add_deployment(manifest: &mut Manifest, replicas: u32) -> harness::Result<()> {
    let mut template = manifest.find("StatefulSet", SENTINEL.name)?["spec"]["template"].clone();
    let labels = json!({"app": STATELESS});
    template["metadata"]["labels"] = labels.clone();
    template["spec"]["volumes"] = json!([{"name": "data", "emptyDir": {}}]);
    template["spec"]["readinessGates"] = json!([{"conditionType": GATE}]);
    manifest.objects.push(json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": STATELESS},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
    }));
    manifest.objects.push(json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": STATELESS},
        "spec": {"clusterIP": "None", "selector": labels, "ports": [{"port": 8080}]},
    }));
    Ok(())
}

/// What a set of the Deployment's name would promise: by it, the Deployment's pods are found.
pub(crate) fn stateless() -> Promise {
    Promise::of(&json!({"metadata": {"name": STATELESS}}))
}

async fn deployment_and_stateful_set(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            workload.with_replicas(manifest, 2)?;
            workload.with_gate(manifest)?;
            add_deployment(manifest, 2)
        })
        .await?;
    let deployment = run.deployment(STATELESS);

    run.step("startup order: nothing is Ready yet").await?;
    run.wait(&pods_exactly(&set.promise, [0]), seconds(30)).await?;
    // The outcome is in the row: a Deployment that does not make its pods at once is what is judged, where it is not just slow.
    match run.wait(&pods_named(STATELESS, 2), seconds(10)).await {
        Ok(_) => {}
        Err(Error::Failed(_)) => run.found(S11, deployment.has_acted(seconds(10)).await)?,
        Err(error) => return Err(error.into()),
    }
    run.row(
        S11,
        "startup order",
        ("2 at once", at_once(deployment.pods().len())),
        ("1 at once", at_once(set.ordinals().len())),
    )?;
    make_ready(&run, &set, 0..2).await?;

    run.step("naming and storage").await?;
    let (names, ordinals) = (deployment.pods(), |names: &[String], promise: &Promise| {
        let ordinals: Vec<_> = names.iter().filter_map(|name| promise.ordinal(name)).collect();
        format!("ordinals {ordinals:?}")
    });
    let ours: Vec<_> = set.pods().into_keys().collect();
    run.row(
        S11,
        "pod naming",
        ("ordinals []", ordinals(&names, &stateless())),
        ("ordinals [0, 1]", ordinals(&ours, &set.promise)),
    )?;
    let asker = run.prober(set.pod_name(0));
    asker.judge_name(S11, &set, 0, propagation(&run)).await?;
    run.row(
        S11,
        "storage",
        ("0 claims", volume_claims(&run, &names)),
        ("2 claims", volume_claims(&run, &ours)),
    )?;

    run.step("scaling up by two: all at once against one at a time").await?;
    deployment.scale(4).await?;
    set.scale(4).await?;
    run.wait(&pods_exactly(&set.promise, 0..3), seconds(30)).await?;
    run.wait(&pods_named(STATELESS, 4), seconds(30)).await?;
    run.hold(S11, &pods_exactly(&set.promise, 0..3)).await?;
    run.row(
        S11,
        "scaling up",
        ("4 at once", at_once(deployment.pods().len())),
        ("3 at once", at_once(set.ordinals().len())),
    )?;
    make_ready(&run, &set, 2..4).await?;

    run.step("identity, also in the network: one pod of each is deleted").await?;
    let old = set.pod(1)?;
    set.delete_pod(1).await?;
    run.pod(&names[0]).delete().await?;
    run.wait(&pods_gone([names[0].clone()]), seconds(60)).await?;
    run.wait(&pods_named(STATELESS, 4), seconds(30)).await?;
    run.wait(&pod_running(&set.pod_name(1)), seconds(60)).await?;
    make_ready(&run, &set, 1..2).await?;
    run.wait(&pod_returns(&set.promise, 1, &old.meta.uid), seconds(60)).await?;
    let back = |names: &[String], name: &String| {
        if names.contains(name) { "it does".to_owned() } else { "it does not".to_owned() }
    };
    run.row(
        S11,
        "the name comes back",
        ("it does not", back(&deployment.pods(), &names[0])),
        ("it does", back(&set.pods().into_keys().collect::<Vec<_>>(), &set.pod_name(1))),
    )?;
    // A pod of a Deployment may have a name while it is there, where the DNS is told to name endpoints by their pods.
    asker.judge_no_name_under(S11, STATELESS, &names[0], propagation(&run)).await?;
    asker.judge_name(S11, &set, 1, propagation(&run)).await?;
    let named = async |service: &str, pod: &str| {
        let answer = asker.answer(&format!("{pod}.{}.", asker.host(service))).await;
        run.found(S11, answer).map(|answer| answer.code)
    };
    run.row(
        S11,
        "network identity",
        ("NXDOMAIN", named(STATELESS, &names[0]).await?),
        ("NOERROR", named(set.workload.headless, &set.pod_name(1)).await?),
    )?;

    run.step("two of the Deployment's pods turn not Ready").await?;
    let (unready, ready) = deployment
        .pods()
        .split_at_checked(2)
        .map_or_else(|| (Vec::new(), Vec::new()), |(unready, ready)| (unready.to_vec(), ready.to_vec()));
    for pod in &unready {
        run.pod(pod).close_gate().await?;
    }
    run.wait(&only_these_ready(STATELESS, ready), seconds(30)).await?;
    deployment.until_counted(2).await?;
    run.step(SCALED_DOWN_BY_TWO).await?;
    let before = deployment.pods();
    deployment.scale(2).await?;
    set.scale(2).await?;
    run.wait(&pods_exactly(&set.promise, 0..2), seconds(60)).await?;
    run.wait(&pods_named(STATELESS, 2), seconds(60)).await?;
    let after = deployment.pods();
    let taken: Vec<_> = before.into_iter().filter(|pod| !after.contains(pod)).collect();
    let stay = |ordinals: Vec<u32>| format!("ordinals {ordinals:?} stay");
    let left = format!("{} stay", deployment.pods().len());
    run.row(S11, "scaling down", ("2 stay", left), ("ordinals [0, 1] stay", stay(set.ordinals())))?;
    run.judge_equal(D4, "what the Deployment took away: the pods that were not Ready", unready, taken);
    Ok(())
}

fn at_once(pods: usize) -> String {
    format!("{pods} at once")
}

fn volume_claims(run: &Run, pods: &[String]) -> String {
    let count: usize = run
        .log()
        .now(|world| pods.iter().filter_map(|pod| world.pods.get(pod)).map(|pod| pod.claims.len()).sum());
    format!("{count} claims")
}

/// Releases these pods of the set, one after the other, and all of the Deployment's.
async fn make_ready(run: &Run, set: &Set, ordinals: std::ops::Range<u32>) -> Result<()> {
    for pod in run.deployment(STATELESS).pods() {
        run.pod(pod).open_gate().await?;
    }
    for name in ordinals.map(|ordinal| set.pod_name(ordinal)) {
        run.wait(&pod_running(&name), seconds(120)).await?;
        run.pod(&name).open_gate().await?;
        run.wait(&pod_ready(&name, None), seconds(60)).await?;
    }
    run.wait(&pods_ready(STATELESS), seconds(60)).await?;
    Ok(())
}
