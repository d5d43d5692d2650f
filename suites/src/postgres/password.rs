//! The password of a database is its Secret's. PostgreSQL reads that when it makes the database, and never again: who changes it
//! changes it in both places.

use std::time::Duration;

use anyhow::Result;
use harness::{
    Secret,
    claim::P8,
    history::{Checker, check::Copies},
    load::{Plan, sql::Sql},
    runner::{Run, Scenario, scenario},
    wait::expectations::{pod_is_another, pod_returns, pod_running},
    workload::{DAGSTER_POSTGRESQL, Set},
};
use serde_json::json;

use super::clients::writer;
use crate::{sabotage::ROLE_KEEPS_ITS_PASSWORD, seconds};

/// Acknowledged writes before the change.
const ENOUGH: u64 = 20;
const PACE: Duration = Duration::from_millis(10);
const BUDGET: Duration = seconds(60);
pub(crate) const RESTARTED: &str = "the pod is restarted: the new password is taken, and the old refused";

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario("postgres::password", "the password is changed in the database and in its Secret", password)
            .proves([P8])
            .on([DAGSTER_POSTGRESQL])
            .within(seconds(300))
            .slow()
            .slow_control("secret_alone", [P8], ROLE_KEEPS_ITS_PASSWORD, "password authentication failed"),
    ]
}

async fn password(run: Run) -> Result<()> {
    let set = run.deploy().await?;
    set.ready(1).await?;
    let (postgres, pod, inside) = (run.postgres(), set.pod_name(0), run.prober_beside().await?);
    let changed = Secret::new("test-only-changed-password");
    let (with_shipped, with_changed) = (postgres.clone(), postgres.with_password(&changed));

    run.step("the Secret's password is taken, and another is refused").await?;
    let old = set.pod(0)?;
    run.found(P8, with_shipped.until_logged_in(&inside, &old, seconds(60)).await)?;
    run.judge(P8, with_changed.against_refusal(&inside, &old).await?);
    let session = postgres.session(&pod).await?;
    Sql::create_tables(&session).await?;
    let history = run.history("history.jsonl")?;
    let plan = Plan { clients: writer(&pod), pace: PACE, budget: BUDGET };
    let mut load = postgres.load(&history, &plan, &inside);
    load.acknowledged(ENOUGH, seconds(60)).await?;
    load.stop().await?;

    run.step("it is changed, in the database and in the Secret").await?;
    session.change_password(&changed).await?;
    change_secret(&run, &set, &changed).await?;

    run.step(RESTARTED).await?;
    set.delete_pod(0).await?;
    run.wait(&pod_is_another(&pod, &old.meta.uid), seconds(120)).await?;
    run.wait(&pod_running(&pod), seconds(120)).await?;
    let new = set.pod(0)?;
    run.found(P8, with_changed.until_logged_in(&inside, &new, seconds(120)).await)?;
    run.judge(P8, with_shipped.against_refusal(&inside, &new).await?);
    // Its probe logs in, with what the Secret says.
    run.expect(P8, &pod_returns(&set.promise, 0, &old.meta.uid), seconds(120)).await?;

    run.step("the data is there").await?;
    postgres.read_back(&history, &pod).await?;
    run.check(P8, set.workload.name, &history, [Checker::Set(Copies::Same)], None);
    Ok(())
}

async fn change_secret(run: &Run, set: &Set, password: &Secret) -> Result<()> {
    let mut secret = set.workload.manifest()?.find("Secret", set.workload.name)?.clone();
    secret["stringData"]["password"] = json!(password.reveal());
    Ok(run.apply_objects([secret]).await?)
}
