//! U3 and U9: settings by which a server would come up beside its data.

use serde_json::Value;

use super::Picture;
use crate::{Forecast, Object, Severity, forecast};

/// Settings of Garage that decide where and how data lies, with what a change of each means.
const SETTINGS: [(&str, &str); 5] = [
    (
        "db_engine",
        "a node does not read the other engine's database: it starts empty, and every bucket is gone",
    ),
    ("replication_factor", "it must be that of the stored layout: a node with another one does not start"),
    ("replication_mode", "it must be that of the stored layout: a node with another one does not start"),
    ("metadata_dir", "a node with an empty metadata folder is another node, and knows no bucket"),
    ("data_dir", "blocks that are elsewhere are lost to the node"),
];

/// Settings in garage.toml that lead away from the data.
pub(super) fn settings_moved(picture: &Picture) -> Vec<Forecast> {
    let mut forecasts = Vec::new();
    let kept = picture.kept();
    for (old, new) in kept.iter().filter(|(_, new)| ["ConfigMap", "Secret"].contains(&new.key.kind.as_str()))
    {
        for field in ["/data", "/stringData"] {
            let files = new.value.pointer(field).and_then(Value::as_object).into_iter().flatten();
            for (file, text) in files {
                let pointer = format!("{field}/{}", file.replace('~', "~0").replace('/', "~1"));
                let (before, after) = (old.text(&pointer), text.as_str().unwrap_or_default());
                for (name, meaning) in SETTINGS {
                    let (was, is) = (setting(before, name), setting(after, name));
                    // The default engine is lmdb; other settings that come or go leave what was as it was.
                    let default = |value: Option<&str>| {
                        value
                            .map(str::to_owned)
                            .or((name == "db_engine" && !before.is_empty()).then(|| "lmdb".to_owned()))
                    };
                    let (Some(was), Some(is)) = (default(was), default(is)) else { continue };
                    if was != is && looks_like_garage(before) {
                        forecasts.push(forecast::about(
                            ("store-setting", "U3", Severity::Loss),
                            &picture.to,
                            new,
                            &format!("{field}/{file}/{name}"),
                            format!("{name} goes from {was} to {is} in {file}: {meaning}"),
                            "keep the old value as the default; a change is a migration that the notes must describe (for db_engine: garage convert-db on each node, stopped)",
                        ));
                    }
                }
            }
        }
    }
    forecasts
}

fn looks_like_garage(text: &str) -> bool {
    setting(text, "rpc_bind_addr").is_some() || setting(text, "metadata_dir").is_some()
}

/// A setting's value in a TOML text that may hold placeholders.
fn setting<'text>(text: &'text str, name: &str) -> Option<&'text str> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == name).then(|| value.split('#').next().unwrap_or_default().trim().trim_matches('"'))
    })
}

/// Two servers over one volume for a moment: a Deployment rolls by starting the new pod first.
pub(super) fn two_over_one_volume(picture: &Picture) -> Vec<Forecast> {
    let rolls = |workload: &Object| workload.text("/spec/strategy/type") != "Recreate";
    let kept = picture.kept();
    let deployments = kept.iter().filter(|(_, new)| {
        new.key.kind == "Deployment"
            && rolls(new)
            && new.servers().iter().any(|(_, container)| new.keeps_data(container))
    });
    deployments
        .filter(|(old, new)| old.value.pointer("/spec/template") != new.value.pointer("/spec/template"))
        .map(|(old, new)| {
            let (severity, when) = match (share(old, new), rolls(old)) {
                (true, true) => (
                    Severity::Note,
                    "the new pod starts before the old one has stopped, as at every roll before",
                ),
                (true, false) => (Severity::Care, "the new pod starts before the old one has stopped"),
                // The pods that are there have no such volume.
                (false, _) => (
                    Severity::Note,
                    "from the next roll on the new pod starts before the old one has stopped",
                ),
            };
            forecast::about(
                ("two-over-one-volume", "U6", severity),
                &picture.to,
                new,
                "/spec/strategy/type",
                format!(
                    "{when}: two servers over one volume for a moment, or a roll that waits for the volume"
                ),
                "strategy.type: Recreate",
            )
        })
        .collect()
}

/// Whether old and new pods have one lasting volume in common.
fn share(old: &Object, new: &Object) -> bool {
    let lasting = |workload: &Object| {
        let volumes = workload.items("/spec/template/spec/volumes").iter();
        let sources = volumes.flat_map(|volume| {
            [
                &volume["persistentVolumeClaim"]["claimName"],
                &volume["hostPath"]["path"],
                &volume["nfs"]["path"],
            ]
        });
        sources.filter(|source| !source.is_null()).cloned().collect::<Vec<_>>()
    };
    let before = lasting(old);
    lasting(new).iter().any(|volume| before.contains(volume))
}

/// Servers that run as another user than the one whom their files belong to.
pub(super) fn another_user(picture: &Picture) -> Vec<Forecast> {
    let mut forecasts = Vec::new();
    for (old, new) in picture.kept() {
        for (pointer, container) in new.servers() {
            let Some(before) = old.container(&container["name"]) else { continue };
            if !["StatefulSet", "Deployment"].contains(&new.key.kind.as_str()) || !new.keeps_data(container) {
                continue;
            }
            if let (Some(was), Some(is)) = (user(&old, before), user(&new, container))
                && was != is
            {
                forecasts.push(forecast::about(
                    ("another-user", "U3", Severity::Care),
                    &picture.to,
                    &new,
                    &format!("{pointer}/securityContext/runAsUser"),
                    format!("it runs as user {is}, and its files belong to user {was}"),
                    "keep the user; or give it the files in an init container, and say so in the notes",
                ));
            }
            if let Some((field, was, is)) = group_changed((&old, before), (&new, container)) {
                let now = is.map_or_else(|| "no group of its own".to_owned(), |is| format!("group {is}"));
                forecasts.push(forecast::about(
                    ("another-user", "U3", Severity::Care),
                    &picture.to,
                    &new,
                    &format!("/spec/template/spec/securityContext/{field}"),
                    format!("{field} goes from {was}: container {} has {now}, and its files belong to group {was}", container["name"].as_str().unwrap_or_default()),
                    "keep the group; or give it the files in an init container, and say so in the notes",
                ));
            }
        }
    }
    forecasts
}

/// A group that a container's files belong to, and that it has no more: fsGroup, or else the one that it runs as.
fn group_changed(
    (old, before): (&Object, &Value),
    (new, after): (&Object, &Value),
) -> Option<(&'static str, u64, Option<u64>)> {
    let whole = |workload: &Object, field: &str| {
        workload.number(&format!("/spec/template/spec/securityContext/{field}"))
    };
    let own = |workload: &Object, container: &Value| {
        container["securityContext"]["runAsGroup"].as_u64().or_else(|| whole(workload, "runAsGroup"))
    };
    if let Some(was) = whole(old, "fsGroup") {
        let is = whole(new, "fsGroup");
        return (is != Some(was)).then_some(("fsGroup", was, is));
    }
    let (was, is) = (own(old, before)?, own(new, after));
    (is != Some(was)).then_some(("runAsGroup", was, is))
}

/// As whom a container runs, where that is said.
fn user(workload: &Object, container: &Value) -> Option<u64> {
    let own = container["securityContext"]["runAsUser"].as_u64();
    own.or_else(|| workload.number("/spec/template/spec/securityContext/runAsUser"))
}
