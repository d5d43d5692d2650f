//! Test Scale-Down Before Production: what was acknowledged before, during and after 3 → 1 → 3 is there, at every pod.

use std::time::Duration;

use anyhow::Result;
use harness::{
    claim::{S8, S9, S17, S23},
    ledger::{Load, LoadPlan, Recorder, s3, sql::Sql},
    runner::{Run, Scenario, scenario},
    wait::expectations::{pods_exactly, volume_claims_settled},
    workload::{DAGSTER_POSTGRESQL, GARAGE, Set},
};

use crate::{
    sabotage::{DELETE_VOLUME_CLAIMS_WHEN_SCALED, EMPTY_DIRECTORY, OBJECT_DELETED},
    seconds,
};

const REPLICAS: u32 = 3;
/// Acknowledged writes before the scaling, and again after it.
const ENOUGH: u64 = 30;
/// Between two writes of a client: the store is never at rest, and what is read back from every pod does not grow for nothing.
const PACE: Duration = Duration::from_millis(150);
/// A row fits into a page, or does not.
const ROWS: &[usize] = &[64, 1024, 20_000];

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario("survival::s3", "objects written under load survive 3 → 1 → 3 of Garage", s3_survives)
            .proves([S23, S17])
            .on([GARAGE])
            .within(seconds(600))
            .slow_control("object_deleted", [S23], OBJECT_DELETED, "acknowledged writes are lost"),
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
    run.step("initialise, and write to every pod").await?;
    let (_, key) = garage.initialise(&set).await?;
    let recorder = Recorder::create(&run.directory().join("ledger.jsonl"), run.namespace())?;
    let plan = LoadPlan { clients: 0..REPLICAS, writes_per_client: 400, sizes: s3::SIZES, pace: PACE };
    let mut load = {
        let (garage, set, key) = (garage.clone(), set.clone(), key.clone());
        Load::start(&recorder, &plan, move |client| {
            let (garage, pod, key) = (garage.clone(), set.pod_name(client), key.clone());
            async move { garage.s3_when_ready(&pod, &key).await }
        })
    };
    load.acknowledged(ENOUGH, seconds(120)).await?;

    down_and_up(&run, &set).await?;

    run.step("the store heals, and takes writes again").await?;
    let admins = garage.admins(&set).await?;
    let healed = garage.until_healthy(&admins).await?;
    run.measure("health after 3 → 1 → 3", healed.as_secs_f64(), "s");
    load.acknowledged(ENOUGH, seconds(120)).await?;
    let ledger = load.stop().await?;

    run.step("read everything back, from each pod").await?;
    for ordinal in 0..REPLICAS {
        let pod = set.pod_name(ordinal);
        let holdings = garage.s3(&pod, &key).await?.read_back(&ledger).await;
        run.take_ledger(S23, &pod, &ledger, holdings)?;
    }
    Ok(())
}

async fn sql_survives(run: Run) -> Result<()> {
    let set = run.deploy_with(|manifest, workload| workload.with_replicas(manifest, REPLICAS)).await?;
    set.ready(REPLICAS).await?;
    let postgres = run.postgres();
    // Three replicas are three databases: each pod has a ledger of its own.
    run.step("write to every pod").await?;
    let mut loads = Vec::new();
    for ordinal in 0..REPLICAS {
        let pod = set.pod_name(ordinal);
        let session = postgres.session(&pod).await?;
        Sql::create_table(&session).await?;
        let recorder =
            Recorder::create(&run.directory().join(format!("ledger-{ordinal}.jsonl")), run.namespace())?;
        let plan = LoadPlan {
            clients: ordinal..ordinal + 1,
            writes_per_client: 2000,
            sizes: ROWS,
            pace: seconds(0),
        };
        let load = {
            let (postgres, pod) = (postgres.clone(), pod.clone());
            Load::start(&recorder, &plan, move |_| {
                let (postgres, pod) = (postgres.clone(), pod.clone());
                async move { postgres.sql_when_ready(&pod).await }
            })
        };
        loads.push((pod, load));
    }
    for (_, load) in &mut loads {
        load.acknowledged(ENOUGH, seconds(120)).await?;
    }

    down_and_up(&run, &set).await?;

    run.step("read everything back, from each pod").await?;
    for (pod, load) in loads {
        let ledger = load.stop().await?;
        let store = postgres.sql_when_ready(&pod).await?;
        let holdings = store.read_back(&ledger, seconds(30)).await;
        run.take_ledger(S23, &pod, &ledger, holdings)?;
    }
    Ok(())
}

async fn down_and_up(run: &Run, set: &Set) -> Result<()> {
    run.step("scale 3 → 1").await?;
    set.scale(1).await?;
    run.expect(S9, &pods_exactly(&set.promise, [0]), seconds(180)).await?;
    // A set that deletes its PVCs may still be about to.
    run.wait(&volume_claims_settled(&set.promise), seconds(60)).await?;
    run.step("scale 1 → 3").await?;
    set.scale(REPLICAS).await?;
    run.found(S8, set.ready(REPLICAS).await)?;
    Ok(())
}
