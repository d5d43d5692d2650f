//! Ordered Deployment and Scaling. Pods are held by their readiness and by their removal, so order is forced to
//! show and never raced for.

use std::collections::BTreeMap;

use anyhow::Result;
use harness::{
    claim::{K2, K6, K19, S1, S2, S8, S9, S10, S17, S18, S21},
    law::disorder::{Origin, disorder},
    runner::{Run, Scenario, scenario},
    wait::expectations::{
        controller_counts, pod_exists, pod_not_terminating, pod_ready, pod_restarted, pod_returns,
        pod_running, pod_runs_again, pod_terminating, pods_exactly, pods_gone, pods_named, pods_stay,
        revision_is, volume_claims_are,
    },
    workload::{DAGSTER_POSTGRESQL, GARAGE, SENTINEL, Workload, sentinel::Held},
};
use serde_json::json;

use crate::{
    comparison::{STATELESS, add_deployment, stateless},
    sabotage::{
        DELETE_VOLUME_CLAIMS_WHEN_SCALED, ORDERED_READY, PARALLEL, READINESS_PROBE_REMOVED,
        STARTUP_PROBE_REMOVED,
    },
    seconds,
};

const ALL: [Workload; 3] = [SENTINEL, GARAGE, DAGSTER_POSTGRESQL];
const STORES: [Workload; 2] = [GARAGE, DAGSTER_POSTGRESQL];
/// How often a startup probe may fail, once a second: longer than any hold lasts.
const STARTUP_TRIES: u32 = 600;
const NOT_HELD: Held = Held { ready: Some(false), stop: None, live_fails: None };
/// Why no control of order runs on them.
const BY_THE_JOURNAL: &str = "what is judged is the journal, by what is seen to say no on the sentinel";

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "ordering::scale_up",
            "each pod is held not-Ready, and the next must not be created meanwhile",
            scale_up,
        )
        .proves([S1, S8])
        .on(ALL)
        .alike(STORES, BY_THE_JOURNAL)
        .within(seconds(400))
        .control("parallel", [S8], PARALLEL, "was created while sentinel-0 was not ready"),
        scenario(
            "ordering::scale_down",
            "the highest pod is kept from being gone, and the next must stay meanwhile",
            scale_down,
        )
        .proves([S9, S17])
        .on(ALL)
        .alike(STORES, BY_THE_JOURNAL)
        .within(seconds(420))
        .control("parallel", [S9], PARALLEL, "sentinel-1 began to terminate while sentinel-2 was still there")
        .slow_control(
            "delete_claims_when_scaled",
            [S17],
            DELETE_VOLUME_CLAIMS_WHEN_SCALED,
            "was deleted when the set was scaled down",
        ),
        scenario(
            "ordering::halts_while_unhealthy",
            "an unhealthy pod halts scaling both ways until it heals",
            halts_while_unhealthy,
        )
        .proves([S10, S2])
        .within(seconds(300))
        .control("readiness_probe_removed", [S10], READINESS_PROBE_REMOVED, "counts 0 ready"),
        scenario(
            "ordering::probes_gate",
            "probes decide when the next replica comes, and restart in place",
            probes_gate,
        )
        .proves([S21])
        .within(seconds(300))
        .control(
            "readiness_probe_removed",
            [S21],
            READINESS_PROBE_REMOVED,
            "the readiness probe of sentinel-1",
        ),
        scenario(
            "ordering::startup_gates",
            "until a startup probe has passed no other counts, and no next replica comes",
            startup_gates,
        )
        .proves([S21])
        .within(seconds(300))
        .control("startup_probe_removed", [S21], STARTUP_PROBE_REMOVED, "sentinel-2"),
        scenario(
            "ordering::parallel",
            "Parallel creates and deletes all at once, and the harness says why the order is gone",
            parallel,
        )
        .proves([K2, S18])
        .within(seconds(240))
        .control(
            "ordered_ready",
            [K2, S18],
            ORDERED_READY,
            "exactly sentinel-0, sentinel-1, sentinel-2 exist",
        ),
    ]
}

