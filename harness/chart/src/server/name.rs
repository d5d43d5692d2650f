//! The servers, and how people write their names.

/// A server whose versions we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is called what it is")]
pub enum Server {
    Cassandra,
    ClickHouse,
    CockroachDb,
    Elasticsearch,
    Etcd,
    Garage,
    InfluxDb,
    Kafka,
    Keycloak,
    MariaDb,
    Meilisearch,
    Minio,
    MongoDb,
    MySql,
    Neo4j,
    Nextcloud,
    OpenSearch,
    Postgres,
    Qdrant,
    RabbitMq,
    Redis,
    Solr,
    SonarQube,
    Temporal,
    Valkey,
    ZooKeeper,
}

impl Server {
    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cassandra => "Cassandra",
            Self::ClickHouse => "ClickHouse",
            Self::CockroachDb => "CockroachDB",
            Self::Elasticsearch => "Elasticsearch",
            Self::Etcd => "etcd",
            Self::Garage => "Garage",
            Self::InfluxDb => "InfluxDB",
            Self::Kafka => "Kafka",
            Self::Keycloak => "Keycloak",
            Self::MariaDb => "MariaDB",
            Self::Meilisearch => "Meilisearch",
            Self::Minio => "MinIO",
            Self::MongoDb => "MongoDB",
            Self::MySql => "MySQL",
            Self::Neo4j => "Neo4j",
            Self::Nextcloud => "Nextcloud",
            Self::OpenSearch => "OpenSearch",
            Self::Postgres => "PostgreSQL",
            Self::Qdrant => "Qdrant",
            Self::RabbitMq => "RabbitMQ",
            Self::Redis => "Redis",
            Self::Solr => "Solr",
            Self::SonarQube => "SonarQube",
            Self::Temporal => "Temporal",
            Self::Valkey => "Valkey",
            Self::ZooKeeper => "ZooKeeper",
        }
    }

    /// Whether its data is in another server's store, so that it needs no volume to have some.
    pub fn keeps_data_elsewhere(self) -> bool {
        matches!(self, Self::Keycloak | Self::SonarQube | Self::Temporal)
    }
}
