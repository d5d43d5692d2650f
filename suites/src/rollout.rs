//! Rolling updates. New pods are held by a readiness gate that comes with the new template, so order is forced to show.

use std::collections::BTreeMap;

use anyhow::Result;
use harness::{
    claim::{K3, K4, K5, K6, K7, K8, K20, K23},
    cluster::Capability,
    runner::{Run, Scenario, scenario},
    wait::expectations::{
        available, controller_counts, pod_returns, pod_running, pods_at, pods_replaced, pods_stay,
        revisions_are, rolled,
    },
    workload::{Set, sentinel::Held, set::GATE},
};
use serde_json::{Value, json};

use crate::{
    sabotage::{
        HISTORY_LOST, LOWEST_ROLLED_FIRST, MIN_READY_SECONDS_REMOVED, ONE_AT_A_TIME, PARALLEL,
        PARTITION_IGNORED, ROLLING_UPDATE,
    },
    seconds,
};

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "rollout::highest_first",
            "a roll replaces one pod at a time from the top, and a rollback goes to the old revision",
            highest_first,
        )
        .proves([K3, K6])
        .within(seconds(300))
        .control("lowest_rolled_first", [K3], LOWEST_ROLLED_FIRST, "sentinel-0 began to terminate while")
        .control("history_lost", [K6], HISTORY_LOST, "the revision after the rollback"),
        scenario(
            "rollout::partition",
            "ordinals below the partition keep their revision, also when they are deleted",
            partition,
        )
        .proves([K4])
        .within(seconds(240))
        .control("partition_ignored", [K4], PARTITION_IGNORED, "below the partition 2"),
        scenario("rollout::on_delete", "under OnDelete a pod changes only when it is deleted", on_delete)
            .proves([K5])
            .within(seconds(240))
            .control("rolling_update", [K5], ROLLING_UPDATE, "was taken away under OnDelete"),
        scenario(
            "rollout::max_unavailable",
            "a roll takes away two pods at once where it may, and never a third",
            max_unavailable,
        )
        .proves([K7])
        .within(seconds(240))
        .needs([Capability::MaxUnavailable])
        .control("one_at_a_time", [K7], ONE_AT_A_TIME, "are gone or replaced"),
        scenario("rollout::recreate", "under Recreate all old pods go before a new one comes", recreate)
            .proves([K23])
            .within(seconds(240))
            .needs([Capability::Recreate])
            .control("rolling_update", [K23], ROLLING_UPDATE, "came at another revision while"),
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
        scenario(
            "rollout::forced_rollback",
            "a broken roll stays stuck when the template is taken back, until the broken pod is deleted",
            forced_rollback,
        )
        .proves([K20])
        .within(seconds(240))
        .control("parallel", [K20], PARALLEL, "had to stay so"),
    ]
}

/// A template whose pods are held not-Ready until they are released.
fn gated() -> Value {
    json!({"spec": {"template": {"spec": {"readinessGates": [{"conditionType": GATE}]}}}})
}

fn ungated() -> Value {
    json!({"spec": {"template": {"spec": {"readinessGates": null}}}})
}

/// A template that differs in a note alone.
fn noted(note: impl Into<Value>) -> Value {
    let note = note.into();
    json!({"spec": {"template": {"metadata": {"annotations": {"steadfast.dev/note": note}}}}})
}

fn limit(revisions: u32) -> Value {
    json!({"spec": {"revisionHistoryLimit": revisions}})
}

