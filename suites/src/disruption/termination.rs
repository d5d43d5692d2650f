//! Pods that are told to stop: their hooks, the signal, the kill, and when each comes.

use std::time::Instant;

use anyhow::Result;
use harness::{
    Error,
    claim::K18,
    manifest::Manifest,
    runner::{Run, Scenario, scenario},
    wait::expectations::{controller_counts, pod_restarted, pod_returns, pod_terminating},
    workload::{Set, Workload, sentinel::Held},
};
use serde_json::{Value, json};

use crate::{
    sabotage::{LONGER_GRACE, PRE_STOP_REMOVED, SIGTERM_IGNORED},
    seconds,
};

/// How many seconds the pods' own preStop takes, and how long they have in all: who does not count the first is later than a busy
/// machine may be.
const PRE_STOP: u64 = 4;
const GRACE: u64 = 9;
/// How many somebody gives one that he deletes.
const MORE_GRACE: u32 = 14;
/// As long takes a hook that is a program; so long has its pod.
const EXEC_HOOK: u64 = 2;
const LONG_GRACE: u64 = 60;
/// So long one takes, and so long has who is given less, and is late only long after it.
const LONGER_HOOK: u64 = 40;
const LESS_GRACE: u32 = 8;

/// A container that does nothing beside the workload's.
const BESIDE: &str = "beside";

/// The step at which a control does its sabotage.
pub(crate) const STOPS_BY_ITSELF: &str = "pod 1 is deleted: preStop, then SIGTERM, and it stops by itself";

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "disruption::termination",
            "preStop to its end, SIGTERM at once, and the kill of each container when the grace period is over",
            termination,
        )
        .proves([K18])
        .within(seconds(240))
        .slow_control("sigterm_ignored", [K18], SIGTERM_IGNORED, "the exit code of sentinel-1")
        .control("pre_stop_removed", [K18], PRE_STOP_REMOVED, "the preStop hook of sentinel-1 did not run")
        .slow_control("longer_grace", [K18], LONGER_GRACE, "sentinel-0 was killed 2"),
        scenario(
            "disruption::exec_hook",
            "a preStop that is a program runs to its end, or to that of the time that somebody gives its pod, which is less than its own",
            exec_hook,
        )
        .proves([K18])
        .within(seconds(180))
        .slow_control(
            "hook_removed",
            [K18],
            PRE_STOP_REMOVED,
            "the preStop hook of sentinel-0 did not run",
        ),
    ]
}

/// The set, whose pods have a preStop hook and so many seconds in all to stop.
fn with_hook(manifest: &mut Manifest, workload: &Workload, hook: Value, grace: u64) -> harness::Result<()> {
    let set = manifest.find("StatefulSet", workload.name)?;
    let pod = &mut set["spec"]["template"]["spec"];
    pod["terminationGracePeriodSeconds"] = json!(grace);
    workload.container_in(pod)?["lifecycle"] = json!({"preStop": hook});
    Ok(())
}

/// A container beside the workload's, which at pod 0 does not stop when it is told.
fn with_one_beside(manifest: &mut Manifest, workload: &Workload) -> harness::Result<()> {
    let container = workload.container(manifest)?.clone();
    let beside = json!({
        "name": BESIDE,
        "image": container["image"],
        "imagePullPolicy": container["imagePullPolicy"],
        "args": ["idle"],
        "env": [{"name": "SENTINEL_STOP_HELD", "value": "0"}],
        "securityContext": container["securityContext"],
        "resources": container["resources"],
    });
    let set = manifest.find("StatefulSet", workload.name)?;
    let containers = set["spec"]["template"]["spec"]["containers"].as_array_mut();
    containers.ok_or_else(|| Error::bug("the pods have no containers"))?.push(beside);
    Ok(())
}

