//! The power is cut: nothing more reaches the disks of a node, not even what its page cache holds. What was acknowledged is there
//! afterwards.

use std::time::Duration;

use anyhow::Result;
use harness::{
    claim::{Claim, F1, F2, F3, F4, F7},
    fault::disk::Cut,
    ledger::{Ledger, Load, LoadPlan, Outcome, Recorder, s3, sql::Sql},
    runner::{Disks, Need, Run, Scenario, scenario},
    wait::expectations::pod_restarted,
    workload::{DAGSTER_POSTGRESQL, GARAGE, Set, garage::layout::node_ids},
};

use crate::{
    sabotage::{
        ASYNCHRONOUS_COMMIT, DISK_EMPTIED, EMPTY_DIRECTORY, GARAGE_WITHOUT_COPIES, GARAGE_WITHOUT_FSYNC,
        POSTGRES_WITHOUT_FSYNC,
    },
    seconds,
};

/// Acknowledged writes before the cut, and again after it.
const ENOUGH: u64 = 60;
/// How long servers go on without their disks, where what they say then is judged.
const WITHOUT_DISKS: Duration = Duration::from_secs(2);

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario("power::postgres", "the power of PostgreSQL's node is cut under load", postgres)
            .proves([F1, F4, F7])
            .on([DAGSTER_POSTGRESQL])
            .needs([Need::OwnNodes])
            .within(seconds(300))
            .control("asynchronous_commit", [F1], ASYNCHRONOUS_COMMIT, "acknowledged writes are lost")
            .control("empty_directory", [F7], EMPTY_DIRECTORY, "acknowledged after the power was cut")
            .slow_control("without_fsync", [F1], POSTGRES_WITHOUT_FSYNC, "acknowledged writes are lost")
            .slow_control("disk_emptied", [F4], DISK_EMPTIED, "the system identifier: expected"),
        scenario(
            "power::garage_node",
            "the power of one of Garage's three nodes is cut under load",
            garage_node,
        )
        .proves([F2, F4])
        .on([GARAGE])
        .needs([Need::OwnNodes, Need::TwoNodes])
        .within(seconds(420))
        .slow()
        .slow_control("without_copies", [F2], GARAGE_WITHOUT_COPIES, "acknowledged writes are lost"),
        scenario(
            "power::garage_all",
            "the power of all of Garage's nodes is cut at once, under load",
            garage_all,
        )
        .proves([F3, F4, F7])
        .on([GARAGE])
        .needs([Need::OwnNodes])
        .within(seconds(420))
        .control("without_fsync", [F3], GARAGE_WITHOUT_FSYNC, "acknowledged writes are lost"),
    ]
}

async fn postgres(run: Run) -> Result<()> {
    let disks = run.disks(1, 256).await?;
    let set = run.deploy_with(|manifest, workload| disks.use_in(manifest, workload)).await?;
    set.ready(1).await?;
    let (postgres, pod) = (run.postgres(), set.pod_name(0));
    let session = postgres.session(&pod).await?;
    Sql::create_table(&session).await?;
    let before = session.system_identifier().await?;
    session.checkpoint().await?;
    disks.sync().await?;

    run.step("the power of its node is cut under load").await?;
    let recorder = Recorder::create(&run.directory().join("ledger.jsonl"), run.namespace())?;
    let plan = LoadPlan {
        clients: 0..2,
        writes_per_client: 20_000,
        sizes: &[64, 1024],
        pace: Duration::from_millis(2),
    };
    let mut load = {
        let (postgres, pod) = (postgres.clone(), pod.clone());
        Load::start(&recorder, &plan, move |_| {
            let (postgres, pod) = (postgres.clone(), pod.clone());
            async move { postgres.sql_when_ready(&pod).await }
        })
    };
    load.acknowledged(ENOUGH, seconds(120)).await?;
    let cut = cut(&run, &disks, &set, &[0], F1).await?;

    run.step("it is the one that it was").await?;
    let after = postgres.sql_when_ready(&pod).await?.session().system_identifier().await?;
    run.judge_equal(F4, "the system identifier", before, after);

    run.step("it takes writes again").await?;
    load.acknowledged(ENOUGH, seconds(120)).await?;
    let ledger = load.stop().await?;
    run.judge(F7, acknowledged_without_disks(&ledger, &cut));

    run.step("read everything back").await?;
    let store = postgres.sql_when_ready(&pod).await?;
    let holdings = store.read_back(&ledger, seconds(60)).await;
    run.take_ledger(F1, &pod, &ledger, holdings)?;
    Ok(())
}

