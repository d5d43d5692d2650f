//! Topology spread: how many pods each place has, and whether a place counts that the pod may not go to.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Node, Pod, TopologySpreadConstraint};
use kube::ResourceExt;

use crate::{
    Picture,
    cause::{self, Cause},
    evidence::Evidence,
    labels::selects,
    node,
    picture::{spec, terminating},
};

/// A place of a constraint.
#[derive(Default)]
struct Place<'a> {
    pods: i32,
    nodes: Vec<&'a Node>,
}

impl Place<'_> {
    /// Whether none of its nodes takes the pod, whatever else it has.
    fn closed(&self, pod: &Pod) -> bool {
        self.nodes.iter().all(|node| node::cordoned(node) || !node::untolerated(node, pod).is_empty())
    }
}

fn strict(pod: &Pod) -> impl Iterator<Item = &TopologySpreadConstraint> {
    let all = spec(pod).topology_spread_constraints.as_deref().unwrap_or_default().iter();
    all.filter(|constraint| constraint.when_unsatisfiable == "DoNotSchedule")
}

/// The places that count for a constraint, with its pods in each.
fn places<'a>(
    picture: &'a Picture,
    pod: &Pod,
    constraint: &TopologySpreadConstraint,
) -> BTreeMap<String, Place<'a>> {
    let honours_demand = constraint.node_affinity_policy.as_deref() != Some("Ignore");
    let honours_taints = constraint.node_taints_policy.as_deref() == Some("Honor");
    let nodes = picture.nodes.as_deref().unwrap_or_default().iter();
    let nodes = nodes.filter(|node| {
        strict(pod).all(|constraint| node.labels().contains_key(&constraint.topology_key))
            && (!honours_demand || node::meets_demand(node, pod))
            && (!honours_taints || node::untolerated(node, pod).is_empty())
    });
    let mut places: BTreeMap<String, Place<'_>> = BTreeMap::new();
    for node in nodes {
        let place = node.labels().get(&constraint.topology_key).cloned().unwrap_or_default();
        places.entry(place).or_default().nodes.push(node);
    }
    for place in places.values_mut() {
        let names: BTreeSet<String> = place.nodes.iter().map(|node| node.name_any()).collect();
        let here = picture.pods.iter().filter(|other| {
            let node = spec(other).node_name.as_ref();
            node.is_some_and(|node| names.contains(node))
                && !terminating(*other)
                && counts(constraint, pod, other)
        });
        place.pods = i32::try_from(here.count()).unwrap_or(i32::MAX);
    }
    places
}

fn counts(constraint: &TopologySpreadConstraint, pod: &Pod, other: &Pod) -> bool {
    let same = |key: &String| other.labels().get(key) == pod.labels().get(key);
    constraint.label_selector.as_ref().is_some_and(|selector| selects(selector, other.labels()))
        && constraint.match_label_keys.iter().flatten().all(same)
}

fn table(pod: &Pod, places: &BTreeMap<String, Place<'_>>) -> String {
    let line = |(name, place): (&String, &Place<'_>)| {
        let closed = if place.closed(pod) { " and takes none" } else { "" };
        format!("{name} has {}{closed}", place.pods)
    };
    places.iter().map(line).collect::<Vec<_>>().join(", ")
}

/// Why the spread constraints leave no node.
pub(super) fn examine(picture: &Picture, pod: &Pod, said: &str) -> Cause {
    let about = format!("pod/{}", pod.name_any());
    let set = picture.name();
    if let Some(cause) = strict(pod).find_map(|constraint| counts_closed(picture, pod, constraint, said)) {
        return cause;
    }
    let mut seen = said.to_owned();
    let mut cause_by = Vec::new();
    for constraint in strict(pod) {
        let places = places(picture, pod, constraint);
        let table = if places.is_empty() { "no node has that label".to_owned() } else { table(pod, &places) };
        seen.push_str(&format!(
            "; maxSkew {} over {}: {table}",
            constraint.max_skew, constraint.topology_key
        ));
        cause_by.push(Evidence::field(
            about.clone(),
            format!("spec.topologySpreadConstraints[{}]", constraint.topology_key),
            &table,
        ));
    }
    Cause::new(cause::TOPOLOGY_SPREAD, about, seen)
        .by(cause_by)
        .advise("the place with the fewest pods must take this one: see what keeps it from there (room, a taint, a selector, the node of its volume)")
        .advise(format!("or allow more: raise maxSkew, or set whenUnsatisfiable: ScheduleAnyway in statefulset {set}; nodes help only where they make a place with too few pods"))
}

/// A place with the fewest pods that the pod may not go to, and without which it would find one.
fn counts_closed(
    picture: &Picture,
    pod: &Pod,
    constraint: &TopologySpreadConstraint,
    said: &str,
) -> Option<Cause> {
    let places = places(picture, pod, constraint);
    let fewest = |only_open: bool| {
        let counted = places.values().filter(|place| !only_open || !place.closed(pod));
        counted.map(|place| place.pods).min()
    };
    let (least, least_open) = (fewest(false)?, fewest(true)?);
    let own = i32::from(counts(constraint, pod, pod));
    let fits = |least: i32| {
        places.values().any(|place| !place.closed(pod) && place.pods + own - least <= constraint.max_skew)
    };
    if fits(least) || !fits(least_open) {
        return None;
    }
    let closed = places.values().filter(|place| place.closed(pod) && place.pods == least);
    let closed: Vec<String> =
        closed.flat_map(|place| place.nodes.iter().map(|node| closed_text(node, pod))).collect();
    let (key, name) = (&constraint.topology_key, pod.name_any());
    let table = table(pod, &places);
    let seen = format!(
        "pod {name} fits on no node: its spread constraint (maxSkew {} over {key}) also counts {}, which the pod may not go to and which has the fewest of these pods, so that no other place may have more than {} of them: {table}; {said}",
        constraint.max_skew,
        closed.join(", "),
        least + constraint.max_skew
    );
    let path = format!("spec.topologySpreadConstraints[{key}]");
    let cause = Cause::new(cause::SPREAD_COUNTS_CLOSED_NODES, format!("pod/{name}"), seen)
        .by([Evidence::field(format!("pod/{name}"), path, &table)])
        .advise(format!("set nodeTaintsPolicy: Honor in the constraint of statefulset {}: nodes whose taints the pod does not tolerate then count no more", picture.name()))
        .advise("or raise maxSkew, or set whenUnsatisfiable: ScheduleAnyway")
        .advise("more nodes only put it off: each takes as many as the others, and the next replica is stuck again");
    Some(cause)
}

fn closed_text(node: &Node, pod: &Pod) -> String {
    let taints =
        node::untolerated(node, pod).into_iter().map(node::taint_text).collect::<Vec<_>>().join(", ");
    format!("node {} ({})", node.name_any(), if taints.is_empty() { "cordoned".to_owned() } else { taints })
}
