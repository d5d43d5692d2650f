//! Pods that need each other's names: which Service gives them, to whom, and in which order pods come.

use anyhow::Result;
use harness::{
    claim::S15,
    explain::cause::{PEER_NEVER_MADE, PEERS_COME_LATER, PEERS_NOT_PUBLISHED, SERVICE_GIVES_NO_NAMES},
    runner::{Run, Scenario},
};
use serde_json::json;

use super::{healed, report};
use crate::{
    diagnosis::case::{Case, case, headless, plain},
    seconds,
};

/// What these scenarios make.
#[cfg(test)]
pub(super) const CAUSES: &[&str] =
    &[PEER_NEVER_MADE, PEERS_COME_LATER, PEERS_NOT_PUBLISHED, SERVICE_GIVES_NO_NAMES];

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![report(
        "diagnosis::reports::peers",
        "pods wait for names: of a Service that is not there, that names only the Ready, of pods that come later, and of one that never comes",
        seconds(300),
        peers,
    )]
}

/// Ready is who finds all by name.
fn meeting(set: &'static str, cause: &'static str, policy: &str) -> Case {
    let ask = format!("for peer in {set}-0.{set} {set}-1.{set}; do getent hosts $peer || exit 1; done");
    let probe = json!({"httpGet": null, "exec": {"command": ["sh", "-c", ask]}, "periodSeconds": 2, "timeoutSeconds": 5});
    let command = ["sh", "-c", "trap 'exit 0' TERM; sleep infinity & wait"];
    case(set, cause)
        .replicas(2)
        .spec(json!({"serviceName": set, "podManagementPolicy": policy}))
        .container(plain("postgres:17", &command, json!({"readinessProbe": probe})))
}

/// Its ordinals begin at 5, and it is Ready when it finds this pod by name.
fn late(peer: &str) -> Case {
    let ask = format!("getent hosts {peer}.late");
    let probe = json!({"httpGet": null, "exec": {"command": ["sh", "-c", ask]}, "periodSeconds": 2, "timeoutSeconds": 5});
    let command = ["sh", "-c", "trap 'exit 0' TERM; sleep infinity & wait"];
    case("late", PEER_NEVER_MADE)
        .spec(json!({"serviceName": "late", "podManagementPolicy": "Parallel", "ordinals": {"start": 5}}))
        .container(plain("postgres:17", &command, json!({"readinessProbe": probe})))
}

async fn peers(run: Run) -> Result<()> {
    let cases = [
        late("late-0"),
        meeting("mesh", PEERS_NOT_PUBLISHED, "Parallel"),
        meeting("nameless", SERVICE_GIVES_NO_NAMES, "Parallel"),
        meeting("ordered", PEERS_COME_LATER, "OrderedReady"),
    ];
    run.step("none becomes Ready").await?;
    run.apply_objects([headless("mesh", false), headless("ordered", true), headless("late", true)]).await?;
    for case in &cases {
        run.apply_objects([case.object()?]).await?;
    }
    let (mesh, nameless, ordered) = (run.set("mesh"), run.set("nameless"), run.set("ordered"));
    mesh.judge_advice(
        S15,
        PEERS_NOT_PUBLISHED,
        &["patch service mesh", "publishNotReadyAddresses"],
        seconds(90),
    )
    .await?;
    nameless
        .judge_advice(S15, SERVICE_GIVES_NO_NAMES, &["make a headless Service nameless"], seconds(60))
        .await?;
    ordered.judge_advice(S15, PEERS_COME_LATER, &["podManagementPolicy: Parallel"], seconds(60)).await?;
    run.set("late")
        .judge_advice(S15, PEER_NEVER_MADE, &["late-0 is never made", "look for late-5 instead"], seconds(60))
        .await?;

    run.apply_objects([late("late-5").object()?]).await?;
    run.apply_objects([headless("mesh", true), headless("nameless", true)]).await?;
    ordered.leave_pods().await?;
    run.apply_objects([meeting("ordered", PEERS_COME_LATER, "Parallel").object()?]).await?;
    healed(&run, "late").await?;
    healed(&run, "mesh").await?;
    healed(&run, "nameless").await?;
    healed(&run, "ordered").await
}
