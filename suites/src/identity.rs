//! Stable Pod Identity, and the storage that belongs to it.

use anyhow::Result;
use harness::{
    claim::{S1, S2, S3, S6, S7},
    runner::{Run, Scenario, scenario},
    wait::expectations,
    workload::{DAGSTER_POSTGRESQL, GARAGE, SENTINEL},
};

use crate::{
    sabotage::{CLAIM_DELETED_WITH_POD, EMPTY_DIRECTORY},
    seconds,
};

/// The replicas that these scenarios run; the document's Garage has as many.
const REPLICAS: u32 = 3;

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "identity::pod_returns",
            "a deleted pod comes back as itself: name, hostname, claims and data",
            pod_returns,
        )
        .proves([S1, S2, S3, S6, S7])
        .on([SENTINEL, GARAGE, DAGSTER_POSTGRESQL])
        .within(seconds(400))
        .control("empty_directory", [S7], EMPTY_DIRECTORY, "the data of sentinel-1 after its return")
        .control(
            "claim_deleted_with_pod",
            [S7],
            CLAIM_DELETED_WITH_POD,
            "came back with another data-sentinel-1",
        ),
    ]
}

async fn pod_returns(run: Run) -> Result<()> {
    let set = run.deploy_with(|manifest, workload| workload.with_replicas(manifest, REPLICAS)).await?;
    set.ready(REPLICAS).await?;

    run.step("read names and data of every pod").await?;
    run.judge_equal(S1, "the ordinals", vec![0, 1, 2], set.ordinals());
    run.judge_claims_bound(&set, REPLICAS);
    let mut before = Vec::new();
    for ordinal in 0..REPLICAS {
        let name = set.pod_name(ordinal);
        run.judge_equal(S3, &format!("the hostname inside {name}"), name.clone(), run.hostname(&name).await?);
        before.push(run.leave_mark(&name).await?);
    }

    run.step("delete pod 1, and wait for it to come back").await?;
    let old = set.pod(1)?;
    set.delete_pod(1).await?;
    let name = set.pod_name(1);
    run.expect(S2, &expectations::pod_ready(&name, Some(&old.meta.uid)), seconds(180)).await?;
    set.ready(REPLICAS).await?;

    run.step("read the data again").await?;
    for (ordinal, mark) in (0..REPLICAS).zip(before) {
        let name = set.pod_name(ordinal);
        run.judge_equal(
            S7,
            &format!("the data of {name} after its return"),
            mark,
            run.find_mark(&name).await?,
        );
    }
    run.judge_equal(S3, &format!("the hostname inside {name}"), name.clone(), run.hostname(&name).await?);
    Ok(())
}
