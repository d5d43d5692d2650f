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
            let (severity, before) = match rolls(old) && !old.claim_names().is_empty() {
                true => (Severity::Note, ", as at every roll before"),
                false => (Severity::Care, ""),
            };
            forecast::about(
                ("two-over-one-volume", "U6", severity),
                &picture.to,
                new,
                "/spec/strategy/type",
                format!("the new pod starts before the old one has stopped{before}: two servers over one volume for a moment, or a roll that waits for the volume"),
                "strategy.type: Recreate",
            )
        })
        .collect()
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
        }
    }
    forecasts
}

/// As whom a container runs, where that is said.
fn user(workload: &Object, container: &Value) -> Option<u64> {
    let own = container["securityContext"]["runAsUser"].as_u64();
    own.or_else(|| workload.number("/spec/template/spec/securityContext/runAsUser"))
}
