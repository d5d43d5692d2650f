//! Three empty nodes become one store, and its initialization.

use std::sync::Arc;

use anyhow::Result;
use harness::{
    Error, Secret,
    claim::{G1, G2, G3, G4, G5, S13, S14},
    history::{
        Answer, Outcome, Value,
        generate::{Request, content},
    },
    runner::{Need, Run, Scenario, scenario},
    wait::expectations::{pod_ready, pods_replaced},
    workload::{
        GARAGE, Set,
        garage::{Wanted, answers::AccessKey, layout},
    },
};

use crate::{
    network::propagation,
    sabotage::{
        DISCOVERY_FORBIDDEN, DISCOVERY_WITHDRAWN, LAYOUT_APPLIED_NAIVELY, LAYOUT_BEFORE, META_OFF_THE_VOLUME,
        OTHER_RPC_SECRET,
    },
    seconds,
};

const REPLICAS: u32 = 3;
/// The step in which nobody is any more where the others know him to be.
pub(crate) const ALL_RESTARTED: &str = "all nodes are restarted at once, and the layout is as it was";

/// Steps at which controls do their sabotage.
pub(crate) const WITHOUT_LAYOUT: &str = "without a layout they say so, and serve no S3";
pub(crate) const INITIALISED_AT_ONCE: &str = "two initialise at once, and one of them again";
pub(crate) const S3_WORKS: &str = "S3 works: at every pod, and through both services";

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "garage::becomes_a_store",
            "three empty nodes become one S3 store, and stay it when pods come and go",
            becomes_a_store,
        )
        .proves([G1, G2, S14, S13, G3, G4, G5])
        .on([GARAGE])
        .wants(Need::TwoNodes, "a store whose nodes are on two nodes")
        .within(seconds(500))
        .slow_control("discovery_forbidden", [G1], DISCOVERY_FORBIDDEN, "every node knows every other")
        .control("layout_before", [G2, S14], LAYOUT_BEFORE, "the layout's version: expected 0, found 1")
        .slow_control("layout_applied_naively", [S14, G4], LAYOUT_APPLIED_NAIVELY, "has 5000000000 bytes")
        .slow_control("other_rpc_secret", [S13], OTHER_RPC_SECRET, "read at garage-2")
        .slow_control("meta_off_the_claim", [G3, G4, G5], META_OFF_THE_VOLUME, "the id of garage-1")
        .slow_control("discovery_withdrawn", [G5], DISCOVERY_WITHDRAWN, "every node is healthy"),
    ]
}

