//! Whatever a seed comes up with is done to a store, one after the other, under load; nothing that it acknowledged is lost.

use std::time::Duration;

use anyhow::Result;
use harness::{
    chaos::{Chaos, Stage},
    claim::{G10, G14, P1},
    history::{Checker, check::Copies},
    load::{Plan, sql},
    runner::{Need, Run, Scenario, scenario},
    workload::{DAGSTER_POSTGRESQL, GARAGE, Workload},
};

use crate::{
    READ_BACK,
    garage::{FEW_LARGE, checkers_of_what_is_shared, clients, pods_and_service},
    lost_with,
    postgres::{checkers_of_one_database, clients_of_one_database},
    sabotage::{ASYNCHRONOUS_COMMIT, OBJECT_DELETED},
    seconds,
};

/// As the full profile plays it. The seed has PostgreSQL's server killed while there is time: only that loses what was never written.
const IN_PROFILE: Chaos = Chaos { seed: 10, time: seconds(180) };
/// Acknowledged writes at each endpoint before the first fault, and after the last.
const ENOUGH: u64 = 10;
/// Between two operations of a process.
const PACE: Duration = Duration::from_millis(250);

pub(crate) fn scenarios() -> Vec<Scenario> {
    let losses = "acknowledged writes are lost";
    vec![
        of(GARAGE, IN_PROFILE).slow().slow_control(
            "object_deleted_in_chaos",
            [G10, G14],
            OBJECT_DELETED,
            losses,
        ),
        of(DAGSTER_POSTGRESQL, IN_PROFILE).slow().slow_control(
            "asynchronous_commit_in_chaos",
            [P1],
            ASYNCHRONOUS_COMMIT,
            losses,
        ),
    ]
}

/// Chaos for a store.
pub(crate) fn of(workload: Workload, chaos: Chaos) -> Scenario {
    let of_garage = scenario(
        "chaos::garage",
        "pods, servers, nodes and the network of Garage fail from a seed, under load",
        move |run| garage(run, chaos),
    );
    let of_postgres = scenario(
        "chaos::postgres",
        "pods, servers, nodes and the network of PostgreSQL fail from a seed, under load",
        move |run| postgres(run, chaos),
    );
    let scenario = if workload == GARAGE { of_garage.proves([G10, G14]) } else { of_postgres.proves([P1]) };
    // Healing and reading back take their time as well.
    scenario.on([workload]).needs([Need::TwoNodes]).within(chaos.time * 2 + seconds(600)).alone()
}

/// How large each disk is, which takes no more of its node than is written: PostgreSQL's log of changes, and some for each minute.
fn mebibytes(chaos: Chaos) -> u32 {
    let minutes = u32::try_from(chaos.time.as_secs() / 60).unwrap_or(u32::MAX);
    minutes.saturating_mul(16).saturating_add(1024)
}

fn plan(clients: Vec<harness::load::Client>, chaos: Chaos) -> Plan {
    Plan { clients, pace: PACE, budget: chaos.time * 2 + seconds(540) }
}

async fn garage(run: Run, chaos: Chaos) -> Result<()> {
    let disks = run.disks(3, mebibytes(chaos)).await?;
    let set = run.deploy_with(|manifest, workload| disks.use_in(manifest, workload)).await?;
    set.ready(3).await?;
    let garage = run.garage();
    let (_, key) = garage.initialise(&set).await?;
    disks.sync().await?;

    run.step("write and read at every pod, and through the service").await?;
    let (history, inside) = (run.history("history.jsonl")?, run.prober_beside().await?);
    let plan = plan(clients(pods_and_service(&set), FEW_LARGE, 1), chaos);
    let mut load = garage.load(&history, &plan, &inside, &key);
    let beats = inside.beats(&history, PACE, plan.budget);
    load.acknowledged(ENOUGH, seconds(120)).await?;

    let came_back = |back: harness::Result<Duration>| run.found(G10, back.map_err(lost_with("store")));
    let stage = Stage {
        run: &run,
        set: &set,
        disks: &disks,
        inside: &inside,
        history: &history,
        came_back: &came_back,
    };
    let fault = chaos.unleash(stage).await?;

    run.step("the store heals, and takes writes again").await?;
    let healed = came_back(garage.until_healthy(&garage.admins(&set).await?).await)?;
    run.measure("health after chaos", healed.as_secs_f64(), "s");
    run.put_off(load.acknowledged(ENOUGH, seconds(120)).await);
    load.stop().await?;
    beats.stop().await?;

    run.step(READ_BACK).await?;
    for ordinal in set.ordinals() {
        garage.read_back(&history, &set.pod_name(ordinal), &key).await?;
    }
    run.check(G10, set.workload.name, &history, [Checker::Set(Copies::Same)], Some(&fault));
    run.check(G14, set.workload.name, &history, checkers_of_what_is_shared(&run, &history)?, Some(&fault));
    Ok(())
}

async fn postgres(run: Run, chaos: Chaos) -> Result<()> {
    let disks = run.disks(1, mebibytes(chaos)).await?;
    let set = run.deploy_with(|manifest, workload| disks.use_in(manifest, workload)).await?;
    set.ready(1).await?;
    let (postgres, pod) = (run.postgres(), set.pod_name(0));
    sql::Sql::create_tables(&*postgres.session(&pod).await?).await?;
    disks.sync().await?;

    run.step("write, read, move money and grow lists, at the pod and through the service").await?;
    let (history, inside) = (run.history("history.jsonl")?, run.prober_beside().await?);
    let plan = plan(clients_of_one_database(&set), chaos);
    let mut load = postgres.load(&history, &plan, &inside);
    let beats = inside.beats(&history, PACE, plan.budget);
    load.acknowledged(ENOUGH, seconds(120)).await?;

    let came_back = |back: harness::Result<Duration>| run.found(P1, back.map_err(lost_with("server")));
    let stage = Stage {
        run: &run,
        set: &set,
        disks: &disks,
        inside: &inside,
        history: &history,
        came_back: &came_back,
    };
    let fault = chaos.unleash(stage).await?;

    run.step("it takes writes again").await?;
    run.put_off(load.acknowledged(ENOUGH, seconds(120)).await);
    load.stop().await?;
    beats.stop().await?;

    run.step("read everything back").await?;
    postgres.read_back(&history, &pod).await?;
    run.check(P1, set.workload.name, &history, checkers_of_one_database(), Some(&fault));
    Ok(())
}
