//! A node's machine is lost for good, with all that it kept, and another takes its place under its name.

use futures::future::try_join_all;

use super::said::number;
use crate::{cluster::Node, error::Result};

const SCRIPT: &str = include_str!("machine/machine.sh");

/// Loses a node's machine, until [`replace_all`]: all that it runs ends at once, and what it kept is gone. Nobody is told; that it
/// is missed, and for good, is for the cluster and its administrator to find.
///
/// # Errors
/// When something of it is left.
pub async fn lose(node: &Node) -> Result<()> {
    ask(node, "lose").await.map(drop)
}

/// Puts another machine in the place of each of these nodes whose own was lost. The control plane is one of the nodes.
///
/// # Errors
/// When one does not join.
pub async fn replace_all(nodes: &[Node]) -> Result<()> {
    let lost = nodes.iter().map(|node| async move { number::<u8>("lost", &ask(node, "lost").await?) });
    let lost = try_join_all(lost).await?;
    for (node, _) in nodes.iter().zip(lost).filter(|(_, lost)| *lost == 1) {
        try_join_all(nodes.iter().map(|node| ask(node, "admit"))).await?;
        ask(node, "join").await?;
    }
    Ok(())
}

async fn ask(node: &Node, verb: &str) -> Result<String> {
    node.script("machine", SCRIPT, &[verb]).await
}
