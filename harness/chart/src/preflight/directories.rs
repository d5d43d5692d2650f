//! U9: servers that would look for their data where it is not.

use serde_json::Value;

use super::{
    Picture,
    told::{below, told},
};
use crate::{
    Forecast, Object, Severity, forecast,
    server::{Server, server_of},
};

const LASTING: [&str; 2] = ["StatefulSet", "Deployment"];

const KEEP: &str =
    "keep the path; or move the data in an init container that refuses to go on when both places hold data";

/// Data directories of PostgreSQL, and mounts of what outlives the pods, that move.
pub(super) fn moved(picture: &Picture) -> Vec<Forecast> {
    let mut forecasts = Vec::new();
    for (old, new) in picture.kept().iter().filter(|(_, new)| LASTING.contains(&new.key.kind.as_str())) {
        for (pointer, container) in new.servers() {
            let Some(before) = old.predecessor(container) else { continue };
            let mut say = |severity, field: &str, message: String, remedy: &str| {
                let field = format!("{pointer}/{field}");
                let known = ("directory-moved", "U9", severity);
                forecasts.push(forecast::about(known, &picture.to, new, &field, message, remedy));
            };
            let mover = mover(picture, old, new);
            let loss = |goes: String| match &mover {
                Some(mover) => (
                    Severity::Care,
                    format!(
                        "{goes}; the new init container {mover} moves files, by its script: whether all of them is not judged"
                    ),
                    "take a backup, and try it on a copy; there is no way back by a rollback",
                ),
                None => (
                    Severity::Loss,
                    format!("{goes}: the data stays where it was, and the server starts beside it"),
                    KEEP,
                ),
            };
            if let Some((was, is)) = postgres_moved((old, before), (new, container)) {
                let (severity, message, remedy) = loss(format!("PGDATA goes from {was} to {is}"));
                say(severity, "env/PGDATA", message, remedy);
            }
            let follows = |was: &Mount, is: &Mount| {
                let (before, after) = (told(&picture.held, old, before), told(&picture.new, new, container));
                was.folder == is.folder && follow((&before, &was.path), (&after, &is.path))
            };
            for Volume { name: volume, holds } in volumes(new) {
                // It may be called otherwise, and hold the same.
                let Some(same) = volumes(old).into_iter().find(|old| old.holds == holds) else { continue };
                let (lost, gained) = (mounts(before, &same.name), mounts(container, &volume));
                let left = |one: &[Mount], other: &[Mount]| {
                    one.iter().filter(|mount| !other.contains(mount)).cloned().collect::<Vec<_>>()
                };
                let (lost, gained) = (left(&lost, &gained), left(&gained, &lost));
                for (was, is) in lost.iter().zip(&gained) {
                    let goes = format!("the mount of {volume} goes from {was} to {is}");
                    if follows(was, is) {
                        say(
                            Severity::Care,
                            "volumeMounts/mountPath",
                            format!("{goes}, and what the server is told of it goes along"),
                            "make sure that the server keeps nothing outside the paths that it is told of",
                        );
                    } else {
                        let (severity, message, remedy) = loss(goes);
                        say(severity, "volumeMounts/mountPath", message, remedy);
                    }
                }
                for was in lost.iter().skip(gained.len()) {
                    if let Some(other) = hidden_by(new, container, &was.path) {
                        let (severity, message, remedy) = loss(format!(
                            "{other}, which goes with the pod, takes the place of {volume} at {was}"
                        ));
                        say(severity, "volumeMounts", message, remedy);
                        continue;
                    }
                    let message = format!(
                        "{volume} is not mounted at {was} any more: what is written there goes with the pod"
                    );
                    say(Severity::Care, "volumeMounts", message, "keep the mount");
                }
            }
        }
    }
    forecasts
}

