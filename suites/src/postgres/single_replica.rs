//! A database that is reached, has its data on its volume, and comes back as itself.

use std::time::Instant;

use anyhow::Result;
use harness::{
    Error,
    claim::{P3, P4, P5, P7, P9, S12},
    history::{
        Cause, Checker, Outcome,
        check::Copies,
        generate::{Request, content, key},
    },
    load::sql::Sql,
    runner::{Prober, Run, Scenario, scenario},
    wait::expectations::pod_ready,
    workload::{AIRBYTE_DB, DAGSTER_POSTGRESQL, Set},
};

use crate::{
    network::propagation,
    sabotage::{
        DATA_DIRECTORY_OFF_THE_VOLUME, POSTGRES_WITHOUT_FSYNC, READY_BEFORE_IT_SERVES,
        SERVICE_SELECTS_NOTHING, TABLESPACE_OFF_THE_VOLUME, add_lost_and_found,
    },
    seconds,
};

/// The settings that its durability rests on: each commit reaches the disk before it is acknowledged, a torn page is written again,
/// and a spoiled one is refused.
const DURABLE: [&str; 3] = ["fsync", "full_page_writes", "data_checksums"];
/// With these a spoiled page is served all the same, or as an empty one, or what a disk would not take is taken for written.
const CARELESS: [&str; 3] = ["ignore_checksum_failure", "zero_damaged_pages", "data_sync_retry"];

/// Steps at which controls do their sabotage.
pub(crate) const ON_THE_CLAIM: &str =
    "all that the database keeps is on claims, wherever links lead; its data directory beside a lost+found";
pub(crate) const POD_DELETED: &str = "delete the pod: it comes back";

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "postgres::single_replica",
            "SQL through both names, on a claim, the same database after a return",
            single_replica,
        )
        .proves([S12, P3, P4, P5, P7, P9])
        .on([DAGSTER_POSTGRESQL, AIRBYTE_DB])
        .alike([AIRBYTE_DB], "it is asked and judged as Dagster's database is")
        .within(seconds(360))
        .control(
            "data_directory_off_the_claim",
            [P5, P7, S12],
            DATA_DIRECTORY_OFF_THE_VOLUME,
            "expected the mount of a PVC, found /tmp",
        )
        .slow_control("tablespace_off_the_claim", [P5], TABLESPACE_OFF_THE_VOLUME, "pg_tblspc")
        .control("ready_before_it_serves", [P3], READY_BEFORE_IT_SERVES, "is Ready, and yet")
        .control("without_fsync", [P4], POSTGRES_WITHOUT_FSYNC, "fsync: expected \"on\", found \"off\"")
        .slow_control(
            "service_selects_nothing",
            [P9],
            SERVICE_SELECTS_NOTHING,
            "leads to the PostgreSQL of",
        ),
    ]
}

async fn single_replica(run: Run) -> Result<()> {
    let set = run.deploy_with(add_lost_and_found).await?;
    let pod = set.pod_name(0);
    let postgres = run.postgres();

    run.step("as soon as it is Ready, login and write work").await?;
    run.wait(&pod_ready(&pod, None), seconds(240)).await?;
    run.found(P3, works(&run, &pod).await)?;
    set.ready(1).await?;

    run.step("it says itself that it keeps what it acknowledges").await?;
    let session = postgres.session(&pod).await?;
    for (setting, wanted) in DURABLE.map(|on| (on, "on")).into_iter().chain(CARELESS.map(|off| (off, "off")))
    {
        run.judge_equal(P4, setting, wanted, session.show(setting).await?.as_str());
    }
    // Without a standby every other value waits for the own disk as well.
    let asynchronous = session.show("synchronous_commit").await? == "off";
    run.judge(
        P4,
        asynchronous.then(|| "synchronous_commit is off: what is acknowledged is not on the disk".to_owned()),
    );

    run.step("SQL through the regular name and through the pod's own").await?;
    let probe = run.prober_beside().await?;
    let history = run.history("history.jsonl")?;
    Sql::create_tables(&session).await?;
    let hosts = [probe.host(set.workload.name), probe.pod_host(&set, 0)];
    for (process, host) in history.processes(hosts.len()).zip(&hosts) {
        let through = postgres.sql_through(&probe, host, &*set.pod(0)?, propagation(&run)).await;
        let mut store = run.found(S12, through)?;
        let write = Request::put(key(history.run(), process, 0), content(host, 512));
        let outcome = history.perform(process, &host.as_str().into(), &write, &mut store).await?;
        run.found(S12, taken(host, &outcome))?;
    }

    run.step(ON_THE_CLAIM).await?;
    let identifier = session.system_identifier().await?;
    run.judge(P5, postgres.against_placement(&set, 0).await?);

    run.step(POD_DELETED).await?;
    let old = set.pod(0)?;
    set.delete_pod(0).await?;
    let away = run.wait(&pod_ready(&pod, Some(&old.meta.uid)), seconds(240)).await?;
    let ready = Instant::now();
    run.found(P3, works(&run, &pod).await)?;

    run.step("the service's name leads to the new pod").await?;
    leads_to(&run, &set, &probe).await?;
    let led = ready.elapsed();
    run.measure("from Ready to the first good write through the service", led.as_secs_f64(), "s");
    run.measure("from the deletion to that write", (away + led).as_secs_f64(), "s");

    run.step("it is the same database, with the same data").await?;
    let after = postgres.session(&pod).await?;
    run.judge_equal(P7, "the system identifier", identifier, after.system_identifier().await?);
    postgres.read_back(&history, &pod).await?;
    run.check(S12, set.workload.name, &history, [Checker::Set(Copies::Same)], None);
    Ok(())
}

/// What the database says to a write through a host; a way there that breaks says nothing of it.
fn taken(host: &str, outcome: &Outcome) -> harness::Result<()> {
    let Some(failure) = outcome.failure() else { return Ok(()) };
    let words = format!("a write through {host}: {failure}");
    Err(match failure.cause {
        Cause::Answered(_) => Error::failed(words),
        _ => Error::environment(words),
    })
}

/// The service's name leads to the pod that is Ready now.
async fn leads_to(run: &Run, set: &Set, probe: &Prober) -> Result<()> {
    let host = probe.host(set.workload.name);
    let led = run.postgres().until_leads_to(probe, &host, &set.pod_name(0), propagation(run)).await;
    run.found(P9, led)?;
    Ok(())
}

async fn works(run: &Run, pod: &str) -> harness::Result<()> {
    run.postgres().works(pod).await.map_err(|error| {
        let words = format!("{pod} is Ready, and yet: {error}");
        error.reworded(words)
    })
}
