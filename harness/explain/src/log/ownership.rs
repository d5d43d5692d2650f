//! What helps a process that may not read or write its volume, as its template and its volume have it.

use k8s_openapi::api::core::v1::Volume;

use kube::ResourceExt;

use crate::{
    cause::Cause,
    claim,
    container::{At, mounted},
    evidence::Evidence,
    picture::spec,
};

const ROOT: i64 = 0;

/// Advice for a process that was refused, as this line of its log says.
pub(super) fn advise(at: &At<'_>, line: &str, cause: Cause) -> Cause {
    let lower = line.to_lowercase();
    let gives_away = (lower.contains("chown") || lower.contains("changing ownership"))
        && lower.contains("operation not permitted");
    if gives_away && user(at).is_some_and(|user| user != ROOT) {
        return no_root(at, cause);
    }
    if gives_away && let Some(dropped) = dropped(at) {
        return no_capability(at, &dropped, cause);
    }
    let without_group = mounted::spoken_of(at, line).and_then(|(_, volume)| without_group(at, volume));
    if let Some(kind) = without_group {
        return by_hand(at, &kind, cause);
    }
    match group(at) {
        Some(group) => has_group(at, group, cause),
        None => no_group(at, cause),
    }
}

/// A process that is not root and would give files away.
fn no_root(at: &At<'_>, cause: Cause) -> Cause {
    let (name, set) = (&at.container.name, at.picture.name());
    let cause = cause.by([field(at, "runAsUser", &shown(at))]).advise(format!(
        "only root may give files to others, and container {name} runs as {}: give it securityContext.runAsUser: 0 of its own in statefulset {set} (and runAsNonRoot: false where that is set)",
        shown(at)
    ));
    match group(at) {
        Some(group) => cause.advise(format!("or take the chown out: securityContext.fsGroup lets group {group} write to the volume already, where its driver knows that")),
        None => cause.advise("or take the chown out, and let the volume belong to the group of the process: securityContext.fsGroup in the pod template"),
    }
}

/// Root that may not give files away.
fn no_capability(at: &At<'_>, dropped: &str, cause: Cause) -> Cause {
    let (name, set) = (&at.container.name, at.picture.name());
    cause
        .by([field(at, "capabilities.drop", dropped)])
        .advise(format!("even root may not give files to others without the capability CHOWN, and container {name} drops it (securityContext.capabilities.drop: {dropped}); a group for the volume does not help: add it in statefulset {set} (capabilities.add: CHOWN; an entrypoint that then becomes another user needs SETUID, SETGID, FOWNER and DAC_OVERRIDE as well)"))
        .advise("or let it begin as the user that it is to become, with nothing to give away: securityContext.runAsUser, runAsGroup and fsGroup, as the image's documentation has them")
}

/// A volume whose files the kubelet gives to no group.
fn by_hand(at: &At<'_>, kind: &str, cause: Cause) -> Cause {
    let node = spec(at.pod).node_name.as_deref().unwrap_or("NODE");
    let set = at.picture.name();
    cause
        .advise(format!("the volume is {kind}, whose files the kubelet gives to no group, whatever securityContext.fsGroup says: give the directory to {} where it is ({}), by chown", shown(at), if kind.starts_with("NFS") { "the server".to_owned() } else { format!("node {node}") }))
        .advise(format!("or by an init container as root in statefulset {set} (runAsUser: 0; of NFS, only where its server lets root do that: no_root_squash)"))
}

/// A group is given to the volume, and does not help.
fn has_group(at: &At<'_>, group: i64, cause: Cause) -> Cause {
    cause
        .by([field(at, "fsGroup", &group.to_string())])
        .advise(format!("its volume is given to group {group} (securityContext.fsGroup), and that is not enough: see who owns the files, and whether the volume's driver knows fsGroup: kubectl get csidrivers -o custom-columns=NAME:.metadata.name,POLICY:.spec.fsGroupPolicy"))
        .advise(format!("an init container as root (runAsUser: 0) can chown the folder to {} in statefulset {}", shown(at), at.picture.name()))
}

fn no_group(at: &At<'_>, cause: Cause) -> Cause {
    cause
        .advise(format!("let the volume belong to the group of the process: securityContext.fsGroup in the pod template of statefulset {}; it runs as {}", at.picture.name(), shown(at)))
        .advise("where the volume's driver knows no fsGroup, an init container as root can chown the folder")
}

/// What the security context of the pod or of its container has, as evidence.
fn field(at: &At<'_>, name: &str, value: &str) -> Evidence {
    let path = format!("securityContext.{name} for container {}", at.container.name);
    Evidence::field(format!("pod/{}", at.pod.name_any()), path, value)
}

/// The user that the template says; the container's counts for more than the pod's.
fn user(at: &At<'_>) -> Option<i64> {
    let own = at.template().and_then(|container| container.security_context.as_ref()?.run_as_user);
    own.or_else(|| spec(at.pod).security_context.as_ref()?.run_as_user)
}

fn shown(at: &At<'_>) -> String {
    user(at).map_or_else(|| "the image's user".to_owned(), |user| format!("user {user}"))
}

fn group(at: &At<'_>) -> Option<i64> {
    spec(at.pod).security_context.as_ref()?.fs_group
}

/// The dropped capabilities, where the one to give files away is among them.
fn dropped(at: &At<'_>) -> Option<String> {
    let capabilities = at.template()?.security_context.as_ref()?.capabilities.as_ref()?;
    let means = |names: &Option<Vec<String>>| {
        names.iter().flatten().any(|name| {
            let name = name.to_uppercase();
            ["ALL", "CHOWN", "CAP_CHOWN"].contains(&name.as_str())
        })
    };
    let dropped = means(&capabilities.drop) && !means(&capabilities.add);
    dropped.then(|| capabilities.drop.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", "))
}

/// The kind of a volume that the kubelet gives to no group.
fn without_group(at: &At<'_>, volume: &Volume) -> Option<String> {
    let claim = claim::of_volume(at.pod, volume);
    let bound = claim.as_deref().and_then(|name| mounted::bound(at.picture, name));
    let path = volume.host_path.as_ref().or_else(|| bound?.host_path.as_ref()).map(|host| &host.path);
    if let Some(path) = path {
        return Some(format!("the node's directory {path} (hostPath)"));
    }
    let own = volume.nfs.as_ref().map(|nfs| (&nfs.server, &nfs.path));
    let (server, path) = own.or_else(|| bound?.nfs.as_ref().map(|nfs| (&nfs.server, &nfs.path)))?;
    Some(format!("NFS ({server}:{path})"))
}
