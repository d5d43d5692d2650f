//! How many of three nodes it takes: with two everything goes on, with one nothing does, and it says so.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use harness::{
    claim::{G6, G7, G15},
    history::{
        Checker,
        check::{Copies, Uninterrupted},
    },
    journal::members,
    load::{Load, Plan, Recorder, service},
    runner::{Run, Scenario, scenario},
    wait::expectations::pods_exactly,
    workload::{GARAGE, Set},
};

use super::clients::{SMALL, clients, pods_and_service};
use crate::{
    sabotage::{ONE_COPY_IS_ENOUGH, OTHER_RPC_SECRET_OF_TWO},
    seconds,
};

/// How many nodes have to agree.
pub(crate) const QUORUM: u32 = 2;
/// Acknowledged writes at each endpoint before the scaling.
const ENOUGH: u64 = 10;
/// What is tried at each endpoint while there are two nodes, and while there is one.
const TRIES: u64 = 60;
/// Between two operations of a process.
const PACE: Duration = Duration::from_millis(200);
/// The load ends by itself before the scenario has to.
const BUDGET: Duration = seconds(400);
/// As long as a client waits for an answer at all, in seconds: who waits longer has heard nothing from anybody.
const LONGEST: u32 = 12;
/// The step in which a node goes, and no client may feel it.
pub(crate) const TWO_OF_THREE: &str = "3 → 2: every read and every write goes on";

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "garage::quorum",
            "Garage is scaled 3 → 2 → 1 → 2 → 3 under load: two nodes serve, and one says that it can't",
            quorum,
        )
        .proves([G6, G7, G15])
        .on([GARAGE])
        .within(seconds(480))
        .slow()
        .slow_control("other_rpc_secret", [G6, G7], OTHER_RPC_SECRET_OF_TWO, "answered with an error")
        .slow_control(
            "one_copy_is_enough",
            [G7, G15],
            ONE_COPY_IS_ENOUGH,
            "without a quorum are no 503",
        ),
    ]
}

async fn quorum(run: Run) -> Result<()> {
    let set = run.deploy().await?;
    set.ready(3).await?;
    let garage = run.garage();
    let (_, key) = garage.initialise(&set).await?;
    let (history, inside) = (run.history("history.jsonl")?, run.prober_beside().await?);
    let pod = |ordinal| set.pod_name(ordinal);
    let health = async |ordinals: std::ops::Range<u32>| {
        garage.judge_health(G15, ordinals.map(pod), &history, &key).await
    };

    run.step("with three nodes everything goes on, and /health says so").await?;
    let plan = Plan { clients: clients(pods_and_service(&set), SMALL, 1), pace: PACE, budget: BUDGET };
    let mut load = garage.load(&history, &plan, &inside, &key);
    let beats = inside.beats(&history, PACE, BUDGET);
    load.acknowledged(ENOUGH, seconds(120)).await?;
    health(0..3).await?;

    run.step(TWO_OF_THREE).await?;
    with_two(&run, &set, &history, &mut load).await?;
    health(0..2).await?;

    run.step("2 → 1: every answer is 503").await?;
    let alone = run.fault_begins("one node of three");
    set.scale(1).await?;
    run.wait(&pods_exactly(&set.promise, [0]), seconds(120)).await?;
    load.tried_at(&[pod(0)], TRIES, seconds(120)).await?;
    health(0..1).await?;

    run.step("1 → 2: all is back, and nothing is lost").await?;
    set.scale(2).await?;
    run.fault_ends(alone);
    set.ready(2).await?;
    for ordinal in 0..2 {
        let back = garage.until_it_serves(&history, &pod(ordinal), &key, seconds(130)).await;
        let back = run.found(G7, back)?;
        run.measure(&format!("{} serves again after it is Ready", pod(ordinal)), back.as_secs_f64(), "s");
    }
    health(0..2).await?;
    load.stop().await?;
    beats.stop().await?;
    for ordinal in 0..2 {
        garage.read_back(&history, &pod(ordinal), &key).await?;
    }
    // Who is read back is held to more than this: of one copy, something older may be read.
    run.check(G7, set.workload.name, &history, [Checker::Set(Copies::Same)], None);
    let members = members(&run.log().history(), &set.promise, QUORUM);
    let both = [Checker::Honesty(members.clone()), Checker::Quorum(members)];
    run.check(G7, set.workload.name, &history, both, None);

    run.step("2 → 3").await?;
    set.scale(3).await?;
    set.ready(3).await?;
    garage.until_healthy(&garage.admins(&set).await?).await?;
    health(0..3).await?;
    Ok(())
}

/// Scales to two, and judges what clients find at the two, from the moment at which the third is told to go; and through the
/// service from when it is gone.
async fn with_two(run: &Run, set: &Set, history: &Recorder, load: &mut Load) -> Result<()> {
    let pods: Vec<Arc<str>> = (0..2).map(|ordinal| set.pod_name(ordinal).into()).collect();
    let through: Vec<Arc<str>> = vec![service(set.workload.name).into()];
    let leaving = run.fault_begins("3 → 2");
    set.scale(2).await?;
    run.wait(&pods_exactly(&set.promise, [0, 1]), seconds(120)).await?;
    let leaving = run.fault_ends(leaving);
    let two = run.fault_begins("two nodes of three");
    load.tried_at(&[&*pods, &*through].concat(), TRIES, seconds(120)).await?;
    let two = run.fault_ends(two);
    let operations = history.operations()?.all;
    for (endpoints, from) in [(pods, leaving.from), (through, two.from)] {
        let goes_on = Uninterrupted { endpoints, from, to: two.to, longest: LONGEST };
        for endpoint in &goes_on.endpoints {
            let longest = goes_on.longest_wait(&operations, endpoint);
            run.measure(&format!("{endpoint}: longest wait for a good answer with two nodes"), longest, "s");
        }
        run.check(G6, set.workload.name, history, [Checker::Available(goes_on)], None);
    }
    Ok(())
}
