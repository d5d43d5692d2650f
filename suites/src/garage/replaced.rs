//! A node is replaced for good.

use std::time::Duration;

use anyhow::Result;
use harness::{
    Error,
    claim::{G13, S7},
    load::Plan,
    runner::{Need, Run, Scenario, scenario},
    wait::expectations::{pod_is_another, pod_returns},
    workload::{
        GARAGE, Set,
        garage::{
            Wanted,
            answers::{Change, RoleChange},
            layout::node_ids,
        },
    },
};

use super::clients::{SMALL, checkers, clients, pods};
use crate::{READ_BACK, sabotage::GARAGE_WITHOUT_COPIES, seconds};

/// Acknowledged writes at each endpoint before the node is lost, and again after it is replaced.
const ENOUGH: u64 = 20;
/// The load ends by itself before the scenario has to.
const BUDGET: Duration = seconds(420);

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "garage::node_replaced",
            "a node is lost with its volumes, under load, and another takes its place in the layout",
            node_replaced,
        )
        .proves([G13])
        // Its PVCs are lost with it.
        .breaks([S7])
        .on([GARAGE])
        .within(seconds(540))
        .slow()
        .slow_control("no_other_copy", [G13], GARAGE_WITHOUT_COPIES, "the only one in use"),
        scenario(
            "garage::machine_replaced",
            "a machine is lost for good, with its node's volumes, under load, and another takes its place",
            machine_replaced,
        )
        .proves([G13])
        .breaks([S7])
        .on([GARAGE])
        .needs([Need::OwnNodes, Need::TwoNodes])
        .within(seconds(600))
        .slow()
        .alone()
        .slow_control("no_copy_elsewhere", [G13], GARAGE_WITHOUT_COPIES, "the only one in use"),
    ]
}

async fn node_replaced(run: Run) -> Result<()> {
    let set = run.deploy().await?;
    set.ready(3).await?;
    replaced(run, set, 2, async |run, set, ordinal| {
        run.step("a node is lost with its volumes: its pod comes back as another").await?;
        anew(run, set, ordinal).await
    })
    .await
}

async fn machine_replaced(run: Run) -> Result<()> {
    let set = run.deploy().await?;
    set.ready(3).await?;
    // With two of three copies an acknowledged write may be lost, whatever comes after.
    let ordinal = set.alone_on_its_node()?;
    let worker = run.node(set.pod(ordinal)?.node.as_deref().unwrap_or_default())?;
    // Who asks from inside is not lost with it.
    worker.cordon().await?;
    replaced(run, set, ordinal, async |run, set, ordinal| {
        run.step("its machine is lost, missed, and given up").await?;
        let lost = set.pod(ordinal)?;
        worker.lose().await?;
        let missed = worker.until_missed(seconds(120)).await?;
        run.measure("until a lost machine is missed", missed.as_secs_f64(), "s");
        worker.forget().await?;
        // Kubernetes looks for pods of nodes that are gone every 20 s, and at each for 40 s.
        run.wait(&pod_is_another(&lost.meta.name, &lost.meta.uid), seconds(180)).await?;

        run.step("another machine takes its place: its pod comes back as another").await?;
        worker.replace().await?;
        anew(run, set, ordinal).await
    })
    .await
}

/// A pod comes back with new volumes.
async fn anew(run: &Run, set: &Set, ordinal: u32) -> Result<()> {
    let old = set.pod(ordinal)?;
    for claim in set.promise.volume_claims(ordinal) {
        set.delete_volume_claim(&claim).await?;
    }
    set.delete_pod(ordinal).await?;
    run.wait(&pod_returns(&set.promise, ordinal, &old.meta.uid), seconds(180)).await?;
    Ok(())
}

/// A node of the store is lost by this, comes back as another, and takes its place in the layout; all under load.
async fn replaced(
    run: Run,
    set: Set,
    ordinal: u32,
    loses: impl AsyncFnOnce(&Run, &Set, u32) -> Result<()>,
) -> Result<()> {
    let garage = run.garage();
    let (admins, key) = garage.initialise(&set).await?;
    let of_pod = |ids: &[String]| {
        let id = ids.get(ordinal as usize).cloned();
        id.ok_or_else(|| Error::bug(format!("no node id of pod {ordinal}")))
    };
    let lost = of_pod(&node_ids(&admins).await?)?;
    let (history, inside) = (run.history("history.jsonl")?, run.prober_beside().await?);
    let plan =
        Plan { clients: clients(pods(&set), SMALL, 0), pace: Duration::from_millis(100), budget: BUDGET };
    let mut load = garage.load(&history, &plan, &inside, &key);
    load.acknowledged(ENOUGH, seconds(120)).await?;

    let fault = run.fault_begins("the loss of a node");
    loses(&run, &set, ordinal).await?;
    let admins = garage.admins(&set).await?;
    garage.until_acquainted(&admins).await?;
    let ids = node_ids(&admins).await?;
    let new = of_pod(&ids)?;
    run.judge(G13, (new == lost).then(|| format!("a node without its volumes is {lost} again")));

    run.step("the layout's next version has the new node, and not the old one").await?;
    let mut others = ids.iter().zip(admins.iter()).filter(|(id, _)| **id != new);
    let (_, lead) = others.next().ok_or_else(|| Error::bug("no node to ask"))?;
    let remove = RoleChange { id: lost.clone(), change: Change::Remove { remove: true } };
    let changes = [vec![remove], Wanted::document([new.clone()]).changes()].concat();
    let next = async {
        lead.update_layout(&changes).await?;
        lead.apply_layout(2).await?;
        // Nobody hears of the old one any more.
        lead.skip_dead_nodes(2).await
    };
    run.found(G13, next.await.map_err(Error::from))?;
    let taken_over = run.found(G13, garage.until_layout_is(&admins, 2, seconds(120)).await)?;
    run.measure("the next version of the layout alone in use", taken_over.as_secs_f64(), "s");
    run.found(G13, garage.until_healthy(&admins).await)?;
    let fault = run.fault_ends(fault);
    run.put_off(load.acknowledged(ENOUGH, seconds(120)).await);
    load.stop().await?;

    run.step("the new node holds what the others do").await?;
    let equal = run.found(G13, garage.catch_up(&admins).await)?;
    run.measure("all nodes equal, after the last write", equal.as_secs_f64(), "s");
    for admin in admins.iter() {
        let roles = admin.layout().await.map_err(Error::from)?.roles;
        let mut holders: Vec<String> = roles.into_iter().map(|role| role.id).collect();
        holders.sort();
        let mut expected = ids.clone();
        expected.sort();
        run.judge_equal(G13, "the nodes with a role", expected, holders);
    }

    run.step(READ_BACK).await?;
    for ordinal in set.ordinals() {
        garage.read_back(&history, &set.pod_name(ordinal), &key).await?;
    }
    run.check(G13, set.workload.name, &history, checkers(), Some(&fault));
    Ok(())
}
