//! Pods that are evicted under a disruption budget.

use anyhow::Result;
use harness::{
    claim::{D5, K16},
    runner::{Run, Scenario, scenario},
    wait::expectations::{controller_counts, pod_ready, pod_returns, pod_terminating, pods_stay},
    workload::{SENTINEL, Set, sentinel::Held},
};
use serde_json::{Value, json};

use crate::{
    sabotage::{BUDGET_SELECTS_NOTHING, PREDECESSOR_HELD},
    seconds,
};

/// What the API server says of an eviction that a budget forbids.
const REFUSED: &str = "violate the pod's disruption budget";
/// The disruption budget's name.
pub(crate) const BUDGET: &str = "sentinel";

/// Who counts for budgets. One that stands still for longer than its lease ends, and begins anew.
const COUNTS: &str = "kube-controller-manager";

const NOT_READY: Held = Held { ready: Some(true), stop: None, live_fails: None };

/// The step at which a control does its sabotage.
pub(crate) const NO_DISRUPTION_ALLOWED: &str = "under a budget that allows no disruption, a new pod comes";

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "disruption::budget",
            "a budget refuses evictions below it, takes others, and keeps no new pod from starting",
            budget,
        )
        .proves([K16, D5])
        .within(seconds(300))
        .control("budget_selects_nothing", [K16], BUDGET_SELECTS_NOTHING, "expected a refusal")
        .control("predecessor_held", [D5], PREDECESSOR_HELD, "sentinel-3 does not exist"),
        scenario(
            "disruption::budget_not_counted",
            "while nobody counts, a new budget allows no eviction, and one that was counted none more than it says",
            budget_not_counted,
        )
        .proves([K16])
        .alike([SENTINEL], "each refusal is judged as in disruption::budget")
        .within(seconds(300))
        .slow()
        .alone(),
    ]
}

/// The budget, which asks for so much.
fn budget_of(mut spec: Value) -> Value {
    spec["selector"] = json!({"matchLabels": {"app": SENTINEL.name}});
    json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": BUDGET}, "spec": spec})
}

/// A pod whose eviction its budget allows goes, and comes back.
async fn is_evicted_and_returns(run: &Run, set: &Set, ordinal: u32) -> Result<()> {
    let old = set.pod(ordinal)?;
    run.found(K16, run.pod(&old.meta.name).evict_when_allowed(seconds(30)).await)?;
    run.expect(K16, &pod_returns(&set.promise, ordinal, &old.meta.uid), seconds(60)).await?;
    // Counted as well: who is not Ready next is then seen to be by the count.
    run.found(K16, set.ready(4).await)?;
    Ok(())
}

