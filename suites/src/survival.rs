//! Test Scale-Down Before Production: what was acknowledged before, during and after 3 → 1 → 3 is there, at every pod, and nobody
//! was told anything older than what had been acknowledged.

use std::time::Duration;

use anyhow::Result;
use harness::{
    Error,
    claim::{S9, S17, S23},
    history::{
        Checker,
        check::{Copies, Fault, Level},
        generate::Work,
    },
    load::{Client, Plan, service, sql},
    runner::{Run, Scenario, scenario},
    wait::expectations::{pods_exactly, volume_claims_settled},
    workload::{DAGSTER_POSTGRESQL, GARAGE, Set},
};

use crate::{
    sabotage::{DELETE_VOLUME_CLAIMS_WHEN_SCALED, EMPTY_BUT_MARKED, EMPTY_DIRECTORY, OBJECT_DELETED},
    seconds,
};

const REPLICAS: u32 = 3;
/// Acknowledged writes at each endpoint before the scaling, and again after it.
const ENOUGH: u64 = 6;
/// Between two operations of a process: the store is never at rest, and what is read back from every pod does not grow for nothing.
const PACE: Duration = Duration::from_millis(800);
/// The load ends by itself before the scenario has to.
const BUDGET: Duration = seconds(540);
/// On both sides of Garage's boundaries; most are small, so that reading back from every pod stays quick.
const OBJECTS: &[usize] = &[100, 3071, 3072, 65_536, 100, (1 << 20) + 32, 0, 3072, 20_000, 100];
/// A row fits into a page, or does not.
const ROWS: &[usize] = &[64, 1024, 20_000];

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario("survival::s3", "objects written under load survive 3 → 1 → 3 of Garage", s3_survives)
            .proves([S23, S17])
            .on([GARAGE])
            .within(seconds(600))
            .slow_control("object_deleted", [S23], OBJECT_DELETED, "acknowledged writes are lost")
            .slow_control("empty_but_marked", [S23], EMPTY_BUT_MARKED, "acknowledged writes are lost"),
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
    let plan = Plan { clients: object_clients(&set, OBJECTS), pace: PACE, budget: BUDGET };
    let mut load = garage.load(&history, &plan, &inside, &key);
    let beats = inside.beats(&history, PACE, BUDGET);
    load.acknowledged(ENOUGH, seconds(120)).await?;

    let fault = down_and_up(&run, &set).await?;

    run.step("the store heals, and takes writes again").await?;
    let healed = garage.until_healthy(&garage.admins(&set).await?).await;
    let healed = run.found(S23, healed.map_err(with_their_store))?;
    run.measure("health after 3 → 1 → 3", healed.as_secs_f64(), "s");
    load.acknowledged(ENOUGH, seconds(120)).await?;
    load.stop().await?;
    beats.stop().await?;

    run.step("read everything back, from each pod").await?;
    for ordinal in 0..REPLICAS {
        garage.read_back(&history, &set.pod_name(ordinal), &key).await?;
    }
    for checker in [Checker::Set(Copies::Same), Checker::ReadAfterWrite] {
        run.check(S23, set.workload.name, &history, checker, Some(&fault));
    }
    Ok(())
}

/// At each pod one writes, one reads what is written at the next pod, and one writes over a few keys; so does a client through
/// the service, from inside the cluster.
pub(crate) fn object_clients(set: &Set, sizes: &'static [usize]) -> Vec<Client> {
    let pods = (0..REPLICAS).map(|ordinal| set.pod_name(ordinal));
    let endpoints: Vec<String> = pods.chain([service(set.workload.name)]).collect();
    let writers = 3 * (0..).zip(&endpoints).count() as u32;
    let client = |(place, endpoint): (u32, &String)| {
        let next = (3 * place + 3) % writers;
        let over = Work::Objects { keys: 4, sizes: &[100, 3072], deletes: true };
        let works = vec![Work::Writes { sizes }, Work::Reads { of: next..next + 1 }, over];
        Client { endpoint: endpoint.clone(), works }
    };
    (0..).zip(&endpoints).map(client).collect()
}

async fn sql_survives(run: Run) -> Result<()> {
    let set = run.deploy_with(|manifest, workload| workload.with_replicas(manifest, REPLICAS)).await?;
    set.ready(REPLICAS).await?;
    let postgres = run.postgres();
    run.step("write and read at every pod, and through the service").await?;
    let (history, inside) = (run.history("history.jsonl")?, run.prober_beside().await?);
    let plan = Plan { clients: row_clients(&set), pace: PACE, budget: BUDGET };
    let mut load = postgres.load(&history, &plan, &inside);
    let beats = inside.beats(&history, PACE, BUDGET);
    load.acknowledged(ENOUGH, seconds(120)).await?;

    let fault = down_and_up(&run, &set).await?;

    run.step("every pod takes writes again").await?;
    load.acknowledged(ENOUGH, seconds(120)).await?;
    load.stop().await?;
    beats.stop().await?;

    run.step("read everything back, from each pod").await?;
    for ordinal in 0..REPLICAS {
        postgres.read_back(&history, &set.pod_name(ordinal)).await?;
    }
    let bank = Checker::Bank { total: sql::MONEY };
    let isolation = Checker::Isolation(Level::Serializable);
    for checker in [Checker::Set(Copies::Apart), Checker::ReadAfterWrite, bank, isolation] {
        run.check(S23, set.workload.name, &history, checker, Some(&fault));
    }
    Ok(())
}

/// Three replicas are three databases: at each one writes and one reads what is written there; money is moved in the second, and
/// lists grow in the third. Whoever comes through the service, from inside the cluster, writes to any of them.
fn row_clients(set: &Set) -> Vec<Client> {
    let client = |ordinal: u32, first: u32, more: &[Work]| {
        let works = [Work::Writes { sizes: ROWS }, Work::Reads { of: first..first + 1 }];
        Client { endpoint: set.pod_name(ordinal), works: [&works, more].concat() }
    };
    let (money, lists) = (Work::Bank { accounts: sql::ACCOUNTS }, Work::Lists { lists: 3 });
    vec![
        client(0, 0, &[]),
        client(1, 2, &[money.clone(), money]),
        client(2, 6, &[lists.clone(), lists]),
        Client { endpoint: service(set.workload.name), works: vec![Work::Writes { sizes: ROWS }; 2] },
    ]
}

async fn down_and_up(run: &Run, set: &Set) -> Result<Fault> {
    run.step("scale 3 → 1").await?;
    let fault = run.fault_begins("3 → 1 → 3");
    set.scale(1).await?;
    run.expect(S9, &pods_exactly(&set.promise, [0]), seconds(180)).await?;
    // A set that deletes its PVCs may still be about to.
    run.wait(&volume_claims_settled(&set.promise), seconds(60)).await?;
    run.step("scale 1 → 3").await?;
    set.scale(REPLICAS).await?;
    run.found(S23, set.ready(REPLICAS).await.map_err(with_their_store))?;
    Ok(run.fault_ends(fault))
}

/// Who does not come back has lost everything.
pub(crate) fn with_their_store(error: Error) -> Error {
    let words = format!("acknowledged writes are lost with their store: {error}");
    error.reworded(words)
}
