//! The same server from somebody else.

use super::*;

const SET: &str = "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  template:
    spec:
      containers:
      - name: db
        image: OLD-IMAGE
        env: []
        volumeMounts: [{name: data, mountPath: OLD-PATH}]
  volumeClaimTemplates: [{metadata: {name: data}}]
";

fn step(was: &str, is: &str, path: &str, variables: &str) -> Option<Severity> {
    let old = SET.replace("OLD-PATH", path).replace("OLD-IMAGE", was);
    let new = SET.replace("OLD-PATH", path).replace("OLD-IMAGE", is).replace("env: []", variables);
    let found = judge(&pictured(&old, &new)).into_iter();
    found.filter(|one| one.cause == "another-distribution").map(|one| one.severity).max()
}

#[test]
fn another_distribution_needs_care_and_is_a_loss_where_its_folder_is_in_no_volume() {
    let none = "env: []";
    for (was, is, path, expected) in [
        ("bitnami/postgresql:16.4.0", "postgres:16.4", "/bitnami/postgresql", Some(Severity::Loss)),
        ("bitnami/postgresql:16.4.0", "postgres:16.4", "/var/lib/postgresql/data", Some(Severity::Care)),
        ("bitnami/postgresql:16.4.0", "bitnamilegacy/postgresql:16.4.0", "/bitnami/postgresql", None),
        ("postgres:16.4", "postgres:16.5", "/elsewhere", None),
        ("postgres:16.4", "bitnami/postgresql:16.4.0", "/var/lib/postgresql/data", Some(Severity::Loss)),
        ("bitnami/mysql:8.4.3", "mysql:8.4.3", "/bitnami/mysql", Some(Severity::Loss)),
        ("bitnami/redis:7.2.4", "valkey/valkey:8.0.1", "/bitnami/redis", Some(Severity::Loss)),
        ("bitnami/mongodb:7.0.1", "mongo:7.0.1", "/data/db", Some(Severity::Care)),
        ("bitnami/kafka:3.9.0", "apache/kafka:3.9.0", "/bitnami/kafka", Some(Severity::Loss)),
        ("bitnami/kafka:3.9.0", "confluentinc/cp-kafka:7.9.0", "/bitnami/kafka", Some(Severity::Care)),
    ] {
        assert_eq!(step(was, is, path, none), expected, "{was} {is} {path}");
    }
    let told = "env: [{name: PGDATA, value: /bitnami/postgresql/data}]";
    assert_eq!(
        step("bitnami/postgresql:16.4.0", "postgres:16.4", "/bitnami/postgresql", told),
        Some(Severity::Care)
    );
    let deaf = "env: [{name: POSTGRESQL_VOLUME_DIR, value: /bitnami/postgresql}]";
    assert_eq!(
        step("bitnami/postgresql:16.4.0", "postgres:16.4", "/bitnami/postgresql", deaf),
        Some(Severity::Loss)
    );
}
