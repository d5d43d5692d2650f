//! Steps of other kinds, each answered as a whole.

use super::{
    kinds::{DEPLOYMENT, answer, grave},
    *,
};
use crate::answer::Answer;

#[test]
fn a_secret_that_moves_with_another_password_breaks() {
    let chart = |secret: &str, password: &str| {
        format!(
            "apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db}}
spec: {{template: {{spec: {{containers: [{{name: db, image: 'postgres:17', env: [{{name: POSTGRES_PASSWORD, valueFrom: {{secretKeyRef: {{name: {secret}, key: password}}}}}}]}}]}}}}}}
---
apiVersion: v1
kind: Secret
metadata: {{name: {secret}}}
stringData: {{password: {password}}}
"
        )
    };
    let picture = pictured(&chart("db", "hunter22"), &chart("db-auth", "hunter33"));
    assert!(grave(&picture).contains(&"secret-changed".to_owned()), "{:?}", judge(&picture));
    assert_eq!(
        grave(&pictured(&chart("db", "hunter22"), &chart("db-auth", "hunter22"))),
        Vec::<String>::new()
    );
}

#[test]
fn a_resource_of_an_operator_is_data() {
    let cluster = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db}\nspec: {imageName: 'ghcr.io/cloudnative-pg/postgresql:16.2'}\n";
    assert_eq!(grave(&pictured(cluster, "")), ["operated-gone"]);
    assert_eq!(grave(&pictured(cluster, &cluster.replace("16.2", "17.0"))), ["version-step"]);
    assert_eq!(answer(&pictured(cluster, &cluster.replace("16.2", "17.0"))), Answer::NeedsCare);
    let kafka = "apiVersion: kafka.strimzi.io/v1beta2\nkind: Kafka\nmetadata: {name: k}\nspec: {kafka: {version: 3.2.0}}\n";
    assert_eq!(answer(&pictured(kafka, &kafka.replace("3.2.0", "4.0.0"))), Answer::WouldBreak);
}

#[test]
fn a_version_of_an_api_that_goes_is_told_by_the_target() {
    let endpoints = "apiVersion: autoscaling/v2beta2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\n";
    let mut picture = pictured(endpoints, endpoints);
    picture.kubernetes = "v1.25.3".into();
    assert_eq!(found(&picture), only("api-going", "U1", Severity::Note));
    picture.target = Some("1.26".into());
    assert_eq!(found(&picture), only("api-going", "U1", Severity::Break));
    picture.kubernetes = "v1.22.0".into();
    picture.target = None;
    assert_eq!(found(&picture), []);
}

#[test]
fn a_digest_is_told_by_the_charts_label() {
    let of = |label: &str, digest: &str| {
        DEPLOYMENT
            .replace(
                "metadata: {name: vault}",
                &format!("metadata: {{name: vault, labels: {{app.kubernetes.io/version: '{label}'}}}}"),
            )
            .replace("r.example/vault:1", &format!("mongo@sha256:{digest}"))
    };
    let step = |from: &str, to: &str| {
        let mut picture = pictured(&of(from, "1f"), &of(to, "2f"));
        picture.claims = ["vault-data".to_owned()].into();
        answer(&picture)
    };
    assert_eq!(step("6.0.3", "8.0.1"), Answer::WouldBreak);
    assert_eq!(step("7.0.3", "7.0.9"), Answer::Safe);
}

#[test]
fn a_service_that_loses_a_port_and_another_user_need_care() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: LoadBalancer, ports: [{port: 80}]}\n";
    assert_eq!(grave(&pictured(service, &service.replace("80", "8080"))), ["service-changed"]);
    assert_eq!(grave(&pictured(service, &service.replace("LoadBalancer", "ClusterIP"))), ["service-changed"]);
    let of = |user: u32| {
        DEPLOYMENT.replace(
            "name: vault, image",
            &format!("name: vault, securityContext: {{runAsUser: {user}}}, image"),
        )
    };
    assert_eq!(grave(&pictured(&of(999), &of(1001))), ["another-user"]);
}

#[test]
fn a_password_that_is_named_instead_of_written_is_the_same() {
    let workload = |env: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec: {{template: {{spec: {{containers: [{{name: a, env: [{env}]}}]}}}}}}\n"
        )
    };
    let old = workload("{name: STORE_DSN, value: 'tcp://db?password=hunter2'}");
    let named = workload(
        "{name: PASSWORD, value: hunter2}, {name: STORE_DSN, value: 'tcp://db?password=$(PASSWORD)'}",
    );
    assert_eq!(found(&pictured(&old, &named)), []);
    let another = named.replace("value: hunter2", "value: hunter3");
    assert_eq!(found(&pictured(&old, &another)), only("secret-changed", "U4", Severity::Break));
}

#[test]
fn a_user_that_nobody_has_made_breaks() {
    let renamed = |name: &str| {
        let workload = |user: &str| {
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec: {{template: {{spec: {{containers: [{{name: a, env: [{{name: {name}, value: {user}}}]}}]}}}}}}\n"
            )
        };
        pictured(&workload("replicator"), &workload("checker"))
    };
    assert_eq!(found(&renamed("POOL_CHECK_USER")), only("user-changed", "U4", Severity::Break));
    assert_eq!(found(&renamed("RUN_AS_USER")), []);
    let mut asked = renamed("POSTGRES_DB");
    asked.values.given = json!({"database": "checker"});
    assert_eq!(found(&asked), only("user-changed", "U4", Severity::Care));
}