async fn scale_up(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            workload.with_replicas(manifest, 3)?;
            workload.with_gate(manifest)
        })
        .await?;
    for ordinal in 0..3 {
        let name = set.pod_name(ordinal);
        run.step(format!("{name} runs, is not Ready, and nothing above it comes")).await?;
        run.expect(S8, &pod_running(&name), seconds(240)).await?;
        run.expect(K19, &controller_counts(&set.promise, ordinal), seconds(30)).await?;
        // A controller that only waits for a pod to be some seconds old errs later than at its next look.
        match ordinal {
            0 => run.hold_long(S8, &pods_exactly(&set.promise, [0])).await?,
            _ => run.hold(S8, &pods_exactly(&set.promise, 0..=ordinal)).await?,
        }
        run.step(format!("release {name}")).await?;
        run.pod(set.pod_name(ordinal)).open_gate().await?;
        run.wait(&pod_ready(&name, None), seconds(120)).await?;
    }
    run.found(S8, set.ready(3).await)?;
    run.judge_equal(S1, "the ordinals", vec![0, 1, 2], set.ordinals());
    Ok(())
}

async fn scale_down(run: Run) -> Result<()> {
    // One at a time, so that the way up is in order whatever the policy: here it is the way down that counts.
    let set = run.deploy_with(|manifest, workload| workload.with_replicas(manifest, 1)).await?;
    set.ready(1).await?;
    let (first, lowest) = (set.state()?.update_revision.clone(), set.pods());
    for replicas in 2..=3 {
        run.step(format!("scale to {replicas}")).await?;
        set.scale(replicas).await?;
        run.found(S8, set.ready(replicas).await)?;
        // Another number of replicas is no other template.
        run.expect(K6, &revision_is(&set.promise, &first).and(pods_stay(&lowest)), seconds(1)).await?;
    }
    let volumes = run.volumes(&set);
    let (volume_claims, marks) = (volumes.uids().await?, volumes.leave_marks().await?);

    run.step("scale 3 → 1 while pod 2 is kept from being gone").await?;
    set.hold_removal(2).await?;
    run.judge_scaled(S9, &set, 1).await?;
    run.expect(S9, &pod_terminating(&set.pod_name(2)), seconds(30)).await?;
    run.hold_long(S9, &pods_exactly(&set.promise, 0..=2).and(pod_not_terminating(&set.pod_name(1)))).await?;

    run.step("let pod 2 be gone").await?;
    set.release_removal(2).await?;
    run.expect(S9, &pods_gone([set.pod_name(1), set.pod_name(2)]), seconds(120)).await?;
    run.found(S9, set.ready(1).await)?;

    run.step("the claims stay").await?;
    run.hold(S17, &volume_claims_are(&volume_claims)).await?;

    run.step("scale back up, onto the same claims").await?;
    set.scale(3).await?;
    run.found(S17, set.ready(3).await)?;
    run.expect(S17, &volume_claims_are(&volume_claims), seconds(1)).await?;
    volumes.judge_marks(S17, &marks).await?;
    Ok(())
}

