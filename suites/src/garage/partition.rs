//! Nodes don't hear each other: nobody is told anything older than what was acknowledged.

use std::time::Duration;

use anyhow::Result;
use harness::{
    claim::G14,
    load::Plan,
    runner::{Run, Scenario, Ways, scenario},
    workload::GARAGE,
};

use super::clients::{SMALLEST, checkers_of_what_is_shared, clients, pods};
use crate::{READ_BACK, sabotage::ONE_COPY_IS_ENOUGH, seconds};

/// Acknowledged writes at each pod before a partition, and again after it.
const ENOUGH: u64 = 15;
/// What is tried at each pod during a partition.
const TRIES: u64 = 12;
/// Between two operations of a process.
const PACE: Duration = Duration::from_millis(200);
/// The load ends by itself before the scenario has to.
const BUDGET: Duration = seconds(420);

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "garage::partition",
            "a node of Garage and the two others don't hear each other, both ways and one way, under load",
            partition,
        )
        .proves([G14])
        .on([GARAGE])
        .within(seconds(480))
        .slow()
        .alone()
        .slow_control("one_copy_is_enough", [G14], ONE_COPY_IS_ENOUGH, "reads are stale"),
    ]
}

async fn partition(run: Run) -> Result<()> {
    let set = run.deploy_with(|manifest, workload| workload.with_spread(manifest)).await?;
    set.ready(3).await?;
    let garage = run.garage();
    let (admins, key) = garage.initialise(&set).await?;
    let (history, inside) = (run.history("history.jsonl")?, run.prober_beside().await?);
    let pods = pods(&set);
    let plan = Plan { clients: clients(pods.clone(), SMALLEST, 1), pace: PACE, budget: BUDGET };
    let mut load = garage.load(&history, &plan, &inside, &key);
    load.acknowledged(ENOUGH, seconds(120)).await?;

    let mut faults = Vec::new();
    for (words, ways) in [("neither way", Ways::Both), ("the others don't hear it", Ways::One)] {
        run.step(format!("garage-0 is parted from the others: {words}")).await?;
        let fault = run.fault_begins(words);
        let partition = run.part(&pods[..1], &pods[1..], ways).await?;
        load.tried_at(&pods, TRIES, seconds(120)).await?;
        let dropped = partition.join().await?;
        faults.push(run.fault_ends(fault));
        run.measure(&format!("packets dropped, {words}"), dropped as f64, "packets");

        run.step(format!("they hear each other again: {words}")).await?;
        let healed = garage.until_healthy(&admins).await?;
        run.measure(&format!("health after the partition, {words}"), healed.as_secs_f64(), "s");
        if !run.put_off(load.acknowledged(ENOUGH, seconds(120)).await) {
            break;
        }
    }
    load.stop().await?;

    run.step(READ_BACK).await?;
    for pod in &pods {
        garage.read_back(&history, pod, &key).await?;
    }
    let checkers = checkers_of_what_is_shared(&run, &history)?;
    for fault in &faults {
        run.check(G14, set.workload.name, &history, checkers.clone(), Some(fault));
    }
    Ok(())
}
