//! Containers that the kubelet does not configure, or the runtime does not make. Their status has one reason for all of
//! it, so that its words choose the advice.

use kube::ResourceExt;

use super::{At, program};
use crate::{
    cause::{self, Cause, quote},
    evidence::Evidence,
    log::last_words,
    picture::spec,
    reference,
    remedy::{self, Remedies},
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

/// Profiles that are on the node's disk, with what helps where one can't be loaded there.
const PROFILES: Remedies = &[
    (
        &["cannot load seccomp profile"],
        "put the profile at that path on node NODE, and on each other that the pod may go to (localhostProfile is a path below the kubelet's folder seccomp), or take the runtime's own: securityContext.seccompProfile.type: RuntimeDefault",
    ),
    (
        &["apparmor", "AppArmor"],
        "load the profile on node NODE, and on each other that the pod may go to (apparmor_parser -q FILE; aa-status lists those that are), or take the runtime's own: securityContext.appArmorProfile.type: RuntimeDefault",
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
    if let Some((field, helps)) = undefined(at, told).or_else(|| no_container(at, told)) {
        return cause.by([field]).advise(format!("{helps}, in the template of statefulset {set}"));
    }
    let lower = told.to_lowercase();
    match CONFIGURATION.iter().find(|(words, _)| lower.contains(words)) {
        Some((_, helps)) => cause.advise(format!("{helps}, in the template of statefulset {set}")),
        None => cause.advise(format!("change what is complained about in statefulset {set}")),
    }
}

/// `missing value for POD_NAME`: a subPathExpr has a variable that the container does not define.
fn undefined(at: &At<'_>, told: &str) -> Option<(Evidence, String)> {
    let variable = told.split_once("missing value for ")?.1.trim_matches(['"', ' ']);
    let mounts = at.template()?.volume_mounts.iter().flatten();
    let mut mounts = mounts.filter_map(|mount| Some((&mount.name, mount.sub_path_expr.as_deref()?)));
    let (volume, path) = mounts.find(|(_, path)| path.contains(&format!("$({variable})")))?;
    let field = format!("volumeMounts[{volume}].subPathExpr");
    let helps = format!(
        "define {variable} in env of container {}, which subPathExpr of the mount of volume {volume} asks for: by value, or by valueFrom.fieldRef.fieldPath (metadata.name for the pod's own name)",
        at.container.name
    );
    Some((of_template(at, &field, path), helps))
}

/// `container main not found`: a resourceFieldRef names a container that the pod does not have.
fn no_container(at: &At<'_>, told: &str) -> Option<(Evidence, String)> {
    let named = told.split_once("container ")?.1.strip_suffix(" not found")?.trim_matches('"');
    let variables = at.template()?.env.iter().flatten();
    let mut sources = variables.filter_map(|variable| {
        let source = variable.value_from.as_ref()?.resource_field_ref.as_ref()?;
        Some((&variable.name, source.container_name.as_deref()?))
    });
    let (variable, _) = sources.find(|(_, container)| *container == named)?;
    let field = format!("env[{variable}].valueFrom.resourceFieldRef.containerName");
    let pod = spec(at.pod);
    let all = pod.init_containers.iter().flatten().chain(&pod.containers);
    let names = all.map(|container| container.name.as_str()).collect::<Vec<_>>().join(", ");
    let helps = format!(
        "correct containerName of the resourceFieldRef of variable {variable}: the pod has no container {named} (it has {names}), and without containerName the variable's own container is meant"
    );
    Some((of_template(at, &field, named), helps))
}

fn of_template(at: &At<'_>, field: &str, value: &str) -> Evidence {
    let path = format!("spec.containers[{}].{field}", at.container.name);
    Evidence::field(format!("pod/{}", at.pod.name_any()), path, value)
}

/// The container runtime can't start it.
pub(super) fn not_started(at: &At<'_>, reason: &str, told: &str) -> Cause {
    if told.contains("exec format error") {
        return last_words::wrong_architecture(at, told);
    }
    let cause =
        at.cause(cause::CONTAINER_CANNOT_START, &format!("can't be started ({reason}): {}", quote(told)));
    let set = at.picture.name();
    let node = spec(at.pod).node_name.as_deref().unwrap_or("NODE");
    if RUNTIME.iter().any(|words| told.contains(words)) {
        return cause
            .likely(format!("see what else fails there: kubectl get events -A --field-selector reason=Failed; kubectl get pods -A -o wide --field-selector spec.nodeName={node}"))
            .advise(format!("the container runtime of node {node} does not answer in time, or holds on to an earlier try: see its load and disk, and its log (journalctl -u containerd or crio); restarting it ends what it holds"))
            .advise(format!("or let the pod go to another node: kubectl cordon {node}; {}", at.picture.kubectl(&format!("delete pod {}", at.pod.name_any()))));
    }
    if let Some(helps) = remedy::against(PROFILES, told) {
        return cause.advise(format!("{}, in statefulset {set}", helps.replace("NODE", node)));
    }
    if let Some(not_found) = program::not_found(at, &cause, told) {
        return not_found;
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
