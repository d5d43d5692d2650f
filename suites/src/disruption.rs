//! Pods that are evicted, fail, are told to stop, or are taken away; and a set that goes before its pods.

use anyhow::Result;
use harness::{
    claim::{D5, K1, K16, K17, K18, S16},
    explain::cause::POD_FAILED,
    manifest::Manifest,
    runner::{Run, Scenario, scenario},
    wait::expectations::{
        controller_counts, pod_is_another, pod_made_again, pod_owned, pod_ready, pod_restarted, pod_returns,
        pod_terminating, pods_stay, set_gone,
    },
    workload::{SENTINEL, Set, Workload, sentinel::Held},
};
use serde_json::{Value, json};

use crate::{
    sabotage::{
        BUDGET_SELECTS_NOTHING, LONGER_GRACE, PODS_DELETED_WITH_SET, PRE_STOP_REMOVED, PREDECESSOR_HELD,
        REMOVAL_HELD, SET_GONE_BEFORE_FAILURE, SIGTERM_IGNORED,
    },
    seconds,
};

/// What the API server says of an eviction that a budget forbids.
const REFUSED: &str = "violate the pod's disruption budget";
/// The disruption budget's name.
pub(crate) const BUDGET: &str = "sentinel";
/// How many seconds the pods' own preStop takes, and how long they have in all: who does not count the first is later than a busy
/// machine may be.
const PRE_STOP: u64 = 5;
const GRACE: u64 = 8;
/// How many somebody gives one that he deletes.
const MORE_GRACE: u32 = 12;
/// As long takes a hook that is a program; so long has its pod, and so long one that somebody gives less.
const EXEC_HOOK: u64 = 2;
const LONG_GRACE: u64 = 60;
const LESS_GRACE: u32 = 6;

/// Steps at which controls do their sabotage.
pub(crate) const SET_DELETED_ALONE: &str =
    "the set is deleted without its pods: they stay, and belong to nobody";
