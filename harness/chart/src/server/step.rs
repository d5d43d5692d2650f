//! Whether a server may go from one version to another over the data that it has.

use std::cmp::Ordering;

use super::{Server, Version, garage, postgres, series};
use crate::Severity;

/// What is to be said of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// How bad it is.
    pub severity: Severity,
    /// What would happen.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl Step {
    pub(super) fn breaks(message: String, remedy: impl Into<String>) -> Self {
        Self { severity: Severity::Break, message, remedy: remedy.into() }
    }

    pub(super) fn care(message: String, remedy: impl Into<String>) -> Self {
        Self { severity: Severity::Care, message, remedy: remedy.into() }
    }
}

/// A server in an image.
type In<'a> = (Server, &'a Version, &'a str);

/// What is to be said of the step from one server, its version and its image to another; none where it may be taken.
pub fn step((server, from, was): In<'_>, (other, to, is): In<'_>) -> Option<Step> {
    if server != other {
        return Some(another(server, from, other, to));
    }
    if from.0.is_empty() || to.0.is_empty() {
        return Some(Step::care(
            "the tag does not say which version this is".to_owned(),
            "name the version in the tag",
        ));
    }
    match server {
        Server::Garage => garage::step(from, to),
        Server::Postgres => postgres::step(from, to, was, is),
        server => series::step(server, from, to),
    }
}

/// Another server over the same data: a few read one another's.
fn another(server: Server, from: &Version, other: Server, to: &Version) -> Step {
    let (was, is) = (server.name(), other.name());
    let reads = match (server, other) {
        // Redis 7.4 writes version 12 of the RDB format, Valkey reads up to 11 (https://valkey.io/topics/migration/).
        (Server::Redis, Server::Valkey) => {
            !from.0.is_empty() && from.compare(&Version(vec![7, 4])) == Ordering::Less
        }
        // Valkey 9 writes a format of its own.
        (Server::Valkey, Server::Redis) => {
            !from.0.is_empty() && from.compare(&Version(vec![9])) == Ordering::Less
        }
        // https://docs.opensearch.org/latest/migrate-or-upgrade/
        (Server::Elasticsearch, Server::OpenSearch) => !from.at_least(&[7, 11]) && to.number(0) == Some(1),
        _ => false,
    };
    if reads {
        return Step::care(
            format!("{is} takes over the data of {was}, and there is no way back"),
            "take a backup first, and say so in the notes",
        );
    }
    Step::breaks(
        format!("{is} over the data of {was}: another server over the same data"),
        "this is a migration, not an upgrade: give the new server a set and volumes of its own",
    )
}
