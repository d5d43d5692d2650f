//! Pods don't hear each other for a while. The nodes that they are on drop what goes from one to the other.

use futures::future::try_join_all;

use super::said::number;
use crate::{cluster::Node, error::Result};

const SCRIPT: &str = include_str!("network/network.sh");

/// Lets nothing through from one address to another, on these nodes, until [`join`] with the same name.
///
/// # Errors
/// A node's own.
pub async fn part(nodes: &[&Node], name: &str, from: &str, to: &str) -> Result<()> {
    try_join_all(nodes.iter().map(|node| async move { ask(node, &["part", name, from, to]).await }))
        .await
        .map(drop)
}

/// How many packets were dropped under this name: none is no partition.
///
/// # Errors
/// A node's own.
pub async fn dropped(nodes: &[&Node], name: &str) -> Result<u64> {
    let counts = nodes
        .iter()
        .map(|node| async move { number::<u64>("dropped", &ask(node, &["dropped", name]).await?) });
    Ok(try_join_all(counts).await?.into_iter().sum())
}

/// Lets everything through again that was parted under this name; under any, where it is empty.
///
/// # Errors
/// A node's own.
pub async fn join(node: &Node, name: &str) -> Result<()> {
    ask(node, &["join", name]).await.map(drop)
}

async fn ask(node: &Node, arguments: &[&str]) -> Result<String> {
    node.script("network", SCRIPT, arguments).await
}
