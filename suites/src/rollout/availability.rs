//! A roll waits until pods are available, which is longer than until they are Ready.

use anyhow::Result;
use harness::{
    claim::{K3, K8},
    cluster::Capability,
    runner::{Run, Scenario, scenario},
    wait::expectations::{available, controller_counts, pod_unready, pods_stay, rolled},
    workload::{Set, sentinel::Held},
};
use serde_json::json;

use super::templates::{HIGHEST_IS_NEW, gated, noted, replaced};
use crate::{
    sabotage::{LOWEST_ROLLED_FIRST, MIN_READY_SECONDS_REMOVED},
    seconds,
};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "rollout::min_ready_seconds",
            "a pod that is Ready is not yet available, and the next one waits for that",
            min_ready_seconds,
        )
        .proves([K8])
        .within(seconds(240))
        .control(
            "min_ready_seconds_removed",
            [K8],
            MIN_READY_SECONDS_REMOVED,
            "minReadySeconds is 5",
        ),
        scenario(
            "rollout::parallel",
            "Parallel rolls as any other set: from the top, one at a time, each Ready and available first",
            parallel,
        )
        .proves([K3, K8])
        .within(seconds(240))
        .needs([Capability::ParallelAvailability])
        .slow_control(
            "lowest_of_parallel_rolled_first",
            [K3],
            LOWEST_ROLLED_FIRST,
            "sentinel-0 began to terminate while",
        )
        .slow_control(
            "min_ready_seconds_of_parallel_removed",
            [K8],
            MIN_READY_SECONDS_REMOVED,
            "minReadySeconds is 5",
        ),
    ]
}

async fn min_ready_seconds(run: Run) -> Result<()> {
    let mut set = run
        .deploy_with(|manifest, workload| {
            let patch = json!({"spec": {"replicas": 2, "minReadySeconds": 5}});
            manifest.merge("StatefulSet", workload.name, &patch)
        })
        .await?;
    run.step("pod 0 is Ready, not available, and pod 1 waits").await?;
    run.expect(K8, &controller_counts(&set.promise, 1), seconds(60)).await?;
    judge_not_available_yet(&run, &set, 0)?;
    run.found(K8, set.ready(2).await)?;
    run.expect(K8, &available(&set.promise, 2), seconds(30)).await?;

    run.step("pod 1 is not Ready for a moment, and then not available again at once").await?;
    let one = run.sentinel(set.pod_name(1));
    let before = set.pod(1)?.ready_since;
    one.hold(Held { ready: Some(true), ..Held::default() }).await?;
    run.expect(K8, &controller_counts(&set.promise, 1), seconds(30)).await?;
    // Its status may be heard later than the set's. It was Ready for long enough to be available: the times, in whole seconds, differ.
    run.wait(&pod_unready(&one.pod), seconds(30)).await?;
    let stayed = set.pod(1)?.ready_since == before;
    run.judge(K8, stayed.then(|| format!("{} is not Ready any more since {before:?}, as before", one.pod)));
    one.hold(Held { ready: Some(false), ..Held::default() }).await?;
    run.expect(K8, &controller_counts(&set.promise, 2), seconds(30)).await?;
    judge_not_available_yet(&run, &set, 1)?;
    run.expect(K8, &available(&set.promise, 2), seconds(30)).await?;

    run.step("a roll waits as well").await?;
    set.change("another template", &noted("new")).await?;
    run.expect(K8, &rolled(&set.promise, 2), seconds(90)).await?;
    Ok(())
}

/// The pods below this one are available, and it is not yet.
fn judge_not_available_yet(run: &Run, set: &Set, ordinal: u32) -> Result<()> {
    // The controller goes by the kubelet's clock: by one that is behind, the pod may have been Ready for long.
    let (counted, ready_for) = (set.state()?.available, run.life(&set.pod(ordinal)?).ready_for());
    let too_early = counted > ordinal && ready_for < seconds(4);
    run.judge(K8, too_early.then(|| format!("the available pods: expected {ordinal}, found {counted}")));
    Ok(())
}

async fn parallel(run: Run) -> Result<()> {
    let mut set = run
        .deploy_with(|manifest, workload| {
            let patch = json!({"spec": {"podManagementPolicy": "Parallel", "minReadySeconds": 5}});
            manifest.merge("StatefulSet", workload.name, &patch)
        })
        .await?;
    set.ready(3).await?;
    run.expect(K8, &available(&set.promise, 3), seconds(30)).await?;
    let mut below = set.pods();
    let old = below.remove(&set.pod_name(2)).unwrap_or_default();

    run.step("the template changes: the highest pod alone is replaced").await?;
    set.change("a template with a readiness gate", &gated()).await?;
    run.expect(K3, &replaced(&set, 2, &old), seconds(60)).await?;
    run.expect(K3, &controller_counts(&set.promise, 2), seconds(30)).await?;
    run.step(HIGHEST_IS_NEW).await?;
    run.hold(K3, &pods_stay(&below)).await?;

    // That it waits for pod 2 to be available is left to the law: a window here would have to end within minReadySeconds.
    run.step("it is Ready, and the roll goes on").await?;
    run.pod(set.pod_name(2)).open_gate().await?;
    for ordinal in (0..2).rev() {
        let old = &below[&set.pod_name(ordinal)];
        run.expect(K3, &replaced(&set, ordinal, old), seconds(60)).await?;
        run.pod(set.pod_name(ordinal)).open_gate().await?;
    }
    run.expect(K3, &rolled(&set.promise, 3), seconds(60)).await?;
    Ok(())
}
