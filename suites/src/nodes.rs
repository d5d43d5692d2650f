//! Nodes and the control plane are hurt. These scenarios run alone, on a cluster that nobody shares.

use std::{collections::BTreeSet, time::Duration};

use anyhow::Result;
use harness::{
    Error,
    claim::{K1, K21, K22, S7},
    explain::cause::{
        NODE_NOT_READY, NODES_CORDONED, POD_FAILED, TAINT_NOT_TOLERATED, VOLUME_NODE_UNAVAILABLE,
    },
    fault::node::{NOT_READY, UNREACHABLE},
    law::Obstacle,
    manifest::Manifest,
    runner::{Need, Run, Scenario, scenario},
    wait::expectations::{
        controller_counts, endpoints_ready, pod_is, pod_ready, pod_restarted, pod_returns, pod_running,
        pod_terminating, pod_unschedulable, pods_at, pods_exactly, pods_stay, revision_is,
    },
    workload::{Set, Workload},
};
use serde_json::json;

use crate::{
    network::propagation,
    rollout::{noted, partition_at},
    sabotage::{
        GOES_ALL_THE_SAME, POD_DELETED_MEANWHILE, REPLACED_MEANWHILE, VOLUME_CLAIM_DELETED_BEFORE_DRAIN,
    },
    seconds,
};

/// For how long the pods tolerate that their node is not heard of.
const TOLERATED: Duration = seconds(5);
/// The same where their node is heard of again before: over within a long hold from then on.
const TOLERATED_LONGER: Duration = seconds(28);
/// How long before that their controller must have heard of it.
const HEARD_BEFORE: Duration = seconds(3);

const ADDRESS_FOLLOWED: &str = "that a pod's name leads to its new address when its node was restarted";

/// Steps at which controls do their sabotage.
pub(crate) const GOES_ON: &str = "it goes on where it was";
pub(crate) const DRAINED: &str = "the worker of pod 1 is drained";
pub(crate) const BACK_IN_TIME: &str = "it was heard of again in time: its pods stay";
pub(crate) const NOBODY_KNOWS: &str = "nobody knows whether it still runs: no other takes its place";

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "nodes::control_plane",
            "the controller manager and the API server are killed in the middle of a scale-up",
            control_plane,
        )
        .proves([K21])
        .within(seconds(360))
        .alone()
        .slow_control(
            "pod_deleted_meanwhile",
            [K21],
            POD_DELETED_MEANWHILE,
            "sentinel-0 is being deleted",
        ),
        scenario(
            "nodes::worker",
            "a worker is drained and restarted: its pod returns to its volume, and to no other node",
            worker,
        )
        .proves([K22])
        .wants(Need::KnownDns, ADDRESS_FOLLOWED)
        .within(seconds(360))
        .alone()
        .slow_control("claim_deleted", [K22, S7], VOLUME_CLAIM_DELETED_BEFORE_DRAIN, "was placed on"),
        scenario(
            "nodes::paused",
            "a worker is paused until it is missed: no pod takes the place of its own, which returns when it goes on",
            paused,
        )
        .proves([K22])
        .within(seconds(420))
        .slow()
        .alone()
        .slow_control("replaced_meanwhile", [K22, K1], REPLACED_MEANWHILE, "sentinel-1 is another object"),
        scenario(
            "nodes::back_in_time",
            "a worker is missed, and is heard of again while its pods may stay: they do, also when that time is over",
            back_in_time,
        )
        .proves([K22])
        .within(seconds(360))
        .slow()
        .alone()
        .slow_control("goes_all_the_same", [K22], GOES_ALL_THE_SAME, "sentinel-1 is being deleted"),
    ]
}

/// Lets a pod become Ready, and waits until it is.
async fn open_gate(run: &Run, set: &Set, ordinal: u32) -> Result<()> {
    let pod = set.pod_name(ordinal);
    run.pod(&pod).open_gate().await?;
    run.wait(&pod_ready(&pod, None), seconds(60)).await?;
    Ok(())
}

