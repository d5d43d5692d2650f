//! The order of a roll, the way back, and the history of revisions.

use anyhow::Result;
use harness::{
    claim::{K3, K6},
    runner::{Run, Scenario, scenario},
    wait::expectations::{controller_counts, pod_returns, pods_stay, revisions_are, rolled},
};
use serde_json::{Value, json};

use super::templates::{HIGHEST_IS_NEW, gated, noted, replaced, ungated};
use crate::{
    api::{HISTORY_IS_FIXED, LAST_WITH_FIXED_HISTORY},
    sabotage::{HISTORY_LOST, LOWEST_ROLLED_FIRST},
    seconds,
};

/// The step at which a control does its sabotage.
pub(crate) const TAKEN_BACK: &str = "the template is taken back";

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "rollout::highest_first",
            "a roll replaces one pod at a time from the top, and a rollback goes to the old revision",
            highest_first,
        )
        .proves([K3, K6])
        .within(seconds(300))
        .control("lowest_rolled_first", [K3], LOWEST_ROLLED_FIRST, "sentinel-0 began to terminate while")
        .slow_control("history_lost", [K6], HISTORY_LOST, "the revision after the rollback"),
    ]
}

async fn highest_first(run: Run) -> Result<()> {
    let mut set = run.deploy().await?;
    set.ready(3).await?;
    let first = set.revision()?;

    run.step("the template changes: from the top, each new pod is held, and those below stay").await?;
    set.change("a template with a readiness gate", &gated()).await?;
    for ordinal in (0..3).rev() {
        let mut below = set.pods();
        below.retain(|name, _| (0..ordinal).any(|lower| *name == set.pod_name(lower)));
        let old = set.pod(ordinal)?;
        run.expect(K3, &replaced(&set, ordinal, &old.meta.uid), seconds(60)).await?;
        run.expect(K3, &controller_counts(&set.promise, 2), seconds(30)).await?;
        run.step(HIGHEST_IS_NEW.replace(&set.pod_name(2), &old.meta.name)).await?;
        match ordinal {
            2 => run.hold_long(K3, &pods_stay(&below)).await?,
            _ => run.hold(K3, &pods_stay(&below)).await?,
        }
        run.pod(set.pod_name(ordinal)).open_gate().await?;
    }
    run.expect(K3, &rolled(&set.promise, 3), seconds(60)).await?;

    run.step(TAKEN_BACK).await?;
    set.change("the template as it was", &ungated()).await?;
    run.expect(K3, &rolled(&set.promise, 3), seconds(120)).await?;
    run.judge_equal(K6, "the revision after the rollback", &first, &set.revision()?);
    let newest = set.newest_revision().await?;
    run.judge_equal(
        K6,
        "the newest revision by its number, after the rollback",
        Some(first.0.clone()),
        newest,
    );

    if run.terrain().may_lack(LAST_WITH_FIXED_HISTORY) {
        run.leave_out(format!("that revisionHistoryLimit prunes the oldest revisions: {HISTORY_IS_FIXED}"));
        return Ok(());
    }
    run.step("history is limited to one beyond what is in use, by the set or by a pod: the newest").await?;
    set.change("OnDelete", &json!({"spec": {"updateStrategy": {"type": "OnDelete", "rollingUpdate": null}}}))
        .await?;
    let mut kept = vec![first.0.clone()];
    for note in ["one", "two", "three"] {
        set.change(note, &noted(note)).await?;
        run.expect(K6, &controller_counts(&set.promise, 3), seconds(30)).await?;
        kept.push(set.state()?.update_revision.to_string());
        if note == "one" {
            let old = set.pod(2)?;
            set.delete_pod(2).await?;
            run.expect(K6, &pod_returns(&set.promise, 2, &old.meta.uid), seconds(60)).await?;
        }
    }
    let of_pods = kept[..2].to_vec();
    set.change("revisionHistoryLimit 1", &limit(1)).await?;
    run.expect(K6, &revisions_are(kept.clone()), seconds(30)).await?;
    run.hold(K6, &revisions_are(kept)).await?;

    run.step("to nothing beyond what is in use").await?;
    set.change("the template as it was", &noted(Value::Null)).await?;
    set.change("revisionHistoryLimit 0", &limit(0)).await?;
    run.expect(K6, &revisions_are(of_pods.clone()), seconds(30)).await?;
    run.hold(K6, &revisions_are(of_pods)).await?;
    Ok(())
}

fn limit(revisions: u32) -> Value {
    json!({"spec": {"revisionHistoryLimit": revisions}})
}
