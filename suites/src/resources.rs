//! Requests and limits.

use anyhow::Result;
use harness::{
    Error,
    claim::S20,
    explain::cause::{INSUFFICIENT_CPU, INSUFFICIENT_MEMORY, INSUFFICIENT_RESOURCE, POD_FAILED},
    fault::node::ROOM,
    runner::{Admitted, Run, Scenario, scenario},
    wait::expectations::{pod_ready, pod_restarted, pod_unschedulable},
    workload::SENTINEL,
};
use serde_json::json;

use crate::{sabotage::MEMORY_LIMIT_REMOVED, seconds};

/// Twice what a sentinel may have.
const TOO_MUCH: u32 = 128;

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "resources::limits",
            "a pod over its memory limit is killed and comes back; one that does not fit stays Pending",
            limits,
        )
        .proves([S20])
        .within(seconds(300))
        .control("memory_limit_removed", [S20], MEMORY_LIMIT_REMOVED, "sentinel-1 was not restarted"),
        scenario(
            "resources::room",
            "a worker has room for one pod: a second one stays Pending until there is more",
            room,
        )
        .proves([S20])
        .alike(
            [SENTINEL],
            "that a pod stays Pending is judged as in resources::limits, which is seen to say no",
        )
        .within(seconds(300))
        .slow()
        .alone(),
    ]
}

async fn limits(run: Run) -> Result<()> {
    let mut set = run.deploy_with(|manifest, workload| workload.with_replicas(manifest, 2)).await?;
    set.ready(2).await?;
    let volumes = run.volumes(&set);
    let (one, before) = (run.sentinel(set.pod_name(1)), set.pod(1)?);
    let mark = volumes.leave_mark(&one.pod).await?;

    if let Some(too_much) = run.found(S20, run.pod(&one.pod).too_many_mebibytes(TOO_MUCH).await)? {
        run.step(format!("pod 1 takes {too_much} MiB, twice its limit: it is killed and comes back")).await?;
        run.pod(&one.pod).overfill(too_much).await;
        run.expect(S20, &pod_restarted(&one.pod, &before.meta.uid, before.restarts()), seconds(30)).await?;
        // By the kernel's hand: the reason is the runtime's, and may be Error where it hears of the kill after the end.
        let ended = set.pod(1)?.container(set.workload.container).and_then(|one| one.ended.clone());
        run.judge_equal(S20, "the code with which it ended", Some(137), ended.map(|ended| ended.code));
        run.judge_equal(S20, "the data on its volume", mark, volumes.find_mark(&one.pod).await?);
    } else {
        run.leave_out("a pod over its memory limit: somebody gave it another, or none");
    }

    run.step("a pod that asks for more than any node has stays Pending").await?;
    let mut manifest = run.workload().manifest()?;
    // More than any machine has that could be bought for it; a limit that is given where there is none would be less.
    let too_much = json!({"cpu": "100000", "memory": "100Ti"});
    let asking = |what: &str| json!({"requests": {what: too_much[what]}, "limits": {what: too_much[what]}});
    let container = run.workload().container(&mut manifest)?;
    container["resources"] = asking("cpu");
    // What a container asks for that runs before the others counts as well.
    let first = json!({"name": "first", "image": container["image"], "imagePullPolicy": container["imagePullPolicy"],
        "args": ["idle"], "securityContext": container["securityContext"], "resources": asking("memory")});
    let greedy = manifest.find("StatefulSet", run.workload().name)?;
    greedy["spec"]["template"]["spec"]["initContainers"] = json!([first]);
    if let Admitted::Refused(why) = run.admits_pods_of(greedy).await? {
        run.leave_out(format!("that a pod for which there is no room stays Pending: {why}"));
        return Ok(());
    }
    set.change("requests of 100000 processors and 100 TiB", &run.container_patch(manifest)?).await?;
    let despite = [POD_FAILED, INSUFFICIENT_CPU, INSUFFICIENT_MEMORY];
    let lacks = |what: &str| pod_unschedulable(&one.pod, &before.meta.uid, what).despite(despite);
    let pending = lacks("Insufficient memory").and(lacks("Insufficient cpu"));
    run.expect(S20, &pending, seconds(60)).await?;
    run.hold_long(S20, &pending).await?;
    Ok(())
}

async fn room(run: Run) -> Result<()> {
    let workers = run.workers()?;
    let worker = workers.first().ok_or_else(|| Error::environment("there is no worker"))?;
    worker.offer(1).await?;
    run.step("a worker has room for one, and two ask for it").await?;
    let mut set = run
        .deploy_with(|manifest, workload| {
            let one = json!({"requests": {ROOM: "1"}, "limits": {ROOM: "1"}});
            workload.container(manifest)?["resources"] = one;
            workload.with_replicas(manifest, 2)
        })
        .await?;
    let fits = pod_ready(&set.pod_name(0), None).despite([INSUFFICIENT_RESOURCE]);
    run.expect(S20, &fits, seconds(60)).await?;
    let pending = pod_unschedulable(&set.pod_name(1), "", &format!("Insufficient {ROOM}"));
    let pending = pending.despite([POD_FAILED, INSUFFICIENT_RESOURCE]);
    run.expect(S20, &pending, seconds(60)).await?;
    run.hold(S20, &pending).await?;

    run.step("it has room for two").await?;
    worker.offer(2).await?;
    let placed = pod_ready(&set.pod_name(1), None).despite([INSUFFICIENT_RESOURCE]);
    run.expect(S20, &placed, seconds(60)).await?;

    run.step("each asks for more than half of its memory as well: what one has is not there for the other")
        .await?;
    let most = format!("{:.0}", worker.memory().await? * 0.6);
    let mut manifest = run.workload().manifest()?;
    run.workload().container(&mut manifest)?["resources"] =
        json!({"requests": {ROOM: "1", "memory": most}, "limits": {ROOM: "1"}});
    let (zero, one) = (set.pod(0)?, set.pod(1)?);
    set.change("requests of more than half of a worker's memory", &run.container_patch(manifest)?).await?;
    let has_it = pod_ready(&one.meta.name, Some(&one.meta.uid)).despite([INSUFFICIENT_RESOURCE]);
    run.expect(S20, &has_it, seconds(60)).await?;
    let lacks_it = pod_unschedulable(&zero.meta.name, &zero.meta.uid, "Insufficient memory").despite([
        POD_FAILED,
        INSUFFICIENT_RESOURCE,
        INSUFFICIENT_MEMORY,
    ]);
    run.expect(S20, &lacks_it, seconds(60)).await?;
    run.hold(S20, &lacks_it).await?;
    Ok(())
}
