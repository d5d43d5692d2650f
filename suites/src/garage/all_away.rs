//! All nodes are away for a while: what was acknowledged is there when they are back.

use std::time::Duration;

use anyhow::Result;
use harness::{
    claim::G8,
    load::Plan,
    runner::{Run, Scenario, scenario},
    wait::expectations::pods_exactly,
    workload::GARAGE,
};

use super::clients::{OBJECTS, checkers, clients, pods_and_service};
use crate::{READ_BACK, lost_with, sabotage::META_OFF_THE_VOLUME, seconds};

/// Acknowledged writes at each endpoint before the scaling, and again after it.
const ENOUGH: u64 = 20;
/// Between two operations of a process.
const PACE: Duration = Duration::from_millis(300);
/// The load ends by itself before the scenario has to.
const BUDGET: Duration = seconds(400);

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario("garage::all_away", "objects written under load survive 3 → 0 → 3", all_away)
            .proves([G8])
            .on([GARAGE])
            .within(seconds(480))
            .slow()
            // Data off its volume tells less: of a block that is gone Garage breaks the body off, as a way does that is bad.
            .slow_control(
                "meta_off_the_claim",
                [G8],
                META_OFF_THE_VOLUME,
                "writes are lost with their store",
            ),
    ]
}

async fn all_away(run: Run) -> Result<()> {
    let set = run.deploy().await?;
    set.ready(3).await?;
    let garage = run.garage();
    let (_, key) = garage.initialise(&set).await?;
    run.step("write and read at every pod, and through the service").await?;
    let (history, inside) = (run.history("history.jsonl")?, run.prober_beside().await?);
    let plan = Plan { clients: clients(pods_and_service(&set), OBJECTS, 0), pace: PACE, budget: BUDGET };
    let mut load = garage.load(&history, &plan, &inside, &key);
    load.acknowledged(ENOUGH, seconds(120)).await?;

    run.step("3 → 0 → 3").await?;
    let fault = run.fault_begins("3 → 0 → 3");
    set.scale(0).await?;
    run.wait(&pods_exactly(&set.promise, []), seconds(120)).await?;
    set.scale(3).await?;
    run.found(G8, set.ready(3).await.map_err(lost_with("store")))?;
    let fault = run.fault_ends(fault);

    run.step("the store forms again, and takes writes").await?;
    let healed = garage.until_healthy(&garage.admins(&set).await?).await;
    let healed = run.found(G8, healed.map_err(lost_with("store")))?;
    run.measure("health after 3 → 0 → 3", healed.as_secs_f64(), "s");
    run.put_off(load.acknowledged(ENOUGH, seconds(120)).await);
    load.stop().await?;

    run.step(READ_BACK).await?;
    for ordinal in 0..3 {
        garage.read_back(&history, &set.pod_name(ordinal), &key).await?;
    }
    run.check(G8, set.workload.name, &history, checkers(), Some(&fault));
    Ok(())
}
