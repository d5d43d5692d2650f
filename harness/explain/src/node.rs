//! What a node is good for: its conditions, taints and labels, and who may run on it.

use k8s_openapi::api::core::v1::{Node, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, Pod, Taint};
use kube::ResourceExt;

use super::picture::spec;

/// The taint that a cordoned node has.
pub(super) const CORDONED: &str = "node.kubernetes.io/unschedulable";

/// The taint of a node that is there for the control plane.
pub(super) const CONTROL_PLANE: &str = "node-role.kubernetes.io/control-plane";

/// Whether the node's kubelet says that it is Ready.
pub(super) fn ready(node: &Node) -> bool {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_deref());
    let ready = conditions.unwrap_or_default().iter().find(|condition| condition.type_ == "Ready");
    ready.is_some_and(|condition| condition.status == "True")
}

/// Whether nothing new may be placed on it.
pub(super) fn cordoned(node: &Node) -> bool {
    node.spec.as_ref().and_then(|spec| spec.unschedulable) == Some(true)
}

/// What is wrong with the node itself, if anything is.
pub(super) fn trouble(node: &Node) -> Option<&'static str> {
    if !ready(node) {
        Some("is not Ready")
    } else if cordoned(node) {
        Some("is cordoned")
    } else {
        None
    }
}

/// The taints that keep this pod away.
pub(super) fn untolerated<'a>(node: &'a Node, pod: &Pod) -> Vec<&'a Taint> {
    let taints = node.spec.as_ref().and_then(|spec| spec.taints.as_deref()).unwrap_or_default();
    let repels = |taint: &&Taint| taint.effect != "PreferNoSchedule" && !tolerates(pod, taint);
    taints.iter().filter(repels).collect()
}

fn tolerates(pod: &Pod, taint: &Taint) -> bool {
    spec(pod).tolerations.as_deref().unwrap_or_default().iter().any(|toleration| {
        let effect = toleration.effect.as_deref().unwrap_or_default();
        let key = toleration.key.as_deref().unwrap_or_default();
        let exists = toleration.operator.as_deref() == Some("Exists");
        let value = exists
            || toleration.value.as_deref().unwrap_or_default() == taint.value.as_deref().unwrap_or_default();
        (effect.is_empty() || effect == taint.effect)
            && (key == taint.key || key.is_empty() && exists)
            && value
    })
}

/// A taint as `kubectl taint` takes it.
pub(super) fn taint_text(taint: &Taint) -> String {
    match taint.value.as_deref() {
        Some(value) if !value.is_empty() => format!("{}={value}:{}", taint.key, taint.effect),
        _ => format!("{}:{}", taint.key, taint.effect),
    }
}

/// Whether a selector admits the node: one of its terms holds.
pub(super) fn admits(selector: &NodeSelector, node: &Node) -> bool {
    selector.node_selector_terms.iter().any(|term| holds(term, node))
}

fn holds(term: &NodeSelectorTerm, node: &Node) -> bool {
    let labels = term.match_expressions.as_deref().unwrap_or_default();
    let fields = term.match_fields.as_deref().unwrap_or_default();
    let name = node.name_any();
    // A term without requirements admits nothing.
    (!labels.is_empty() || !fields.is_empty())
        && labels.iter().all(|needed| meets(needed, node.labels().get(&needed.key).map(String::as_str)))
        && fields.iter().all(|needed| meets(needed, (needed.key == "metadata.name").then_some(name.as_str())))
}

fn meets(needed: &NodeSelectorRequirement, found: Option<&str>) -> bool {
    let values = needed.values.as_deref().unwrap_or_default();
    let listed = found.is_some_and(|found| values.iter().any(|value| value == found));
    let number = |text: &str| text.parse::<i64>().ok();
    let bound = values.first().and_then(|value| number(value));
    let found_number = found.and_then(number);
    match needed.operator.as_str() {
        "In" => listed,
        "NotIn" => !listed,
        "Exists" => found.is_some(),
        "DoesNotExist" => found.is_none(),
        "Gt" => found_number.zip(bound).is_some_and(|(found, bound)| found > bound),
        "Lt" => found_number.zip(bound).is_some_and(|(found, bound)| found < bound),
        _ => false,
    }
}

/// A selector in words: `kubernetes.io/hostname In (worker2)`.
pub(super) fn selector_text(selector: &NodeSelector) -> String {
    let needed = |needed: &NodeSelectorRequirement| {
        let values = needed.values.as_deref().unwrap_or_default().join(", ");
        let values = if values.is_empty() { String::new() } else { format!(" ({values})") };
        format!("{} {}{values}", needed.key, needed.operator)
    };
    let term = |term: &NodeSelectorTerm| {
        let all = term.match_expressions.iter().chain(&term.match_fields).flatten();
        all.map(needed).collect::<Vec<_>>().join(" and ")
    };
    selector.node_selector_terms.iter().map(term).collect::<Vec<_>>().join(" or ")
}

/// The affinity to nodes that the pod insists on.
fn affinity(pod: &Pod) -> Option<&NodeSelector> {
    let nodes = spec(pod).affinity.as_ref()?.node_affinity.as_ref()?;
    nodes.required_during_scheduling_ignored_during_execution.as_ref()
}

/// Whether the node has what the pod's own selector and affinity demand.
pub(super) fn meets_demand(node: &Node, pod: &Pod) -> bool {
    spec(pod).node_selector.iter().flatten().all(|(key, value)| node.labels().get(key) == Some(value))
        && affinity(pod).is_none_or(|affinity| admits(affinity, node))
}

/// What the pod's own selector and affinity demand of a node, in words.
pub(super) fn demand(pod: &Pod) -> String {
    let labels = spec(pod).node_selector.iter().flatten().map(|(key, value)| format!("{key}={value}"));
    labels.chain(affinity(pod).map(selector_text)).collect::<Vec<_>>().join(" and ")
}