async fn highest_first(run: Run) -> Result<()> {
    let mut set = run.deploy().await?;
    set.ready(3).await?;
    let first = set.revision()?;

    run.step("the template changes: from the top, each new pod is held, and those below stay").await?;
    set.change("a template with a readiness gate", &gated()).await?;
    for ordinal in (0..3).rev() {
        let mut below = set.pods();
        below.retain(|name, _| (0..ordinal).any(|lower| *name == set.pod_name(lower)));
        let old = set.pod(ordinal)?;
        run.expect(K3, &replaced(&set, ordinal, &old.meta.uid), seconds(60)).await?;
        run.expect(K3, &controller_counts(&set.promise, 2), seconds(30)).await?;
        run.step(format!("{} is new and not Ready", old.meta.name)).await?;
        match ordinal {
            2 => run.hold_long(K3, &pods_stay(&below)).await?,
            _ => run.hold(K3, &pods_stay(&below)).await?,
        }
        run.pod(set.pod_name(ordinal)).open_gate().await?;
    }
    run.expect(K3, &rolled(&set.promise, 3), seconds(60)).await?;

    run.step("the template is taken back").await?;
    set.change("the template as it was", &ungated()).await?;
    run.expect(K3, &rolled(&set.promise, 3), seconds(120)).await?;
    run.judge_equal(K6, "the revision after the rollback", &first, &set.revision()?);

    run.step("history is limited to one beyond what is in use, by the set or by a pod: the newest").await?;
    set.change("OnDelete", &json!({"spec": {"updateStrategy": {"type": "OnDelete", "rollingUpdate": null}}}))
        .await?;
    let mut kept = vec![first.0.clone()];
    for note in ["one", "two", "three"] {
        set.change(note, &noted(note)).await?;
        run.expect(K6, &controller_counts(&set.promise, 3), seconds(30)).await?;
        kept.push(set.state()?.update_revision.to_string());
        if note == "one" {
            let old = set.pod(2)?;
            set.delete_pod(2).await?;
            run.expect(K6, &pod_returns(&set.promise, 2, &old.meta.uid), seconds(60)).await?;
        }
    }
    let of_pods = kept[..2].to_vec();
    set.change("revisionHistoryLimit 1", &limit(1)).await?;
    run.expect(K6, &revisions_are(kept.clone()), seconds(30)).await?;
    run.hold(K6, &revisions_are(kept)).await?;

    run.step("to nothing beyond what is in use").await?;
    set.change("the template as it was", &noted(Value::Null)).await?;
    set.change("revisionHistoryLimit 0", &limit(0)).await?;
    run.expect(K6, &revisions_are(of_pods.clone()), seconds(30)).await?;
    run.hold(K6, &revisions_are(of_pods)).await?;
    Ok(())
}

/// Another object carries the pod's name, and runs.
fn replaced(set: &Set, ordinal: u32, old: &str) -> harness::wait::Expectation {
    let (name, old) = (set.pod_name(ordinal), old.to_owned());
    let other = harness::wait::expectations::pod_is_another(&name, &old);
    other.and(pod_running(&name))
}