pub(crate) const REFUSES_TO_STOP: &str = "pod 1 is told to stop, and refuses";
pub(crate) const NO_DISRUPTION_ALLOWED: &str = "under a budget that allows no disruption, a new pod comes";
pub(crate) const POD_FAILS: &str = "pod 1 fails, and is replaced";
pub(crate) const STOPS_BY_ITSELF: &str = "pod 1 is deleted: preStop, then SIGTERM, and it stops by itself";

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "disruption::orphans",
            "a set deleted without its pods leaves them running, and a new one adopts them",
            orphans,
        )
        .proves([S16])
        .within(seconds(300))
        .control("pods_deleted_with_set", [S16], PODS_DELETED_WITH_SET, "belongs to nobody"),
        scenario(
            "disruption::forced_deletion",
            "a pod that refuses to stop is taken away by force, at a price: two of one ordinal for a moment",
            forced_deletion,
        )
        .proves([S16])
        .breaks([K1])
        .within(seconds(180))
        .slow_control("removal_held", [S16], REMOVAL_HELD, "sentinel-1 is still the old object"),
        scenario(
            "disruption::budget",
            "a budget refuses evictions below it, takes others, and keeps no new pod from starting",
            budget,
        )
        .proves([K16, D5])
        .within(seconds(300))
        .control("budget_selects_nothing", [K16], BUDGET_SELECTS_NOTHING, "expected a refusal")
        .control("predecessor_held", [D5], PREDECESSOR_HELD, "sentinel-3 does not exist"),
        scenario("disruption::failed_pod", "a pod that failed is replaced", failed_pod)
            .proves([K17])
            .within(seconds(180))
            .control("set_gone", [K17], SET_GONE_BEFORE_FAILURE, "nothing makes it again"),
        scenario(
            "disruption::termination",
            "preStop to its end, SIGTERM at once, and the kill when the grace period is over",
            termination,
        )
        .proves([K18])
        .within(seconds(240))
        .slow_control("sigterm_ignored", [K18], SIGTERM_IGNORED, "the exit code of sentinel-1")
        .control("pre_stop_removed", [K18], PRE_STOP_REMOVED, "the preStop hook of sentinel-1 did not run")
        .slow_control("longer_grace", [K18], LONGER_GRACE, "sentinel-0 was killed 1"),
        scenario(
            "disruption::exec_hook",
            "a preStop that is a program runs to its end, and who is given less time than its own has less",
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

async fn orphans(run: Run) -> Result<()> {
    let set = run.deploy().await?;
    set.ready(3).await?;
    let (pods, volume_claims) = (set.pods(), run.volumes(&set).uids().await?);

    run.step(SET_DELETED_ALONE).await?;
    // A set that is gone already is no reason to stop looking at its pods.
    drop(run.judge_taken(S16, "a deletion without the pods", set.delete_orphaning().await));
    run.expect(S16, &set_gone(&set.promise), seconds(30)).await?;
    for ordinal in 0..3 {
        run.expect(S16, &pod_owned(&set.promise, ordinal, false), seconds(30)).await?;
    }
    run.hold_long(S16, &pods_stay(&pods)).await?;

    let set = run.deploy().await?;
    run.step("the new set adopts the same pods").await?;
    run.found(S16, set.ready(3).await)?;
    run.expect(S16, &pods_stay(&pods), seconds(1)).await?;
    for ordinal in 0..3 {
        run.expect(S16, &pod_owned(&set.promise, ordinal, true), seconds(30)).await?;
    }
    run.judge_equal(S16, "the claims", volume_claims, run.found(S16, run.volumes(&set).uids().await)?);
    Ok(())
}

async fn forced_deletion(run: Run) -> Result<()> {
    let set = run.deploy_with(|manifest, workload| workload.with_replicas(manifest, 2)).await?;
    set.ready(2).await?;
    let old = set.pod(1)?;
    run.pod(set.pod_name(1)).hold_stop().await?;

    run.step(REFUSES_TO_STOP).await?;
    set.delete_pod(1).await?;
    run.wait(&pod_terminating(&set.pod_name(1)), seconds(30)).await?;
    run.step("it is taken away by force: its name is free at once").await?;
    set.force_delete_pod(1).await?;
    // The API server takes it away before it answers: a long wait would take an ordinary end for it.
    let freed = run.expect(S16, &pod_is_another(&set.pod_name(1), &old.meta.uid), seconds(5)).await?;
    run.measure("from the forced deletion to the next pod", freed.as_secs_f64(), "s");
    run.expect(S16, &pod_returns(&set.promise, 1, &old.meta.uid), seconds(90)).await?;
    Ok(())
}

/// The budget, which asks for so much.
fn budget_of(mut spec: Value) -> Value {
    spec["selector"] = json!({"matchLabels": {"app": SENTINEL.name}});
    json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": BUDGET}, "spec": spec})
}

async fn budget(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, _| {
            manifest.objects.push(budget_of(json!({"maxUnavailable": 0})));
            Ok(())
        })
        .await?;
    set.ready(3).await?;

    run.step(NO_DISRUPTION_ALLOWED).await?;
    set.scale(4).await?;
    run.expect(D5, &pod_ready(&set.pod_name(3), None), seconds(30)).await?;
    run.found(D5, set.ready(4).await)?;

    run.step("an eviction below the budget is refused").await?;
    let pods = set.pods();
    let evicted = run.pod(set.pod_name(3)).evict().await;
    run.judge_refused(K16, "an eviction below the budget", evicted, 429, REFUSED);
    run.hold(K16, &pods_stay(&pods)).await?;

    run.step("under one that asks for three it is refused as well, while a pod is not Ready").await?;
    let zero = run.sentinel(set.pod_name(0));
    zero.hold(Held { ready: Some(true), ..Held::default() }).await?;
    run.expect(K16, &controller_counts(&set.promise, 3), seconds(30)).await?;
    run.apply_objects([budget_of(json!({"minAvailable": 3}))]).await?;
    let counted = "needs 3 healthy pods and has 3 currently";
    run.pod(set.pod_name(3)).judge_eviction_refused(K16, counted, seconds(30)).await?;
    run.hold(K16, &pods_stay(&pods)).await?;

    run.step("so is that of the pod itself, while fewer are Ready than are asked for").await?;
    // Said, since a policy may say otherwise where nobody does.
    let healthy_alone = json!({"minAvailable": 4, "unhealthyPodEvictionPolicy": "IfHealthyBudget"});
    run.apply_objects([budget_of(healthy_alone)]).await?;
    let fewer = "needs 4 healthy pods and has 3 currently";
    run.pod(zero.pod.clone()).judge_eviction_refused(K16, fewer, seconds(30)).await?;

    run.step("and under one that lets one of four be away").await?;
    run.apply_objects([budget_of(json!({"maxUnavailable": 1}))]).await?;
    run.pod(set.pod_name(3)).judge_eviction_refused(K16, counted, seconds(30)).await?;
    run.hold(K16, &pods_stay(&pods)).await?;

    run.step("that one is Ready again: an eviction within the budget is taken").await?;
    let three = run.sentinel(set.pod_name(3));
    run.pod(&three.pod).hold_stop().await?;
    zero.hold(Held { ready: Some(false), ..Held::default() }).await?;
    run.found(K16, run.pod(set.pod_name(3)).evict_when_allowed(seconds(30)).await)?;
    // At once: before anybody has counted anew.
    let second = run.pod(set.pod_name(2)).evict().await;
    run.judge_refused(K16, "a second eviction under a budget for one", second, 429, REFUSED);
    run.wait(&pod_terminating(&set.pod_name(3)), seconds(30)).await?;

    run.step("it takes its time to stop, and would serve: another eviction is refused").await?;
    run.pod(set.pod_name(2)).judge_eviction_refused(K16, counted, seconds(30)).await?;
    let mut others = pods.clone();
    others.remove(&set.pod_name(3));
    run.hold(K16, &pods_stay(&others)).await?;
    three.hold(Held { stop: Some(false), ..Held::default() }).await?;
    run.expect(K16, &pod_returns(&set.promise, 3, &pods[&set.pod_name(3)]), seconds(90)).await?;
    Ok(())
}

