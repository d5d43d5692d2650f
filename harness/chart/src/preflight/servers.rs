//! U5: steps between server versions that are allowed, and those that must not be taken so.

use serde_json::Value;

use super::{Picture, told::told};
use crate::{
    Forecast, Object, Severity, forecast,
    server::{Server, Version, server_of, step},
};

/// Steps of server versions in the upgrade.
pub(super) fn steps(picture: &Picture) -> Vec<Forecast> {
    let mut forecasts = Vec::new();
    for (old, new) in picture.kept() {
        if !["StatefulSet", "Deployment", "DaemonSet"].contains(&new.key.kind.as_str()) {
            continue;
        }
        for (pointer, container) in new.servers() {
            let Some((before, (server, from))) = predecessor(&old, container) else { continue };
            let from = or_labelled(from, &old);
            // What keeps nothing starts anew in any version; a set's users may keep what its defaults do not.
            let keeps =
                new.key.kind == "StatefulSet" || old.keeps_data(before) || server.keeps_data_elsewhere();
            if !keeps {
                continue;
            }
            let (was, is) = (image(before), image(container));
            let mut about = |severity, message: String, remedy: &str| {
                forecasts.push(forecast::about(
                    ("version-step", "U5", severity),
                    &picture.to,
                    &new,
                    &format!("{pointer}/image"),
                    format!("{was} → {is}: {message}"),
                    remedy,
                ));
            };
            if was != is
                && let Some((other, to)) = server_of(is)
                && let Some(step) = step((server, &from, was), (other, &or_labelled(to, &new), is))
            {
                // A server that is told so moves its data itself.
                let itself = server == Server::Meilisearch
                    && from.at_least(&[1, 12])
                    && moves_itself(&told(&picture.new, &new, container));
                let (severity, remedy) = if itself {
                    (
                        Severity::Care,
                        "it is told to move its database at its start: there is no way back, take a dump first",
                    )
                } else {
                    (step.severity, step.remedy.as_str())
                };
                about(severity, step.message, remedy);
            }
            if server == Server::Kafka && by_zookeeper(before) && !by_zookeeper(container) {
                about(
                    Severity::Break,
                    "the broker leaves ZooKeeper for KRaft: without a migration it does not find its topics"
                        .to_owned(),
                    "migrate first, in a version that knows both (https://kafka.apache.org/39/documentation.html#kraft_zk_migration)",
                );
            }
        }
    }
    forecasts
}

/// The container that a container takes the place of, with its server: the one of its name, or else the one with its server.
fn predecessor<'old>(old: &'old Object, new: &Value) -> Option<(&'old Value, (Server, Version))> {
    let containers = old.servers();
    let of = |container: &'old Value| Some((container, server_of(image(container))?));
    let named = containers.iter().find(|(_, container)| container["name"] == new["name"]);
    let wanted = server_of(image(new)).map(|(server, _)| server);
    named.and_then(|(_, container)| of(container)).or_else(|| {
        containers
            .iter()
            .filter_map(|(_, container)| of(container))
            .find(|(_, (server, _))| Some(*server) == wanted)
    })
}

/// The version that a chart says in its labels, where the tag tells none: a digest, `latest`.
fn or_labelled(version: Version, workload: &Object) -> Version {
    match version {
        Version(none) if none.is_empty() => {
            Version::of_tag(workload.text("/metadata/labels/app.kubernetes.io~1version"))
        }
        version => version,
    }
}

/// Whether Meilisearch is told to move the database of an older version.
fn moves_itself(told: &[String]) -> bool {
    let names = ["DUMPLESS_UPGRADE", "UPGRADE_DB", "--experimental-dumpless-upgrade", "--upgrade-db"];
    told.iter().any(|text| names.iter().any(|name| text.contains(name)) && !text.ends_with("=false"))
}

fn by_zookeeper(container: &Value) -> bool {
    let variables = container["env"].as_array().into_iter().flatten();
    variables.filter_map(|variable| variable["name"].as_str()).any(|name| name.ends_with("ZOOKEEPER_CONNECT"))
}

fn image(container: &Value) -> &str {
    container["image"].as_str().unwrap_or_default()
}
