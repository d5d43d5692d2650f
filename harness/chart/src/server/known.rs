//! Which server an image holds. Exporters, operators, consoles and clients carry the server's name and are not it.

use external::ImageName;

use super::{Server, Version};

/// Words in the names of images that stand beside a server.
const BESIDE: &[&str] = &[
    "admin",
    "agent",
    "alertmanager",
    "backup",
    "benchmark",
    "bouncer",
    "burrow",
    "cert",
    "cli",
    "client",
    "config",
    "connect",
    "connector",
    "console",
    "controller",
    "curator",
    "dashboard",
    "dashboards",
    "exporter",
    "express",
    "init",
    "initcontainer",
    "insight",
    "keeper",
    "kubectl",
    "logstash",
    "mc",
    "metrics",
    "migration",
    "migrations",
    "mirrormaker",
    "monitor",
    "monitoring",
    "operator",
    "pgbouncer",
    "pgpool",
    "plugin",
    "proxy",
    "rest",
    "restore",
    "router",
    "schema",
    "sidecar",
    "shell",
    "tool",
    "tools",
    "toolbox",
    "topic",
    "ui",
    "utils",
    "volume",
    "webhook",
];

/// The server of each word that an image's name may have.
const WORDS: &[(&str, Server)] = &[
    ("cassandra", Server::Cassandra),
    ("clickhouse", Server::ClickHouse),
    ("cockroach", Server::CockroachDb),
    ("cockroachdb", Server::CockroachDb),
    ("elasticsearch", Server::Elasticsearch),
    ("etcd", Server::Etcd),
    ("garage", Server::Garage),
    ("influxdb", Server::InfluxDb),
    ("influxdb2", Server::InfluxDb),
    ("kafka", Server::Kafka),
    ("keycloak", Server::Keycloak),
    ("mariadb", Server::MariaDb),
    ("meilisearch", Server::Meilisearch),
    ("minio", Server::Minio),
    ("mongo", Server::MongoDb),
    ("mongodb", Server::MongoDb),
    ("mysql", Server::MySql),
    ("neo4j", Server::Neo4j),
    ("nextcloud", Server::Nextcloud),
    ("opensearch", Server::OpenSearch),
    ("percona", Server::MySql),
    ("pgvecto", Server::Postgres),
    ("pgvector", Server::Postgres),
    ("postgis", Server::Postgres),
    ("postgres", Server::Postgres),
    ("postgresql", Server::Postgres),
    ("qdrant", Server::Qdrant),
    ("rabbitmq", Server::RabbitMq),
    ("redis", Server::Redis),
    ("solr", Server::Solr),
    ("sonarqube", Server::SonarQube),
    ("spilo", Server::Postgres),
    ("timescaledb", Server::Postgres),
    ("valkey", Server::Valkey),
    ("zookeeper", Server::ZooKeeper),
];

/// The server in an image, with the version that its tag tells: `postgres:17.2-alpine` is PostgreSQL 17.2.
pub fn server_of(image: &str) -> Option<(Server, Version)> {
    let name = ImageName::parse(image);
    let words: Vec<String> = name.short().split(['-', '_', '.']).map(str::to_lowercase).collect();
    if words.iter().any(|word| BESIDE.contains(&word.as_str())) {
        return None;
    }
    let named = |wanted: &str| words.iter().any(|word| word == wanted);
    let server = match WORDS.iter().find(|(word, _)| named(word)) {
        Some((_, server)) => server,
        // Its images are called by their parts.
        None if name.path == "temporalio/server" => &Server::Temporal,
        None => return None,
    };
    let server = match server {
        // percona-server-mongodb, percona-postgresql
        Server::MySql if named("mongodb") => Server::MongoDb,
        Server::MySql if named("postgresql") => Server::Postgres,
        // redis-sentinel watches servers and holds nothing.
        Server::Redis | Server::Valkey if named("sentinel") => return None,
        server => *server,
    };
    let tag = name.tag.as_deref().unwrap_or_default();
    Some((server, version(server, &name, tag)))
}

fn version(server: Server, name: &ImageName, tag: &str) -> Version {
    match server {
        // spilo-17:4.0-p2, postgresql-16-c9s, postgresql-96-centos7
        Server::Postgres if in_name(name.short()).is_some() => {
            Version(in_name(name.short()).unwrap_or_default())
        }
        // timescaledb:latest-pg16, pgvector:pg17
        Server::Postgres if tag.contains("pg") => {
            let after = tag.rsplit("pg").next().unwrap_or_default();
            match Version::of_tag(after) {
                Version(none) if none.is_empty() => Version::of_tag(tag),
                version => version,
            }
        }
        // strimzi/kafka:0.38.0-kafka-3.6.0
        Server::Kafka if tag.contains("-kafka-") => {
            Version::of_tag(tag.rsplit("-kafka-").next().unwrap_or_default())
        }
        Server::Kafka if name.short().starts_with("cp-") => of_confluent(&Version::of_tag(tag)),
        // The operators' own images have the operators' versions.
        Server::ZooKeeper if name.path.starts_with("pravega/") => Version(Vec::new()),
        _ => Version::of_tag(tag),
    }
}

