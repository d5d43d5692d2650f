//! Test Scale-Down Before Production: what was acknowledged before, during and after 3 → 1 → 3 is there, at every pod, and nobody
//! was told anything older than what had been acknowledged.

use std::time::Duration;

use anyhow::Result;
use harness::{
    claim::{G7, S9, S17, S23},
    history::{
        Checker,
        check::{Copies, Fault},
    },
    journal::members,
    load::Plan,
    runner::{Run, Scenario, scenario},
    wait::expectations::{pods_exactly, volume_claims_settled},
    workload::{DAGSTER_POSTGRESQL, GARAGE, Set},
};

use crate::{
    READ_BACK,
    garage::{OBJECTS, QUORUM, checkers_of_what_is_shared, clients, pods_and_service},
    lost_with,
    postgres::{checkers_of_three_databases, clients_of_three_databases},
    sabotage::{DELETE_VOLUME_CLAIMS_WHEN_SCALED, EMPTY_DIRECTORY, META_OFF_THE_VOLUME, OBJECT_DELETED},
    seconds,
};

const REPLICAS: u32 = 3;
/// Acknowledged writes at each endpoint before the scaling, and again after it.
const ENOUGH: u64 = 6;
/// What is begun at the one node that is left: three for each process there, where none is slower than another.
const TRIES_ALONE: u64 = 9;
/// Between two operations of a process: the store is never at rest, and what is read back from every pod does not grow for nothing.
const PACE: Duration = Duration::from_millis(800);
/// The load ends by itself before the scenario has to.
const BUDGET: Duration = seconds(540);

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario("survival::s3", "objects written under load survive 3 → 1 → 3 of Garage", s3_survives)
            .proves([S23, S17, G7])
            .on([GARAGE])
            .within(seconds(600))
            .slow_control("object_deleted", [S23], OBJECT_DELETED, "acknowledged writes are lost")
            .slow_control(
                "meta_off_the_volume",
                [S23],
                META_OFF_THE_VOLUME,
                "writes are lost with their store",
            ),
        scenario("survival::sql", "rows written under load survive 3 → 1 → 3 of PostgreSQL", sql_survives)
            .proves([S23, S17])
            .on([DAGSTER_POSTGRESQL])
            .within(seconds(600))
            .control("empty_directory", [S23], EMPTY_DIRECTORY, "acknowledged writes are lost")
            .slow_control(
                "delete_claims_when_scaled",
                [S23, S17, harness::claim::S7],
                DELETE_VOLUME_CLAIMS_WHEN_SCALED,
                "acknowledged writes are lost",
            ),
    ]
}

async fn s3_survives(run: Run) -> Result<()> {
    let set = run.deploy().await?;
    set.ready(REPLICAS).await?;
    let garage = run.garage();
    run.step("initialise; write and read at every pod, and through the service").await?;
    let (_, key) = garage.initialise(&set).await?;
    let (history, inside) = (run.history("history.jsonl")?, run.prober_beside().await?);
    let clients = clients(pods_and_service(&set), OBJECTS, 1);
    let plan = Plan { clients, pace: PACE, budget: BUDGET };
    let mut load = garage.load(&history, &plan, &inside, &key);
    let beats = inside.beats(&history, PACE, BUDGET);
    load.acknowledged(ENOUGH, seconds(120)).await?;

    let fault = down(&run, &set).await?;
    run.step("one node alone says that it can't").await?;
    run.put_off(load.tried_at(&[set.pod_name(0)], TRIES_ALONE, seconds(60)).await);
    let fault = up(&run, &set, fault).await?;

    run.step("the store heals, and takes writes again").await?;
    let healed = garage.until_healthy(&garage.admins(&set).await?).await;
    let healed = run.found(S23, healed.map_err(lost_with("store")))?;
    run.measure("health after 3 → 1 → 3", healed.as_secs_f64(), "s");
    run.put_off(load.acknowledged(ENOUGH, seconds(120)).await);
    load.stop().await?;
    beats.stop().await?;

    run.step(READ_BACK).await?;
    for ordinal in 0..REPLICAS {
        garage.read_back(&history, &set.pod_name(ordinal), &key).await?;
    }
    let shared = checkers_of_what_is_shared(&run, &history)?;
    let all = [Checker::Set(Copies::Same)].into_iter().chain(shared);
    run.check(S23, set.workload.name, &history, all, Some(&fault));
    let members = members(&run.log().history(), &set.promise, QUORUM);
    let both = [Checker::Honesty(members.clone()), Checker::Quorum(members)];
    run.check(G7, set.workload.name, &history, both, None);
    Ok(())
}

async fn sql_survives(run: Run) -> Result<()> {
    let set = run.deploy_with(|manifest, workload| workload.with_replicas(manifest, REPLICAS)).await?;
    set.ready(REPLICAS).await?;
    let postgres = run.postgres();
    run.step("write and read at every pod, and through the service").await?;
    let (history, inside) = (run.history("history.jsonl")?, run.prober_beside().await?);
    let plan = Plan { clients: clients_of_three_databases(&set), pace: PACE, budget: BUDGET };
    let mut load = postgres.load(&history, &plan, &inside);
    let beats = inside.beats(&history, PACE, BUDGET);
    load.acknowledged(ENOUGH, seconds(120)).await?;

    let fault = down(&run, &set).await?;
    let fault = up(&run, &set, fault).await?;

    run.step("every pod takes writes again").await?;
    run.put_off(load.acknowledged(ENOUGH, seconds(120)).await);
    load.stop().await?;
    beats.stop().await?;

    run.step(READ_BACK).await?;
    for ordinal in 0..REPLICAS {
        postgres.read_back(&history, &set.pod_name(ordinal)).await?;
    }
    run.check(S23, set.workload.name, &history, checkers_of_three_databases(), Some(&fault));
    Ok(())
}

async fn down(run: &Run, set: &Set) -> Result<Fault> {
    run.step("scale 3 → 1").await?;
    let fault = run.fault_begins("3 → 1 → 3");
    set.scale(1).await?;
    run.expect(S9, &pods_exactly(&set.promise, [0]), seconds(180)).await?;
    // A set that deletes its PVCs may still be about to.
    run.wait(&volume_claims_settled(&set.promise), seconds(60)).await?;
    Ok(fault)
}

async fn up(run: &Run, set: &Set, fault: Fault) -> Result<Fault> {
    run.step("scale 1 → 3").await?;
    set.scale(REPLICAS).await?;
    run.found(S23, set.ready(REPLICAS).await.map_err(lost_with("store")))?;
    Ok(run.fault_ends(fault))
}
