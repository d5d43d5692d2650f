//! What a set's own name, node or volume rules out, side by side.

use anyhow::Result;
use harness::{
    claim::S15,
    explain::cause,
    runner::{Run, Scenario},
};
use serde_json::json;

use super::{healed, report};
use crate::{
    diagnosis::case::{Case, case},
    seconds,
};

/// With the hash of a revision, more than the 63 characters that a label may have.
const LONG: &str = "a-release-of-a-chart-whose-names-are-as-long-as-they-may-be";

/// What this scenario makes.
#[cfg(test)]
pub(super) fn causes() -> Vec<&'static str> {
    cases().iter().map(|case| case.cause).collect()
}

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![report(
        "diagnosis::reports::side_by_side",
        "a name that is too long, a node that is not there, and a volume that a claim names in vain",
        seconds(180),
        side_by_side,
    )]
}

fn cases() -> Vec<Case> {
    vec![
        case(LONG, cause::NAME_TOO_LONG),
        case("nowhere", cause::NODE_NAME_UNKNOWN).pod(json!({"nodeName": "no-such-node"})),
        case("restored", cause::NAMED_VOLUME_UNAVAILABLE)
            .volume_claim(json!({"volumeName": "no-such-volume"})),
    ]
}

async fn side_by_side(run: Run) -> Result<()> {
    run.step("each set is stuck for its own cause").await?;
    for case in cases() {
        run.apply_objects([case.object()?]).await?;
    }
    let advised = |set: &'static str| run.set(set);
    advised(LONG).judge_advice(S15, cause::NAME_TOO_LONG, &["at most 52 characters"], seconds(60)).await?;
    let nowhere = ["take nodeName out"];
    advised("nowhere").judge_advice(S15, cause::NODE_NAME_UNKNOWN, &nowhere, seconds(60)).await?;
    let restored = ["delete pvc data-restored-0", "without volumeName"];
    advised("restored").judge_advice(S15, cause::NAMED_VOLUME_UNAVAILABLE, &restored, seconds(60)).await?;

    run.step("a shorter name, any node, and a claim that names no volume").await?;
    run.set(LONG).scale(0).await?;
    run.apply_objects([
        case("short", cause::NAME_TOO_LONG).object()?,
        case("nowhere", cause::NODE_NAME_UNKNOWN).object()?,
    ])
    .await?;
    run.set("nowhere")
        .delete_pod_at_once(0)
        .await
        .or_else(|error| if error.is_not_found() { Ok(()) } else { Err(error) })?;
    let restored = run.set("restored");
    restored.leave_pods().await?;
    restored.delete_pod_at_once(0).await?;
    restored.delete_volume_claim(0).await?;
    run.apply_objects([case("restored", cause::NAMED_VOLUME_UNAVAILABLE).object()?]).await?;
    for set in ["short", "nowhere", "restored"] {
        healed(&run, set).await?;
    }
    Ok(())
}
