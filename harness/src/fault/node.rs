//! A node takes no more pods, or takes them again; and what scenarios did to nodes is mended.

use std::time::Duration;

use k8s_openapi::api::core::v1::Node as NodeObject;
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
};
use serde_json::json;

use crate::{
    cluster::{Node, all_nodes_ready},
    error::{Error, Result, within},
};

const CALL: Duration = Duration::from_secs(15);
/// How long hurt nodes may take until all are Ready again.
const MENDED: Duration = Duration::from_secs(120);

/// Lets a node take no new pods, or take them again.
///
/// # Errors
/// When the API server refuses.
pub async fn cordon(client: &Client, node: &Node, cordoned: bool) -> Result<()> {
    let doing = format!("node {}: {}", node.name, if cordoned { "cordon" } else { "uncordon" });
    let api: Api<NodeObject> = Api::all(client.clone());
    let (parameters, patch) =
        (PatchParams::default(), Patch::Merge(json!({"spec": {"unschedulable": cordoned}})));
    let patch = api.patch(&node.name, &parameters, &patch);
    within(CALL, &doing, patch, Error::api(doing.clone())).await.map(drop)
}

/// Lets every node go on, take pods, and be Ready, whatever a scenario did to it and however that ended.
///
/// # Errors
/// When a node does not become Ready.
pub async fn mend(client: &Client, nodes: &[Node]) -> Result<()> {
    for node in nodes {
        // One that is not paused can't be unpaused, and that is well.
        drop(node.unpause().await);
    }
    all_nodes_ready(client, nodes.len(), MENDED).await?;
    for node in nodes {
        cordon(client, node, false).await?;
    }
    Ok(())
}