async fn budget(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, _| {
            manifest.objects.push(budget_of(json!({"maxUnavailable": 0})));
            Ok(())
        })
        .await?;
    run.found(D5, set.ready(3).await)?;

    run.step(NO_DISRUPTION_ALLOWED).await?;
    set.scale(4).await?;
    run.expect(D5, &pod_ready(&set.pod_name(3), None), seconds(30)).await?;
    run.found(D5, set.ready(4).await)?;

    run.step("an eviction below the budget is refused").await?;
    let pods = set.pods();
    let evicted = run.pod(set.pod_name(3)).evict().await;
    run.judge_refused(K16, "an eviction below the budget", evicted, 429, REFUSED);
    run.hold(K16, &pods_stay(&pods)).await?;

    run.step("under one that asks for more than half it is refused as well, while one of four is not Ready")
        .await?;
    let zero = run.sentinel(set.pod_name(0));
    zero.hold(NOT_READY).await?;
    run.expect(K16, &controller_counts(&set.promise, 3), seconds(30)).await?;
    run.apply_objects([budget_of(json!({"minAvailable": "51%"}))]).await?;
    let counted = "needs 3 healthy pods and has 3 currently";
    run.pod(set.pod_name(3)).judge_eviction_refused(K16, counted, seconds(30)).await?;
    run.hold(K16, &pods_stay(&pods)).await?;

    run.step("so is that of the pod itself, while fewer are Ready than are asked for").await?;
    // Said, since a policy may say otherwise where nobody does.
    let while_healthy = |mut spec: Value| {
        spec["unhealthyPodEvictionPolicy"] = json!("IfHealthyBudget");
        budget_of(spec)
    };
    run.apply_objects([while_healthy(json!({"minAvailable": 4}))]).await?;
    let fewer = "needs 4 healthy pods and has 3 currently";
    // That of a Ready pod first: once it is refused so, the new budget has been counted. Of a pod that is not Ready the
    // API server asks what was counted last, of whichever budget that was.
    run.pod(set.pod_name(3)).judge_eviction_refused(K16, fewer, seconds(30)).await?;
    run.pod(&zero.pod).judge_eviction_refused(K16, fewer, seconds(30)).await?;

    run.step("but not under one that says that such a pod may always go").await?;
    let always = json!({"minAvailable": 4, "unhealthyPodEvictionPolicy": "AlwaysAllow"});
    run.apply_objects([budget_of(always)]).await?;
    is_evicted_and_returns(&run, &set, 0).await?;

    run.step(
        "under one that lets a tenth of four be away, which is one, and one is, that of another is refused",
    )
    .await?;
    zero.hold(NOT_READY).await?;
    run.expect(K16, &controller_counts(&set.promise, 3), seconds(30)).await?;
    run.apply_objects([while_healthy(json!({"maxUnavailable": "10%"}))]).await?;
    let pods = set.pods();
    run.pod(set.pod_name(3)).judge_eviction_refused(K16, counted, seconds(30)).await?;
    run.hold(K16, &pods_stay(&pods)).await?;

    run.step("and that of the one itself taken, since as many are Ready as are asked for").await?;
    is_evicted_and_returns(&run, &set, 0).await?;

    run.step("all are Ready again, and one of them may be away: an eviction within the budget is taken")
        .await?;
    run.apply_objects([while_healthy(json!({"maxUnavailable": 1}))]).await?;
    let (pods, three) = (set.pods(), run.sentinel(set.pod_name(3)));
    run.pod(&three.pod).hold_stop().await?;
    run.found(K16, run.pod(&three.pod).evict_when_allowed(seconds(30)).await)?;
    // At once: before anybody has counted anew.
    let second = run.pod(set.pod_name(2)).evict().await;
    run.judge_refused(K16, "a second eviction under a budget for one", second, 429, REFUSED);
    run.wait(&pod_terminating(&three.pod), seconds(30)).await?;

    run.step("it takes its time to stop, and would serve: another eviction is refused").await?;
    run.pod(set.pod_name(2)).judge_eviction_refused(K16, counted, seconds(30)).await?;
    let mut others = pods.clone();
    others.remove(&set.pod_name(3));
    run.hold(K16, &pods_stay(&others)).await?;
    three.hold(Held { stop: Some(false), ..Held::default() }).await?;
    run.expect(K16, &pod_returns(&set.promise, 3, &pods[&set.pod_name(3)]), seconds(90)).await?;

    run.step("another has come in its place, and all are Ready: one more may go").await?;
    run.found(K16, set.ready(4).await)?;
    is_evicted_and_returns(&run, &set, 2).await?;
    Ok(())
}

async fn budget_not_counted(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, _| {
            manifest.objects.push(budget_of(json!({"maxUnavailable": 2})));
            Ok(())
        })
        .await?;
    set.ready(3).await?;
    let (budget, control_plane) = (run.budget(BUDGET), run.control_plane()?);
    run.found(K16, budget.until_allows(2, seconds(30)).await)?;

    run.step("who counts stands still, and the budget becomes another: what was counted for the old one allows nothing")
        .await?;
    control_plane.freeze(COUNTS).await?;
    run.apply_objects([budget_of(json!({"maxUnavailable": 0}))]).await?;
    let evicted = run.pod(set.pod_name(2)).evict().await;
    run.judge_refused(K16, "an eviction under a budget that is not counted", evicted, 429, REFUSED);
    control_plane.thaw().await?;
    run.settled().await?;

    run.step("who counts has counted that one may go, and stands still: one goes, and no second").await?;
    run.apply_objects([budget_of(json!({"maxUnavailable": 1}))]).await?;
    run.found(K16, budget.until_allows(1, seconds(60)).await)?;
    control_plane.freeze(COUNTS).await?;
    run.found(K16, run.pod(set.pod_name(2)).evict_when_allowed(seconds(2)).await)?;
    let second = run.pod(set.pod_name(1)).evict().await;
    run.judge_refused(K16, "a second eviction under a budget for one", second, 429, REFUSED);
    control_plane.thaw().await?;
    run.found(K16, set.ready(3).await)?;
    Ok(())
}
