//! Resources of operators that hold data: the operator makes the set, and deletes it with them.

use super::Picture;
use crate::{
    Forecast, Object, Severity, forecast,
    server::{Server, Version, server_of, step},
};

/// An operator's group, and where its resources name the server's image or version.
struct Operated {
    group: &'static str,
    /// A field with an image, or with the version of a server.
    fields: &'static [(&'static str, Option<Server>)],
    /// Whether the operator itself takes the data over a major version.
    takes_over: bool,
}

#[rustfmt::skip]
const OPERATED: &[Operated] = &[
    // In place, with all instances stopped, from 1.26 on (https://cloudnative-pg.io/documentation/current/postgres_upgrades/).
    Operated { group: "postgresql.cnpg.io", fields: &[("/spec/imageName", None)], takes_over: true },
    Operated { group: "acid.zalan.do", fields: &[("/spec/postgresql/version", Some(Server::Postgres))], takes_over: true },
    Operated { group: "postgres-operator.crunchydata.com", fields: &[("/spec/postgresVersion", Some(Server::Postgres))], takes_over: false },
    Operated { group: "pgv2.percona.com", fields: &[("/spec/postgresVersion", Some(Server::Postgres))], takes_over: false },
    Operated { group: "stackgres.io", fields: &[("/spec/postgres/version", Some(Server::Postgres))], takes_over: false },
    Operated { group: "kafka.strimzi.io", fields: &[("/spec/kafka/version", Some(Server::Kafka)), ("/spec/kafka/image", None)], takes_over: false },
    Operated { group: "elasticsearch.k8s.elastic.co", fields: &[("/spec/version", Some(Server::Elasticsearch))], takes_over: false },
    Operated { group: "opensearch.opster.io", fields: &[("/spec/general/version", Some(Server::OpenSearch))], takes_over: false },
    Operated { group: "rabbitmq.com", fields: &[("/spec/image", None)], takes_over: false },
    Operated { group: "psmdb.percona.com", fields: &[("/spec/image", None)], takes_over: false },
    Operated { group: "mongodbcommunity.mongodb.com", fields: &[("/spec/version", Some(Server::MongoDb))], takes_over: false },
    Operated { group: "mongodb.com", fields: &[("/spec/version", Some(Server::MongoDb))], takes_over: false },
    Operated { group: "pxc.percona.com", fields: &[("/spec/pxc/image", None)], takes_over: false },
    Operated { group: "ps.percona.com", fields: &[("/spec/mysql/image", None)], takes_over: false },
    Operated { group: "mysql.oracle.com", fields: &[("/spec/version", Some(Server::MySql))], takes_over: false },
    Operated { group: "k8s.mariadb.com", fields: &[("/spec/image", None)], takes_over: false },
    Operated { group: "redis.redis.opstreelabs.in", fields: &[("/spec/kubernetesConfig/image", None)], takes_over: false },
    Operated { group: "databases.spotahome.com", fields: &[("/spec/redis/image", None)], takes_over: false },
    Operated { group: "minio.min.io", fields: &[("/spec/image", None)], takes_over: false },
    Operated { group: "clickhouse.altinity.com", fields: &[], takes_over: false },
    Operated { group: "k8ssandra.io", fields: &[("/spec/cassandra/serverVersion", Some(Server::Cassandra))], takes_over: false },
    Operated { group: "cassandra.datastax.com", fields: &[("/spec/serverVersion", Some(Server::Cassandra))], takes_over: false },
    Operated { group: "scylla.scylladb.com", fields: &[], takes_over: false },
    Operated { group: "zookeeper.pravega.io", fields: &[], takes_over: false },
    Operated { group: "k8s.keycloak.org", fields: &[("/spec/image", None)], takes_over: false },
    Operated { group: "solr.apache.org", fields: &[], takes_over: false },
    Operated { group: "ceph.rook.io", fields: &[], takes_over: false },
    Operated { group: "kubedb.com", fields: &[], takes_over: false },
    Operated { group: "apps.kubeblocks.io", fields: &[], takes_over: false },
];

/// Resources of operators that the new chart has no more: their operators delete what they made for them.
pub(super) fn gone(picture: &Picture) -> Vec<Forecast> {
    let gone = picture.gone();
    let gone = gone.iter().filter(|object| {
        picture.way.prunes()
            && operated(object).is_some()
            && picture.live(object).is_some()
            && object.annotation("helm.sh/resource-policy") != "keep"
            // Who is gone and not what.
            && !object.key.kind.ends_with("User")
    });
    gone.map(|object| {
        forecast::about(
            ("operated-gone", "U2", Severity::Loss),
            &picture.to,
            object,
            "/metadata/name",
            format!(
                "the new chart has no such {}: {} deletes it, and its operator deletes what it made for it",
                object.key.kind,
                picture.way.text()
            ),
            "keep its name; or annotate what is there before the upgrade with helm.sh/resource-policy: keep",
        )
    })
    .collect()
}

/// Steps of servers that operators run.
pub(super) fn steps(picture: &Picture) -> Vec<Forecast> {
    let mut forecasts = Vec::new();
    for (old, new) in picture.kept() {
        let Some(operated) = operated(&new) else { continue };
        for (field, server) in operated.fields {
            let (was, is) = (words(&old, field), words(&new, field));
            if was == is || was.is_empty() || is.is_empty() {
                continue;
            }
            let read = |text: &str| match server {
                Some(server) => Some((*server, Version::of_tag(text))),
                None => server_of(text),
            };
            let (Some((one, from)), Some((other, to))) = (read(&was), read(&is)) else { continue };
            let Some(step) = step((one, &from, &was), (other, &to, &is)) else { continue };
            let over = operated.takes_over && one == other && from.number(0) < to.number(0);
            let (severity, remedy) = if over {
                (Severity::Care, "its operator upgrades the data only in newer versions, with all instances stopped: look what yours does, and take a backup".to_owned())
            } else {
                (step.severity, step.remedy)
            };
            let message = format!("{was} → {is}: {}", step.message);
            forecasts.push(forecast::about(
                ("version-step", "U5", severity),
                &picture.to,
                &new,
                field,
                message,
                remedy,
            ));
        }
    }
    forecasts
}

/// Whether an operator runs pods for it.
pub(super) fn is_operated(object: &Object) -> bool {
    operated(object).is_some()
}

fn operated(object: &Object) -> Option<&'static Operated> {
    OPERATED.iter().find(|operated| operated.group == object.key.group)
}

fn words(object: &Object, field: &str) -> String {
    let value = object.value.pointer(field);
    value.map_or_else(String::new, |value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}
