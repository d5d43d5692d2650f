//! Servers whose versions come in series: which series may follow which, with where each one's makers say so.

use std::cmp::Ordering;

use super::{
    Server, Step, Version,
    rules::{Down, RULES, Rule, Series, Up},
};

pub(super) fn step(server: Server, from: &Version, to: &Version) -> Option<Step> {
    let rule = RULES.iter().find(|rule| rule.server == server)?;
    if let Some(step) = rule.exception(from, to) {
        return Some(step);
    }
    let name = server.name();
    let (Some(old), Some(new)) = (rule.series.rank(from), rule.series.rank(to)) else {
        // `rabbitmq:3` may be any of its series.
        return (from != to).then(|| {
            Step::care(
                format!("the tag does not say which series of {name} this is"),
                "name the version in the tag",
            )
        });
    };
    let words = |rank| rule.series.words(rank);
    let (was, is) = (words(old), words(new));
    let source = rule.source;
    match old.cmp(&new) {
        Ordering::Greater => Some(match rule.down {
            Down::Refused => Step::breaks(
                format!("{name} {is} does not read the data of {was}"),
                format!("never step back: restore a backup into a volume of its own ({source})"),
            ),
            Down::Care => Step::care(
                format!("a step back from {name} {was} to {is}"),
                format!(
                    "nobody promises that the older one reads what the newer one wrote: take a backup ({source})"
                ),
            ),
        }),
        Ordering::Equal => (to.compare(from) == Ordering::Less).then(|| {
            Step::care(
                format!("a step back within {name} {was}"),
                "say why; the older one may not read all that the newer one wrote",
            )
        }),
        Ordering::Less => match rule.up {
            Up::Free => None,
            Up::Care(what) => Some(Step::care(format!("{name} {was} to {is}"), format!("{what} ({source})"))),
            Up::Never => Some(Step::breaks(
                format!("{name} {is} does not read the data of {was}"),
                format!("move the data into a new volume by the server's own means ({source})"),
            )),
            Up::Next(what) => rule.next(old, new, &[], Some(what)),
            Up::NextBut(may_miss, what) => rule.next(old, new, may_miss, Some(what)),
            Up::InTurn => rule.next(old, new, &[], None),
        },
    }
}

impl Rule {
    /// A step that may leave out none but these.
    fn next(&self, old: u32, new: u32, may_miss: &[(u32, u32)], what: Option<&str>) -> Option<Step> {
        let (name, source) = (self.server.name(), self.source);
        let (was, is) = (self.series.words(old), self.series.words(new));
        let may_miss: Vec<String> =
            may_miss.iter().map(|(major, minor)| format!("{major}.{minor}")).collect();
        let mut between = self.series.between(old, new);
        between.retain(|series| !may_miss.contains(series));
        if between.is_empty() {
            return what
                .map(|what| Step::care(format!("{name} {was} to {is}"), format!("{what} ({source})")));
        }
        let between = between.join(", ");
        Some(Step::breaks(
            format!("{name} {was} to {is} leaves out {between}: each upgrades only from the one before"),
            format!("go through {between} in turn ({source})"),
        ))
    }

