//! A pod that failed as a whole: evicted, or refused by its node. The set's controller makes another at once, so that
//! it is seldom seen itself; its events stay.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Event, Pod};
use kube::ResourceExt;

use crate::{
    Picture,
    cause::{self, Cause, quote},
    evidence::Evidence,
    picture::{message, phase, seen_last, spec, status},
    remedy::{self, Remedies},
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
    "VolumeAttachmentLimitExceeded",
];
/// Why pods fail as a whole, by words of the reason or the message, with what helps. One reason, Evicted, has many causes.
const REMEDIES: Remedies = &[
    (
        &["ephemeral local storage usage exceeds", "exceeded its local ephemeral storage limit"],
        "it wrote more to its own disk (logs, its root file system, emptyDirs) than its limits allow: raise resources.limits.ephemeral-storage, or let it write to its volume",
    ),
    (
        &["EmptyDir volume"],
        "it wrote more into that emptyDir than it may: raise its sizeLimit, or let it write to a volume of a PVC",
    ),
    (
        &["low on resource", "had condition"],
        "its node ran out of what the message names: kubectl describe node NODE; requests that cover what it uses let others go first",
    ),
    (
        &["(NodeName)"],
        "it was bound to a node of another name than NODE has for itself: correct nodeName in the pod template, which passes the scheduler by, or leave it out",
    ),
    (
        &["NodeAffinity", "OutOf", "NodePorts"],
        "its node refused it: look for nodeName in the pod template, which passes the scheduler by, and for labels of the node that have changed",
    ),
    (
        &["VolumeAttachmentLimitExceeded"],
        "its node may have no more volumes attached: let the scheduler know the true limit (csinode NODE, spec.drivers[].allocatable.count), which drivers have a setting for",
    ),
    (
        &["SysctlForbidden"],
        "its node does not allow a sysctl of its securityContext: --allowed-unsafe-sysctls of the kubelets, or take it out",
    ),
    (
        &["AppArmor is not enabled", "AppArmor is disabled"],
        "its node has no AppArmor: take appArmorProfile out of securityContext in the pod template (older: the annotation container.apparmor.security.beta.kubernetes.io), or bind the pods to nodes that have it on",
    ),
    (
        &["(AppArmor)"],
        "its node can't give it its AppArmor profile: load that on NODE (apparmor_parser -q FILE; aa-status lists those that are), or take appArmorProfile out of securityContext in the pod template",
    ),
    (
        &["PodOSNotSupported"],
        "it is for another operating system than NODE has: correct spec.os.name in the pod template, or bind the pods to nodes that fit: nodeSelector kubernetes.io/os",
    ),
    (
        &["UnexpectedAdmissionError", "TopologyAffinityError"],
        "its node could not give it its devices or processors: see the device plugins on NODE",
    ),
];
/// `OutOfcpu`, `OutOfmemory`, `OutOfpods`
const OUT_OF: &str = "OutOf";

/// A pod that has failed, before another takes its place.
pub(crate) fn ended(picture: &Picture, pod: &Pod) -> Cause {
    let status = status(pod);
    let reason = status.reason.as_deref().unwrap_or("no reason given");
    let told = status.message.as_deref().map(|told| format!(": {}", quote(told))).unwrap_or_default();
    let node = spec(pod).node_name.as_deref().unwrap_or("no node");
    let name = pod.name_any();
    let cause = failed(&name, node, format!("pod {name} on {node} is {} ({reason}){told}", phase(pod)));
    let cause = if phase(pod) == "Succeeded" {
        let delete = picture.kubectl(&format!("delete pod {name}"));
        cause.advise(format!("its containers ended well, as when its node was shut down: older controllers take that for good and do not make it anew: {delete}"))
    } else {
        cause
    };
    cause.by([Evidence::field(format!("pod/{name}"), "status.reason", reason)])
}

/// A pod that is made anew again and again, since each one fails.
pub(crate) fn again(picture: &Picture, pod: &str) -> Option<Cause> {
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
    let helps = remedy::against(REMEDIES, &seen)
        .unwrap_or("see what its node says of it: kubectl describe node NODE");
    Cause::new(cause::POD_FAILED, format!("pod/{pod}"), seen)
        .advise(helps.replace("NODE", node))
        .advise("the set's controller makes it anew")
}
