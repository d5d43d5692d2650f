//! Disks that are full, or not what they were: what servers say then, and what is there afterwards.

use std::{slice::from_ref, time::Duration};

use anyhow::Result;
use harness::{
    claim::{F5, F6},
    clock,
    fault::disk::NO_ROOM,
    history::{
        Checker,
        check::{Copies, Kind},
    },
    load::{Plan, sql::Sql},
    runner::{Identity, Need, Run, Scenario, scenario},
    wait::expectations::{pod_recovers, pod_refuses},
    workload::{DAGSTER_POSTGRESQL, GARAGE, Set},
};

use crate::{
    READ_BACK,
    garage::{SMALL, checkers, clients, pods},
    postgres::writers_and_reader,
    sabotage::{
        DATABASE_EMPTIED, LOG_PUSHED_ON, OBJECT_DELETED, ROOM_TAKEN_AGAIN_GARAGE, ROOM_TAKEN_AGAIN_POSTGRES,
    },
    seconds,
};

/// Acknowledged writes at each endpoint before a fault, and again after it.
const ENOUGH: u64 = 20;
/// The load ends by itself before the scenario has to.
const BUDGET: Duration = seconds(360);
/// More files of its log than PostgreSQL makes ahead.
const LOG_FILES: usize = 4;

/// Steps at which controls do their sabotage.
pub(crate) const ROOM_AGAIN: &str = "there is room again: it takes writes, without a hand's help";
pub(crate) const PUT_BACK: &str = "the volume that was put back to an older state is told by its log";

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "disks::full_postgres",
            "the disk of PostgreSQL is full under load, and is given more room",
            full_postgres,
        )
        .proves([F5])
        .on([DAGSTER_POSTGRESQL])
        .needs([Need::OwnNodes])
        .within(seconds(420))
        .slow()
        .slow_control("postgres_full_again", [F5], ROOM_TAKEN_AGAIN_POSTGRES, NO_ROOM)
        .slow_control("database_emptied", [F5], DATABASE_EMPTIED, "acknowledged writes are lost"),
        scenario(
            "disks::full_garage",
            "the disks of one of Garage's nodes, then of all, are full under load, and have room again",
            full_garage,
        )
        .proves([F5])
        .on([GARAGE])
        .needs([Need::OwnNodes])
        .within(seconds(480))
        .slow()
        .slow_control("garage_full_again", [F5], ROOM_TAKEN_AGAIN_GARAGE, "takes writes")
        .slow_control("object_deleted_after", [F5], OBJECT_DELETED, "acknowledged writes are lost"),
        scenario(
            "disks::other_postgres",
            "the volume of PostgreSQL turns read-only, is put back to an older state, exchanged, and emptied",
            other_postgres,
        )
        .proves([F6])
        .on([DAGSTER_POSTGRESQL])
        .needs([Need::OwnNodes])
        .within(seconds(480))
        .slow()
        .slow_control("log_pushed_on", [F6], LOG_PUSHED_ON, "as if nothing had been"),
    ]
}

async fn full_postgres(run: Run) -> Result<()> {
    let disks = run.disks(1, 256).await?;
    let set = run.deploy_with(|manifest, workload| disks.use_in(manifest, workload)).await?;
    set.ready(1).await?;
    let (postgres, pod) = (run.postgres(), set.pod_name(0));
    Sql::create_tables(&*postgres.session(&pod).await?).await?;
    let (history, inside) = (run.history("history.jsonl")?, run.prober_beside().await?);
    let mut load = postgres.load(&history, &plan(&pod), &inside);
    load.acknowledged(ENOUGH, seconds(120)).await?;
    let before = set.pod(0)?;

    run.step("the disk is full: it says so").await?;
    let fault = run.fault_begins("the full disk");
    disks.fill(from_ref(&pod)).await?;
    disks.until_no_room(&history, fault.from).await?;

    run.step("its log of changes finds no room either: it ends, and can't begin").await?;
    let session = postgres.session(&pod).await?;
    for _ in 0..LOG_FILES {
        // Whoever asks for one too many loses the server.
        if session.switch_log().await.is_err() {
            break;
        }
    }
    run.wait(&pod_refuses(&pod, &before.meta.uid, before.restarts()), seconds(60)).await?;
    disks.grow(from_ref(&pod), 128).await?;
    let fault = run.fault_ends(fault);

    run.step(ROOM_AGAIN).await?;
    let again = run.found(F5, postgres.until_works(&pod, seconds(120)).await)?;
    run.measure("writes after there was room again", again.as_secs_f64(), "s");
    run.put_off(load.acknowledged(ENOUGH, seconds(60)).await);
    load.stop().await?;

    run.step("read everything back").await?;
    postgres.read_back(&history, &pod).await?;
    let both = [Checker::Set(Copies::Same), Checker::ReadAfterWrite];
    run.check(F5, set.workload.name, &history, both, Some(&fault));
    Ok(())
}

