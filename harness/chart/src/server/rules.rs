//! What the makers of servers say of steps between their series, with where they say it.

use super::Server;

/// What a server's makers say of steps between series.
pub(super) struct Rule {
    pub server: Server,
    pub series: Series,
    pub up: Up,
    pub down: Down,
    /// Where they say it.
    pub source: &'static str,
}

/// What makes a series.
pub(super) enum Series {
    /// The first number.
    Major,
    /// The first two.
    Minor,
    /// These, in order, and after them the first number from this on.
    Listed(&'static [(u32, u32)], u32),
}

/// Steps to a later series.
pub(super) enum Up {
    /// Any may be taken, and nothing is to be done.
    Free,
    /// Any may be taken: this is to be known.
    Care(&'static str),
    /// Only to the next one, and this is to be done.
    Next(&'static str),
    /// Only to the next one, and nothing is to be done.
    InTurn,
    /// Only to the next one, and these may be left out; this is to be done.
    NextBut(&'static [(u32, u32)], &'static str),
    /// None over the same data.
    Never,
}

/// Steps to an earlier one.
pub(super) enum Down {
    Refused,
    Care,
}

const ONE_WAY: &str =
    "the new version changes the data at its first start, and there is no way back: take a backup";

/// CockroachDB's innovation releases.
const INNOVATIONS: &[(u32, u32)] =
    &[(24, 2), (25, 1), (25, 3), (26, 1), (26, 3), (27, 1), (27, 3), (28, 1), (28, 3)];

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    Rule { server: Server::MongoDb, series: Series::Listed(&[(3, 0), (3, 2), (3, 4), (3, 6), (4, 0), (4, 2), (4, 4)], 5),
        up: Up::Next("set featureCompatibilityVersion to the old series' before, and to the new one's after it works"), down: Down::Refused,
        source: "https://www.mongodb.com/docs/manual/release-notes/8.0-upgrade-replica-set/" },
    Rule { server: Server::RabbitMq, series: Series::Listed(&[(3, 6), (3, 7), (3, 8), (3, 9), (3, 10), (3, 11), (3, 12), (3, 13)], 4),
        up: Up::Next("enable all stable feature flags before (`rabbitmqctl enable_feature_flag all`): a node that misses one does not start"), down: Down::Refused,
        source: "https://www.rabbitmq.com/docs/upgrade#rabbitmq-version-upgradability" },
    Rule { server: Server::MySql, series: Series::Listed(&[(5, 5), (5, 6), (5, 7), (8, 0), (8, 4)], 9), up: Up::Next(ONE_WAY), down: Down::Refused,
        source: "https://dev.mysql.com/doc/refman/8.4/en/upgrade-paths.html" },
    Rule { server: Server::MariaDb, series: Series::Minor, up: Up::Care("run mariadb-upgrade after it (MARIADB_AUTO_UPGRADE): there is no way back, take a backup"), down: Down::Refused,
        source: "https://mariadb.com/kb/en/upgrading/" },
    Rule { server: Server::Etcd, series: Series::Minor, up: Up::Next("all members must be healthy; take a snapshot: once all run the new version there is no way back"), down: Down::Refused,
        source: "https://etcd.io/docs/latest/upgrades/" },
    Rule { server: Server::Cassandra, series: Series::Major, up: Up::Next("run `nodetool upgradesstables` on each node after it; take a snapshot, older versions do not read the new files"), down: Down::Refused,
        source: "https://cassandra.apache.org/doc/latest/cassandra/managing/operating/upgrading.html" },
    Rule { server: Server::Elasticsearch, series: Series::Major, up: Up::Next("look through the deprecations first (the upgrade assistant), and take a snapshot: there is no way back"), down: Down::Refused,
        source: "https://www.elastic.co/docs/deploy-manage/upgrade" },
    Rule { server: Server::OpenSearch, series: Series::Major, up: Up::Next("indices of the version before the last must be reindexed first; take a snapshot: there is no way back"), down: Down::Refused,
        source: "https://docs.opensearch.org/latest/migrate-or-upgrade/rolling-upgrade/" },
    Rule { server: Server::Nextcloud, series: Series::Major, up: Up::Next(ONE_WAY), down: Down::Refused,
        source: "https://docs.nextcloud.com/server/latest/admin_manual/maintenance/upgrade.html" },
    Rule { server: Server::Keycloak, series: Series::Major, up: Up::Care("it migrates its database at the first start, and nodes of two major versions do not work together: stop all, take a backup"), down: Down::Refused,
        source: "https://www.keycloak.org/docs/latest/upgrading/" },
    Rule { server: Server::InfluxDb, series: Series::Major, up: Up::Never, down: Down::Refused,
        source: "https://docs.influxdata.com/influxdb/v2/install/upgrade/v1-to-v2/" },
    Rule { server: Server::Redis, series: Series::Major, up: Up::Care("what it saves older versions do not read: take a backup"), down: Down::Refused,
        source: "https://redis.io/docs/latest/operate/oss_and_stack/install/upgrade/" },
    Rule { server: Server::Valkey, series: Series::Major, up: Up::Care("what it saves older versions do not read: take a backup"), down: Down::Refused,
        source: "https://valkey.io/topics/migration/" },
    Rule { server: Server::Kafka, series: Series::Major, up: Up::Care("clients older than 2.1 and message formats v0 and v1 are served no more: see the notable changes"), down: Down::Refused,
        source: "https://kafka.apache.org/documentation/#upgrade" },
    Rule { server: Server::ZooKeeper, series: Series::Minor, up: Up::Free, down: Down::Care,
        source: "https://zookeeper.apache.org/doc/current/zookeeperAdmin.html" },
    Rule { server: Server::ClickHouse, series: Series::Minor, up: Up::Free, down: Down::Care,
        source: "https://clickhouse.com/docs/operations/update" },
    Rule { server: Server::Minio, series: Series::Minor, up: Up::Free, down: Down::Care,
        source: "https://min.io/docs/minio/linux/operations/install-deploy-manage/upgrade-minio-deployment.html" },
    Rule { server: Server::CockroachDb, series: Series::Listed(&[
            (19, 1), (19, 2), (20, 1), (20, 2), (21, 1), (21, 2), (22, 1), (22, 2), (23, 1), (23, 2), (24, 1), (24, 2), (24, 3), (25, 1), (25, 2),
            (25, 3), (25, 4), (26, 1), (26, 2), (26, 3), (26, 4), (27, 1), (27, 2), (27, 3), (27, 4), (28, 1), (28, 2), (28, 3), (28, 4)], 29),
        up: Up::NextBut(INNOVATIONS, "it finalizes by itself once all nodes run it, and then there is no way back: set cluster.preserve_downgrade_option before"), down: Down::Refused,
        source: "https://www.cockroachlabs.com/docs/stable/upgrade-cockroach-version" },
    Rule { server: Server::Qdrant, series: Series::Minor, up: Up::InTurn, down: Down::Care,
        source: "https://qdrant.tech/documentation/upgrades/" },
    // By its source, a database belongs to one version.
    Rule { server: Server::Meilisearch, series: Series::Minor, up: Up::Never, down: Down::Refused,
        source: "https://www.meilisearch.com/docs/learn/update_and_migration/updating" },
    Rule { server: Server::Neo4j, series: Series::Major, up: Up::Free, down: Down::Refused,
        source: "https://neo4j.com/docs/upgrade-migration-guide/current/" },
    Rule { server: Server::Solr, series: Series::Major, up: Up::Next("it reads indexes of the version before alone: one that was made in an older one must be made anew"), down: Down::Refused,
        source: "https://solr.apache.org/guide/solr/latest/upgrade-notes/solr-upgrade-notes.html" },
    Rule { server: Server::SonarQube, series: Series::Minor, up: Up::Care("it serves nothing until somebody has let it migrate its database, at /setup: take a backup, there is no way back"), down: Down::Refused,
        source: "https://docs.sonarsource.com/sonarqube-server/latest/server-upgrade-and-maintenance/upgrade/upgrade/" },
    Rule { server: Server::Temporal, series: Series::Minor, up: Up::InTurn, down: Down::Care,
        source: "https://docs.temporal.io/self-hosted-guide/upgrade-server" },
];