async fn control_plane(run: Run) -> Result<()> {
    // Above all of its pods: what comes new is of the old template, whatever the controller remembers.
    let mut set = run
        .deploy_with(|manifest, workload| {
            manifest.merge("StatefulSet", workload.name, &partition_at(3))?;
            workload.with_gate(manifest)
        })
        .await?;
    let control_plane = run.control_plane()?;
    run.wait(&pod_running(&set.pod_name(0)), seconds(60)).await?;
    open_gate(&run, &set, 0).await?;
    run.wait(&pod_running(&set.pod_name(1)), seconds(60)).await?;
    let (old, before) = (set.revision()?.0, set.pods());
    set.change("another template", &noted("new")).await?;
    run.wait(&controller_counts(&set.promise, 1), seconds(60)).await?;
    let revision = set.revision()?.0;

    run.step("the controller manager is killed while pod 1 is held").await?;
    let killed = control_plane.kill("kube-controller-manager").await?;
    run.measure("controller manager away", killed.away.as_secs_f64(), "s");
    run.step(GOES_ON).await?;
    let nothing_changed = |pods| pods_stay(pods).and(revision_is(&set.promise, &revision));
    let found = endpoints_ready(&set.promise, set.workload.headless, [0]);
    run.hold(K21, &nothing_changed(&before).and(pods_exactly(&set.promise, 0..=1)).and(found)).await?;
    open_gate(&run, &set, 1).await?;
    run.expect(K21, &pod_running(&set.pod_name(2)), seconds(90)).await?;
    run.expect(K21, &nothing_changed(&before), seconds(1)).await?;

    run.step("the API server is killed while pod 2 is held").await?;
    let before = set.pods();
    let killed = control_plane.kill("kube-apiserver").await?;
    run.measure("API server away", killed.away.as_secs_f64(), "s");
    control_plane.until_api_answers(seconds(90)).await?;
    open_gate(&run, &set, 2).await?;
    run.found(K21, set.ready(3).await)?;
    run.expect(K21, &pods_at(&set.promise, 0..3, &old), seconds(1)).await?;
    run.hold(K21, &nothing_changed(&before)).await?;
    Ok(())
}

async fn worker(run: Run) -> Result<()> {
    let set = run.deploy_with(|manifest, workload| workload.with_replicas(manifest, 2)).await?;
    set.ready(2).await?;
    let volumes = run.volumes(&set);
    let volume_claims = volumes.uids().await?;
    let mark = volumes.leave_mark(&set.pod_name(1)).await?;
    let old = set.pod(1)?;
    let name = old.node.clone().unwrap_or_default();
    let node = run.node(&name)?;

    run.step(DRAINED).await?;
    node.cordon().await?;
    run.pod(set.pod_name(1)).evict().await?;
    let reason = "didn't match PersistentVolume's node affinity";
    let bound = pod_unschedulable(&set.pod_name(1), &old.meta.uid, reason);
    run.expect(K22, &bound, seconds(60)).await?;
    run.hold(K22, &bound).await?;

    run.step("the worker takes pods again").await?;
    node.uncordon().await?;
    // What the scheduler said before is no excuse: who does not look again now has not minded the node.
    let returns = pod_returns(&set.promise, 1, &old.meta.uid).despite([
        NODES_CORDONED,
        TAINT_NOT_TOLERATED,
        VOLUME_NODE_UNAVAILABLE,
    ]);
    run.expect(K22, &returns, seconds(60)).await?;
    run.judge_equal(K22, "the node of pod 1", Some(name.clone()), set.pod(1)?.node.clone());
    run.judge_equal(K22, "its data", mark.clone(), volumes.find_mark(&set.pod_name(1)).await?);

    run.step("the worker is restarted").await?;
    let pods = set.pods();
    let before = set.pod(1)?;
    let (restarts, addresses) = (before.restarts(), before.addresses.clone());
    node.restart().await?;
    let uid = &pods[&set.pod_name(1)];
    let again = pod_restarted(&set.pod_name(1), uid, restarts);
    run.expect(K22, &again, seconds(120)).await?;
    set.ready(2).await?;
    run.expect(K22, &pods_stay(&pods), seconds(1)).await?;
    run.judge_equal(K22, "the claims", volume_claims, run.found(K22, volumes.uids().await)?);
    run.judge_equal(K22, "its data after the restart", mark, volumes.find_mark(&set.pod_name(1)).await?);

    run.step("it has another address, and its name leads there").await?;
    let hosts = run.sentinel(set.pod_name(1)).identity().await?.hosts;
    let own: BTreeSet<_> = set.pod(1)?.addresses.iter().map(|address| address.to_string()).collect();
    run.judge_equal(K22, "the addresses that pod 1 finds for itself in its hosts file", own, hosts);
    if set.pod(1)?.addresses == addresses {
        run.leave_out(format!("{ADDRESS_FOLLOWED}: it has the one that it had"));
    } else if run.has(Need::KnownDns) {
        run.prober(set.pod_name(0)).judge_name(K22, &set, 1, propagation(&run)).await?;
    }
    Ok(())
}