/// The set, whose pods have a preStop hook and so many seconds in all to stop.
fn with_hook(manifest: &mut Manifest, workload: &Workload, hook: Value, grace: u64) -> harness::Result<()> {
    let set = manifest.find("StatefulSet", workload.name)?;
    let pod = &mut set["spec"]["template"]["spec"];
    pod["terminationGracePeriodSeconds"] = json!(grace);
    workload.container_in(pod)?["lifecycle"] = json!({"preStop": hook});
    Ok(())
}

async fn failed_pod(run: Run) -> Result<()> {
    let set = run.deploy_with(|manifest, workload| workload.with_replicas(manifest, 2)).await?;
    set.ready(2).await?;
    let old = set.pod(1)?;
    run.step(POD_FAILS).await?;
    set.change_pod(1, "one second to live", &json!({"spec": {"activeDeadlineSeconds": 1}})).await?;
    let replaced = pod_made_again(&set.promise, 1, &old.meta.uid).despite([POD_FAILED]);
    run.expect(K17, &replaced, seconds(60)).await?;
    run.expect(K17, &pod_returns(&set.promise, 1, &old.meta.uid), seconds(60)).await?;
    run.found(K17, run.life(&old).failed())?;
    Ok(())
}

async fn termination(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            let asked = json!({"path": format!("/pre-stop?seconds={PRE_STOP}"), "port": "http"});
            with_hook(manifest, workload, json!({"httpGet": asked}), GRACE)?;
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
    run.judge(K18, end.against_hook_then_signal());
    run.judge_equal(K18, "the exit code of sentinel-1 before its restart", 0, end.exit_code);

    run.step("pod 0 refuses to stop: it is killed when its grace period is over, and not before").await?;
    let (old, zero) = (set.pod(0)?, run.sentinel(set.pod_name(0)));
    let instance = zero.identity().await?.instance;
    zero.hold(Held { stop: Some(true), ..Held::default() }).await?;
    let grace = run.found(K18, run.pod(&zero.pod).grace(GRACE).await)?;
    set.delete_pod(0).await?;
    run.expect(K18, &pod_returns(&set.promise, 0, &old.meta.uid), grace + seconds(82)).await?;
    let end = run.life(&old).ending(&instance).await?;
    run.judge(K18, end.against_hook_then_signal());
    run.judge_equal(K18, "the exit code of sentinel-0", 137, end.exit_code);
    run.judge(K18, end.against_killed_after(grace));

    run.step("it refuses again, and is deleted with more time than its own: it has that").await?;
    has_the_time_it_is_given(&run, &set, MORE_GRACE).await
}

/// A pod is deleted, and ends as one does that has a hook and refuses nothing.
async fn stops_by_itself(run: &Run, set: &Set, ordinal: u32) -> Result<()> {
    let (old, one) = (set.pod(ordinal)?, run.sentinel(set.pod_name(ordinal)));
    let instance = one.identity().await?.instance;
    set.delete_pod(ordinal).await?;
    run.expect(K18, &pod_returns(&set.promise, ordinal, &old.meta.uid), seconds(60)).await?;
    let end = run.life(&old).ending(&instance).await?;
    run.judge(K18, end.against_hook_then_signal());
    run.judge_equal(K18, &format!("the exit code of {}", one.pod), 0, end.exit_code);
    Ok(())
}

/// Pod 0 refuses to stop, and is deleted with another time than its own.
async fn has_the_time_it_is_given(run: &Run, set: &Set, given: u32) -> Result<()> {
    let (old, zero, grace) = (set.pod(0)?, run.sentinel(set.pod_name(0)), seconds(given.into()));
    let instance = zero.identity().await?.instance;
    zero.hold(Held { stop: Some(true), ..Held::default() }).await?;
    set.delete_pod_within(0, given).await?;
    run.expect(K18, &pod_returns(&set.promise, 0, &old.meta.uid), grace + seconds(82)).await?;
    run.judge(K18, run.life(&old).ending(&instance).await?.against_killed_after(grace));
    Ok(())
}

async fn exec_hook(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            let command = ["/sentinel".to_owned(), "hook".to_owned(), EXEC_HOOK.to_string()];
            with_hook(manifest, workload, json!({"exec": {"command": command}}), LONG_GRACE)?;
            workload.with_replicas(manifest, 1)
        })
        .await?;
    set.ready(1).await?;

    run.step("pod 0 is deleted: its hook, then SIGTERM, and it stops by itself").await?;
    stops_by_itself(&run, &set, 0).await?;

    run.step("it refuses to stop, and is deleted with less time than its own: it has no more").await?;
    has_the_time_it_is_given(&run, &set, LESS_GRACE).await
}
