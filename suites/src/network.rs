//! Stable Network Identity, asked from inside pods.

use std::time::Duration;

use anyhow::Result;
use harness::{
    claim::{K14, K15, K25, S4, S5, S19},
    manifest::Manifest,
    runner::{Need, Run, Scenario, scenario},
    wait::expectations::{
        endpoint_leaving, pod_is_another, pod_ready, pod_returns, pod_running, pod_terminating, pods_exactly,
    },
    workload::{Workload, sentinel::Held},
};
use serde_json::{Value, json};

use crate::{
    sabotage::{
        HEADLESS_PRESENT, HEADLESS_SELECTS_NOTHING, HEADLESS_TURNED_REGULAR, NOT_READY_PUBLISHED,
        NOT_READY_UNPUBLISHED,
    },
    seconds,
};

/// How long a name may lag behind its pod: until the DNS has heard of it, and then for as long as it may keep old answers.
/// The report has the time that it took.
pub(crate) fn propagation(run: &Run) -> Duration {
    run.terrain().hears_within() + run.terrain().dns_horizon()
}

/// What is asked of pods on one node says nothing of the network between two.
pub(crate) const OVER_TWO_NODES: &str = "names and connections over two nodes";

/// A headless service that publishes pods before they are Ready.
pub(crate) const PUBLISHING: &str = "sentinel-publishing";

/// A second port of the regular service, which leads to the same one of each pod.
const SECOND_PORT: u16 = 8090;

/// A headless service of the pods that is not their set's.
const OTHER: &str = "sentinel-other";

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "network::names_follow_pods",
            "each pod's name is its address, from every pod and after a return",
            names_follow_pods,
        )
        .proves([S4])
        .needs([Need::KnownDns])
        .wants(Need::TwoNodes, OVER_TWO_NODES)
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
        .needs([Need::KnownDns])
        .wants(Need::TwoNodes, OVER_TWO_NODES)
        .within(seconds(300))
        .control(
            "headless_turned_regular",
            [S5],
            HEADLESS_TURNED_REGULAR,
            "the addresses of sentinel-headless",
        ),
        scenario(
            "network::without_headless_service",
            "a set whose governing service is missing has no names for its pods",
            without_headless_service,
        )
        .proves([S19])
        .needs([Need::KnownDns])
        .within(seconds(180))
        .control("headless_present", [S19], HEADLESS_PRESENT, "the name of sentinel-0"),
        scenario(
            "network::names_of_pods_not_ready",
            "a service publishes pods that are not Ready if it says so, and else does not",
            names_of_pods_not_ready,
        )
        .proves([K14])
        .needs([Need::KnownDns])
        .within(seconds(180))
        .control("not_ready_unpublished", [K14], NOT_READY_UNPUBLISHED, "the endpoints of sentinel-publishing"),
        // No law: a controller leaves no mark on a slice that it has looked, and what a service publishes is not recorded.
        scenario(
            "network::leaving_pods",
            "a pod that is to stop is out at once, though it serves on, and the next one is in only when it is Ready",
            leaving_pods,
        )
        .proves([K25])
        .needs([Need::KnownDns])
        .within(seconds(240))
        .control(
            "not_ready_published",
            [K25],
            NOT_READY_PUBLISHED,
            "sentinel-1 is listed as ready, terminating",
        ),
        scenario(
            "network::names_asked_early",
            "a name is right in the DNS's own time: asked before its pod, when its address changes, and after its end",
            names_asked_early,
        )
        .proves([K15])
        .needs([Need::KnownDns])
        .within(seconds(240))
        .control("headless_selects_nothing", [K15], HEADLESS_SELECTS_NOTHING, "the address of sentinel-1"),
    ]
}

