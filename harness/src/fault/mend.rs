//! What scenarios did to a cluster is mended.

use std::time::Duration;

use kube::Client;

use super::{machine, network, node, process, server, storage};
use crate::{
    cluster::{Node, all_nodes_ready},
    error::Result,
};

/// How long hurt nodes may take until all are Ready again.
const MENDED: Duration = Duration::from_secs(120);

/// Lets every node and the control plane go on, every node take pods and be Ready, and claims have their default class,
/// whatever a scenario did and however that ended.
///
/// # Errors
/// When a node does not become Ready.
pub async fn mend(client: &Client, nodes: &[Node]) -> Result<()> {
    for node in nodes {
        // One that is not paused can't be unpaused, and that is well.
        drop(node.unpause().await);
        process::thaw_all(node).await?;
        server::resume_all(node).await?;
        network::join(node, "").await?;
    }
    machine::replace_all(nodes).await?;
    all_nodes_ready(client, nodes.len(), MENDED).await?;
    for node in nodes {
        node::cordon(client, node, false).await?;
        node::taint(client, node, false).await?;
        node::offer(client, node, None).await?;
    }
    storage::default_class(client, true).await
}
