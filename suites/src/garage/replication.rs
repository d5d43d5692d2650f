//! What was written while a node was away reaches it, and each node alone then has everything.

use std::time::Duration;

use anyhow::Result;
use harness::{
    claim::G9,
    history::{
        Checker,
        check::Copies,
        generate::{Request, content, key},
    },
    load::{Plan, Recorder},
    runner::{Run, Scenario, Ways, scenario},
    wait::expectations::pods_exactly,
    workload::{GARAGE, Set, garage::answers::AccessKey},
};

use super::clients::writers;
use crate::{
    sabotage::{OBJECT_DELETED_BEFORE_THE_LAST, PARTED_BEFORE_IT_FETCHED, read_one_copy},
    seconds,
};

/// Acknowledged writes at each pod that is there: before the third goes, while it is away, and again when it is back.
const ENOUGH: u64 = 15;
/// Between two operations of a process.
const PACE: Duration = Duration::from_millis(200);
/// The load ends by itself before the scenario has to.
const BUDGET: Duration = seconds(400);
/// The step in which the node that was away fetches what it lacks.
pub(crate) const CATCHES_UP: &str = "it catches up: every node has everything";
/// The last of the steps in which one node alone is read.
pub(crate) const LAST_ALONE: &str = "garage-2 alone serves everything";

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "garage::replication",
            "objects are written while a node is away: it fetches them, and each node alone serves everything",
            replication,
        )
        .proves([G9])
        .on([GARAGE])
        .within(seconds(540))
        .slow()
        .alone()
        .slow_control("parted_before_it_fetched", [G9], PARTED_BEFORE_IT_FETCHED, "every node has everything")
        .slow_control(
            "object_deleted_before_the_last",
            [G9],
            OBJECT_DELETED_BEFORE_THE_LAST,
            "acknowledged writes are lost",
        ),
    ]
}

async fn replication(run: Run) -> Result<()> {
    let set = run.deploy_with(read_one_copy).await?;
    set.ready(3).await?;
    let garage = run.garage();
    let (_, key) = garage.initialise(&set).await?;
    let (history, inside) = (run.history("history.jsonl")?, run.prober_beside().await?);
    let there: Vec<String> = (0..2).map(|ordinal| set.pod_name(ordinal)).collect();
    let plan = Plan { clients: writers(there), pace: PACE, budget: BUDGET };
    let mut load = garage.load(&history, &plan, &inside, &key);
    load.acknowledged(ENOUGH, seconds(120)).await?;

    run.step("objects are written while garage-2 is away").await?;
    let fault = run.fault_begins("garage-2 is away");
    set.scale(2).await?;
    run.wait(&pods_exactly(&set.promise, [0, 1]), seconds(120)).await?;
    load.acknowledged(ENOUGH, seconds(120)).await?;
    set.scale(3).await?;
    set.ready(3).await?;
    // A node that the others have not found again is compared with nobody.
    let admins = garage.admins(&set).await?;
    garage.until_healthy(&admins).await?;
    let fault = run.fault_ends(fault);
    run.put_off(load.acknowledged(1, seconds(120)).await);
    load.stop().await?;

    run.step(CATCHES_UP).await?;
    let caught_up = run.found(G9, garage.catch_up(&admins).await)?;
    run.measure("until garage-2 has what it missed", caught_up.as_secs_f64(), "s");

    // Of what a node gives only in part afterwards, the way is not what breaks it off.
    for ordinal in 0..3 {
        garage.read_largest(&history, &set.pod_name(ordinal), &key).await?;
    }
    // Of their own: in the history that is judged nothing is written any more, so that a refusal there counts.
    let lone_writes = run.history("lone-writes.jsonl")?;
    for ordinal in 0..3 {
        run.step(LAST_ALONE.replace(&set.pod_name(2), &set.pod_name(ordinal))).await?;
        Box::pin(read_alone(&run, &set, ordinal, [&history, &lone_writes], &key)).await?;
    }
    // While the load ran each node read its own copy alone.
    run.check(G9, set.workload.name, &history, [Checker::Set(Copies::Late)], Some(&fault));
    Ok(())
}

/// Reads everything back at a pod that hears nobody: it can acknowledge no write.
async fn read_alone(
    run: &Run,
    set: &Set,
    ordinal: u32,
    [history, lone_writes]: [&Recorder; 2],
    access: &AccessKey,
) -> Result<()> {
    let (garage, alone) = (run.garage(), set.pod_name(ordinal));
    let others: Vec<String> =
        (0..3).filter(|other| *other != ordinal).map(|other| set.pod_name(other)).collect();
    let partition = run.part(std::slice::from_ref(&alone), &others, Ways::Both).await?;
    let mut store = garage.s3(&alone, access).await?;
    let process = lone_writes.processes(1).start;
    let write = Request::put(key(lone_writes.run(), process, 0), content(&alone, 100));
    let endpoint = alone.as_str().into();
    let (read, written) = tokio::join!(
        garage.read_back(history, &alone, access),
        lone_writes.perform(process, &endpoint, &write, &mut store)
    );
    read?;
    let acknowledged = written?.failure().is_none();
    partition.join().await?;
    run.judge(
        G9,
        acknowledged.then(|| format!("{alone} acknowledged a write with nobody else to hear of it")),
    );
    Ok(())
}
