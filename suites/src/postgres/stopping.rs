//! A database that is told to stop sends its clients away, and leaves nothing to recover.

use anyhow::Result;
use harness::{
    Error,
    claim::P2,
    law::Obstacle,
    runner::{Run, Scenario, scenario},
    wait::expectations::{pod_is_another, pod_returns},
    workload::DAGSTER_POSTGRESQL,
};

use crate::{sabotage::CLIENTS_WAITED_FOR, seconds};

/// What PostgreSQL says at its start of how it ended last.
const ENDED: &str = "database system was ";
const CLEANLY: &str = "database system was shut down at";

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario("postgres::stopping", "the pod is deleted while a client is logged in, and idle", stopping)
            .proves([P2])
            .on([DAGSTER_POSTGRESQL])
            .within(seconds(240))
            .slow()
            .slow_control("clients_waited_for", [P2], CLIENTS_WAITED_FOR, "database system was interrupted"),
    ]
}

async fn stopping(run: Run) -> Result<()> {
    let set = run.deploy().await?;
    set.ready(1).await?;

    run.step("a client logs in, and does nothing").await?;
    let (postgres, pod) = (run.postgres(), set.pod_name(0));
    let idle = postgres.session(&pod).await?;
    idle.write_works().await?;

    run.step("the pod is deleted: the server stops by itself, within its grace period").await?;
    let old = set.pod(0)?;
    set.delete_pod(0).await?;
    let stopped = run.wait(&pod_is_another(&pod, &old.meta.uid), seconds(120)).await?;
    run.measure("from the deletion to the next pod", stopped.as_secs_f64(), "s");
    // Who is killed when the period is over ends with 137.
    run.judge_equal(P2, "the exit code of a server that was told to stop", 0, run.life(&old).exit_code()?);
    drop(idle);

    run.step("the next start finds nothing to recover").await?;
    run.wait(&pod_returns(&set.promise, 0, &old.meta.uid), seconds(180)).await?;
    let log = run.pod(&pod).log().await?;
    let Some(said) = log.lines().find(|line| line.contains(ENDED)) else {
        // Each start says so: a log without it is not all that there was.
        let words = format!("what is left of the log of {pod} begins after {ENDED:?}");
        return Ok(run.found(P2, Err(Error::not_judged(Obstacle::Recording, words)))?);
    };
    let clean = said.contains(CLEANLY);
    run.judge(P2, (!clean).then(|| format!("the next start: expected {CLEANLY:?}; it said: {said}")));
    Ok(())
}
