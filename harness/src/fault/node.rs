//! A node takes no more pods, or takes them again, or is made up.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Node as NodeObject, Taint};
use kube::{
    Api, Client,
    api::{Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};

use crate::{
    cluster::{NAMESPACE_LABEL, Node, label_value},
    error::{Error, Result, within},
};

/// The taint that scenarios give.
pub const TAINT: &str = "steadfast.dev/kept-free";

const CALL: Duration = Duration::from_secs(15);

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

/// What the cluster says of a node's Ready condition: `True`, `False`, or `Unknown` when its kubelet is not heard.
///
/// # Errors
/// When the API server refuses.
pub async fn ready(client: &Client, node: &Node) -> Result<String> {
    let doing = format!("reading node {}", node.name);
    let api: Api<NodeObject> = Api::all(client.clone());
    let found = within(CALL, &doing, api.get(&node.name), Error::api(doing.clone())).await?;
    let mut conditions = found.status.and_then(|status| status.conditions).into_iter().flatten();
    let ready = conditions.find(|condition| condition.type_ == "Ready");
    Ok(ready.map_or_else(|| "Unknown".to_owned(), |ready| ready.status))
}

/// Gives a node a taint of ours that no pod tolerates unless it says so, or takes it away; others stay as they are.
///
/// # Errors
/// When the API server refuses.
pub async fn taint(client: &Client, node: &Node, tainted: bool) -> Result<()> {
    let doing = format!("node {}: {} {TAINT}", node.name, if tainted { "taint with" } else { "remove" });
    let api: Api<NodeObject> = Api::all(client.clone());
    let until_taken = async {
        loop {
            // The controller of nodes taints them as well: its change between our reading and writing must not be lost.
            match taint_as_read(&api, &node.name, tainted).await {
                Err(kube::Error::Api(status)) if status.is_conflict() => {}
                outcome => return outcome,
            }
        }
    };
    within(CALL, &doing, until_taken, Error::api(doing.clone())).await
}

/// Taints a node, or takes the taint away; a conflict when it was changed since it was read.
async fn taint_as_read(api: &Api<NodeObject>, name: &str, tainted: bool) -> kube::Result<()> {
    let found = api.get(name).await?;
    let mut taints = found.spec.and_then(|spec| spec.taints).unwrap_or_default();
    let before = taints.clone();
    taints.retain(|taint| taint.key != TAINT);
    if tainted {
        let effect = "NoSchedule".to_owned();
        taints.push(Taint { key: TAINT.to_owned(), effect, ..Taint::default() });
    }
    if taints == before {
        return Ok(());
    }
    let version = found.metadata.resource_version;
    let patch = json!({"metadata": {"resourceVersion": version}, "spec": {"taints": taints}});
    api.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await.map(drop)
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
    let api: Api<NodeObject> = Api::all(client.clone());
    let parameters = PostParams::default();
    within(CALL, &doing, api.create(&parameters, &object), Error::api(doing.clone())).await.map(drop)
}
