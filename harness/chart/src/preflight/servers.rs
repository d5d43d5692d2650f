//! U5: steps between server versions that are allowed, and those that must not be taken so.

use super::Picture;
use crate::{Forecast, Severity, forecast};

/// A server whose versions we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// Garage.
    Garage,
    /// PostgreSQL.
    Postgres,
}

/// The server in an image, with the numbers of its tag: `postgres:17.2-alpine` is PostgreSQL, 17 and 2. A tag without
/// numbers has none.
pub fn server_of(image: &str) -> Option<(Server, Vec<u32>)> {
    let image = image.split('@').next().unwrap_or_default();
    let (repository, tag) = match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (image, ""),
    };
    let name = repository.rsplit('/').next().unwrap_or_default();
    let is = |word: &str| name.split(['-', '_']).any(|part| part == word);
    let server = if is("garage") {
        Server::Garage
    } else if is("postgres") || is("postgresql") {
        Server::Postgres
    } else {
        return None;
    };
    let tag = tag.strip_prefix('v').unwrap_or(tag);
    let numbers =
        tag.split(['-', '+']).next().unwrap_or_default().split('.').map_while(|part| part.parse().ok());
    Some((server, numbers.collect()))
}

/// Steps of server versions in the upgrade.
pub(super) fn steps(picture: &Picture) -> Vec<Forecast> {
    let mut forecasts = Vec::new();
    for (old, new) in picture.kept() {
        for (pointer, container) in new.containers() {
            let Some(before) = old.container(&container["name"]) else {
                continue;
            };
            let image =
                |container: &serde_json::Value| container["image"].as_str().unwrap_or_default().to_owned();
            let (was, is) = (image(before), image(container));
            if was == is {
                continue;
            }
            let (Some((server, from)), Some((other, to))) = (server_of(&was), server_of(&is)) else {
                continue;
            };
            let mut about = |severity, message: String, remedy: &str| {
                let field = format!("{pointer}/image");
                forecasts.push(forecast::about(
                    ("version-step", "U5", severity),
                    &picture.to,
                    new,
                    &field,
                    format!("{was} → {is}: {message}"),
                    remedy,
                ));
            };
            if server != other {
                about(
                    Severity::Break,
                    "another server over the same data".to_owned(),
                    "this is a migration, not an upgrade: give the new server a set and volumes of its own",
                );
                continue;
            }
            if from.is_empty() || to.is_empty() {
                about(
                    Severity::Care,
                    "the tag does not say which version this is".to_owned(),
                    "name the version in the tag",
                );
                continue;
            }
            match server {
                Server::Postgres => postgres(&from, &to, &was, &is, &mut about),
                Server::Garage => garage(&from, &to, &mut about),
            }
        }
    }
    forecasts
}

fn postgres(from: &[u32], to: &[u32], was: &str, is: &str, about: &mut impl FnMut(Severity, String, &str)) {
    // Before 10 the major version had two numbers.
    let major = |version: &[u32]| match version {
        [first, second, ..] if *first < 10 => (*first, *second),
        [first, ..] => (*first, 0),
        [] => (0, 0),
    };
    let words = |(first, second): (u32, u32)| {
        if first < 10 { format!("{first}.{second}") } else { first.to_string() }
    };
    let (old, new) = (major(from), major(to));
    if old != new {
        let layout = if old.0 < 18 && new.0 >= 18 {
            "; from 18 on the official image also keeps its data in another folder, and refuses a volume mounted at /var/lib/postgresql/data"
        } else {
            ""
        };
        about(
            Severity::Break,
            format!(
                "PostgreSQL {} does not start over a data folder of {} (PG_VERSION){layout}",
                words(new),
                words(old)
            ),
            "keep the major version as the default; a new one needs pg_upgrade or dump and restore, into a volume of its own, described in the notes",
        );
    } else if to < from {
        about(
            Severity::Care,
            "a step back within one major version".to_owned(),
            "PostgreSQL reads the data, but loses what the newer one mended: say why",
        );
    } else if was.contains("alpine") != is.contains("alpine") {
        about(Severity::Break, "the C library changes: text indexes are sorted otherwise, and the user id changes from 70 to 999 or back".to_owned(), "keep the base image; a change needs REINDEX of all text indexes, and the files' owner changed");
    }
}

fn garage(from: &[u32], to: &[u32], about: &mut impl FnMut(Severity, String, &str)) {
    // Before 1.0 the second number was the major version.
    let major = |version: &[u32]| match version {
        [0, second, ..] => (0, *second),
        [first, ..] => (*first, 0),
        [] => (0, 0),
    };
    let rank = |(first, second): (u32, u32)| if first == 0 { second.min(9) } else { 9 + first };
    let words =
        |(first, second): (u32, u32)| if first == 0 { format!("0.{second}") } else { first.to_string() };
    let (old, new) = (major(from), major(to));
    if rank(new) < rank(old) {
        about(
            Severity::Break,
            format!("Garage {} does not read the metadata of {}", words(new), words(old)),
            "never step back over a major version: restore a snapshot instead",
        );
    } else if rank(new) > rank(old) + 1 {
        about(
            Severity::Break,
            format!(
                "Garage {} to {} steps over a major version: each migrates only from the one before",
                words(old),
                words(new)
            ),
            "go through every major version in turn",
        );
    } else if rank(new) > rank(old) {
        about(
            Severity::Break,
            format!(
                "Garage {} and {} do not talk to each other: a rolling update splits the cluster",
                words(old),
                words(new)
            ),
            "a major step needs all nodes stopped at once, after `garage repair --all-nodes --yes tables` and a snapshot: updateStrategy OnDelete and all pods deleted together, described in the notes",
        );
    } else if to < from {
        about(
            Severity::Care,
            "a step back within one major version".to_owned(),
            "Garage does not promise to read newer metadata: take a snapshot first",
        );
    }
}
