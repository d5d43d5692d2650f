//! Persistent storage outlives the set.

use anyhow::Result;
use harness::{
    claim::{S7, S17},
    runner::{Run, Scenario, scenario},
    wait::expectations::{claims_are, pods_gone},
};

use crate::{sabotage::DELETE_CLAIMS_WHEN_DELETED, seconds};

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "storage::claims_outlive_the_set",
            "the set is deleted and made again: claims and data are as before",
            claims_outlive_the_set,
        )
        .proves([S17, S7])
        .within(seconds(300))
        .control(
            "delete_claims_when_deleted",
            [S17],
            DELETE_CLAIMS_WHEN_DELETED,
            "was deleted when its set",
        ),
    ]
}

async fn claims_outlive_the_set(run: Run) -> Result<()> {
    let set = run.deploy().await?;
    set.ready(3).await?;
    let claims = run.claims_of(&set);
    let mut marks = Vec::new();
    for ordinal in 0..3 {
        marks.push(run.leave_mark(&set.pod_name(ordinal)).await?);
    }

    run.step("delete the set").await?;
    set.delete().await?;
    run.wait(&pods_gone((0..3).map(|ordinal| set.pod_name(ordinal))), seconds(120)).await?;
    run.hold(S17, &claims_are(&claims)).await?;

    let set = run.deploy().await?;
    set.ready(3).await?;
    run.step("the same claims, with the same data").await?;
    run.expect(S17, &claims_are(&claims), seconds(1)).await?;
    for (ordinal, mark) in (0..3).zip(marks) {
        let name = set.pod_name(ordinal);
        run.judge_equal(S7, &format!("the data of {name}"), mark, run.find_mark(&name).await?);
    }
    Ok(())
}
