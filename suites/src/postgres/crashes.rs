//! A database under load loses its pod, its server, its replica and its node, one after the other, and nothing that it acknowledged.

use std::time::Duration;

use anyhow::Result;
use harness::{
    claim::{P1, P6, P7},
    load::{Plan, sql::Sql},
    runner::{Need, Run, Scenario, scenario},
    wait::expectations::{pod_recovers, pod_returns, pods_exactly},
    workload::{DAGSTER_POSTGRESQL, Set},
};

use super::clients::{checkers_of_one_database, clients_of_one_database};
use crate::{
    lost_with,
    sabotage::{ASYNCHRONOUS_COMMIT, EMPTY_DIRECTORY, LESS_ISOLATED, PAGE_SPOILED},
    seconds,
};

/// Acknowledged writes at each endpoint before each fault, and after the last.
const ENOUGH: u64 = 30;
/// Between two operations of a process.
const PACE: Duration = Duration::from_millis(50);
/// The load ends by itself before the scenario has to.
const BUDGET: Duration = seconds(540);
/// The step in which nobody uses the data directory.
pub(crate) const STOPPED: &str = "the server is stopped: every page of the data directory is sound";

pub(crate) fn scenarios() -> Vec<Scenario> {
    let losses = "acknowledged writes are lost";
    vec![
        scenario(
            "postgres::crashes",
            "under load, the pod is deleted, the server killed, the set scaled to 0 and back, the node restarted",
            crashes,
        )
        .proves([P1, P6, P7])
        .on([DAGSTER_POSTGRESQL])
        .needs([Need::TwoNodes])
        .within(seconds(600))
        .slow()
        .alone()
        .slow_control("asynchronous_commit", [P1], ASYNCHRONOUS_COMMIT, losses)
        .slow_control("empty_directory", [P1, P6, P7], EMPTY_DIRECTORY, losses)
        .slow_control("less_isolated", [P1], LESS_ISOLATED, "write skews (G2-item)")
        .slow_control("page_spoiled", [P6], PAGE_SPOILED, "pg_checksums ended with"),
    ]
}

/// What happens to the database.
#[derive(Debug, Clone, Copy)]
enum Crash {
    Delete,
    Kill,
    Scale,
    Restart,
}

async fn crashes(run: Run) -> Result<()> {
    let set = run.deploy().await?;
    set.ready(1).await?;
    let (postgres, pod) = (run.postgres(), set.pod_name(0));
    let session = postgres.session(&pod).await?;
    Sql::create_tables(&session).await?;
    let before = session.system_identifier().await?;
    let has_checksums = session.show("data_checksums").await? == "on";

    run.step("write, read, move money and grow lists, at the pod and through the service").await?;
    let (history, inside) = (run.history("history.jsonl")?, run.prober_beside().await?);
    let plan = Plan { clients: clients_of_one_database(&set), pace: PACE, budget: BUDGET };
    let mut load = postgres.load(&history, &plan, &inside);
    let beats = inside.beats(&history, PACE, BUDGET);
    load.acknowledged(ENOUGH, seconds(120)).await?;
    let mut fault = run.fault_begins("deletion, kill -9, 1 → 0 → 1, restart of the node");

    for crash in [Crash::Delete, Crash::Kill, Crash::Scale, Crash::Restart] {
        run.step(crash.words()).await?;
        crash.happens(&run, &set).await?;
        // What is acknowledged from here on comes after it, if no other follows.
        fault = run.fault_ends(fault);
        if !run.put_off(load.acknowledged(ENOUGH, seconds(120)).await) {
            break;
        }
    }
    load.stop().await?;
    beats.stop().await?;

    run.step("read everything back").await?;
    let after = postgres.session(&pod).await?.system_identifier().await?;
    run.judge_equal(P7, "the system identifier", before, after);
    postgres.read_back(&history, &pod).await?;
    run.check(P1, set.workload.name, &history, checkers_of_one_database(), Some(&fault));

    run.step(STOPPED).await?;
    set.scale(0).await?;
    run.wait(&pods_exactly(&set.promise, []), seconds(120)).await?;
    if has_checksums {
        run.judge(P6, postgres.against_checksums(&set, 0).await?);
    } else {
        run.leave_out("each page by itself: data checksums are not enabled");
    }

    run.step("it is started again: heaps and indexes are sound").await?;
    set.scale(1).await?;
    set.ready(1).await?;
    run.judge(P6, postgres.against_soundness(&pod).await?);
    Ok(())
}

impl Crash {
    fn words(self) -> &'static str {
        match self {
            Self::Delete => "the pod is deleted",
            Self::Kill => "the server is killed with SIGKILL",
            Self::Scale => "scale 1 → 0 → 1",
            Self::Restart => "its node is restarted",
        }
    }

    /// Lets it happen, and waits until the server is there again.
    async fn happens(self, run: &Run, set: &Set) -> Result<()> {
        let old = set.pod(0)?;
        let (pod, uid) = (&old.meta.name, &old.meta.uid);
        let returns = pod_returns(&set.promise, 0, uid);
        let recovers = pod_recovers(pod, uid, old.restarts());
        let back = match self {
            Self::Delete => {
                set.delete_pod(0).await?;
                returns
            }
            Self::Kill => {
                run.pod(pod).server().await?.kill().await?;
                recovers
            }
            Self::Scale => {
                set.scale(0).await?;
                run.wait(&pods_exactly(&set.promise, []), seconds(120)).await?;
                set.scale(1).await?;
                returns
            }
            Self::Restart => {
                run.node(old.node.as_deref().unwrap_or_default())?.restart().await?;
                recovers
            }
        };
        let back = run.wait(&back, seconds(180)).await;
        run.found(P1, back.map_err(lost_with("server")))?;
        Ok(())
    }
}