async fn becomes_a_store(run: Run) -> Result<()> {
    let set = run.deploy_with(|manifest, workload| workload.with_spread(manifest)).await?;
    set.ready(REPLICAS).await?;
    run.over_two_nodes(&set)?;
    let garage = run.garage();
    let admins = garage.admins(&set).await?;

    run.step("three nodes find each other unaided").await?;
    run.found(G1, garage.until_acquainted(&admins).await)?;

    run.step(WITHOUT_LAYOUT).await?;
    for admin in admins.iter() {
        run.judge_equal(G2, "the layout's version", 0, admin.layout().await?.version);
        run.judge_equal(G2, "the status of /health", 503, admin.probe().await?.status);
    }
    let bucket = garage.bucket(&admins).await.ok();
    run.judge(S14, bucket.map(|_| "a bucket could be made before there was a layout".to_owned()));
    let stranger =
        AccessKey { id: "GK0123456789abcdef01234567".to_owned(), secret: Secret::new("0".repeat(64)) };
    let early = Request::put("early", content("early", 128));
    let taken = garage.s3(&set.pod_name(0), &stranger).await?.perform(&early).await == Outcome::DONE;
    run.judge(S14, taken.then(|| "an object was taken before there was a layout".to_owned()));

    run.step(INITIALISED_AT_ONCE).await?;
    let (one, other) = tokio::join!(layout::initialise(&admins), layout::initialise(&admins));
    for outcome in [one, other, layout::initialise(&admins).await] {
        drop(run.found(S14, outcome));
    }
    garage.until_healthy(&admins).await?;
    let ids = layout::node_ids(&admins).await?;
    let wanted = Wanted::document(ids.clone());
    run.judge(S14, run.found(S14, garage.against_layout(&admins, &wanted).await)?);

    let key = garage.bucket(&admins).await?;
    run.step(S3_WORKS).await?;
    serves(&run, &set, &key).await?;

    run.step("a node that comes back is the same node").await?;
    let old = set.pod(1)?;
    set.delete_pod(1).await?;
    run.wait(&pod_ready(&old.meta.name, Some(&old.meta.uid)), seconds(180)).await?;
    let back = garage.admin(&old.meta.name).await?;
    run.judge_equal(G3, "the id of garage-1", ids[1].clone(), back.node_info().await?.node_id);

    run.step(ALL_RESTARTED).await?;
    let (before, pods) = (addresses(&set)?, set.pods());
    for ordinal in 0..REPLICAS {
        set.delete_pod(ordinal).await?;
    }
    run.wait(&pods_replaced(&pods), seconds(120)).await?;
    set.ready(REPLICAS).await?;
    run.found(G5, all_elsewhere(&before, &addresses(&set)?))?;
    let admins = garage.admins(&set).await?;
    // Who has forgotten either can't form the store again: that is to be known first.
    run.judge(G4, run.found(G4, garage.against_layout(&admins, &wanted).await)?);
    run.judge_equal(G3, "the ids of all nodes", ids, layout::node_ids(&admins).await?);
    let again = run.found(G5, garage.until_healthy(&admins).await)?;
    run.measure("health after a restart of all", again.as_secs_f64(), "s");
    Ok(())
}

/// A pod's.
type Addresses = Arc<[Arc<str>]>;

/// The addresses of each pod.
fn addresses(set: &Set) -> harness::Result<Vec<Addresses>> {
    (0..REPLICAS).map(|ordinal| Ok(set.pod(ordinal)?.addresses.clone())).collect()
}

/// Nothing can be said of who finds others anew while one is where it was.
fn all_elsewhere(before: &[Addresses], after: &[Addresses]) -> harness::Result<()> {
    let stayed = |(before, after): (&Addresses, &Addresses)| {
        after.is_empty() || before.iter().any(|address| after.contains(address))
    };
    match before.iter().zip(after).position(stayed) {
        None => Ok(()),
        Some(ordinal) => Err(Error::environment(format!("garage-{ordinal} has its old address again"))),
    }
}

/// An object written at each pod and through each service is read back from every pod.
async fn serves(run: &Run, set: &Set, key: &AccessKey) -> Result<()> {
    let probe = run.prober_beside().await?;
    let garage = run.garage();
    let hosts = [set.workload.name, set.workload.headless].map(|service| probe.host(service));
    // A store that takes nothing yet from anybody is not one that can't be reached: that is to be known first.
    let first = content("pods", 2048);
    let mut written = vec![("pods".to_owned(), Value::of(&first))];
    let put = run.found(S14, garage.answer(&set.pod_name(0), key, &Request::put("pods", first)).await)?;
    run.judge(S14, put.failure().map(|why| format!("the first write after the layout: {why}")));
    for host in &hosts {
        let (name, content) = (format!("through/{host}"), content(host, 4096));
        written.push((name.clone(), Value::of(&content)));
        let put = Request::put(name, content);
        run.found(S13, garage.until_takes(&probe, host, key, &put, propagation(run)).await)?;
    }
    for ordinal in 0..REPLICAS {
        let pod = set.pod_name(ordinal);
        for (name, value) in &written {
            let found = run.found(S13, garage.answer(&pod, key, &Request::get(name.as_str())).await)?;
            let expected = Outcome::Ok(Answer::Found(*value));
            run.judge_equal(S13, &format!("{name} read at {pod}"), expected, found);
        }
    }
    Ok(())
}
