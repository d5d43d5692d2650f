//! A file of a ConfigMap or Secret that is mounted alone (subPath), and is a folder: the key is not there, so that the
//! kubelet has made one.

use k8s_openapi::api::core::v1::{KeyToPath, Volume};
use kube::ResourceExt;

use crate::{
    cause::{self, Cause, quote},
    container::{At, mounted},
    evidence::Evidence,
};

/// A container that finds a folder where its template mounts a key.
pub(super) fn examine(at: &At<'_>, lines: &[&str]) -> Option<Cause> {
    let folder = |line: &&&str| {
        let lower = line.to_lowercase();
        lower.contains("is a directory") || lower.contains("eisdir")
    };
    let line = lines.iter().find(folder)?;
    let (mount, volume) = mounted::spoken_of(at, line)?;
    let key = mount.sub_path.as_deref().filter(|key| !key.is_empty())?;
    let (id, kind, name) = object(volume, key)?;
    let (pod, set) = (at.pod.name_any(), at.picture.name());
    let lower = kind.to_lowercase();
    let seen = format!(
        "ends, and its log says that a file is a folder: {}; {} is the key {key} of {kind} {name} (subPath), and where a key does not exist, the kubelet makes a folder",
        quote(line),
        mount.mount_path
    );
    // Of a Secret, only the names of its keys.
    let keys = at.picture.kubectl(&format!("describe {lower} {name}"));
    let field = format!("spec.containers[{}].volumeMounts[{}].subPath", at.container.name, mount.name);
    let mut cause = at
        .cause(id, &seen)
        .by([Evidence::field(format!("pod/{pod}"), field, key)])
        .advise(format!("add key {key} to {kind} {name}, or correct subPath in statefulset {set}: the keys there are: {keys}"))
        .advise(format!("then: {}: a key that is mounted alone does not change while its pod is there", at.picture.kubectl(&format!("delete pod {pod}"))));
    cause.about = format!("{lower}/{name}");
    Some(cause)
}

/// The object that a volume is made from, where a part of it can only be one of its keys.
fn object<'a>(volume: &'a Volume, key: &str) -> Option<(&'static str, &'static str, &'a str)> {
    let into_folder = |items: &Option<Vec<KeyToPath>>| {
        items.iter().flatten().any(|item| item.path.starts_with(&format!("{}/", key.trim_end_matches('/'))))
    };
    if let Some(map) = volume.config_map.as_ref().filter(|map| !into_folder(&map.items)) {
        return Some((cause::CONFIG_MAP_MISSING, "ConfigMap", &map.name));
    }
    let secret = volume.secret.as_ref().filter(|secret| !into_folder(&secret.items))?;
    Some((cause::SECRET_MISSING, "Secret", secret.secret_name.as_deref()?))
}