async fn termination(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            let asked = json!({"path": format!("/pre-stop?seconds={PRE_STOP}"), "port": "http"});
            with_hook(manifest, workload, json!({"httpGet": asked}), GRACE)?;
            with_one_beside(manifest, workload)?;
            workload.with_replicas(manifest, 2)
        })
        .await?;
    set.ready(2).await?;

    run.step(STOPS_BY_ITSELF).await?;
    stops_by_itself(&run, &set, 1).await?;

    run.step("the liveness probe of pod 1 fails: its container is stopped in the same way").await?;
    let (old, one) = (set.pod(1)?, run.sentinel(set.pod_name(1)));
    let instance = one.identity().await?.instance;
    one.hold(Held { live_fails: Some(true), ..Held::default() }).await?;
    run.expect(K18, &pod_restarted(&one.pod, &old.meta.uid, old.restarts()), seconds(60)).await?;
    let end = run.life(&old).ending_before_restart(&instance).await?;
    drop(run.found(K18, end.signal_follows_hook()));
    run.judge_equal(K18, "the exit code of sentinel-1 before its restart", 0, end.exit_code);

    run.step("pod 0 refuses to stop: each container is killed when its grace period is over, and not before")
        .await?;
    let (old, zero) = (set.pod(0)?, run.sentinel(set.pod_name(0)));
    let instance = zero.identity().await?.instance;
    zero.hold(Held { stop: Some(true), ..Held::default() }).await?;
    let grace = run.found(K18, run.pod(&zero.pod).grace(GRACE).await)?;
    set.delete_pod(0).await?;
    run.expect(K18, &pod_returns(&set.promise, 0, &old.meta.uid), grace + seconds(82)).await?;
    let life = run.life(&old);
    let end = life.ending(&instance).await?;
    drop(run.found(K18, end.signal_follows_hook()));
    run.judge_equal(K18, "the exit code of sentinel-0", 137, end.exit_code);
    drop(run.found(K18, end.killed_after(grace)));
    drop(life.judge_killed_in_time(K18, &end, grace));
    drop(run.found(K18, life.ending_of_container(BESIDE, &instance).await?.killed_after(grace)));

    run.step("it refuses again, and is deleted with more time than its own: it has that").await?;
    let (old, grace) = (set.pod(0)?, seconds(MORE_GRACE.into()));
    let instance = zero.identity().await?.instance;
    zero.hold(Held { stop: Some(true), ..Held::default() }).await?;
    set.delete_pod_within(0, MORE_GRACE).await?;
    run.expect(K18, &pod_returns(&set.promise, 0, &old.meta.uid), grace + seconds(82)).await?;
    drop(run.found(K18, run.life(&old).ending(&instance).await?.killed_after(grace)));
    Ok(())
}

/// A pod is deleted, and ends as one does that has a hook and refuses nothing.
async fn stops_by_itself(run: &Run, set: &Set, ordinal: u32) -> Result<()> {
    let (old, one) = (set.pod(ordinal)?, run.sentinel(set.pod_name(ordinal)));
    let instance = one.identity().await?.instance;
    set.delete_pod(ordinal).await?;
    run.expect(K18, &pod_returns(&set.promise, ordinal, &old.meta.uid), seconds(60)).await?;
    let end = run.life(&old).ending(&instance).await?;
    drop(run.found(K18, end.signal_follows_hook()));
    run.judge_equal(K18, &format!("the exit code of {}", one.pod), 0, end.exit_code);
    Ok(())
}

async fn exec_hook(run: Run) -> Result<()> {
    let program = |seconds: u64| json!({"exec": {"command": ["/sentinel", "hook", seconds.to_string()]}});
    let mut set = run
        .deploy_with(|manifest, workload| {
            with_hook(manifest, workload, program(EXEC_HOOK), LONG_GRACE)?;
            let one = json!({"spec": {"replicas": 1, "updateStrategy": {"type": "OnDelete"}}});
            manifest.merge("StatefulSet", workload.name, &one)
        })
        .await?;
    set.ready(1).await?;
    let mut longer = run.workload().manifest()?;
    with_hook(&mut longer, &run.workload(), program(LONGER_HOOK), LONG_GRACE)?;
    set.change("a longer hook for the next pod", &run.container_patch(longer)?).await?;
    run.wait(&controller_counts(&set.promise, 1), seconds(30)).await?;

    run.step("pod 0 is deleted: its hook, then SIGTERM, and it stops by itself").await?;
    stops_by_itself(&run, &set, 0).await?;

    run.step("the next one is deleted with less time than its own and its hook's: SIGTERM when that is over")
        .await?;
    let (old, grace) = (set.pod(0)?, seconds(LESS_GRACE.into()));
    let instance = run.sentinel(set.pod_name(0)).identity().await?.instance;
    set.delete_pod_within(0, LESS_GRACE).await?;
    run.expect(K18, &pod_returns(&set.promise, 0, &old.meta.uid), grace + seconds(82)).await?;
    drop(run.found(K18, run.life(&old).ending(&instance).await?.signalled_after(grace)));

    run.step("the third is deleted with its own time, and then evicted with as little: that is over first")
        .await?;
    let last = set.pod(0)?;
    let instance = run.sentinel(set.pod_name(0)).identity().await?.instance;
    let deleted = Instant::now();
    set.delete_pod(0).await?;
    run.wait(&pod_terminating(&last.meta.name), seconds(30)).await?;
    match run.pod(&last.meta.name).evict_within(LESS_GRACE).await {
        // Who may not, or whom somebody's budget keeps from it.
        Err(error) if error.is_forbidden() || error.status().is_some_and(|status| status.code == 429) => {
            run.leave_out(format!("how long a pod has to stop that is evicted: {error}"));
            return Ok(());
        }
        outcome => run.judge_taken(K18, "an eviction that says how long", outcome)?,
    }
    let grace = grace + deleted.elapsed();
    run.expect(K18, &pod_returns(&set.promise, 0, &last.meta.uid), grace + seconds(82)).await?;
    let life = run.life(&last);
    let given = life.given_grace()?;
    run.judge_equal(K18, "the seconds that its eviction gave sentinel-0", i64::from(LESS_GRACE), given);
    drop(run.found(K18, life.ending(&instance).await?.signalled_after(grace)));
    Ok(())
}