    /// What no order of series says.
    fn exception(&self, from: &Version, to: &Version) -> Option<Step> {
        let (old, new) = (from.number(0)?, to.number(0)?);
        let (name, source) = (self.server.name(), self.source);
        let last_of = |minor: u32| {
            Step::breaks(
                format!("{name} {new} upgrades only from {old}.{minor} on, and this is {}", words(from)),
                format!("go to {old}.{minor} first ({source})"),
            )
        };
        match (self.server, old, new) {
            (Server::Elasticsearch, 6, 7) if !from.at_least(&[6, 8]) => Some(last_of(8)),
            (Server::Elasticsearch, 7, 8) if !from.at_least(&[7, 17]) => Some(last_of(17)),
            (Server::Elasticsearch, 8, 9) if !from.at_least(&[8, 18]) => Some(last_of(18)),
            (Server::OpenSearch, 2, 3) if !from.at_least(&[2, 19]) => Some(last_of(19)),
            (Server::Kafka, 0..=3, 4..) if !from.at_least(&[3, 3]) => Some(Step::breaks(
                format!("Kafka {new} upgrades only from 3.3 on, without ZooKeeper, and this is {}", words(from)),
                format!("go to 3.9 first, and migrate from ZooKeeper to KRaft there ({source})"),
            )),
            (Server::Neo4j, 3, 4..) | (Server::Neo4j, 4, 5..) => Some(Step::breaks(
                format!("Neo4j {new} does not start over the databases of {old} before they are migrated, stopped"),
                format!("set up a new server, and move a dump by `neo4j-admin database migrate` ({source})"),
            )),
            (Server::Neo4j, 5, 2025..) if !from.at_least(&[5, 26]) => Some(last_of(26)),
            // From 1.13.2 on patches count as well.
            (Server::Meilisearch, 1, 1) if to.at_least(&[1, 13, 2]) && from.compare(to) == Ordering::Less => {
                Some(Step::breaks(
                    format!("Meilisearch {} does not start over a database of {}", whole(to), whole(from)),
                    format!("set MEILI_EXPERIMENTAL_DUMPLESS_UPGRADE (from 1.12 on), or move a dump into a new volume ({source})"),
                ))
            }
            // Any write of a later Elasticsearch, even within a series, keeps an earlier one from starting.
            (Server::Elasticsearch | Server::OpenSearch, ..) if to.compare(from) == Ordering::Less => {
                Some(Step::breaks(
                    format!("{name} refuses to start over the data of a later version"),
                    format!("never step back: restore a snapshot ({source})"),
                ))
            }
            // MySQL 8.0 refuses the data of any later 8.0.
            (Server::MySql, 8, 8) if from.number(1) == Some(0) && to.number(1) == Some(0) && to.compare(from) == Ordering::Less => {
                Some(Step::breaks(
                    "MySQL 8.0 does not start over the data of a later 8.0".to_owned(),
                    format!("never step back: restore a dump ({source})"),
                ))
            }
            (Server::Redis, 7, 7) if from.at_least(&[7, 2]) && from.0.len() > 1 && !to.at_least(&[7, 2]) => {
                Some(Step::breaks(
                    "Redis 7.0 does not read what 7.2 has saved".to_owned(),
                    format!("never step back: restore a backup ({source})"),
                ))
            }
            // Its snapshots are trusted only from 3.5 on (ZOOKEEPER-3056).
            (Server::ZooKeeper, 3, 3) if !from.at_least(&[3, 5]) && to.at_least(&[3, 5]) => Some(Step::care(
                format!("ZooKeeper {} to {}: a server without a snapshot does not start", words(from), words(to)),
                format!("make sure that each has one, or set zookeeper.snapshot.trust.empty once ({source})"),
            )),
            // Interfaces between servers hold for a year.
            (Server::ClickHouse, ..) if new > old + 1 || (new == old + 1 && to.number(1) > from.number(1)) => Some(Step::care(
                format!("ClickHouse {} to {} is more than a year: servers of both do not work together", words(from), words(to)),
                format!("go by a version between them, or stop all servers ({source})"),
            )),
            // From then on MinIO refuses what a single server has stored before June 2022.
            (Server::Minio, ..) if !from.at_least(&[2022, 6, 2]) && to.at_least(&[2022, 10, 29]) => Some(Step::breaks(
                "MinIO of after October 2022 does not start over the file system mode, in which a single server stored before June 2022".to_owned(),
                "copy the data to a new server with `mc mirror` (https://min.io/docs/minio/linux/operations/install-deploy-manage/migrate-fs-gateway.html)",
            )),
            _ => None,
        }
    }
}

fn whole(version: &Version) -> String {
    version.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
}

fn words(version: &Version) -> String {
    version.0.iter().take(2).map(ToString::to_string).collect::<Vec<_>>().join(".")
}

/// One thousand series a major version.
const WIDTH: u32 = 1000;

impl Series {
    /// A series' place in the order; none where the version does not say enough.
    fn rank(&self, version: &Version) -> Option<u32> {
        let major = version.number(0)?;
        match self {
            Self::Major => Some(major),
            Self::Minor => Some(major * WIDTH + version.number(1)?),
            Self::Listed(listed, then) if major >= *then => {
                Some(u32::try_from(listed.len()).unwrap_or(0) + major - then)
            }
            // One between two that are listed belongs to the earlier one.
            Self::Listed(listed, _) => {
                let at = (major, version.number(1)?);
                let after = listed.iter().filter(|series| **series <= at).count();
                u32::try_from(after).ok()?.checked_sub(1)
            }
        }
    }