/// The major version of PostgreSQL in an image's name.
fn in_name(short: &str) -> Option<Vec<u32>> {
    let number: u32 = short.split(['-', '_']).nth(1)?.parse().ok()?;
    Some(if number > 90 { vec![number / 10, number % 10] } else { vec![number] })
}

/// Confluent Platform 7.4 holds Kafka 3.4, 8.0 holds 4.0
/// (https://docs.confluent.io/platform/current/installation/versions-interoperability.html).
fn of_confluent(platform: &Version) -> Version {
    match (platform.number(0), platform.number(1)) {
        (Some(major @ 7..), Some(minor)) => Version(vec![major - 4, minor]),
        (Some(6), Some(minor)) => Version(vec![2, 6 + minor]),
        _ => Version(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_known_by_their_images_wherever_these_are_kept() {
        for (image, server, numbers) in [
            ("postgres:17.2-alpine", Server::Postgres, vec![17, 2]),
            (
                "registry.example:5000/mirror/bitnami/postgresql:16.1.0@sha256:1f",
                Server::Postgres,
                vec![16, 1, 0],
            ),
            ("timescale/timescaledb:2.17.2-pg16", Server::Postgres, vec![16]),
            ("pgvector/pgvector:pg17", Server::Postgres, vec![17]),
            ("postgis/postgis:16-3.4", Server::Postgres, vec![16]),
            ("bitnami/postgresql-repmgr:15.2.0", Server::Postgres, vec![15, 2, 0]),
            ("percona/percona-server-mongodb:6.0.4", Server::MongoDb, vec![6, 0, 4]),
            ("mongo:8.0", Server::MongoDb, vec![8, 0]),
            ("rabbitmq:3.12-management-alpine", Server::RabbitMq, vec![3, 12]),
            ("dxflrs/amd64_garage:v1.1.0", Server::Garage, vec![1, 1, 0]),
            ("quay.io/strimzi/kafka:0.38.0-kafka-3.6.0", Server::Kafka, vec![3, 6, 0]),
            ("confluentinc/cp-kafka:7.4.0", Server::Kafka, vec![3, 4]),
            ("docker.elastic.co/elasticsearch/elasticsearch:8.19.1", Server::Elasticsearch, vec![8, 19, 1]),
            ("minio/minio:RELEASE.2022-05-26T05-48-41Z", Server::Minio, vec![2022, 5, 26]),
            ("registry.k8s.io/etcd:3.5.10-0", Server::Etcd, vec![3, 5, 10]),
            ("clickhouse/clickhouse-server:24.3", Server::ClickHouse, vec![24, 3]),
            ("redis@sha256:1f", Server::Redis, vec![]),
            ("registry.example/acid/spilo-16:3.3-p1", Server::Postgres, vec![16]),
            ("centos/postgresql-96-centos7:latest", Server::Postgres, vec![9, 6]),
            ("tensorchord/pgvecto-rs:pg14-v0.2.0", Server::Postgres, vec![14]),
            ("cockroachdb/cockroach:v25.4.3", Server::CockroachDb, vec![25, 4, 3]),
            ("neo4j:5.26.0-enterprise", Server::Neo4j, vec![5, 26, 0]),
            ("temporalio/server:1.24.2", Server::Temporal, vec![1, 24, 2]),
        ] {
            assert_eq!(server_of(image), Some((server, Version(numbers))), "{image}");
        }
    }

    #[test]
    fn what_stands_beside_a_server_is_not_it() {
        for image in [
            "prometheuscommunity/postgres-exporter:v0.15.0",
            "oliver006/redis_exporter:v1.58.0",
            "bitnami/redis-sentinel:7.2",
            "rabbitmqoperator/cluster-operator:2.7.0",
            "mongo-express:1.0",
            "minio/mc:RELEASE.2023-01-02T05-48-41Z",
            "provectuslabs/kafka-ui:v0.7.1",
            "opensearchproject/opensearch-dashboards:2.11.0",
            "edoburu/pgbouncer:1.21",
            "quay.io/coreos/etcd-operator:v0.9.4",
            "apache/pulsar-all:4.1.0",
            "confluentinc/cp-kafka-connect:7.4.0",
            "registry.example/mysql/nginx:1",
            "cockroachdb/cockroach-self-signer-cert:1.8",
            "temporalio/ui:2.16.2",
            "apache/solr-operator:v0.9.1",
        ] {
            assert_eq!(server_of(image), None, "{image}");
        }
    }
}
