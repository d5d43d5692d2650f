//! Nodes of Garage crash, one after the other: what was acknowledged is there, and is what it was.

use std::time::Duration;

use anyhow::Result;
use harness::{
    claim::{G10, G14, G16},
    history::{
        Checker,
        check::{Copies, Fault},
    },
    load::Plan,
    runner::{Need, Run, Scenario, scenario},
    wait::expectations::{pod_recovers, pod_restarted},
    workload::{GARAGE, Set},
};

use super::clients::{
    OBJECTS, checkers, checkers_of_what_is_shared, clients, clients_that_upload, pods_and_service,
};
use crate::{READ_BACK, sabotage::OBJECTS_TAMPERED_WITH, seconds};

/// Acknowledged writes at each endpoint before the first fault, and again after each.
const ENOUGH: u64 = 10;
/// Between two operations of a process.
const PACE: Duration = Duration::from_millis(600);
/// The load ends by itself before the scenario has to.
const BUDGET: Duration = seconds(700);

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "garage::crashes",
            "a server of Garage is killed, its node restarted, and paused until it is missed, under load",
            crashes,
        )
        .proves([G10, G14, G16])
        .on([GARAGE])
        .needs([Need::TwoNodes])
        .within(seconds(900))
        .slow()
        .alone()
        .slow_control(
            "tampered_with",
            [G10, G16],
            OBJECTS_TAMPERED_WITH,
            "acknowledged writes are lost",
        ),
    ]
}

/// What happens to a server.
#[derive(Debug, Clone, Copy)]
enum Crash {
    Kill,
    Restart,
    Pause,
}

async fn crashes(run: Run) -> Result<()> {
    let set = run.deploy_with(|manifest, workload| workload.with_spread(manifest)).await?;
    set.ready(3).await?;
    run.over_two_nodes(&set)?;
    let garage = run.garage();
    let (_, key) = garage.initialise(&set).await?;
    let inside = run.prober_beside().await?;
    let (whole, other) = (run.history("history.jsonl")?, run.history_of_odd_names("objects.jsonl")?);
    let plan = |clients| Plan { clients, pace: PACE, budget: BUDGET };
    let mut loads = [
        garage.load(&whole, &plan(clients(pods_and_service(&set), OBJECTS, 1)), &inside, &key),
        garage.load(&other, &plan(clients_that_upload(pods_and_service(&set))), &inside, &key),
    ];
    let beats = inside.beats(&whole, PACE, BUDGET);
    for load in &mut loads {
        load.acknowledged(ENOUGH, seconds(120)).await?;
    }
    // What is to be shown is the crash of one server.
    let victim = set.alone_on_its_node()?;

    let mut faults = Vec::new();
    for crash in [Crash::Kill, Crash::Restart, Crash::Pause] {
        run.step(crash.words()).await?;
        let fault = crash.happens(&run, &set, victim).await?;
        let healed = garage.until_healthy(&garage.admins(&set).await?).await?;
        run.measure(&format!("health after the {}", fault.name), healed.as_secs_f64(), "s");
        // Its server is Ready within a second or two: for the others it is back when they have found it again.
        faults.push(run.fault_ends(fault));
        let mut go_on = true;
        for load in &mut loads {
            go_on &= run.put_off(load.acknowledged(ENOUGH, seconds(120)).await);
        }
        if !go_on {
            break;
        }
    }
    for load in loads {
        load.stop().await?;
    }
    beats.stop().await?;
    for history in [&whole, &other] {
        for fault in &faults {
            run.check(G14, set.workload.name, history, [Checker::ReadAfterWrite], Some(fault));
        }
    }

    run.step(READ_BACK).await?;
    for history in [&whole, &other] {
        for ordinal in 0..3 {
            garage.read_back(history, &set.pod_name(ordinal), &key).await?;
        }
    }
    run.check(G10, set.workload.name, &whole, checkers(), faults.last());
    let shared = checkers_of_what_is_shared(&run, &other)?;
    let all = [Checker::Set(Copies::Same)].into_iter().chain(shared);
    run.check(G16, set.workload.name, &other, all, faults.last());
    Ok(())
}

impl Crash {
    fn words(self) -> &'static str {
        match self {
            Self::Kill => "a server is killed",
            Self::Restart => "its node is restarted",
            Self::Pause => "its node is paused until it is missed",
        }
    }

    /// Lets it happen to the server of a pod, and waits until that is Ready again: the fault, which is not over yet.
    async fn happens(self, run: &Run, set: &Set, victim: u32) -> Result<Fault> {
        let before = set.pod(victim)?;
        let (pod, uid, restarts) = (&before.meta.name, &before.meta.uid, before.restarts());
        let node = run.node(before.node.as_deref().unwrap_or_default())?;
        let fault = run.fault_begins(match self {
            Self::Kill => "kill -9",
            Self::Restart => "restart of a node",
            Self::Pause => "pause of a node",
        });
        match self {
            Self::Kill => {
                run.pod(pod).server().await?.kill().await?;
                run.wait(&pod_restarted(pod, uid, restarts), seconds(60)).await?;
            }
            Self::Restart => {
                node.restart().await?;
                run.wait(&pod_recovers(pod, uid, restarts), seconds(150)).await?;
            }
            Self::Pause => {
                node.pause().await?;
                let missed = node.until_missed(seconds(120)).await?;
                run.measure("until a paused node is missed", missed.as_secs_f64(), "s");
                node.unpause().await?;
            }
        }
        set.ready(3).await?;
        Ok(fault)
    }
}
