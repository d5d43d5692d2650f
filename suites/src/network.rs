//! Stable Network Identity, asked from inside pods.

use anyhow::Result;
use harness::{
    claim::{S4, S5},
    runner::{Run, Scenario, scenario},
    wait::expectations::pod_ready,
    workload::{Workload, sentinel::Held},
};

use crate::{
    sabotage::{HEADLESS_SELECTS_NOTHING, HEADLESS_TURNED_REGULAR},
    seconds,
};

/// How long a name may lag behind its pod; the report has the time that it took.
const PROPAGATION: std::time::Duration = seconds(20);

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "network::names_follow_pods",
            "each pod's name is its address, from every pod and after a return",
            names_follow_pods,
        )
        .proves([S4])
        .within(seconds(300))
        .control(
            "headless_selects_nothing",
            [S4],
            HEADLESS_SELECTS_NOTHING,
            "the address of sentinel-0",
        ),
        scenario(
            "network::services_answer",
            "a headless service is its ready pods, a regular one is one address that spreads",
            services_answer,
        )
        .proves([S5])
        .within(seconds(300))
        .control(
            "headless_turned_regular",
            [S5],
            HEADLESS_TURNED_REGULAR,
            "the addresses of sentinel-headless",
        ),
    ]
}

async fn names_follow_pods(run: Run) -> Result<()> {
    let set = run.deploy().await?;
    set.ready(3).await?;
    run.step("ask for every pod's name from every pod").await?;
    for asker in 0..3 {
        let asker = run.sentinel(set.pod_name(asker));
        for ordinal in 0..3 {
            run.judge_name(S4, &asker, &set, ordinal, PROPAGATION).await?;
        }
    }
    run.judge_service_records(S4, &run.sentinel(set.pod_name(0)), &set, PROPAGATION).await?;

    run.step("delete pod 1: it comes back with another address").await?;
    let old = set.pod(1)?;
    set.delete_pod(1).await?;
    run.wait(&pod_ready(&old.meta.name, Some(&old.meta.uid)), seconds(120)).await?;
    for asker in [0, 2] {
        run.judge_name(S4, &run.sentinel(set.pod_name(asker)), &set, 1, PROPAGATION).await?;
    }
    Ok(())
}

async fn services_answer(run: Run) -> Result<()> {
    let set = run.deploy().await?;
    set.ready(3).await?;
    let asker = run.sentinel(set.pod_name(0));
    let (headless, regular) = (set.workload.headless, set.workload.name);

    run.step("the headless service is exactly the ready pods").await?;
    run.judge_headless(S5, &asker, &set, 0..3, PROPAGATION).await?;

    run.step("the regular service is one address, and every pod answers behind it").await?;
    let address = run.service_address(regular).await?;
    let answer = asker.resolve(&format!("{}.", Workload::host(regular, run.namespace())), "A").await?;
    run.judge_equal(S5, &format!("the addresses of {regular}"), vec![address.as_str()], answer.addresses());
    run.judge_spread(S5, &asker, &set, 0..3, PROPAGATION).await?;

    run.step(format!("a pod that is not Ready leaves {headless}, and comes back to it")).await?;
    let two = run.sentinel(set.pod_name(2));
    two.hold(Held { ready: Some(true), ..Held::default() }).await?;
    run.judge_headless(S5, &asker, &set, 0..2, PROPAGATION).await?;
    two.hold(Held { ready: Some(false), ..Held::default() }).await?;
    run.judge_headless(S5, &asker, &set, 0..3, PROPAGATION).await?;
    Ok(())
}
