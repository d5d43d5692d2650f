//! What the settings of a probe say: when it has failed, and when it has not yet.

use anyhow::Result;
use harness::{
    Error,
    claim::S21,
    manifest::Manifest,
    runner::{Run, Scenario, scenario},
    wait::expectations::{pod_ready, pod_running, pod_started_again, pod_undisturbed, pod_unready},
    workload::{Workload, sentinel::Held},
};
use serde_json::{Value, json};

use crate::{sabotage::LIVENESS_PROBES_REMOVED, seconds};

/// A port that nobody serves.
const NOBODYS: u16 = 3999;
/// Longer than any scenario lasts, in seconds; and more probes than are made in one.
const FOR_EVER: u32 = 3600;

/// A pod whose liveness probe runs a program that does not end.
const PROGRAM_HANGS: &str = "program-hangs";
/// Whose fails in other ways.
const ANSWER_HANGS: &str = "answer-hangs";
const NOBODY_SERVES: &str = "nobody-serves";
/// Whose would fail at once, and is not to begin yet.
const BEGINS_LATER: &str = "begins-later";
/// Whose readiness probe passes, and has to for an hour.
const NOT_OFTEN_ENOUGH: &str = "not-often-enough";

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "probes::fail_as_told",
            "a probe that hangs or finds nobody has failed; one that may fail more often, or is to begin later, has not, nor has one passed that has to more often",
            fail_as_told,
        )
        .proves([S21])
        .within(seconds(300))
        .slow()
        .slow_control(
            "liveness_probes_removed",
            [S21],
            LIVENESS_PROBES_REMOVED,
            "-hangs was not restarted",
        ),
    ]
}

/// A pod as the set's, which is none of them, with its container changed.
fn beside(
    manifest: &mut Manifest,
    workload: &Workload,
    name: &str,
    change: impl FnOnce(&mut Value),
) -> harness::Result<()> {
    let mut pod = workload.lone_pod(manifest, name)?;
    pod["metadata"]["labels"] = json!({"app": "probed"});
    change(workload.container_in(&mut pod["spec"])?);
    manifest.objects.push(pod);
    Ok(())
}

/// A liveness probe that fails when it has failed three times, and that has a second each time.
fn soon(mut probe: Value) -> Value {
    // Not while nobody listens yet: that is another way to fail.
    for (setting, value) in
        [("initialDelaySeconds", 5), ("periodSeconds", 1), ("timeoutSeconds", 1), ("failureThreshold", 3)]
    {
        probe[setting] = json!(value);
    }
    probe
}

async fn fail_as_told(run: Run) -> Result<()> {
    let hangs = format!("/pre-stop?seconds={FOR_EVER}");
    let failing = [
        (PROGRAM_HANGS, json!({"exec": {"command": ["/sentinel", "hook", FOR_EVER.to_string()]}})),
        (ANSWER_HANGS, json!({"httpGet": {"path": hangs, "port": "http"}})),
        (NOBODY_SERVES, json!({"tcpSocket": {"port": NOBODYS}})),
    ];
    let later = json!({"httpGet": {"path": "/nowhere", "port": "http"}, "initialDelaySeconds": FOR_EVER,
        "periodSeconds": 1, "failureThreshold": 1});
    let set = run
        .deploy_with(|manifest, workload| {
            for (name, probe) in &failing {
                beside(manifest, workload, name, |one| one["livenessProbe"] = soon(probe.clone()))?;
            }
            beside(manifest, workload, BEGINS_LATER, |one| one["livenessProbe"] = later.clone())?;
            beside(manifest, workload, NOT_OFTEN_ENOUGH, |one| {
                one["livenessProbe"] = later.clone();
                one["readinessProbe"]["successThreshold"] = json!(FOR_EVER);
            })?;
            let container = workload.container(manifest)?;
            container["readinessProbe"]["failureThreshold"] = json!(FOR_EVER);
            // Both fail when it is held.
            container["livenessProbe"] = container["readinessProbe"].clone();
            workload.with_replicas(manifest, 1)
        })
        .await?;
    set.ready(1).await?;
    run.wait(&pod_ready(BEGINS_LATER, None), seconds(60)).await?;
    run.wait(&pod_running(NOT_OFTEN_ENOUGH), seconds(60)).await?;

    run.step("probes that hang, and one that finds nobody: each container is started again").await?;
    for (name, _) in &failing {
        // A kubelet may be told to have no eye on the time of programs, by its gate ExecProbeTimeout.
        if *name == PROGRAM_HANGS && !run.is_in_cluster_of_ours() {
            run.leave_out("that a probe has failed whose program does not end: not every cluster minds that");
            continue;
        }
        run.expect(S21, &pod_started_again(name), seconds(90)).await?;
    }

    run.step("probes that may fail or have to pass for an hour, and one that begins in an hour: nothing comes of them")
        .await?;
    let later = run.log().now(|world| world.pods.get(BEGINS_LATER).cloned());
    let later = later.ok_or_else(|| Error::environment(format!("{BEGINS_LATER} is gone")))?;
    let undisturbed = pod_undisturbed(&*set.pod(0)?).and(pod_undisturbed(&later));
    run.sentinel(set.pod_name(0)).hold(Held { ready: Some(true), ..Held::default() }).await?;
    run.hold_long(S21, &undisturbed.and(pod_unready(NOT_OFTEN_ENOUGH))).await?;
    Ok(())
}
