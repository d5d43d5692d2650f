//! Who builds a server's image: each keeps the data elsewhere, runs as another user, and is told by other variables.

use external::ImageName;

use super::{Server, Version};

/// Who builds an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Distribution {
    /// Bitnami, in whatever repository it is kept.
    Bitnami,
    /// The server's own project, or Docker's library, and what is built on top of that.
    Official,
    /// Somebody else, by the name of the image.
    Other(String),
}

/// The names of official images, and of those that are built on them.
const OFFICIAL: &[(Server, &[&str])] = &[
    (Server::Postgres, &["postgres", "postgis", "pgvector", "timescaledb", "pgautoupgrade"]),
    (Server::MySql, &["mysql"]),
    (Server::MariaDb, &["mariadb"]),
    (Server::Redis, &["redis"]),
    (Server::Valkey, &["valkey"]),
    (Server::MongoDb, &["mongo"]),
    (Server::Kafka, &["kafka"]),
];

/// Who builds a server's image; none of servers whose distributions we do not tell apart.
pub fn distribution_of(server: Server, image: &str) -> Option<Distribution> {
    let (_, names) = OFFICIAL.iter().find(|(known, _)| *known == server)?;
    let name = ImageName::parse(image);
    let tag = name.tag.as_deref().unwrap_or_default();
    // 16.4.0-debian-12-r9
    let bitnami = name.path.split('/').any(|part| part.starts_with("bitnami")) || tag.contains("-debian-1");
    Some(match name.short() {
        _ if bitnami => Distribution::Bitnami,
        short if names.contains(&short) => Distribution::Official,
        short => Distribution::Other(short.to_owned()),
    })
}

/// Whether two images are surely of two distributions: in a registry of one's own a name does not tell whose it is.
pub fn are_apart(server: Server, was: &str, is: &str) -> bool {
    let (one, other) = (ImageName::parse(was), ImageName::parse(is));
    let public = |name: &ImageName| name.registry == "docker.io" || name.path.starts_with("library/");
    let mirrored = one.short() == other.short() && !(public(&one) && public(&other));
    !mirrored && distribution_of(server, was) != distribution_of(server, is)
}

/// Where an image keeps the data by default, and the variables that tell it of another place.
pub fn default_folder(
    server: Server,
    distribution: &Distribution,
    version: &Version,
) -> Option<(&'static str, &'static [&'static str])> {
    let bitnami = match distribution {
        Distribution::Bitnami => true,
        Distribution::Official => false,
        Distribution::Other(_) => return None,
    };
    Some(match (server, bitnami) {
        // From 18 on the folder is below this one.
        (Server::Postgres, false) if version.number(0) >= Some(18) => ("/var/lib/postgresql", &["PGDATA"]),
        (Server::Postgres, false) => ("/var/lib/postgresql/data", &["PGDATA"]),
        (Server::Postgres, true) => {
            ("/bitnami/postgresql", &["PGDATA", "POSTGRESQL_DATA_DIR", "POSTGRESQL_VOLUME_DIR"])
        }
        (Server::MySql | Server::MariaDb, false) => ("/var/lib/mysql", &[]),
        (Server::MySql, true) => ("/bitnami/mysql", &["MYSQL_DATA_DIR", "MYSQL_VOLUME_DIR"]),
        (Server::MariaDb, true) => ("/bitnami/mariadb", &["MARIADB_DATA_DIR", "MARIADB_VOLUME_DIR"]),
        (Server::Redis | Server::Valkey, false) => ("/data", &[]),
        (Server::Redis, true) => ("/bitnami/redis", &["REDIS_DATA_DIR", "REDIS_VOLUME_DIR"]),
        (Server::Valkey, true) => ("/bitnami/valkey", &["VALKEY_DATA_DIR", "VALKEY_VOLUME_DIR"]),
        (Server::MongoDb, false) => ("/data/db", &[]),
        (Server::MongoDb, true) => ("/bitnami/mongodb", &["MONGODB_DATA_DIR", "MONGODB_VOLUME_DIR"]),
        (Server::Kafka, false) => ("/tmp/kraft-combined-logs", &["KAFKA_LOG_DIRS", "KAFKA_LOG_DIR"]),
        (Server::Kafka, true) => {
            ("/bitnami/kafka", &["KAFKA_CFG_LOG_DIRS", "KAFKA_CFG_LOG_DIR", "KAFKA_VOLUME_DIR"])
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_an_image_is_is_told_by_its_place() {
        for (server, was, is, apart) in [
            (Server::Postgres, "bitnami/postgresql:16.4.0", "postgres:16.4", true),
            (Server::Postgres, "bitnami/postgresql:16.4.0", "bitnamilegacy/postgresql:16.4.0", false),
            (Server::Postgres, "bitnami/postgresql:16", "registry.example/mirror/postgresql:16", false),
            (Server::Postgres, "bitnami/postgresql:16", "registry.example/mirror/postgres:16", true),
            (Server::Postgres, "postgres:16", "registry.example/library/postgres:16", false),
            (Server::Postgres, "postgres:16", "pgvector/pgvector:pg16", false),
            (Server::MySql, "bitnami/mysql:8.4", "mysql:8.4", true),
            (Server::MySql, "bitnami/mysql:8.4", "registry.example/mysql:8.4", false),
            (Server::Redis, "redis:7.2-alpine", "redis:7.4", false),
            (Server::MongoDb, "mongo:7.0", "bitnami/mongodb:7.0", true),
            (Server::Kafka, "bitnami/kafka:3.9", "apache/kafka:3.9.0", true),
            (Server::Kafka, "apache/kafka:3.9.0", "confluentinc/cp-kafka:7.9.0", true),
            (Server::Garage, "dxflrs/garage:v2.0.0", "example/garage:v2.0.0", false),
        ] {
            assert_eq!(are_apart(server, was, is), apart, "{was} {is}");
        }
    }
}
