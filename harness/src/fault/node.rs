//! A node takes no more pods, or takes them again, or is made up.

use external::api::cluster_objects;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Node as NodeObject, Taint};
use kube::{Client, api::DeleteParams};
use record::quantity;
use serde_json::{Value, json};

use crate::{
    cluster::{NAMESPACE_LABEL, Node, label_value},
    error::{Error, Result},
};

/// The taint that scenarios give.
pub const TAINT: &str = "steadfast.dev/kept-free";

/// What scenarios let nodes offer to pods; nobody has it otherwise.
pub const ROOM: &str = "steadfast.dev/room";

/// The taint that its controller gives a node that is not heard of.
pub const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

/// The one that it gives a node that says of itself that it is not Ready.
pub const NOT_READY: &str = "node.kubernetes.io/not-ready";

/// Lets a node take no new pods, or take them again.
///
/// # Errors
/// When the API server refuses.
pub async fn cordon(client: &Client, node: &Node, cordoned: bool) -> Result<()> {
    let doing = format!("node {}: {}", node.name, if cordoned { "cordon" } else { "uncordon" });
    let patch = json!({"spec": {"unschedulable": cordoned}});
    cluster_objects::<NodeObject>(client).doing(doing).merge(&node.name, &patch).await.map(drop)
}

/// What the cluster says of a node's Ready condition: `True`, `False`, or `Unknown` when its kubelet is not heard.
///
/// # Errors
/// When the API server refuses.
pub async fn ready(client: &Client, node: &Node) -> Result<String> {
    let found = cluster_objects::<NodeObject>(client).get(&node.name).await?;
    let mut conditions = found.status.and_then(|status| status.conditions).into_iter().flatten();
    let ready = conditions.find(|condition| condition.type_ == "Ready");
    Ok(ready.map_or_else(|| "Unknown".to_owned(), |ready| ready.status))
}

/// Since when a node has the taint that lets no pod stay for which it is not heard of; none where it does not have it, or where
/// nobody says.
///
/// # Errors
/// When the API server refuses.
pub async fn unreachable_since(client: &Client, node: &Node) -> Result<Option<Timestamp>> {
    let found = cluster_objects::<NodeObject>(client).get(&node.name).await?;
    let mut taints = found.spec.and_then(|spec| spec.taints).into_iter().flatten();
    let taint = taints.find(|taint| taint.key == UNREACHABLE && taint.effect == "NoExecute");
    Ok(taint.and_then(|taint| taint.time_added).map(|time| time.0))
}

/// The taints of a node for which pods must go that do not tolerate them, by their keys.
///
/// # Errors
/// When the API server refuses.
pub async fn evicting(client: &Client, node: &Node) -> Result<Vec<String>> {
    let found = cluster_objects::<NodeObject>(client).get(&node.name).await?;
    let taints = found.spec.and_then(|spec| spec.taints).into_iter().flatten();
    Ok(taints.filter(|taint| taint.effect == "NoExecute").map(|taint| taint.key).collect())
}

/// How many bytes of memory a node has for pods.
///
/// # Errors
/// When the API server refuses, or does not tell.
pub async fn memory(client: &Client, node: &Node) -> Result<f64> {
    let found = cluster_objects::<NodeObject>(client).get(&node.name).await?;
    let memory = found.status.and_then(|status| status.allocatable?.remove("memory"));
    memory.as_ref().and_then(|memory| quantity::parse(&memory.0)).ok_or_else(|| {
        Error::environment(format!("node {}: expected its memory, found {memory:?}", node.name))
    })
}

/// Lets a node have so much of [`ROOM`], or none. A kubelet keeps what it does not know.
///
/// # Errors
/// When the API server refuses.
pub async fn offer(client: &Client, node: &Node, room: Option<u32>) -> Result<()> {
    let doing = format!("node {}: offer {room:?} of {ROOM}", node.name);
    let room = json!({ROOM: room.map(|room| room.to_string())});
    let patch = json!({"status": {"capacity": room, "allocatable": room}});
    cluster_objects::<NodeObject>(client).doing(doing).merge_status(&node.name, &patch).await.map(drop)
}

/// Takes a node out of the cluster: what ran there is then known to be gone.
///
/// # Errors
/// When the API server refuses.
pub async fn forget(client: &Client, node: &Node) -> Result<()> {
    cluster_objects::<NodeObject>(client).delete(&node.name, &DeleteParams::default()).await.map(drop)
}

/// Gives a node a taint of ours that no pod tolerates unless it says so, or takes it away; others stay as they are.
///
/// # Errors
/// When the API server refuses.
pub async fn taint(client: &Client, node: &Node, tainted: bool) -> Result<()> {
    set_taint(client, &node.name, TAINT, tainted).await
}

/// Gives a node this taint, or takes it away, by their names; others stay as they are.
///
/// # Errors
/// When the API server refuses.
pub async fn set_taint(client: &Client, node: &str, key: &str, tainted: bool) -> Result<()> {
    let doing = format!("node {node}: {} {key}", if tainted { "taint with" } else { "remove" });
    let patch = |found: &NodeObject| {
        let before = found.spec.as_ref().and_then(|spec| spec.taints.as_deref()).unwrap_or_default();
        let mut taints: Vec<Taint> = before.iter().filter(|taint| taint.key != key).cloned().collect();
        if tainted {
            let effect = "NoSchedule".to_owned();
            taints.push(Taint { key: key.to_owned(), effect, ..Taint::default() });
        }
        (taints != before).then(|| json!({"spec": {"taints": taints}}))
    };
    // The controller of nodes taints them as well: its change between our reading and writing must not be lost.
    cluster_objects::<NodeObject>(client).doing(doing).merge_as_read(node, patch).await
}

/// Makes up a node without a machine: Ready, with this much room, these conditions beside Ready, and a taint of ours. Its
/// time is short: when no kubelet speaks up for it, it is not Ready any more.
///
/// # Errors
/// When the API server refuses.
pub async fn make_up(
    client: &Client,
    name: &str,
    namespace: &str,
    room: &Value,
    under: &[&str],
) -> Result<()> {
    let doing = format!("node {name}: make it up");
    let condition =
        |kind: &str| json!({"type": kind, "status": "True", "lastHeartbeatTime": Timestamp::now()});
    let conditions: Vec<Value> = ["Ready"].iter().chain(under).map(|kind| condition(kind)).collect();
    let object = json!({
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, NAMESPACE_LABEL: label_value(namespace)}},
        "spec": {"taints": [{"key": TAINT, "effect": "NoSchedule"}]},
        "status": {"capacity": room, "allocatable": room, "conditions": conditions},
    });
    let object: NodeObject =
        serde_json::from_value(object).map_err(|error| Error::bug(format!("{doing}: {error}")))?;
    cluster_objects::<NodeObject>(client).doing(doing).create(&object).await.map(drop)
}