async fn names_follow_pods(run: Run) -> Result<()> {
    let set = run.deploy_with(|manifest, workload| workload.with_spread(manifest)).await?;
    set.ready(3).await?;
    run.over_two_nodes(&set)?;
    run.step("ask for every pod's name from every pod").await?;
    for asker in 0..3 {
        let asker = run.prober(set.pod_name(asker));
        for ordinal in 0..3 {
            asker.judge_name(S4, &set, ordinal, propagation(&run)).await?;
        }
    }
    run.prober(set.pod_name(0)).judge_service_records(S4, &set, "http", propagation(&run)).await?;

    run.step("ask for pod 0 as clients write its name").await?;
    run.prober(set.pod_name(2)).judge_spellings(S4, &set, 0, propagation(&run)).await?;

    run.step("delete pod 1: it comes back with another address").await?;
    let old = set.pod(1)?;
    set.delete_pod(1).await?;
    run.wait(&pod_ready(&old.meta.name, Some(&old.meta.uid)), seconds(120)).await?;
    for asker in [0, 2] {
        run.prober(set.pod_name(asker)).judge_name(S4, &set, 1, propagation(&run)).await?;
    }
    Ok(())
}

async fn services_answer(run: Run) -> Result<()> {
    let lag = propagation(&run);
    let set = run
        .deploy_with(|manifest, workload| {
            with_time_to_leave(manifest, workload, lag)?;
            with_second_port(manifest, workload)?;
            workload.with_spread(manifest)
        })
        .await?;
    set.ready(3).await?;
    run.over_two_nodes(&set)?;
    let asker = run.prober(set.pod_name(0));
    let (headless, regular) = (set.workload.headless, set.workload.name);

    run.step("the headless service is exactly the ready pods").await?;
    asker.judge_service(S5, &set, headless, 0..3, propagation(&run)).await?;

    run.step("the regular service is one address, and every pod answers behind each of its ports").await?;
    asker.judge_own_address(S5, regular, propagation(&run)).await?;
    asker.judge_spread(S5, &set, 0..3, propagation(&run)).await?;
    asker.judge_spread_at(S5, &set, SECOND_PORT, 0..3, propagation(&run)).await?;

    run.step("a pod that is not Ready leaves both, and comes back to them").await?;
    let two = run.sentinel(set.pod_name(2));
    two.hold(Held { ready: Some(true), ..Held::default() }).await?;
    asker.judge_service(S5, &set, headless, 0..2, propagation(&run)).await?;
    asker.judge_spread(S5, &set, 0..2, propagation(&run)).await?;
    two.hold(Held { ready: Some(false), ..Held::default() }).await?;
    asker.judge_service(S5, &set, headless, 0..3, propagation(&run)).await?;
    asker.judge_spread(S5, &set, 0..3, propagation(&run)).await?;

    run.step("a pod is deleted, and serves on while it does not stop: nothing leads to it").await?;
    let old = set.pod(2)?;
    run.pod(&two.pod).hold_stop().await?;
    set.delete_pod(2).await?;
    run.wait(&pod_terminating(&old.meta.name), seconds(30)).await?;
    asker.judge_service(S5, &set, headless, 0..2, propagation(&run)).await?;
    asker.judge_spread(S5, &set, 0..2, propagation(&run)).await?;

    run.step("it stops, and comes back with another address: nothing leads to the old one").await?;
    two.hold(Held { stop: Some(false), ..Held::default() }).await?;
    run.wait(&pod_ready(&old.meta.name, Some(&old.meta.uid)), seconds(120)).await?;
    asker.judge_service(S5, &set, headless, 0..3, propagation(&run)).await?;
    asker.judge_spread(S5, &set, 0..3, propagation(&run)).await?;
    Ok(())
}

