//! Volumes that are not what they were: refused, or healed from the other nodes.

use std::time::Duration;

use anyhow::Result;
use harness::{
    claim::{F6, G11, G12},
    history::generate::{Request, content, key},
    load::Plan,
    runner::{Need, Run, Scenario, scenario},
    wait::expectations::{pod_refuses, pod_returns},
    workload::{GARAGE, Set, garage::layout::node_ids},
};

use super::clients::{SMALL, checkers, clients, pods};
use crate::{
    READ_BACK,
    disks::recovers,
    sabotage::{DATA_VOLUME_FORGOTTEN, GARAGE_WITHOUT_COPIES},
    seconds,
};

/// Acknowledged writes at each endpoint before a fault, and again after it.
const ENOUGH: u64 = 20;
/// The load ends by itself before the scenario has to.
const BUDGET: Duration = seconds(480);
/// So many objects are written where bits flip: of one copy each, some are on every node.
const OBJECTS: u64 = 24;
/// What Garage says of a data volume that is not its own.
const MARKER: &str = "marker file";

/// The step at which a control does its sabotage.
pub(crate) const EMPTIED: &str = "the data volume of one node is emptied: it refuses to start";

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "garage::flipped_bits",
            "bits flip in the blocks of one node, which are read, and found by a scrub",
            flipped_bits,
        )
        .proves([G11])
        .on([GARAGE])
        .needs([Need::OwnNodes])
        .within(seconds(300))
        .slow()
        .slow_control("one_copy", [G11], GARAGE_WITHOUT_COPIES, "every block is whole again"),
        scenario(
            "garage::other_volumes",
            "volumes are put back to an older state, turn read-only, are emptied and exchanged, under load",
            other_volumes,
        )
        .proves([G12, F6])
        .on([GARAGE])
        .needs([Need::OwnNodes])
        .within(seconds(600))
        .slow()
        .slow_control("data_volume_forgotten", [G12, F6], DATA_VOLUME_FORGOTTEN, "garage-1 serves"),
    ]
}

async fn flipped_bits(run: Run) -> Result<()> {
    let disks = run.disks(3, 96).await?;
    let set = run.deploy_with(|manifest, workload| disks.use_in(manifest, workload)).await?;
    set.ready(3).await?;
    let garage = run.garage();
    let (_, access) = garage.initialise(&set).await?;
    let (history, pod) = (run.history("history.jsonl")?, set.pod_name(1));
    let (mut store, process) = (garage.s3(&pod, &access).await?, history.processes(1).start);
    for number in 0..OBJECTS {
        let name = key(history.run(), process, number);
        let put = Request::put(name.clone(), content(&name, 65_536));
        if let Some(failure) =
            history.perform(process, &pod.as_str().into(), &put, &mut store).await?.failure()
        {
            return Err(harness::Error::environment(format!("{name} at {pod}: {failure}")).into());
        }
    }
    let blocks = disks.blocks(&pod).await?;
    run.measure("blocks of the node", blocks.count() as f64, "blocks");
    let [read, scrubbed] = blocks.halves();

    run.step("a bit flips in every other block of one node: what is read there is right").await?;
    read.flip().await?;
    garage.read_back(&history, &pod, &access).await?;
    let repaired = run.found(G11, read.until_whole().await)?;
    run.measure("all whole after they were read", repaired.as_secs_f64(), "s");

    run.step("a bit flips in the others, where nobody reads: the scrub finds it").await?;
    scrubbed.flip().await?;
    garage.admin(&pod).await?.scrub().await.map_err(harness::Error::from)?;
    let repaired = run.found(G11, scrubbed.until_whole().await)?;
    run.measure("all whole after the scrub began", repaired.as_secs_f64(), "s");

    run.step(READ_BACK).await?;
    for ordinal in set.ordinals() {
        garage.read_back(&history, &set.pod_name(ordinal), &access).await?;
    }
    run.check(G11, set.workload.name, &history, checkers(), None);
    Ok(())
}

