//! A node is replaced for good.

use std::time::Duration;

use anyhow::Result;
use harness::{
    Error,
    claim::G13,
    history::{Checker, check::Copies},
    load::Plan,
    runner::{Run, Scenario, scenario},
    wait::expectations::pod_returns,
    workload::{
        GARAGE,
        garage::{
            Wanted,
            answers::{Change, RoleChange},
            layout::node_ids,
        },
    },
};

use super::clients::{SMALL, clients, pods};
use crate::{sabotage::GARAGE_WITHOUT_COPIES, seconds};

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
        .breaks([harness::claim::S7])
        .on([GARAGE])
        .within(seconds(540))
        .slow()
        .slow_control("no_other_copy", [G13], GARAGE_WITHOUT_COPIES, "the only one in use"),
    ]
}

async fn node_replaced(run: Run) -> Result<()> {
    let set = run.deploy().await?;
    set.ready(3).await?;
    let garage = run.garage();
    let (admins, key) = garage.initialise(&set).await?;
    let lost = node_ids(&admins).await?.pop().ok_or_else(|| Error::bug("a store without nodes"))?;
    let (history, inside) = (run.history("history.jsonl")?, run.prober_beside().await?);
    let plan =
        Plan { clients: clients(pods(&set), SMALL, 0), pace: Duration::from_millis(100), budget: BUDGET };
    let mut load = garage.load(&history, &plan, &inside, &key);
    load.acknowledged(ENOUGH, seconds(120)).await?;

    run.step("a node is lost with its volumes: its pod comes back as another").await?;
    let (fault, old) = (run.fault_begins("the loss of a node"), set.pod(2)?);
    for claim in set.promise.volume_claims(2) {
        set.delete_volume_claim(&claim).await?;
    }
    set.delete_pod(2).await?;
    run.wait(&pod_returns(&set.promise, 2, &old.meta.uid), seconds(180)).await?;
    let admins = garage.admins(&set).await?;
    garage.until_acquainted(&admins).await?;
    let ids = node_ids(&admins).await?;
    let new = ids.last().cloned().unwrap_or_default();
    run.judge(G13, (new == lost).then(|| format!("a node without its volumes is {lost} again")));

    run.step("the layout's next version has the new node, and not the old one").await?;
    let lead = admins.first().ok_or_else(|| Error::bug("no node to ask"))?;
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
    load.acknowledged(ENOUGH, seconds(120)).await?;
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

    run.step("read everything back, from each pod").await?;
    for ordinal in set.ordinals() {
        garage.read_back(&history, &set.pod_name(ordinal), &key).await?;
    }
    run.check(G13, set.workload.name, &history, Checker::Set(Copies::Same), Some(&fault));
    Ok(())
}