async fn without_headless_service(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            let other = another_headless(manifest, workload, OTHER)?;
            manifest.objects.push(other);
            manifest.remove("Service", workload.headless)?;
            workload.with_replicas(manifest, 2)
        })
        .await?;
    set.ready(2).await?;
    let asker = run.prober(set.pod_name(1));

    run.step("no pod has a name").await?;
    asker.judge_not_yet_named(S19, "the name of sentinel-0", (&set, 0), propagation(&run)).await?;

    run.step("with the service it has").await?;
    let service = set.workload.manifest()?.find("Service", set.workload.headless)?.clone();
    run.apply_objects([service]).await?;
    asker.judge_name(S19, &set, 0, propagation(&run)).await?;

    run.step("neither a regular service gives a pod a name, nor a headless one that does not govern it")
        .await?;
    let regular = set.workload.name;
    asker.judge_spread(S19, &set, 0..2, propagation(&run)).await?;
    asker.judge_service(S19, &set, OTHER, 0..2, propagation(&run)).await?;
    if run.terrain().dns.as_ref().is_some_and(|dns| dns.may_name_pods()) {
        run.leave_out(
            "that only a governing service names pods: the DNS names endpoints by their pods, or may",
        );
        return Ok(());
    }
    for service in [regular, OTHER] {
        asker.judge_no_name_under(S19, service, &set.pod_name(0), propagation(&run)).await?;
    }
    Ok(())
}

async fn names_of_pods_not_ready(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            with_publishing(manifest, workload)?;
            workload.with_replicas(manifest, 1)?;
            workload.with_gate(manifest)
        })
        .await?;
    run.step("the pod runs and is not Ready").await?;
    run.wait(&pod_running(&set.pod_name(0)), seconds(60)).await?;
    let asker = run.prober(set.pod_name(0));
    asker.judge_service(K14, &set, PUBLISHING, [0], propagation(&run)).await?;
    asker.judge_service(K14, &set, set.workload.headless, [], propagation(&run)).await?;
    asker.judge_no_name(K14, &set, 0, propagation(&run)).await?;
    asker.judge_spread(K14, &set, [], propagation(&run)).await?;

    run.step("its governing service publishes it: it has its own name").await?;
    let governing = async |publishes: bool| {
        let mut service = set.workload.manifest()?.find("Service", set.workload.headless)?.clone();
        service["spec"]["publishNotReadyAddresses"] = json!(publishes);
        run.apply_objects([service]).await
    };
    governing(true).await?;
    asker.judge_name(K14, &set, 0, propagation(&run)).await?;
    governing(false).await?;
    asker.judge_no_name(K14, &set, 0, propagation(&run)).await?;

    run.step("it becomes Ready: both publish it").await?;
    run.pod(set.pod_name(0)).open_gate().await?;
    run.wait(&pod_ready(&set.pod_name(0), None), seconds(60)).await?;
    asker.judge_service(K14, &set, set.workload.headless, [0], propagation(&run)).await?;
    asker.judge_service(K14, &set, PUBLISHING, [0], propagation(&run)).await?;
    Ok(())
}

/// A second headless service of the pods, which publishes those that are not Ready.
fn with_publishing(manifest: &mut Manifest, workload: &Workload) -> harness::Result<()> {
    let mut publishing = another_headless(manifest, workload, PUBLISHING)?;
    publishing["spec"]["publishNotReadyAddresses"] = json!(true);
    manifest.objects.push(publishing);
    Ok(())
}

/// A second headless service of the pods, which is as the first one.
fn another_headless(manifest: &mut Manifest, workload: &Workload, name: &str) -> harness::Result<Value> {
    let mut service = manifest.find("Service", workload.headless)?.clone();
    service["metadata"]["name"] = json!(name);
    Ok(service)
}

fn with_second_port(manifest: &mut Manifest, workload: &Workload) -> harness::Result<()> {
    let ports = &mut manifest.find("Service", workload.name)?["spec"]["ports"];
    let first = ports[0].clone();
    *ports = json!([first, {"name": "second", "port": SECOND_PORT, "targetPort": "http"}]);
    Ok(())
}

/// As much more time to stop as names may lag behind: a pod that is to go is not to be killed while it is asked for.
fn with_time_to_leave(manifest: &mut Manifest, workload: &Workload, lag: Duration) -> harness::Result<()> {
    let pod = &mut manifest.find("StatefulSet", workload.name)?["spec"]["template"]["spec"];
    let shipped = pod["terminationGracePeriodSeconds"].as_u64().unwrap_or_default();
    pod["terminationGracePeriodSeconds"] = json!(shipped + 4 * lag.as_secs());
    Ok(())
}

