//! Reads a cluster's terrain: once, quickly, before anything is judged. What can't be read never ends a run: it is told.

mod corefile;
mod dns;
mod namespace;
mod nodes;
mod rights;
mod storage;

use external::api;
use jiff::Timestamp;
use kube::Client;
use serde_json::Value;

use super::namespace::{create_namespace, delete_namespace};
use crate::{
    error::{Error, Result},
    report::terrain::{Closed, Terrain},
};

pub(super) use nodes::{all_nodes, closed};
pub(super) use storage::{DEFAULT as DEFAULT_CLASS, is_default};

/// What a fresh namespace of a run is to tell.
#[derive(Debug)]
pub struct Scout {
    /// The namespace, which is made and goes again.
    pub namespace: String,
    /// The run's id.
    pub run: String,
    /// Pods as workloads would have them, by the workload's name.
    pub pods: Vec<(String, Value)>,
}

/// Reads what can be read of a cluster without writing to it.
pub async fn look(client: &Client) -> Terrain {
    let mut terrain = Terrain::default();
    let (dns, storage, found, ours, clocks) = tokio::join!(
        dns::configured(client),
        storage::classes(client),
        all_nodes(client),
        our_clock(client),
        nodes::clocks(client),
    );
    let unread = &mut terrain.unread;
    terrain.dns = known(dns, unread).flatten();
    terrain.storage = known(storage, unread).unwrap_or_default();
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

/// Reads all of a cluster's terrain. For some of it a namespace is made, and goes again; `ask` is asked the rest while it
/// is there.
///
/// # Errors
/// A right is lacking without which nothing can be run, no namespace can be made, or what `ask` says.
pub async fn survey<T>(
    client: &Client,
    scout: &Scout,
    ask: impl AsyncFnOnce(&mut Terrain) -> Result<T>,
) -> Result<(Terrain, T)> {
    let lacking = rights::lacking(client, &scout.namespace).await;
    if let Ok(lacking) = &lacking {
        rights::check(lacking)?;
    }
    create_namespace(client, &scout.namespace, &scout.run, "terrain").await?;
    let (seen, told) = tokio::join!(Box::pin(look(client)), Box::pin(namespace::tell(client, scout)));
    let Terrain { families, namespace, events_apart, unread, .. } = told;
    let mut terrain = Terrain { families, namespace, events_apart, ..seen };
    terrain.unread.extend(unread);
    terrain.lacking =
        known(lacking, &mut terrain.unread).into_iter().flatten().map(|lacking| lacking.right).collect();
    let asked = Box::pin(ask(&mut terrain)).await;
    delete_namespace(client, &scout.namespace).await?;
    Ok((terrain, asked?))
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