/// The volume that is mounted at a path and goes with the pod.
fn hidden_by(workload: &Object, container: &Value, path: &str) -> Option<String> {
    let pod = workload.pod().unwrap_or_default();
    let passing =
        workload.items(&format!("{pod}/volumes")).iter().filter(|volume| !volume["emptyDir"].is_null());
    let mut names = passing.filter_map(|volume| volume["name"].as_str());
    names.find(|name| mounts(container, name).iter().any(|mount| mount.path == path)).map(str::to_owned)
}

/// Folders of nodes and of file servers in whose place the new pods have what goes with them.
pub(super) fn emptied(picture: &Picture) -> Vec<Forecast> {
    let mut forecasts = Vec::new();
    for (old, new) in picture.kept().iter().filter(|(_, new)| LASTING.contains(&new.key.kind.as_str())) {
        let pod = old.pod().unwrap_or_default();
        let outside = old
            .items(&format!("{pod}/volumes"))
            .iter()
            .filter(|volume| !volume["hostPath"].is_null() || !volume["nfs"].is_null());
        let names: Vec<&str> = outside.filter_map(|volume| volume["name"].as_str()).collect();
        for (pointer, container) in new.servers() {
            let Some(before) = old.predecessor(container) else { continue };
            let written = names.iter().filter(|name| writes(old, before, name));
            for was in written.flat_map(|name| mounts(before, name)) {
                let Some(other) = hidden_by(new, container, &was.path) else { continue };
                forecasts.push(forecast::about(
                    ("directory-moved", "U9", Severity::Loss),
                    &picture.to,
                    new,
                    &format!("{pointer}/volumeMounts"),
                    format!("{other}, which goes with the pod, takes the place of what was mounted at {was}: the data stays where it was"),
                    KEEP,
                ));
            }
        }
    }
    forecasts
}

/// Mounts of what outlives the pods that can't be written any more.
pub(super) fn only_read(picture: &Picture) -> Vec<Forecast> {
    let mut forecasts = Vec::new();
    for (old, new) in picture.kept().iter().filter(|(_, new)| LASTING.contains(&new.key.kind.as_str())) {
        let servers = new.servers();
        for (pointer, container) in &servers {
            let Some(before) = old.predecessor(container) else { continue };
            for volume in volumes(new) {
                let Some(same) = volumes(old).into_iter().find(|old| old.holds == volume.holds) else {
                    continue;
                };
                if !writes(old, before, &same.name)
                    || mounts(container, &volume.name).is_empty()
                    || writes(new, container, &volume.name)
                {
                    continue;
                }
                // Who writes may be another container of the pod.
                let other = servers.iter().any(|(_, other)| writes(new, other, &volume.name));
                let severity = if other { Severity::Care } else { Severity::Break };
                forecasts.push(forecast::about(
                    ("only-read", "U9", severity),
                    &picture.to,
                    new,
                    &format!("{pointer}/volumeMounts/readOnly"),
                    format!("{} becomes readOnly: the server can't write to its data", volume.name),
                    "leave the mount writable",
                ));
            }
        }
    }
    forecasts
}

/// Whether a container can write to a volume.
fn writes(workload: &Object, container: &Value, volume: &str) -> bool {
    let pod = workload.pod().unwrap_or_default();
    let volumes = workload.items(&format!("{pod}/volumes"));
    let claim = volumes.iter().find(|one| one["name"] == volume);
    let shut = claim.is_some_and(|claim| claim["persistentVolumeClaim"]["readOnly"] == true);
    let mut mounts = container["volumeMounts"].as_array().into_iter().flatten();
    !shut && mounts.any(|mount| mount["name"] == volume && mount["readOnly"] != true)
}