async fn other_volumes(run: Run) -> Result<()> {
    let disks = run.disks(3, 96).await?;
    let set = run.deploy_with(|manifest, workload| disks.use_in(manifest, workload)).await?;
    set.ready(3).await?;
    let garage = run.garage();
    let (admins, key) = garage.initialise(&set).await?;
    let ids = node_ids(&admins).await?;
    disks.sync().await?;
    // The first and the last are on one node, and the one in the middle alone on another.
    let pods = pods(&set);
    let [first, middle, last] = &pods[..] else { anyhow::bail!("expected three pods, found {pods:?}") };
    let (history, inside) = (run.history("history.jsonl")?, run.prober_beside().await?);
    let clients = clients(pods.clone(), SMALL, 1);
    let plan = Plan { clients, pace: Duration::from_millis(200), budget: BUDGET };
    let mut load = garage.load(&history, &plan, &inside, &key);
    load.acknowledged(ENOUGH, seconds(120)).await?;
    disks.save("meta", middle).await?;
    load.acknowledged(ENOUGH, seconds(120)).await?;
    let fault = run.fault_begins("volumes that are not what they were");

    run.step("the metadata of one node is put back to an older state: the others know better").await?;
    let restarts = set.pod(1)?.restarts();
    disks.restore("meta", middle).await?;
    recovers(&run, &set, 1, restarts).await?;
    healthy(&run, &set).await?;
    load.acknowledged(ENOUGH, seconds(120)).await?;

    run.step("the data volume of one node turns read-only: the others are enough").await?;
    let restarts = set.pod(1)?.restarts();
    disks.abort("data", middle).await?;
    for pod in &pods {
        run.found(F6, garage.until_works(pod, &key, seconds(60)).await)?;
    }
    disks.renew("data", middle).await?;
    recovers(&run, &set, 1, restarts).await?;
    healthy(&run, &set).await?;

    run.step(EMPTIED).await?;
    disks.save("data", middle).await?;
    let restarts = set.pod(1)?.restarts();
    disks.empty("data", middle).await?;
    refuses(&run, &set, 1, restarts).await?;
    disks.restore("data", middle).await?;
    anew(&run, &set, &[1]).await?;
    load.acknowledged(ENOUGH, seconds(120)).await?;

    run.step("the data volumes of two nodes are exchanged: both refuse to start").await?;
    let restarts = [set.pod(0)?.restarts(), set.pod(2)?.restarts()];
    disks.swap("data", first, last).await?;
    refuses(&run, &set, 0, restarts[0]).await?;
    refuses(&run, &set, 2, restarts[1]).await?;
    disks.swap("data", first, last).await?;
    anew(&run, &set, &[0, 2]).await?;
    let fault = run.fault_ends(fault);

    run.step("all nodes are what they were, and nothing is lost").await?;
    run.put_off(load.acknowledged(ENOUGH, seconds(120)).await);
    load.stop().await?;
    run.judge_equal(F6, "the node ids", ids, node_ids(&garage.admins(&set).await?).await?);
    for pod in &pods {
        garage.read_back(&history, pod, &key).await?;
    }
    run.check(F6, set.workload.name, &history, checkers(), Some(&fault));
    Ok(())
}

/// Judges that a node does not serve what is not its own, and says why.
async fn refuses(run: &Run, set: &Set, ordinal: u32, restarts: i32) -> Result<()> {
    let pod = set.pod(ordinal)?;
    let refuses = pod_refuses(&pod.meta.name, &pod.meta.uid, restarts);
    run.found(G12, run.expect(F6, &refuses, seconds(90)).await)?;
    run.found(G12, run.pod(&*pod.meta.name).until_says(MARKER, seconds(30)).await)?;
    Ok(())
}

/// Lets pods that have crashed again and again begin anew, so that nobody has to wait for their next try.
async fn anew(run: &Run, set: &Set, ordinals: &[u32]) -> Result<()> {
    for ordinal in ordinals {
        let old = set.pod(*ordinal)?;
        set.delete_pod(*ordinal).await?;
        run.wait(&pod_returns(&set.promise, *ordinal, &old.meta.uid), seconds(120)).await?;
    }
    healthy(run, set).await
}

async fn healthy(run: &Run, set: &Set) -> Result<()> {
    let garage = run.garage();
    garage.until_healthy(&garage.admins(set).await?).await?;
    Ok(())
}