async fn partition(run: Run) -> Result<()> {
    let mut set = run.deploy().await?;
    set.ready(3).await?;
    let (old, all) = (set.revision()?.0, set.pods());
    let strategy = |partition: u32| json!({"spec": {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": partition}}}});

    run.step("the template changes under a partition above all: nothing happens").await?;
    set.change("partition 3", &strategy(3)).await?;
    set.change("another template", &noted("new")).await?;
    run.expect(K4, &controller_counts(&set.promise, 3), seconds(30)).await?;
    run.hold_long(K4, &pods_stay(&all)).await?;

    run.step("the partition is lowered to 2: pod 2 alone is replaced").await?;
    set.change("partition 2", &strategy(2)).await?;
    let two = &all[&set.pod_name(2)];
    run.expect(K4, &pod_returns(&set.promise, 2, two), seconds(60)).await?;
    let mut below = all.clone();
    below.remove(&set.pod_name(2));
    run.hold(K4, &pods_stay(&below)).await?;

    run.step("pod 0 is deleted: it comes back as it was").await?;
    set.delete_pod(0).await?;
    run.expect(K4, &pod_returns(&set.promise, 0, &all[&set.pod_name(0)]), seconds(60)).await?;
    run.found(K4, set.ready(3).await)?;
    run.expect(K4, &pods_at(&set.promise, 0..2, &old), seconds(1)).await?;
    run.judge(K4, (set.pod(2)?.revision() == old).then(|| "pod 2 has the old revision".to_owned()));
    Ok(())
}

async fn on_delete(run: Run) -> Result<()> {
    let on_delete = json!({"spec": {"updateStrategy": {"type": "OnDelete"}}});
    let mut set = run
        .deploy_with(|manifest, workload| manifest.merge("StatefulSet", workload.name, &on_delete))
        .await?;
    set.ready(3).await?;
    let (old, all) = (set.revision()?.0, set.pods());

    run.step("the template changes: nothing happens").await?;
    set.change("another template", &noted("new")).await?;
    run.expect(K5, &controller_counts(&set.promise, 3), seconds(30)).await?;
    run.hold_long(K5, &pods_stay(&all)).await?;

    run.step("pod 1 is deleted: it alone changes").await?;
    set.delete_pod(1).await?;
    run.expect(K5, &pod_returns(&set.promise, 1, &all[&set.pod_name(1)]), seconds(60)).await?;
    run.found(K5, set.ready(3).await)?;
    run.expect(K5, &pods_at(&set.promise, [0, 2], &old), seconds(1)).await?;
    run.judge(K5, (set.pod(1)?.revision() == old).then(|| "pod 1 has the old revision".to_owned()));
    Ok(())
}

async fn max_unavailable(run: Run) -> Result<()> {
    let two = json!({"spec": {"replicas": 4, "updateStrategy": {"rollingUpdate": {"maxUnavailable": 2}}}});
    let mut set =
        run.deploy_with(|manifest, workload| manifest.merge("StatefulSet", workload.name, &two)).await?;
    set.ready(4).await?;
    let (below, above): (BTreeMap<_, _>, BTreeMap<_, _>) =
        set.pods().into_iter().partition(|(name, _)| *name < set.pod_name(2));

    run.step("the template changes: two old pods go at once, and no third").await?;
    set.change("a template with a readiness gate", &gated()).await?;
    run.expect(K7, &pods_replaced(&above), seconds(30)).await?;
    run.expect(K7, &controller_counts(&set.promise, 2), seconds(60)).await?;
    run.hold(K7, &pods_stay(&below)).await?;
    Ok(())
}

async fn recreate(run: Run) -> Result<()> {
    // What another strategy waits for, this one must not: each change comes before the pods are available.
    let strategy = json!({"spec": {"updateStrategy": {"type": "Recreate"}, "minReadySeconds": 3}});
    let mut set =
        run.deploy_with(|manifest, workload| manifest.merge("StatefulSet", workload.name, &strategy)).await?;
    set.ready(3).await?;

    run.step("the template changes: every old pod goes, then the new ones come").await?;
    let old = set.pod(0)?;
    set.change("a template with a readiness gate", &gated()).await?;
    run.expect(K23, &replaced(&set, 0, &old.meta.uid), seconds(90)).await?;
    let told = set.state()?.progressing.clone().map(|(status, _)| status);
    run.judge_equal(K23, "the Progressing condition meanwhile", Some("True".to_owned()), told);
    for ordinal in 0..3 {
        run.expect(K23, &pod_running(&set.pod_name(ordinal)), seconds(60)).await?;
        run.pod(set.pod_name(ordinal)).open_gate().await?;
    }
    run.expect(K23, &rolled(&set.promise, 3), seconds(60)).await?;
    let told = set.state()?.progressing.clone().map(|(status, _)| status);
    run.judge_equal(K23, "the Progressing condition at the end", Some("False".to_owned()), told);

    run.step("another template, and one replica fewer: all three go at once, and two come").await?;
    let mut fewer = ungated();
    fewer["spec"]["replicas"] = json!(2);
    set.change("two replicas without the gate", &fewer).await?;
    run.wait(&rolled(&set.promise, 2), seconds(90)).await?;
    Ok(())
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
    one.hold(Held { ready: Some(true), ..Held::default() }).await?;
    run.expect(K8, &controller_counts(&set.promise, 1), seconds(30)).await?;
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
    run.step("sentinel-2 is new and not Ready").await?;
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

async fn forced_rollback(run: Run) -> Result<()> {
    // With one replica the way up has no order, so the control's Parallel breaks nothing but this.
    let mut set = run.deploy_with(|manifest, workload| workload.with_replicas(manifest, 1)).await?;
    set.ready(1).await?;
    let good = set.pod(0)?;

    run.step("a template whose pods never become Ready").await?;
    set.change("a template with a readiness gate", &gated()).await?;
    run.expect(K20, &replaced(&set, 0, &good.meta.uid), seconds(60)).await?;
    run.expect(K20, &controller_counts(&set.promise, 0), seconds(30)).await?;
    let broken = set.pods();

    run.step("the template is taken back, and the broken pod stays").await?;
    set.change("the template as it was", &ungated()).await?;
    run.wait(&controller_counts(&set.promise, 0), seconds(30)).await?;
    run.hold_long(K20, &pods_stay(&broken)).await?;

    run.step("the way out: the broken pod is deleted").await?;
    set.delete_pod(0).await?;
    run.expect(K20, &pod_returns(&set.promise, 0, &broken[&set.pod_name(0)]), seconds(60)).await?;
    run.judge_equal(K20, "the revision", good.revision().to_owned(), set.pod(0)?.revision().to_owned());
    Ok(())
}