async fn garage_node(run: Run) -> Result<()> {
    // Pods 0 and 2 are on the one worker, and pod 1 alone is on the other.
    garage(run, &[1], F2).await
}

async fn garage_all(run: Run) -> Result<()> {
    garage(run, &[0, 1, 2], F3).await
}

async fn garage(run: Run, ordinals: &[u32], claim: Claim) -> Result<()> {
    let disks = run.disks(3, 96).await?;
    let set = run.deploy_with(|manifest, workload| disks.use_in(manifest, workload)).await?;
    set.ready(3).await?;
    let garage = run.garage();
    let (admins, key) = garage.initialise(&set).await?;
    let before = node_ids(&admins).await?;
    disks.sync().await?;

    run.step("the power is cut under load").await?;
    let recorder = Recorder::create(&run.directory().join("ledger.jsonl"), run.namespace())?;
    let plan = LoadPlan {
        clients: 0..3,
        writes_per_client: 4000,
        sizes: s3::SIZES,
        pace: Duration::from_millis(20),
    };
    let mut load = {
        let (garage, set, key) = (garage.clone(), set.clone(), key.clone());
        Load::start(&recorder, &plan, move |client| {
            let (garage, pod, key) = (garage.clone(), set.pod_name(client), key.clone());
            async move { garage.s3_when_ready(&pod, &key).await }
        })
    };
    load.acknowledged(ENOUGH, seconds(120)).await?;
    let cut = cut(&run, &disks, &set, ordinals, claim).await?;

    run.step("the store heals, and takes writes again").await?;
    let admins = garage.admins(&set).await?;
    let healed = garage.until_healthy(&admins).await?;
    run.measure("health after the cut", healed.as_secs_f64(), "s");
    load.acknowledged(ENOUGH, seconds(120)).await?;
    let ledger = load.stop().await?;
    run.judge_equal(F4, "the node ids", before, node_ids(&admins).await?);
    if claim == F3 {
        run.judge(F7, acknowledged_without_disks(&ledger, &cut));
    }

    run.step("read everything back, from each pod").await?;
    for ordinal in set.ordinals() {
        let pod = set.pod_name(ordinal);
        let holdings = garage.s3(&pod, &key).await?.read_back(&ledger).await;
        run.take_ledger(claim, &pod, &ledger, holdings)?;
    }
    Ok(())
}

/// Cuts the power of these pods' nodes, and waits until each runs again in its place: who never does has lost everything.
async fn cut(run: &Run, disks: &Disks, set: &Set, ordinals: &[u32], claim: Claim) -> Result<Cut> {
    let before = ordinals.iter().map(|ordinal| set.pod(*ordinal)).collect::<harness::Result<Vec<_>>>()?;
    let pods: Vec<String> = ordinals.iter().map(|ordinal| set.pod_name(*ordinal)).collect();
    let cut = disks.cut(&pods, WITHOUT_DISKS).await?;
    for pod in before {
        let again = pod_restarted(&pod.meta.name, &pod.meta.uid, pod.restarts());
        let again = run.wait(&again, seconds(120)).await.map_err(|error| {
            let words = format!("acknowledged writes are lost with their server: {error}");
            error.reworded(words)
        });
        run.found(claim, again)?;
    }
    Ok(cut)
}

/// The writes that were begun after the cut, while the servers went on without their disks, and were acknowledged.
fn acknowledged_without_disks(ledger: &Ledger, cut: &Cut) -> Option<String> {
    let without_disks = cut.at..cut.at + WITHOUT_DISKS;
    let false_ones = ledger.attempts.iter().filter(|attempt| {
        attempt.outcome == Outcome::Acknowledged
            && without_disks.contains(&attempt.sent)
            && attempt.answered.is_some_and(|answered| without_disks.contains(&answered))
    });
    let keys: Vec<&str> = false_ones.map(|attempt| attempt.key.as_str()).collect();
    let first = keys.first()?;
    Some(format!("{} writes were acknowledged after the power was cut, {first} the first", keys.len()))
}