/// The init container that comes with the new chart, has one of the lasting volumes, and moves files.
fn mover(picture: &Picture, old: &Object, new: &Object) -> Option<String> {
    let lasting = volumes(new);
    let prepares = new.containers().into_iter().filter(|(pointer, container)| {
        let mounts = lasting.iter().any(|volume| !mounts(container, &volume.name).is_empty());
        pointer.contains("/initContainers/") && mounts && old.container(&container["name"]).is_none()
    });
    let moves = |text: &String| {
        let mut words = text.split(|letter: char| letter.is_whitespace() || ";|&(".contains(letter));
        words.any(|word| {
            ["mv", "cp", "rsync", "rename"].contains(&word.rsplit('/').next().unwrap_or_default())
        })
    };
    let mut moving = prepares.filter(|(_, container)| told(&picture.new, new, container).iter().any(moves));
    moving.next().and_then(|(_, container)| container["name"].as_str().map(str::to_owned))
}

/// Where a volume is in a container.
#[derive(Clone, PartialEq, Eq)]
struct Mount {
    path: String,
    /// The folder of the volume that is seen there; empty for all of it.
    folder: String,
}

impl std::fmt::Display for Mount {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.folder.as_str() {
            "" => formatter.write_str(&self.path),
            folder => write!(formatter, "{} (subPath {folder})", self.path),
        }
    }
}

fn mounts(container: &Value, volume: &str) -> Vec<Mount> {
    let text =
        |mount: &Value, name: &str| mount[name].as_str().unwrap_or_default().trim_end_matches('/').to_owned();
    let mounts = container["volumeMounts"].as_array().into_iter().flatten();
    let mounts = mounts.filter(|mount| mount["name"] == volume);
    mounts.map(|mount| Mount { path: text(mount, "mountPath"), folder: text(mount, "subPath") }).collect()
}

/// Whether a server finds at the new place of a mount what it has kept at the old one: it is told of both in the same way.
fn follow((before, was): (&[String], &str), (after, is): (&[String], &str)) -> bool {
    let (kept, found) = (below(before, was), below(after, is));
    !kept.is_empty() && kept.iter().all(|path| found.contains(path))
}

/// A data directory of PostgreSQL that is another place on a volume than before.
fn postgres_moved(
    (old, before): (&Object, &Value),
    (new, after): (&Object, &Value),
) -> Option<(String, String)> {
    let (server, _) = server_of(after["image"].as_str()?)?;
    if server != Server::Postgres || !new.keeps_data(after) {
        return None;
    }
    let data = |container: &Value| {
        let mut variables = container["env"].as_array().into_iter().flatten();
        let set = variables.find(|variable| variable["name"] == "PGDATA")?;
        set["value"].as_str().map(str::to_owned)
    };
    let place = |workload: &Object, container: &Value| {
        let path = data(container)?;
        let mounts = volumes(workload).into_iter().flat_map(|volume| {
            let mounts = mounts(container, &volume.name);
            mounts.into_iter().map(move |mount| (volume.holds.clone(), mount))
        });
        let mounts = mounts.filter_map(|(volume, mount)| {
            let below = path.strip_prefix(&mount.path)?.to_owned();
            Some((mount.path.len(), volume, format!("{}{below}", mount.folder)))
        });
        mounts.max().map(|(_, volume, folder)| (volume, folder.trim_end_matches('/').to_owned()))
    };
    let moved = data(before) != data(after)
        && (place(old, before) != place(new, after) || place(new, after).is_none());
    let words = |container: &Value| data(container).unwrap_or_else(|| "the image's default".to_owned());
    moved.then(|| (words(before), words(after)))
}

/// A volume that outlives its pods.
struct Volume {
    name: String,
    /// The claim, or the template of the claims.
    holds: String,
}

fn volumes(workload: &Object) -> Vec<Volume> {
    let named = |name: &str, holds: &str| Volume { name: name.to_owned(), holds: holds.to_owned() };
    let templates = workload.templates().into_iter().map(|name| named(name, name));
    let pod = workload.pod().unwrap_or_default();
    let volumes = workload.items(&format!("{pod}/volumes")).iter();
    let claims = volumes.filter_map(|volume| {
        Some(named(volume["name"].as_str()?, volume["persistentVolumeClaim"]["claimName"].as_str()?))
    });
    templates.chain(claims).collect()
}
