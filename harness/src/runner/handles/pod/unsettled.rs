//! What a node went through meanwhile that may have kept its kubelet from what it had to do in time: it or the container runtime
//! began anew, or it was not well.

use external::api::{cluster_objects, objects};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event, Node};
use kube::Client;

/// Where events about nodes are, which are in no namespace themselves.
const NAMESPACE: &str = "default";
/// What is said of a node when its kubelet, its container runtime or the machine began anew, or was not heard of.
const REASONS: [&str; 7] =
    ["ContainerdStart", "DockerStart", "KubeletStart", "NodeNotReady", "NodeReady", "Rebooted", "Starting"];

/// What a node went through since a moment; none where nothing is known of it.
pub(super) async fn since(client: &Client, node: &str, moment: Timestamp) -> Option<String> {
    let events = objects::<Event>(client, NAMESPACE);
    let nodes = cluster_objects::<Node>(client);
    // Who may not look knows of nothing.
    let (events, found) = tokio::join!(events.list(), nodes.get(node));
    let of_node = found.ok().and_then(|node| by_condition(&node, moment));
    of_node.or_else(|| by_events(node, &events.unwrap_or_default(), moment))
}

fn by_condition(node: &Node, moment: Timestamp) -> Option<String> {
    let conditions = node.status.as_ref()?.conditions.as_deref()?;
    let ready = conditions.iter().find(|condition| condition.type_ == "Ready")?;
    let changed = ready.last_transition_time.as_ref().map(|time| time.0).filter(|at| *at >= moment)?;
    let name = node.metadata.name.as_deref().unwrap_or_default();
    Some(format!("meanwhile the condition Ready of node {name} became {}, at {changed}", ready.status))
}

fn by_events(node: &str, events: &[Event], moment: Timestamp) -> Option<String> {
    events.iter().find_map(|event| {
        let about = &event.involved_object;
        let reason = event.reason.as_deref().filter(|reason| REASONS.contains(reason))?;
        let of_node = about.kind.as_deref() == Some("Node") && about.name.as_deref() == Some(node);
        let at = event.last_timestamp.as_ref().map(|time| time.0);
        let at = at.or(event.event_time.as_ref().map(|time| time.0)).filter(|at| of_node && *at >= moment)?;
        Some(format!("meanwhile node {node} was told of: {reason}, at {at}"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(second: u32) -> String {
        format!("2026-11-30T10:00:{second:02}Z")
    }

    fn moment() -> Timestamp {
        at(10).parse().unwrap()
    }

    #[test]
    fn a_node_that_became_ready_or_not_since_then_was_unsettled() {
        let told = |kind: &str, second: u32| {
            let conditions = json!([{"type": kind, "status": "True", "lastTransitionTime": at(second)}]);
            let node = json!({"metadata": {"name": "worker"}, "status": {"conditions": conditions}});
            by_condition(&serde_json::from_value(node).unwrap(), moment())
        };
        assert_eq!(told("Ready", 9), None);
        assert!(told("Ready", 10).unwrap().contains("Ready of node worker became True"));
        assert_eq!(told("MemoryPressure", 20), None);
    }

    #[test]
    fn a_kubelet_that_began_anew_is_told_of_by_events() {
        let told = |kind: &str, name: &str, reason: &str, second: u32| {
            let event = json!({"metadata": {"name": "e"}, "reason": reason, "lastTimestamp": at(second),
                "involvedObject": {"kind": kind, "name": name}});
            by_events("worker", &[serde_json::from_value(event).unwrap()], moment())
        };
        assert!(
            told("Node", "worker", "Starting", 12).unwrap().contains("node worker was told of: Starting")
        );
        assert_eq!(told("Node", "worker", "Starting", 9), None);
        assert_eq!(told("Node", "worker2", "Starting", 12), None);
        assert_eq!(told("Node", "worker", "NodeHasSufficientMemory", 12), None);
        assert_eq!(told("Pod", "worker", "Starting", 12), None);
    }
}
