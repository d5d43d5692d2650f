//! Reads a cluster's terrain: once, quickly, before anything is judged. What can't be read never ends a run: it is told.

mod batching;
mod corefile;
mod dns;
mod namespace;
mod nodes;
mod proxies;
mod rights;
mod storage;

use external::api;
use jiff::Timestamp;
use kube::Client;
use serde_json::Value;

use super::namespaces::Namespaces;
use crate::{
    error::{Error, Result},
    manifest::Local,
    report::terrain::{Closed, Right, Terrain},
};

pub(super) use nodes::{closed, nodes_seen, several_systems};
pub(crate) use storage::FOLDERS;
pub(super) use storage::{DEFAULT as DEFAULT_CLASS, is_default};

/// How many seconds names and connections lag at most behind a pod of a cluster of ours, and how many of another.
const USUAL: u64 = 20;
const ELSEWHERE: u64 = 60;

/// What a fresh namespace of a run is to tell.
#[derive(Debug)]
pub struct Scout {
    /// The namespace, which is made and goes again, or is given and emptied.
    pub namespace: String,
    /// The run's id.
    pub run: String,
    /// What manifests take from the cluster.
    pub local: Local,
    /// Pods as workloads would have them, by the workload's name.
    pub pods: Vec<(String, Value)>,
}

/// Reads what can be read of a cluster without writing to it. Claims are to have this storage class, or else the default one.
pub async fn look(client: &Client, storage_class: Option<&str>) -> Terrain {
    let mut terrain = Terrain::default();
    let (release, dns, storage, found, ours, clocks) = tokio::join!(
        api::release(client),
        dns::configured(client),
        storage::classes(client),
        nodes::all_nodes(client),
        our_clock(client),
        nodes::clocks(client),
    );
    let unread = &mut terrain.unread;
    terrain.release = known(release, unread).flatten();
    terrain.dns = known(dns, unread).flatten();
    terrain.storage = known(storage, unread).unwrap_or_default();
    for class in &mut terrain.storage {
        class.chosen = Some(class.name.as_str()) == storage_class;
    }
    terrain.nodes = known(found, unread).unwrap_or_default();
    terrain.clocks.ours = known(ours, unread);
    terrain.clocks.nodes = known(clocks, unread).unwrap_or_default();
    // A node that is away has not told the time for long.
    let away = |name: &String| {
        terrain.nodes.iter().any(|node| node.name == *name && node.closed == Some(Closed::NotReady))
    };
    terrain.clocks.nodes.retain(|name, _| !away(name));
    terrain
}

/// The rights that a run lacks which makes its namespaces, or has these; nothing is made to ask for them.
///
/// # Errors
/// The API server does not say, or one is lacking without which nothing can be run.
pub(super) async fn rights(client: &Client, namespaces: &[String]) -> Result<Vec<Right>> {
    // Of a namespace that is yet to be made only its name can be known.
    let namespace = namespaces.first().map_or("steadfast-terrain", String::as_str);
    let lacking = rights::lacking(client, namespace, !namespaces.is_empty()).await?;
    rights::check(&lacking)?;
    Ok(lacking.into_iter().map(|lacking| lacking.right).collect())
}

/// Reads all of a cluster's terrain. For some of it a namespace is made, and goes again, or one is used that is given; `ask` is
/// asked the rest while it is there.
///
/// # Errors
/// A right is lacking without which nothing can be run, no namespace can be made, or what `ask` says.
pub async fn survey<T>(
    client: &Client,
    namespaces: &Namespaces,
    scout: &Scout,
    ask: impl AsyncFnOnce(&mut Terrain) -> Result<T>,
) -> Result<(Terrain, T)> {
    let given = namespaces.limit().is_some();
    let lacking = rights::lacking(client, &scout.namespace, given).await;
    if let Ok(lacking) = &lacking {
        rights::check(lacking)?;
    }
    let barred = charts_barred(client, &scout.local).await;
    namespaces.open(&scout.namespace, "terrain").await?;
    let class = scout.local.storage_class.as_deref();
    let (seen, told) = tokio::join!(Box::pin(look(client, class)), Box::pin(namespace::tell(client, scout)));
    let Terrain { families, namespace, events_apart, unread, .. } = told;
    let mut terrain = Terrain { families, namespace, events_apart, ..seen };
    terrain.namespace.given = given;
    terrain.charts_barred = known(barred, &mut terrain.unread).flatten();
    terrain.unread.extend(unread);
    terrain.lacking =
        known(lacking, &mut terrain.unread).into_iter().flatten().map(|lacking| lacking.right).collect();
    let asked = Box::pin(ask(&mut terrain)).await;
    namespaces.close(&scout.namespace).await?;
    Ok((terrain, asked?))
}

/// How many seconds may pass until the DNS and the proxies have heard of a pod, and whether these lead each client to one. A cluster
/// of ours batches nothing; of another its proxies and its controllers may tell how they do, and patience costs nothing where all is
/// well.
pub async fn hearing(client: &Client, ours: bool) -> (u64, bool) {
    let (proxies, batch) = tokio::join!(proxies::configured(client), batching::configured(client));
    let (proxies, batch) = (proxies.unwrap_or_default(), batch.unwrap_or_default());
    let usual = if ours { USUAL } else { ELSEWHERE };
    (usual + (proxies.wait + batch).as_secs(), proxies.clients_stick)
}

/// Why charts can't be installed as they are. What Helm does needs more rights than a run has of its own.
pub(super) async fn charts_barred(client: &Client, local: &Local) -> Result<Option<String>> {
    match rights::everything(client).await? {
        true => Ok(local.bars_charts()),
        false => Ok(Some("these credentials may not do all that Helm may have to".to_owned())),
    }
}

/// How many seconds our clock is ahead of the API server's, by the date of an answer.
async fn our_clock(client: &Client) -> Result<f64> {
    let doing = "reading the API server's clock";
    let before = Timestamp::now();
    let date = api::clock(client, doing).await?;
    let ours = before + Timestamp::now().duration_since(before) / 2;
    let date = date.ok_or_else(|| Error::environment(format!("{doing}: its answer has no date")))?;
    Ok(nodes::seconds_between(date, ours))
}

/// What was read; why it was not goes to `unread`.
fn known<T>(read: Result<T>, unread: &mut Vec<String>) -> Option<T> {
    read.map_err(|error| unread.push(error.to_string())).ok()
}
