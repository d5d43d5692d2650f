//! Affinity to other pods: pods that run nowhere, and circles of pods that wait for one another.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Pod, PodAffinityTerm};
use kube::ResourceExt;

use crate::{
    Picture,
    cause::{self, Cause},
    evidence::Evidence,
    labels::selects,
    picture::{phase, spec},
};

/// The terms of affinity to pods that a pod insists on.
fn terms(pod: &Pod) -> impl Iterator<Item = &PodAffinityTerm> {
    let affinity = spec(pod).affinity.as_ref().and_then(|affinity| affinity.pod_affinity.as_ref());
    affinity
        .and_then(|pods| pods.required_during_scheduling_ignored_during_execution.as_ref())
        .into_iter()
        .flatten()
}

/// Whether a term of a pod means another one.
fn means(term: &PodAffinityTerm, pod: &Pod, other: &Pod) -> bool {
    let namespaces = term.namespaces.as_deref().unwrap_or_default();
    let namespace = other.namespace().unwrap_or_default();
    let here = match &term.namespace_selector {
        // Which namespaces a selector means is not looked at: none is ruled out.
        Some(_) => true,
        None if namespaces.is_empty() => pod.namespace().unwrap_or_default() == namespace,
        None => namespaces.contains(&namespace),
    };
    here && term.label_selector.as_ref().is_some_and(|selector| selects(selector, other.labels()))
}

/// The running pods, not of its set, that insist on not being beside this one: a change of its own rule would not help.
pub(super) fn against(picture: &Picture, pod: &Pod) -> Vec<String> {
    let all = picture.neighbours.as_deref().unwrap_or(&picture.pods);
    let own: BTreeSet<_> = picture.pods_of_set().into_values().map(ResourceExt::uid).collect();
    let insists = |other: &&Pod| {
        let affinity = spec(other).affinity.as_ref().and_then(|affinity| affinity.pod_anti_affinity.as_ref());
        let terms =
            affinity.and_then(|pods| pods.required_during_scheduling_ignored_during_execution.as_ref());
        runs(other)
            && !own.contains(&other.uid())
            && terms.into_iter().flatten().any(|term| means(term, other, pod))
    };
    let others = all.iter().filter(insists);
    others.map(|other| format!("{}/{}", other.namespace().unwrap_or_default(), other.name_any())).collect()
}

fn runs(pod: &Pod) -> bool {
    spec(pod).node_name.is_some() && !["Failed", "Succeeded"].contains(&phase(pod))
}

/// A required neighbour of the pod that runs nowhere; nothing where pods can't be seen that might be meant.
pub(super) fn examine(picture: &Picture, pod: &Pod, said: &str) -> Option<Cause> {
    let elsewhere = |term: &PodAffinityTerm| term.namespaces.is_some() || term.namespace_selector.is_some();
    let all = match &picture.neighbours {
        Ok(all) => all,
        Err(_) if terms(pod).any(elsewhere) => return None,
        Err(_) => &picture.pods,
    };
    let unmet = |term: &&PodAffinityTerm| {
        // The first of pods that want to be together may go anywhere.
        !means(term, pod, pod) && !all.iter().any(|other| runs(other) && means(term, pod, other))
    };
    let term = terms(pod).find(unmet)?;
    let selector =
        term.label_selector.as_ref().map(|selector| serde_json::to_string(selector).unwrap_or_default());
    let selector = selector.unwrap_or_default();
    let (name, set) = (pod.name_any(), picture.name());
    let evidence = Evidence::field(format!("pod/{name}"), "spec.affinity.podAffinity", &selector);
    let waiting: Vec<&Pod> = all.iter().filter(|other| means(term, pod, other)).collect();
    if let Some(circle) = circle(all, pod) {
        let names =
            circle.iter().map(|pod| pod.name_any()).collect::<Vec<_>>().join(", which must be beside ");
        let seen = format!(
            "pods wait for each other in a circle, and none has a node: {name} must be beside {names}; {said}"
        );
        let cause = Cause::new(cause::AFFINITY_CIRCLE, format!("pod/{name}"), seen)
            .by([evidence])
            .advise(format!("break the circle: make one of these rules preferred instead of required, or take it out of statefulset {set} or the other one"))
            .advise("a pod that is Pending takes no new template: delete it after the change");
        return Some(cause);
    }
    let there = if waiting.is_empty() {
        "no pod has these labels".to_owned()
    } else {
        format!(
            "those that have these labels have no node themselves: {}",
            waiting.iter().map(|pod| pod.name_any()).collect::<Vec<_>>().join(", ")
        )
    };
    let seen = format!("pod {name} must be beside a pod with {selector}, and {there}; {said}");
    let cause = Cause::new(cause::AFFINITY_UNMET, format!("pod/{name}"), seen)
        .by([evidence])
        .advise("start the pods that it must be beside, or see why they have no node: kubectl get pods -A --show-labels")
        .advise(format!("or correct the labels in the rule of statefulset {set}, or make it preferred instead of required"));
    Some(cause)
}

/// The way from a pod through those without a node that it must be beside, back to itself or another pod of its labels.
fn circle<'a>(all: &'a [Pod], pod: &Pod) -> Option<Vec<&'a Pod>> {
    let mut seen = BTreeSet::new();
    let mut ways: Vec<Vec<&'a Pod>> = next(all, pod).into_iter().map(|first| vec![first]).collect();
    while let Some(way) = ways.pop() {
        let last = *way.last()?;
        if terms(last).any(|term| means(term, last, pod)) {
            let own = all.iter().find(|other| other.uid() == pod.uid())?;
            return Some(way.into_iter().chain([own]).collect());
        }
        if seen.insert(last.uid()) {
            ways.extend(next(all, last).into_iter().map(|pod| way.iter().copied().chain([pod]).collect()));
        }
    }
    None
}

fn next<'a>(all: &'a [Pod], pod: &Pod) -> Vec<&'a Pod> {
    let needed = |other: &&Pod| !runs(other) && terms(pod).any(|term| means(term, pod, other));
    all.iter().filter(needed).collect()
}