async fn halts_while_unhealthy(run: Run) -> Result<()> {
    let set = run.deploy_with(|manifest, workload| workload.with_replicas(manifest, 2)).await?;
    set.ready(2).await?;
    let unhealthy = async |ordinal: u32, unhealthy: bool| {
        run.sentinel(set.pod_name(ordinal)).hold(Held { ready: Some(unhealthy), ..Held::default() }).await
    };

    run.step("both pods turn unhealthy, and the set is scaled up").await?;
    unhealthy(0, true).await?;
    unhealthy(1, true).await?;
    run.expect(S10, &controller_counts(&set.promise, 0), seconds(30)).await?;
    set.scale(4).await?;
    run.expect(S10, &controller_counts(&set.promise, 0), seconds(30)).await?;
    run.hold_long(S10, &pods_exactly(&set.promise, 0..2)).await?;

    run.step("the one next to the pod to come heals, and the lowest does not").await?;
    unhealthy(1, false).await?;
    run.expect(S10, &controller_counts(&set.promise, 1), seconds(30)).await?;
    run.hold(S10, &pods_exactly(&set.promise, 0..2)).await?;

    run.step("it heals, and scaling goes on").await?;
    unhealthy(0, false).await?;
    run.found(S10, set.ready(4).await)?;

    run.step("a pod is deleted below one that is unhealthy: it comes back all the same").await?;
    unhealthy(3, true).await?;
    run.expect(K19, &controller_counts(&set.promise, 3), seconds(30)).await?;
    let old = set.pod(1)?;
    set.delete_pod(1).await?;
    run.expect(S2, &pod_returns(&set.promise, 1, &old.meta.uid), seconds(60)).await?;
    unhealthy(3, false).await?;
    run.found(S2, set.ready(4).await)?;

    run.step("pod 0 turns unhealthy again, and the set is scaled down").await?;
    let all_stay = || pods_exactly(&set.promise, 0..4).and(pod_not_terminating(&set.pod_name(3)));
    unhealthy(0, true).await?;
    run.expect(S10, &controller_counts(&set.promise, 3), seconds(30)).await?;
    set.scale(1).await?;
    run.expect(S10, &controller_counts(&set.promise, 3), seconds(30)).await?;
    run.hold(S10, &all_stay()).await?;

    run.step("it heals, and the two highest do not: the highest waits for the one below it").await?;
    unhealthy(3, true).await?;
    unhealthy(2, true).await?;
    run.expect(S10, &controller_counts(&set.promise, 1), seconds(30)).await?;
    unhealthy(0, false).await?;
    run.expect(S10, &controller_counts(&set.promise, 2), seconds(30)).await?;
    run.hold(S10, &all_stay()).await?;

    run.step("that one heals, and scaling goes on").await?;
    unhealthy(2, false).await?;
    run.expect(S10, &pods_gone((1..4).map(|ordinal| set.pod_name(ordinal))), seconds(120)).await?;
    run.found(S10, set.ready(1).await)?;
    Ok(())
}

async fn probes_gate(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            // Before its first probe a container is not Ready either.
            workload.container(manifest)?["readinessProbe"]["initialDelaySeconds"] = json!(2);
            workload.with_variable(manifest, "SENTINEL_HELD", "1")
        })
        .await?;
    let one = set.pod_name(1);
    run.step(format!("{one} runs, and its readiness probe fails")).await?;
    run.expect(S21, &pod_running(&one), seconds(120)).await?;
    run.expect_unready(S21, &one, "statuscode: 503", seconds(30)).await?;
    run.hold_long(S21, &pods_exactly(&set.promise, 0..=1)).await?;

    run.step("the probe passes, and the next replica comes").await?;
    run.sentinel(one.clone()).hold(NOT_HELD).await?;
    run.found(S21, set.ready(3).await)?;

    run.step("its liveness probe fails: the next process is not Ready before its own probe has passed")
        .await?;
    let (one, first) = (run.sentinel(one), set.pod(1)?);
    one.hold(Held { live_fails: Some(true), ..Held::default() }).await?;
    run.expect(S21, &pod_runs_again(&one.pod, &first.meta.uid, first.restarts()), seconds(120)).await?;

    run.step("the liveness probe of pod 2 fails").await?;
    let (two, volumes) = (run.sentinel(set.pod_name(2)), run.volumes(&set));
    let (before, mark) = (set.pod(2)?, volumes.leave_mark(&two.pod).await?);
    let instance = two.identity().await?.instance;
    two.hold(Held { live_fails: Some(true), ..Held::default() }).await?;
    run.expect(S21, &pod_restarted(&two.pod, &before.meta.uid, before.restarts()), seconds(120)).await?;
    // Time enough has passed for that of pod 1 to be asked, which is held until now.
    run.found(S21, run.life(&first).not_ready_since_restart())?;
    one.hold(NOT_HELD).await?;
    run.found(S21, set.ready(3).await)?;

    run.step("it was restarted in place: the same pod, the same volume, another process").await?;
    run.judge_equal(S21, "the pod's UID", before.meta.uid.clone(), set.pod(2)?.meta.uid.clone());
    run.judge_equal(S21, "the data on its volume", mark, volumes.find_mark(&two.pod).await?);
    let same = two.identity().await?.instance == instance;
    run.judge(S21, same.then(|| "the process is the old one: nothing was restarted".to_owned()));
    Ok(())
}

