//! A pod that failed as a whole: evicted, or refused by its node. The set's controller makes another at once, so that
//! it is seldom seen itself; its events stay.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Event, Pod};
use kube::ResourceExt;

use super::{
    Picture,
    cause::{self, Cause, quote},
    evidence::Evidence,
    picture::{message, phase, seen_last, spec, status},
};

/// Seconds within which two pods of a name that fail at once are no chance.
const SERIES: f64 = 120.0;
/// The same of pods that ran before they had to go: as long as events are kept.
const EVICTIONS: f64 = 3600.0;
/// Reasons for which a pod that runs has to go.
const EVICTED: &[&str] = &["Evicted", "Preempted", "TaintManagerEviction"];
/// The kubelet's reasons to fail a pod as a whole, beside those that begin with [`OUT_OF`].
const REASONS: &[&str] = &[
    "AppArmor",
    "NodeAffinity",
    "NodeName",
    "NodePorts",
    "PodOSNotSupported",
    "SysctlForbidden",
    "TopologyAffinityError",
    "UnexpectedAdmissionError",
];
/// `OutOfcpu`, `OutOfmemory`, `OutOfpods`
const OUT_OF: &str = "OutOf";

/// A pod that has failed, before another takes its place.
pub(super) fn ended(pod: &Pod) -> Cause {
    let status = status(pod);
    let reason = status.reason.as_deref().unwrap_or("no reason given");
    let told = status.message.as_deref().map(|told| format!(": {}", quote(told))).unwrap_or_default();
    let node = spec(pod).node_name.as_deref().unwrap_or("no node");
    let name = pod.name_any();
    failed(&name, node, format!("pod {name} on {node} is {} ({reason}){told}", phase(pod)))
        .by([Evidence::field(format!("pod/{name}"), "status.reason", reason)])
}

/// A pod that is made anew again and again, since each one fails.
pub(super) fn again(picture: &Picture, pod: &str) -> Option<Cause> {
    let failures = picture.events.iter().filter(|event| is_failure(picture, event, pod));
    let failures: Vec<&Event> = failures.collect();
    let pods: BTreeSet<_> = failures.iter().map(|event| &event.involved_object.uid).collect();
    let last = failures.iter().max_by_key(|event| seen_last(event)).filter(|_| pods.len() > 1)?;
    let reason = last.reason.as_deref().unwrap_or_default();
    let node = last.source.as_ref().and_then(|source| source.host.as_deref()).unwrap_or("its node");
    let within = if EVICTED.contains(&reason) { "the last hour" } else { "two minutes" };
    let seen = format!(
        "{} pods of the name {pod} have failed within {within}, the last one on {node} ({reason}): {}",
        pods.len(),
        quote(message(last))
    );
    let cause = failed(pod, node, seen).by_event(last);
    Some(if reason == "Preempted" {
        cause.advise(format!("pods of a higher priority take its place: give statefulset {} a PriorityClass, or the nodes more room", picture.name()))
    } else {
        cause
    })
}

fn is_failure(picture: &Picture, event: &Event, pod: &str) -> bool {
    let about = &event.involved_object;
    let reason = event.reason.as_deref().unwrap_or_default();
    let ago = seen_last(event).map(|seen| picture.at.duration_since(seen).as_secs_f64());
    about.kind.as_deref() == Some("Pod")
        && about.name.as_deref() == Some(pod)
        && if EVICTED.contains(&reason) {
            ago.is_some_and(|ago| ago < EVICTIONS)
        } else {
            (REASONS.contains(&reason) || reason.starts_with(OUT_OF)) && ago.is_some_and(|ago| ago < SERIES)
        }
}

fn failed(pod: &str, node: &str, seen: String) -> Cause {
    Cause::new(cause::POD_FAILED, format!("pod/{pod}"), seen)
        .advise(format!(
            "if it was evicted, its node ran out of what the message names: kubectl describe node {node}"
        ))
        .advise("if its node refused it, look for nodeName in the pod template: it passes the scheduler by")
        .advise("the set's controller makes it anew; give it requests and limits that it keeps to")
}
