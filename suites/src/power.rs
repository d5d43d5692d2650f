//! The power is cut: nothing more reaches the disks of a node, not even what its page cache holds. What was acknowledged is there
//! afterwards.

use std::time::Duration;

use anyhow::Result;
use harness::{
    claim::{Claim, F1, F2, F3, F4, F7},
    fault::disk::Cut,
    history::check::Fault,
    load::{Plan, sql::Sql},
    runner::{Disks, Need, Run, Scenario, scenario},
    wait::expectations::pod_recovers,
    workload::{DAGSTER_POSTGRESQL, GARAGE, Set, garage::layout::node_ids},
};

use crate::{
    READ_BACK,
    garage::{SMALL, checkers, clients, pods},
    lost_with,
    postgres::{checkers_of_one_database, clients_of_one_database},
    sabotage::{
        DISK_EMPTIED, EMPTY_DIRECTORY, GARAGE_WITHOUT_COPIES, GARAGE_WITHOUT_FSYNC, POSTGRES_WITHOUT_FSYNC,
    },
    seconds,
};

/// Acknowledged writes at each endpoint before the cut, and again after it.
const ENOUGH: u64 = 30;
/// The load ends by itself before the scenario has to.
const BUDGET: Duration = seconds(240);
/// How long servers go on without their disks, where what they say then is judged.
const WITHOUT_DISKS: Duration = seconds(3);

/// The step at which a control does its sabotage.
pub(crate) const SAME_ONE: &str = "it is the one that it was";

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario("power::postgres", "the power of PostgreSQL's node is cut under load", postgres)
            .proves([F1, F4, F7])
            .on([DAGSTER_POSTGRESQL])
            .needs([Need::OwnNodes])
            .within(seconds(300))
            // Whether a server that commits later meets its broken disk before it has told anybody is chance: so nobody claims F7 of it.
            .control("without_fsync", [F1], POSTGRES_WITHOUT_FSYNC, "acknowledged writes are lost")
            .control("empty_directory", [F7], EMPTY_DIRECTORY, "were acknowledged after the power was cut")
            .slow_control("disk_emptied", [F4, F1], DISK_EMPTIED, "the system identifier: expected"),
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
        // Metadata that is gone loses an object, a block that is gone leaves one that can't be read: which of both is chance.
        .slow_control("without_copies", [F2], GARAGE_WITHOUT_COPIES, "acknowledged writes "),
        scenario(
            "power::garage_all",
            "the power of all of Garage's nodes is cut at once, under load",
            garage_all,
        )
        .proves([F3, F4])
        .on([GARAGE])
        .needs([Need::OwnNodes])
        .within(seconds(420))
        .slow()
        .slow_control("without_fsync", [F3], GARAGE_WITHOUT_FSYNC, "acknowledged writes "),
    ]
}

async fn postgres(run: Run) -> Result<()> {
    let disks = run.disks(1, 1024).await?;
    let set = run.deploy_with(|manifest, workload| disks.use_in(manifest, workload)).await?;
    set.ready(1).await?;
    let (postgres, pod) = (run.postgres(), set.pod_name(0));
    let session = postgres.session(&pod).await?;
    Sql::create_tables(&session).await?;
    let before = session.system_identifier().await?;
    session.checkpoint().await?;
    disks.sync().await?;

    run.step("the power of its node is cut under load").await?;
    let (history, inside) = (run.history("history.jsonl")?, run.prober_beside().await?);
    let clients = clients_of_one_database(&set);
    let mut load =
        postgres.load(&history, &Plan { clients, pace: Duration::from_millis(20), budget: BUDGET }, &inside);
    load.acknowledged(ENOUGH, seconds(120)).await?;
    let (cut, fault) = cut(&run, &disks, &set, &[0], F1).await?;

    run.step(SAME_ONE).await?;
    let after = postgres.session(&pod).await?.system_identifier().await?;
    run.judge_equal(F4, "the system identifier", before, after);

    run.step("it takes writes again").await?;
    run.put_off(load.acknowledged(ENOUGH, seconds(120)).await);
    load.stop().await?;
    run.judge(F7, history.against_acknowledged(cut.at..cut.until, "after the power was cut")?);

    run.step("read everything back").await?;
    postgres.read_back(&history, &pod).await?;
    run.check(F1, set.workload.name, &history, checkers_of_one_database(), Some(&fault));
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
    let (history, inside) = (run.history("history.jsonl")?, run.prober_beside().await?);
    let clients = clients(pods(&set), SMALL, 0);
    let plan = Plan { clients, pace: Duration::from_millis(50), budget: BUDGET };
    let mut load = garage.load(&history, &plan, &inside, &key);
    load.acknowledged(ENOUGH, seconds(120)).await?;
    let (cut, fault) = cut(&run, &disks, &set, ordinals, claim).await?;
    history.doubt(cut.begun..cut.until)?;

    run.step("the store heals, and takes writes again").await?;
    let admins = garage.admins(&set).await?;
    let healed = garage.until_healthy(&admins).await?;
    run.measure("health after the cut", healed.as_secs_f64(), "s");
    run.put_off(load.acknowledged(ENOUGH, seconds(120)).await);
    load.stop().await?;
    run.judge_equal(F4, "the node ids", before, node_ids(&admins).await?);

    run.step(READ_BACK).await?;
    for ordinal in set.ordinals() {
        garage.read_back(&history, &set.pod_name(ordinal), &key).await?;
    }
    run.check(claim, set.workload.name, &history, checkers(), Some(&fault));
    Ok(())
}

/// Cuts the power of these pods' nodes, and waits until each runs again in its place: who never does has lost everything.
async fn cut(run: &Run, disks: &Disks, set: &Set, ordinals: &[u32], claim: Claim) -> Result<(Cut, Fault)> {
    let before = ordinals.iter().map(|ordinal| set.pod(*ordinal)).collect::<harness::Result<Vec<_>>>()?;
    let pods: Vec<String> = ordinals.iter().map(|ordinal| set.pod_name(*ordinal)).collect();
    let fault = run.fault_begins("the power cut");
    let cut = disks.cut(&pods, WITHOUT_DISKS).await?;
    for pod in before {
        let again = pod_recovers(&pod.meta.name, &pod.meta.uid, pod.restarts());
        let again = run.wait(&again, seconds(120)).await;
        run.found(claim, again.map_err(lost_with("server")))?;
    }
    Ok((cut, run.fault_ends(fault)))
}
