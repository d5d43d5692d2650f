//! Sets that have what they ask for, and do not keep it.

use anyhow::Result;
use harness::{
    claim::S15,
    explain::cause::{POD_REPLACED_OFTEN, READINESS_PROBE_FAILING},
    runner::{Run, Scenario},
    wait::expectations::{pod_is_another, pod_ready},
    workload::sentinel::Held,
};

use super::report;
use crate::{diagnosis::case::case, seconds};

/// What this scenario makes.
#[cfg(test)]
pub(super) const CAUSES: &[&str] = &[POD_REPLACED_OFTEN, READINESS_PROBE_FAILING];

/// Pods of a name that somebody deletes.
const DELETIONS: u32 = 5;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![report(
        "diagnosis::reports::unsteady",
        "a pod is deleted again and again, and another one's readiness comes and goes",
        seconds(300),
        unsteady,
    )]
}

async fn unsteady(run: Run) -> Result<()> {
    run.step("two sets are well").await?;
    run.apply_objects([
        case("restless", POD_REPLACED_OFTEN).object()?,
        case("flapping", READINESS_PROBE_FAILING).object()?,
    ])
    .await?;
    run.wait(&pod_ready("restless-0", None), seconds(90)).await?;
    run.wait(&pod_ready("flapping-0", None), seconds(90)).await?;

    run.step("somebody deletes the pod of one again and again").await?;
    for _ in 0..DELETIONS {
        let uid = run.log().now(|world| world.pods.get("restless-0").map(|pod| pod.meta.uid.to_string()));
        let uid = uid.unwrap_or_default();
        run.set("restless").delete_pod(0).await?;
        run.wait(&pod_is_another("restless-0", &uid), seconds(60)).await?;
        run.wait(&pod_ready("restless-0", Some(&uid)), seconds(60)).await?;
    }
    let advice = ["pods of the name restless-0", "audit log"];
    run.set("restless").judge_advice(S15, POD_REPLACED_OFTEN, &advice, seconds(30)).await?;

    run.step("the other one is not Ready for a while").await?;
    let flapping = run.sentinel("flapping-0");
    flapping.hold(Held { ready: Some(true), ..Held::default() }).await?;
    run.set("flapping").judge_diagnosis(S15, &[READINESS_PROBE_FAILING], seconds(60)).await?;
    flapping.hold(Held { ready: Some(false), ..Held::default() }).await?;
    run.wait(&pod_ready("flapping-0", None), seconds(30)).await?;
    let advice = ["now and then", "timeoutSeconds"];
    run.set("flapping").judge_advice(S15, READINESS_PROBE_FAILING, &advice, seconds(30)).await?;
    Ok(())
}