/// The set, whose pods tolerate these taints of their node for so long.
fn that_tolerate(
    manifest: &mut Manifest,
    workload: &Workload,
    taints: &[&str],
    tolerated: Duration,
) -> harness::Result<()> {
    let seconds = tolerated.as_secs();
    let toleration = |taint: &&str| json!({"key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds});
    let set = manifest.find("StatefulSet", workload.name)?;
    set["spec"]["template"]["spec"]["tolerations"] = taints.iter().map(toleration).collect();
    Ok(())
}

async fn paused(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            // Who is told to go and can't be heard any more is the one whom a careless controller would replace.
            that_tolerate(manifest, workload, &[UNREACHABLE], TOLERATED)?;
            let pod = &mut manifest.find("StatefulSet", workload.name)?["spec"]["template"]["spec"];
            // Over long before the hold is: that its time is over is no proof that it has ended.
            pod["terminationGracePeriodSeconds"] = json!(2);
            workload.with_replicas(manifest, 2)
        })
        .await?;
    set.ready(2).await?;
    let volumes = run.volumes(&set);
    let volume_claims = volumes.uids().await?;
    let mark = volumes.leave_mark(&set.pod_name(1)).await?;
    let old = set.pod(1)?;
    let node = run.node(old.node.as_deref().unwrap_or_default())?;

    run.step("the worker of pod 1 is paused until it is missed, and pod 1 is told to go").await?;
    node.pause().await?;
    let missed = node.until_missed(seconds(120)).await?;
    run.measure("until a paused node is missed", missed.as_secs_f64(), "s");
    // That its node is away takes nobody's pod from it.
    let same = pod_is(&old.meta.name, &old.meta.uid).despite([
        NODES_CORDONED,
        NODE_NOT_READY,
        POD_FAILED,
        TAINT_NOT_TOLERATED,
        VOLUME_NODE_UNAVAILABLE,
    ]);
    run.expect(K22, &pod_terminating(&old.meta.name).despite([NODE_NOT_READY]), seconds(60)).await?;
    let told_to_go = run.life(&old).told_to_go()?;
    run.judge(K22, node.against_gone_before(told_to_go, TOLERATED).await?);

    run.step(NOBODY_KNOWS).await?;
    run.hold_long(K22, &same).await?;

    run.step("the worker goes on: pod 1 goes, and returns to its volume").await?;
    node.unpause().await?;
    run.expect(K22, &pod_returns(&set.promise, 1, &old.meta.uid), seconds(120)).await?;
    set.ready(2).await?;
    run.judge_equal(K22, "the node of pod 1", old.node.clone(), set.pod(1)?.node.clone());
    run.judge_equal(K22, "the claims", volume_claims, run.found(K22, volumes.uids().await)?);
    run.judge_equal(K22, "its data", mark, volumes.find_mark(&old.meta.name).await?);
    Ok(())
}

async fn back_in_time(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            that_tolerate(manifest, workload, &[UNREACHABLE, NOT_READY], TOLERATED_LONGER)?;
            workload.with_replicas(manifest, 2)
        })
        .await?;
    set.ready(2).await?;
    let pods = set.pods();
    let node = run.node(set.pod(1)?.node.as_deref().unwrap_or_default())?;

    run.step("the worker of pod 1 is paused until it is missed, and goes on").await?;
    node.pause().await?;
    let missed = node.until_unreachable(seconds(120)).await?;
    node.unpause().await?;
    node.until_heard(seconds(60)).await?;
    let away = missed.elapsed();
    run.measure("until a node that was missed is heard of again", away.as_secs_f64(), "s");
    if away + run.stretch(HEARD_BEFORE) >= TOLERATED_LONGER {
        let words = format!("it was missed for {away:.1?}, and its pods tolerate {TOLERATED_LONGER:?}");
        run.found(K22, Err::<(), _>(Error::not_judged(Obstacle::Node, words)))?;
    }

    run.step(BACK_IN_TIME).await?;
    let stay = pods_stay(&pods).despite([NODE_NOT_READY, TAINT_NOT_TOLERATED]);
    run.hold_long(K22, &stay).await?;
    set.ready(2).await?;
    Ok(())
}
