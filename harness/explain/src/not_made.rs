//! Containers that the kubelet does not configure, or the runtime does not make. Their status has one reason for all of
//! it, so that its words choose the advice.

use kube::ResourceExt;

use super::{
    cause::{self, Cause, quote},
    container::At,
    last_words,
    picture::spec,
    reference,
};

/// Words of a runtime that is at its own end, whatever the container asks for.
const RUNTIME: &[&str] =
    &["is reserved for", "deadline exceeded", "transport is closing", "containerd.sock", "crio.sock"];

/// Complaints about a container's configuration, with what helps against each.
const CONFIGURATION: &[(&str, &str)] = &[
    (
        "non-numeric user",
        "name the user by its number, which the kubelet can't read from the image: securityContext.runAsUser",
    ),
    (
        "will run as root",
        "let it run as another user: securityContext.runAsUser, if the image can; or allow root: runAsNonRoot: false",
    ),
    (
        "subpath",
        "see that what subPath or subPathExpr names is on the volume, is a folder, and leads nowhere else by a link",
    ),
    (
        "failed to sync",
        "the node's kubelet does not get the object from the API server in time: see the kubelet and the API server",
    ),
];

/// The kubelet can't make its configuration.
pub(super) fn not_configured(at: &At<'_>, reason: &str, told: &str) -> Cause {
    if let Some(missing) = reference::missing(at.picture, at.pod, told) {
        return missing;
    }
    let seen = format!("can't be configured ({reason}): {}", quote(told));
    let cause = at.cause(cause::CONTAINER_CONFIG_INVALID, &seen);
    let set = at.picture.name();
    let lower = told.to_lowercase();
    match CONFIGURATION.iter().find(|(words, _)| lower.contains(words)) {
        Some((_, helps)) => cause.advise(format!("{helps}, in the template of statefulset {set}")),
        None => cause.advise(format!("change what is complained about in statefulset {set}")),
    }
}

/// The container runtime can't start it.
pub(super) fn not_started(at: &At<'_>, reason: &str, told: &str) -> Cause {
    if told.contains("exec format error") {
        return last_words::wrong_architecture(at, told);
    }
    let cause =
        at.cause(cause::CONTAINER_CANNOT_START, &format!("can't be started ({reason}): {}", quote(told)));
    let set = at.picture.name();
    if RUNTIME.iter().any(|words| told.contains(words)) {
        let node = spec(at.pod).node_name.as_deref().unwrap_or("NODE");
        return cause
            .likely(format!("see what else fails there: kubectl get events -A --field-selector reason=Failed; kubectl get pods -A -o wide --field-selector spec.nodeName={node}"))
            .advise(format!("the container runtime of node {node} does not answer in time, or holds on to an earlier try: see its load and disk, and its log (journalctl -u containerd or crio); restarting it ends what it holds"))
            .advise(format!("or let the pod go to another node: kubectl cordon {node}; {}", at.picture.kubectl(&format!("delete pod {}", at.pod.name_any()))));
    }
    if told.contains("not a directory") {
        return cause.advise(format!("a file is mounted over a folder, or a folder over a file: see mountPath and subPath of its volumeMounts in statefulset {set}"));
    }
    if told.contains("permission denied") {
        return cause.advise(format!("its command may not be executed: give the file the right in the image, or, if it is from a ConfigMap, defaultMode: 0755, in statefulset {set}"));
    }
    cause.advise(format!(
        "change command, args, mounts or security settings of statefulset {set}, whichever is complained about"
    ))
}