async fn full_garage(run: Run) -> Result<()> {
    let disks = run.disks(3, 96).await?;
    let set = run.deploy_with(|manifest, workload| disks.use_in(manifest, workload)).await?;
    set.ready(3).await?;
    let garage = run.garage();
    let (_, key) = garage.initialise(&set).await?;
    let (history, inside) = (run.history("history.jsonl")?, run.prober_beside().await?);
    let pods = pods(&set);
    let clients = clients(pods.clone(), SMALL, 0);
    let plan = Plan { clients, pace: Duration::from_millis(50), budget: BUDGET };
    let mut load = garage.load(&history, &plan, &inside, &key);
    load.acknowledged(ENOUGH, seconds(120)).await?;

    run.step("the disks of one node are full: two of three are enough").await?;
    let fault = run.fault_begins("the full disks");
    disks.fill(&pods[1..2]).await?;
    for pod in &pods {
        run.found(F5, garage.until_works(pod, &key, seconds(60)).await)?;
    }
    load.acknowledged(ENOUGH, seconds(120)).await?;

    run.step("the disks of all are full: they say so, and give what they have").await?;
    disks.fill(&pods).await?;
    let full = clock::now();
    disks.until_refused(&history, full).await?;
    let kept = garage.kept_block(&history)?;
    for pod in &pods {
        run.found(F5, garage.gives(pod, &kept, &key).await)?;
    }
    disks.free(&pods).await?;
    let fault = run.fault_ends(fault);

    run.step(ROOM_AGAIN).await?;
    for pod in &pods {
        run.found(F5, garage.until_works(pod, &key, seconds(120)).await)?;
    }
    run.put_off(load.acknowledged(ENOUGH, seconds(120)).await);
    load.stop().await?;

    run.step(READ_BACK).await?;
    for pod in &pods {
        garage.read_back(&history, pod, &key).await?;
    }
    run.check(F5, set.workload.name, &history, checkers(), Some(&fault));
    Ok(())
}

async fn other_postgres(run: Run) -> Result<()> {
    let disks = run.disks(3, 192).await?;
    let set = run
        .deploy_with(|manifest, workload| {
            disks.use_in(manifest, workload)?;
            workload.with_replicas(manifest, 3)
        })
        .await?;
    set.ready(3).await?;
    // These two are on one node.
    let (postgres, pod, other) = (run.postgres(), set.pod_name(0), set.pod_name(2));
    Sql::create_tables(&*postgres.session(&pod).await?).await?;
    let (history, inside) = (run.history("history.jsonl")?, run.prober_beside().await?);
    let mut load = postgres.load(&history, &plan(&pod), &inside);
    load.acknowledged(ENOUGH, seconds(120)).await?;
    disks.save("data", &pod).await?;
    load.acknowledged(ENOUGH, seconds(120)).await?;

    run.step("the volume turns read-only under load: nothing is acknowledged from then on").await?;
    let fault = run.fault_begins("the read-only volume");
    let restarts = set.pod(0)?.restarts();
    let from = disks.abort("data", &pod).await?;
    disks.until_refused(&history, from).await?;
    let to = disks.renew("data", &pod).await?;
    recovers(&run, &set, 0, restarts).await?;
    let fault = run.fault_ends(fault);
    run.found(F6, postgres.until_works(&pod, seconds(120)).await)?;
    run.put_off(load.acknowledged(ENOUGH, seconds(60)).await);
    load.stop().await?;
    run.judge(F6, history.against_acknowledged(from..to, "while the volume was read-only")?);
    postgres.read_back(&history, &pod).await?;
    let both = [Checker::Set(Copies::Apart), Checker::ReadAfterWrite];
    run.check(F6, set.workload.name, &history, both, Some(&fault));

    run.step("the volume is put back to an older state").await?;
    let (before, restarts) = (postgres.identity(&pod).await?, set.pod(0)?.restarts());
    disks.restore("data", &pod).await?;
    recovers(&run, &set, 0, restarts).await?;
    run.step(PUT_BACK).await?;
    judge_told(&run, &before, &pod, "put back to an older state").await?;
    // What the server can't know is seen by who remembers what was acknowledged.
    postgres.read_back(&history, &pod).await?;
    let judgement = Checker::Set(Copies::Apart).judge(&history.operations()?);
    let lost = judgement.anomalies.iter().filter(|anomaly| anomaly.kind == Kind::Lost).count();
    run.judge(
        F6,
        (lost == 0).then(|| "an older state was put back, and the history lacks nothing".to_owned()),
    );
    run.measure("acknowledged writes that an older state lacks", lost as f64, "writes");

    run.step("the volumes of two ordinals are exchanged").await?;
    let (before, others) = (postgres.identity(&pod).await?, postgres.identity(&other).await?);
    let restarts = [set.pod(0)?.restarts(), set.pod(2)?.restarts()];
    disks.swap("data", &pod, &other).await?;
    recovers(&run, &set, 0, restarts[0]).await?;
    recovers(&run, &set, 2, restarts[1]).await?;
    judge_told(&run, &before, &pod, "exchanged with another's").await?;
    judge_told(&run, &others, &other, "exchanged with another's").await?;

    run.step("the volume is emptied: an empty database serves, and is another").await?;
    let (before, restarts) = (postgres.identity(&pod).await?, set.pod(0)?.restarts());
    disks.empty("data", &pod).await?;
    recovers(&run, &set, 0, restarts).await?;
    judge_told(&run, &before, &pod, "emptied").await
}

/// Judges that a volume that is not what it was can be told by what the server says of itself.
async fn judge_told(run: &Run, before: &Identity, pod: &str, what: &str) -> Result<()> {
    run.judge(F6, run.postgres().against_being_told(before, pod, what).await?);
    Ok(())
}

/// Waits until the server of a pod that was killed runs again in its place.
pub(crate) async fn recovers(run: &Run, set: &Set, ordinal: u32, restarts: i32) -> Result<()> {
    let pod = set.pod(ordinal)?;
    run.wait(&pod_recovers(&pod.meta.name, &pod.meta.uid, restarts), seconds(150)).await?;
    Ok(())
}

/// Clients of one database.
fn plan(pod: &str) -> Plan {
    Plan { clients: writers_and_reader(pod), pace: Duration::from_millis(20), budget: BUDGET }
}
