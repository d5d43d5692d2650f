//! What keeps a pod from others that it looks for: another DNS than the cluster's, or a NetworkPolicy.

use k8s_openapi::api::{core::v1::Pod, networking::v1::NetworkPolicy};
use kube::ResourceExt;

use super::peers::{NO_SUCH_NAME, SYMPTOMS};
use crate::{
    Picture,
    cause::{self, Cause, quote},
    evidence::Evidence,
    labels::selects,
    picture::spec,
};

/// What is said when no answer comes at all, be it of a server or of the DNS: who is let through is at least refused.
const NO_ANSWER: &[&str] = &[
    "i/o timeout",
    "timed out",
    "etimedout",
    "failure in name resolution",
    "eai_again",
    "no servers could be reached",
];

/// What stands behind a symptom of a pod that looks for others and does not find them. What a program does then is its own
/// affair, so that this is likely, and no more.
pub(super) fn behind(picture: &Picture, pod: &Pod, cause: Cause) -> Cause {
    if !SYMPTOMS.contains(&cause.id) {
        return cause;
    }
    other_dns(picture, pod, &cause).or_else(|| policy(picture, pod, &cause)).unwrap_or(cause)
}

/// The newest line of a log of the pod that has one of these words, with its container.
fn said(picture: &Picture, pod: &Pod, words: &[&str]) -> Option<(String, String)> {
    let all = spec(pod).init_containers.iter().flatten().chain(&spec(pod).containers);
    all.into_iter().find_map(|container| {
        let line = picture.log(pod, &container.name)?.lines().rev().find(|line| {
            let lower = line.to_lowercase();
            words.iter().any(|word| lower.contains(word))
        })?;
        Some((container.name.clone(), line.to_owned()))
    })
}

/// A pod that does not ask the cluster's DNS, and does not find a name.
fn other_dns(picture: &Picture, pod: &Pod, cause: &Cause) -> Option<Cause> {
    let policy = spec(pod).dns_policy.as_deref().unwrap_or("ClusterFirst");
    let (field, why, helps) = match policy {
        "ClusterFirst" if spec(pod).host_network == Some(true) => (
            "spec.hostNetwork",
            "it is on its node's network (hostNetwork), where dnsPolicy ClusterFirst means the node's DNS",
            "dnsPolicy: ClusterFirstWithHostNet",
        ),
        "Default" => (
            "spec.dnsPolicy",
            "its dnsPolicy is Default, which means the node's DNS",
            "dnsPolicy: ClusterFirst",
        ),
        "None" => (
            "spec.dnsPolicy",
            "its dnsPolicy is None, which means the nameservers of its dnsConfig alone",
            "dnsPolicy: ClusterFirst, or the cluster's nameserver and search domains in dnsConfig",
        ),
        _ => return None,
    };
    let (container, line) = said(picture, pod, NO_SUCH_NAME)?;
    let (name, set) = (pod.name_any(), picture.name());
    let seen = format!(
        "pod {name} does not find a name ({}), and does not ask the cluster's DNS, which alone knows those of Services and pods: {why}; what is seen of it: {}",
        quote(&line),
        cause.seen
    );
    let found = Cause::new(cause::DNS_NOT_THE_CLUSTERS, format!("pod/{name}"), seen)
        .by(cause.evidence.clone())
        .by([Evidence::field(format!("pod/{name}"), field, policy), Evidence::log(&name, &container, &line)])
        .likely(format!(
            "ask from there: {}",
            picture.kubectl(&format!("exec {name} -c {container} -- getent hosts SERVICE"))
        ))
        .advise(format!("let it ask the cluster's DNS: {helps} in the pod template of statefulset {set}"));
    Some(found)
}

/// A NetworkPolicy that says where the pod may go, while it gets no answer from somewhere.
fn policy(picture: &Picture, pod: &Pod, cause: &Cause) -> Option<Cause> {
    let policies = picture.policies.as_deref().unwrap_or_default();
    let limiting: Vec<&NetworkPolicy> = policies.iter().filter(|policy| limits(policy, pod)).collect();
    // They add up: one that allows everything is enough.
    let policy = limiting.first().filter(|_| !limiting.iter().any(|policy| allows_all(policy)))?;
    let (container, line) = said(picture, pod, NO_ANSWER)?;
    let (name, own) = (pod.name_any(), policy.name_any());
    let rules = policy.spec.as_ref().and_then(|spec| spec.egress.as_ref()).map_or(0, Vec::len);
    let allows = match rules {
        0 => "nowhere, not even to the DNS".to_owned(),
        rules => format!("where {rules} of its rules say, and nowhere else"),
    };
    let seen = format!(
        "pod {name} gets no answer ({}), and NetworkPolicy {own} lets it go {allows}; what is seen of it: {}",
        quote(&line),
        cause.seen
    );
    let found = Cause::new(cause::NETWORK_POLICY_IN_THE_WAY, format!("networkpolicy/{own}"), seen)
        .by(cause.evidence.clone())
        .by([Evidence::field(format!("networkpolicy/{own}"), "spec.egress", &rules.to_string()), Evidence::log(&name, &container, &line)])
        .likely(format!("see what it allows: {}", picture.kubectl(&format!("describe networkpolicy {own}"))))
        .advise("let it reach what it needs, and the DNS (UDP and TCP port 53 of kube-system): policies add up, so that one more that allows it is enough")
        .advise(format!("or take its labels out of the policy's podSelector: {}", picture.kubectl(&format!("get pod {name} --show-labels"))));
    Some(found)
}

/// Whether a policy lets its pods go anywhere.
fn allows_all(policy: &NetworkPolicy) -> bool {
    let rules = policy.spec.as_ref().and_then(|spec| spec.egress.as_deref()).unwrap_or_default();
    rules.iter().any(|rule| {
        rule.to.as_ref().is_none_or(Vec::is_empty) && rule.ports.as_ref().is_none_or(Vec::is_empty)
    })
}

/// Whether a policy says where this pod may go.
fn limits(policy: &NetworkPolicy, pod: &Pod) -> bool {
    let Some(spec) = &policy.spec else { return false };
    let of_pod = spec.pod_selector.as_ref().is_none_or(|selector| selects(selector, pod.labels()));
    let outwards = match &spec.policy_types {
        Some(types) => types.iter().any(|kind| kind == "Egress"),
        None => spec.egress.as_ref().is_some_and(|rules| !rules.is_empty()),
    };
    of_pod && outwards
}