    fn words(&self, rank: u32) -> String {
        match self {
            Self::Major => rank.to_string(),
            Self::Minor => format!("{}.{}", rank / WIDTH, rank % WIDTH),
            Self::Listed(listed, then) => match listed.get(rank as usize) {
                Some((major, minor)) => format!("{major}.{minor}"),
                None => format!("{}.0", then + rank - u32::try_from(listed.len()).unwrap_or(0)),
            },
        }
    }

    /// The series between two.
    fn between(&self, old: u32, new: u32) -> Vec<String> {
        match self {
            // How many minor versions a major one had is not known here.
            Self::Minor if old / WIDTH != new / WIDTH => {
                vec![format!("what is between {} and {}", self.words(old), self.words(new))]
            }
            _ => (old + 1..new).map(|rank| self.words(rank)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Severity, server::server_of};

    /// `mongo:6.0 mongo:8.0`: how bad the step is.
    fn severity(from: &str, to: &str) -> Option<Severity> {
        told(from, to).map(|step| step.severity)
    }

    fn told(from: &str, to: &str) -> Option<Step> {
        let ((server, old), (other, new)) = (server_of(from).unwrap(), server_of(to).unwrap());
        super::super::step((server, &old, from), (other, &new, to))
    }

    #[test]
    fn every_server_has_its_steps() {
        use Severity::{Break, Care};
        for (from, to, expected) in [
            ("mongo:6.0.11", "mongo:8.0.4", Some(Break)),
            ("mongo:6.0", "mongo:7.0", Some(Care)),
            ("mongo:4.4", "mongo:5.0", Some(Care)),
            ("mongo:4.2", "mongo:5.0", Some(Break)),
            ("mongo:7.0.2", "mongo:7.0.14", None),
            ("mongo:7.0", "mongo:6.0", Some(Break)),
            ("rabbitmq:3.12.14", "rabbitmq:4.0.5", Some(Break)),
            ("rabbitmq:3.13", "rabbitmq:4.1", Some(Care)),
            ("rabbitmq:3.12-management", "rabbitmq:3.13-management", Some(Care)),
            ("rabbitmq:3-management", "rabbitmq:4.0-management", Some(Care)),
            ("rabbitmq:4.0", "rabbitmq:4.1", None),
            ("mysql:5.7", "mysql:8.0", Some(Care)),
            ("mysql:5.7", "mysql:8.4", Some(Break)),
            ("mysql:8.0.36", "mysql:8.0.40", None),
            ("mysql:8.0.40", "mysql:8.0.36", Some(Break)),
            ("mysql:8.0", "mysql:9.1", Some(Break)),
            ("mysql:8.4", "mysql:9.1", Some(Care)),
            ("mariadb:10.6", "mariadb:11.4", Some(Care)),
            ("mariadb:11.4", "mariadb:10.11", Some(Break)),
            ("mariadb:11.4.2", "mariadb:11.4.4", None),
            ("mysql:8.0", "mariadb:11.4", Some(Break)),
            ("redis:7.0", "redis:7.2", None),
            ("redis:6.2", "redis:7.2", Some(Care)),
            ("redis:7.2", "redis:6.2", Some(Break)),
            ("redis:7.2.4", "valkey/valkey:8.0", Some(Care)),
            ("redis:7.4.1", "valkey/valkey:8.0", Some(Break)),
            ("quay.io/coreos/etcd:v3.4.30", "quay.io/coreos/etcd:v3.6.0", Some(Break)),
            ("quay.io/coreos/etcd:v3.5.9", "quay.io/coreos/etcd:v3.6.0", Some(Care)),
            ("cassandra:3.11", "cassandra:5.0", Some(Break)),
            ("cassandra:4.1", "cassandra:5.0", Some(Care)),
            ("elasticsearch:7.10.2", "elasticsearch:8.5.1", Some(Break)),
            ("elasticsearch:7.17.9", "elasticsearch:8.5.1", Some(Care)),
            ("elasticsearch:6.8", "elasticsearch:8.5.1", Some(Break)),
            ("elasticsearch:8.5.1", "elasticsearch:8.11.1", None),
            ("elasticsearch:8.5.1", "elasticsearch:8.5.0", Some(Break)),
            ("elasticsearch:7.10.2", "opensearchproject/opensearch:1.3.0", Some(Care)),
            ("elasticsearch:8.5.1", "opensearchproject/opensearch:2.3.0", Some(Break)),
            ("opensearchproject/opensearch:1.3", "opensearchproject/opensearch:3.0", Some(Break)),
            ("opensearchproject/opensearch:2.19.1", "opensearchproject/opensearch:3.0", Some(Care)),
            ("bitnami/kafka:3.2.0", "bitnami/kafka:4.0.0", Some(Break)),
            ("bitnami/kafka:3.9.0", "bitnami/kafka:4.0.0", Some(Care)),
            ("bitnami/kafka:3.4.0", "bitnami/kafka:3.6.0", None),
            ("zookeeper:3.4.14", "zookeeper:3.8", Some(Care)),
            ("zookeeper:3.8", "zookeeper:3.9", None),
            ("clickhouse/clickhouse-server:23.3", "clickhouse/clickhouse-server:24.1", None),
            ("clickhouse/clickhouse-server:22.3", "clickhouse/clickhouse-server:24.1", Some(Care)),
            (
                "minio/minio:RELEASE.2021-02-14T04-01-33Z",
                "minio/minio:RELEASE.2023-01-02T05-48-41Z",
                Some(Break),
            ),
            ("minio/minio:RELEASE.2023-01-02T05-48-41Z", "minio/minio:RELEASE.2024-01-02T05-48-41Z", None),
            ("influxdb:1.8", "influxdb:2.7", Some(Break)),
            ("influxdb:2.6", "influxdb:2.7", None),
            ("quay.io/keycloak/keycloak:24.0", "quay.io/keycloak/keycloak:26.0", Some(Care)),
            ("quay.io/keycloak/keycloak:26.0", "quay.io/keycloak/keycloak:24.0", Some(Break)),
            ("nextcloud:27.1-apache", "nextcloud:29.0-apache", Some(Break)),
            ("cockroachdb/cockroach:v25.4.3", "cockroachdb/cockroach:v25.4.4", None),
            ("cockroachdb/cockroach:v25.2.1", "cockroachdb/cockroach:v25.4.0", Some(Care)),
            ("cockroachdb/cockroach:v25.3.4", "cockroachdb/cockroach:v26.1.0", Some(Break)),
            ("cockroachdb/cockroach:v23.1.4", "cockroachdb/cockroach:v24.1.0", Some(Break)),
            ("qdrant/qdrant:v1.15.4", "qdrant/qdrant:v1.16.0", None),
            ("qdrant/qdrant:v1.13.6", "qdrant/qdrant:v1.15.5", Some(Break)),
            ("getmeili/meilisearch:v1.10.0", "getmeili/meilisearch:v1.10.3", None),
            ("getmeili/meilisearch:v1.10.0", "getmeili/meilisearch:v1.11.0", Some(Break)),
            ("getmeili/meilisearch:v1.34.1", "getmeili/meilisearch:v1.34.2", Some(Break)),
            ("neo4j:4.4.9", "neo4j:5.1.0", Some(Break)),
            ("neo4j:5.16.0", "neo4j:5.17.0", None),
            ("neo4j:5.20.0", "neo4j:2025.01.0", Some(Break)),
            ("neo4j:5.26.1", "neo4j:2025.01.0", None),
            ("neo4j:2025.04.0", "neo4j:2026.01.0", None),
            ("solr:8.11", "solr:9.8", Some(Care)),
            ("sonarqube:2025.6.0-developer", "sonarqube:2026.1.0-developer", Some(Care)),
            ("temporalio/server:1.22.4", "temporalio/server:1.24.2", Some(Break)),
            ("spilo-15:3.0-p1", "spilo-16:3.3-p1", Some(Break)),
        ] {
            assert_eq!(severity(from, to), expected, "{from} → {to}");
        }
    }

    #[test]
    fn what_is_left_out_is_named() {
        let message = |from, to| told(from, to).unwrap().message;
        assert!(message("mongo:6.0", "mongo:8.0").contains("leaves out 7.0"));
        assert!(message("rabbitmq:3.12", "rabbitmq:4.0").contains("leaves out 3.13"));
        assert!(message("mysql:5.7", "mysql:9.1").contains("leaves out 8.0, 8.4"));
    }

    #[test]
    fn every_rule_names_its_source() {
        assert!(RULES.iter().all(|rule| rule.source.starts_with("https://")));
    }
}