async fn leaving_pods(run: Run) -> Result<()> {
    let lag = propagation(&run);
    let set = run
        .deploy_with(|manifest, workload| {
            with_time_to_leave(manifest, workload, lag)?;
            with_publishing(manifest, workload)?;
            workload.with_replicas(manifest, 2)?;
            workload.with_gate(manifest)
        })
        .await?;
    let open = async |ordinal: u32| {
        let name = set.pod_name(ordinal);
        run.wait(&pod_running(&name), seconds(60)).await?;
        run.pod(&name).open_gate().await?;
        run.wait(&pod_ready(&name, None), seconds(60)).await
    };
    open(0).await?;
    open(1).await?;
    let (asker, one) = (run.prober(set.pod_name(0)), run.sentinel(set.pod_name(1)));
    let (headless, old) = (set.workload.headless, set.pod(1)?);
    asker.judge_service(K25, &set, headless, 0..2, lag).await?;

    run.step("pod 1 is deleted, does not stop, and serves on: it is out").await?;
    run.pod(&one.pod).hold_stop().await?;
    set.delete_pod(1).await?;
    let leaving = endpoint_leaving(&old, headless);
    run.expect(K25, &leaving, run.terrain().hears_within()).await?;
    asker.judge_service(K25, &set, headless, [0], lag).await?;
    asker.judge_no_name(K25, &set, 1, lag).await?;
    asker.judge_service(K25, &set, PUBLISHING, 0..2, lag).await?;
    asker.judge_spread(K25, &set, [0], lag).await?;
    run.hold(K25, &leaving).await?;

    run.step("it stops, and the next one runs and is not Ready: it is not in").await?;
    one.hold(Held { stop: Some(false), ..Held::default() }).await?;
    run.wait(&pod_is_another(&one.pod, &old.meta.uid).and(pod_running(&one.pod)), seconds(90)).await?;
    asker.judge_service(K25, &set, headless, [0], lag).await?;

    run.step("it is Ready: it is in").await?;
    open(1).await?;
    asker.judge_service(K25, &set, headless, 0..2, lag).await?;
    Ok(())
}

async fn names_asked_early(run: Run) -> Result<()> {
    let set = run.deploy_with(|manifest, workload| workload.with_replicas(manifest, 1)).await?;
    set.ready(1).await?;
    let asker = run.prober(set.pod_name(0));
    let (dns, heard) = (run.dns()?, run.terrain().hears_within());
    run.measure("the DNS may keep an address for", dns.address().as_secs_f64(), "s");
    run.measure("the DNS may keep the answer that there is none for", dns.absence().as_secs_f64(), "s");

    run.step("ask for a name that is not there yet").await?;
    asker.judge_not_yet_named(K15, "a name that is not there yet", (&set, 1), propagation(&run)).await?;
    asker.judge_kept(K15, &set, 1, dns.client().max(dns.absence())).await?;

    run.step("its pod comes").await?;
    set.scale(2).await?;
    set.ready(2).await?;
    asker.judge_name(K15, &set, 1, heard + dns.absence()).await?;

    run.step("its pod gets another address").await?;
    let old = set.pod(1)?;
    set.delete_pod(1).await?;
    run.wait(&pod_returns(&set.promise, 1, &old.meta.uid), seconds(60)).await?;
    asker.judge_name(K15, &set, 1, heard + dns.address()).await?;
    asker.judge_kept(K15, &set, 1, dns.client()).await?;

    run.step("its pod is scaled away, and the name goes with it").await?;
    set.scale(1).await?;
    run.wait(&pods_exactly(&set.promise, [0]), seconds(60)).await?;
    asker.judge_no_name(K15, &set, 1, heard + dns.address()).await?;
    Ok(())
}
