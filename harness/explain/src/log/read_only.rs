//! Processes that may not write, since what they write to is mounted read-only: by their template, by the kind of the
//! volume, or by a kernel that has stopped trusting a disk.

use k8s_openapi::api::core::v1::{Volume, VolumeMount};
use kube::ResourceExt;

use crate::{
    cause::{self, Cause, quote},
    container::At,
    evidence::Evidence,
    log,
    picture::spec,
};

/// Lines that a process may say after it could not write, and end for that.
const LAST: usize = 3;
const SAID: &[&str] = &["read-only file system", "readonlyfilesystem", "erofs"];
/// What stands around a path in a sentence.
const AROUND: &[char] = &['\'', '"', '`', ':', ',', '(', ')', '[', ']', ';'];

/// A container that ended after it was not let write. What it could not write is in its log alone.
pub(crate) fn examine(at: &At<'_>) -> Option<Cause> {
    let text = at.picture.log(at.pod, &at.container.name)?;
    let mut lines = text.lines().rev().filter(|line| !line.trim().is_empty()).enumerate();
    let (later, line) = lines.find(|(_, line)| {
        let lower = line.to_lowercase();
        SAID.iter().any(|said| lower.contains(said))
    })?;
    // What goes on after it may have ended for something else.
    let last = later < LAST;
    let path =
        line.split_whitespace().map(|word| word.trim_matches(AROUND)).find(|word| word.starts_with('/'));
    let security = at.template()?.security_context.as_ref();
    let root = security.and_then(|security| security.read_only_root_filesystem) == Some(true);
    let mount = path.and_then(|path| mount(at, path));
    let name = at.pod.name_any();
    let set = at.picture.name();
    let new = |why: &str, path: &str, value: &str| {
        let seen = format!("ends, and its log says that it may not write: {}; {why}", quote(line));
        at.cause(cause::FILE_SYSTEM_READ_ONLY, &seen)
            .by([Evidence::field(format!("pod/{name}"), path, value)])
            .by(log::evidence(at.picture, at.pod, &at.container.name))
    };
    let unless_last = |cause: Cause| {
        let logs = at.picture.kubectl(&format!("logs {name} -c {} --previous", at.container.name));
        if last { cause } else { cause.likely(format!("see what else it says before it ends: {logs}")) }
    };
    Some(match mount {
        Some((mount, Some(kind))) => unless_last(new(
            &format!("{} is mounted from {kind}, which nobody may write to", mount.mount_path),
            &format!("spec.containers[{}].volumeMounts[{}]", at.container.name, mount.name),
            &mount.mount_path,
        ))
        .advise(format!("let it write elsewhere, or copy the files into an emptyDir by an init container, in statefulset {set}; if its entrypoint only wants to own them, fsGroup or defaultMode spares it that")),
        Some((mount, None)) => new(
            &format!("{} is a volume that its template lets it write to: its node may have mounted it read-only after errors of the disk", mount.mount_path),
            &format!("spec.containers[{}].volumeMounts[{}]", at.container.name, mount.name),
            &mount.mount_path,
        )
        .likely("see the kernel's log of the node (dmesg) for errors of the disk, and the volume's own state")
        .advise("heal the disk or its file system (fsck while nobody mounts it), and delete the pod, so that it is mounted anew"),
        None if root => {
            let why = "its root file system is read-only (securityContext.readOnlyRootFilesystem)";
            let field = format!("spec.containers[{}].securityContext.readOnlyRootFilesystem", at.container.name);
            let cause = new(why, &field, "true");
            let cause = if path.is_some() && last {
                cause
            } else {
                cause.likely(format!("see which path it means: {}", at.picture.kubectl(&format!("logs {name} -c {} --previous", at.container.name))))
            };
            cause.advise(format!("mount an emptyDir where it writes (often /tmp, /run, a cache or its configuration), or set readOnlyRootFilesystem: false, in statefulset {set}"))
        }
        None => return None,
    })
}

/// The mount that a path is on, the nearest, and what it is made from where that can't be written to.
fn mount<'a>(at: &'a At<'_>, path: &str) -> Option<(&'a VolumeMount, Option<&'static str>)> {
    let mounts = at.template()?.volume_mounts.as_deref().unwrap_or_default().iter();
    let over = mounts.filter(|mount| {
        path.strip_prefix(mount.mount_path.trim_end_matches('/'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    let mount = over.max_by_key(|mount| mount.mount_path.len())?;
    let volumes = spec(at.pod).volumes.as_deref().unwrap_or_default();
    let volume = volumes.iter().find(|volume| volume.name == mount.name);
    let read_only = if mount.read_only == Some(true) {
        Some("a volume with readOnly: true")
    } else {
        volume.and_then(never_written)
    };
    Some((mount, read_only))
}

fn never_written(volume: &Volume) -> Option<&'static str> {
    let kinds = [
        (volume.config_map.is_some(), "a ConfigMap"),
        (volume.secret.is_some(), "a Secret"),
        (volume.projected.is_some(), "projected objects"),
        (volume.downward_api.is_some(), "the downward API"),
    ];
    kinds.into_iter().find(|(is, _)| *is).map(|(_, kind)| kind)
}