async fn startup_gates(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            workload.with_variable(manifest, "SENTINEL_HELD", "1")?;
            let container = workload.container(manifest)?;
            // What is held is the startup probe: the readiness probe asks for what always answers well.
            container["startupProbe"] = container["readinessProbe"].clone();
            container["startupProbe"]["failureThreshold"] = json!(STARTUP_TRIES);
            container["readinessProbe"]["httpGet"]["path"] = json!("/live");
            // One that was asked would restart the container soon.
            container["livenessProbe"]["httpGet"]["path"] = json!("/ready");
            Ok(())
        })
        .await?;
    let one = set.pod_name(1);
    run.step(format!("{one} runs, would be Ready, and its startup probe fails")).await?;
    run.expect(S21, &pod_running(&one), seconds(120)).await?;
    let restarts = set.pod(1)?.restarts();
    run.hold_long(S21, &pods_exactly(&set.promise, 0..=1)).await?;
    run.judge_equal(S21, &format!("the restarts of {one}"), restarts, set.pod(1)?.restarts());

    run.step("the startup probe passes, and the next replica comes").await?;
    run.sentinel(one).hold(Held { ready: Some(false), ..Held::default() }).await?;
    run.found(S21, set.ready(3).await)?;
    Ok(())
}

async fn parallel(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            let patch = json!({"spec": {"podManagementPolicy": "Parallel"}});
            manifest.merge("StatefulSet", workload.name, &patch)?;
            workload.with_gate(manifest)?;
            add_deployment(manifest, 3)
        })
        .await?;

    run.step("all pods are created, though none is Ready").await?;
    let all_at_once = run.expect(K2, &pods_exactly(&set.promise, 0..3), seconds(15)).await;
    run.wait(&pods_named(STATELESS, 3), seconds(15)).await?;

    run.step("where pods out of order come from").await?;
    for (subject, names, origin) in [
        (set.promise.clone(), vec![set.pod_name(1), set.pod_name(2)], Origin::Parallel),
        (stateless(), run.deployment(STATELESS).pods(), Origin::Deployment),
    ] {
        let found: BTreeMap<_, _> = disorder(&run.log().history(), &subject).into_iter().collect();
        let wanted = names.into_iter().map(|name| (name, origin)).collect();
        run.judge_equal(S18, &format!("what is out of order of {}", subject.set), wanted, found);
    }
    all_at_once?;

    run.step("all are Ready").await?;
    for ordinal in 0..3 {
        run.wait(&pod_running(&set.pod_name(ordinal)), seconds(60)).await?;
        run.pod(set.pod_name(ordinal)).open_gate().await?;
    }
    set.ready(3).await?;
    for ordinal in 0..3 {
        set.hold_removal(ordinal).await?;
    }

    run.step("one is created, though another is told to go, and is not gone").await?;
    set.delete_pod(1).await?;
    run.wait(&pod_terminating(&set.pod_name(1)), seconds(30)).await?;
    run.expect(K2, &controller_counts(&set.promise, 2), seconds(30)).await?;
    set.scale(4).await?;
    run.expect(K2, &pod_exists(&set.pod_name(3)), seconds(15)).await?;

    run.step("all are deleted, though none is gone").await?;
    set.scale(0).await?;
    // Pod 3 is not Ready, and need not be.
    for ordinal in 0..4 {
        run.expect(K2, &pod_terminating(&set.pod_name(ordinal)), seconds(15)).await?;
    }
    for ordinal in 0..3 {
        set.release_removal(ordinal).await?;
    }
    run.expect(K2, &pods_gone((0..4).map(|ordinal| set.pod_name(ordinal))), seconds(60)).await?;
    Ok(())
}
