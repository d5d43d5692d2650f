//! The last words of servers: PostgreSQL says its own; those of servers that are not here are spoken by the sentinel.

use anyhow::Result;
use harness::{
    claim::S15,
    explain::cause,
    runner::{Run, Scenario},
};
use serde_json::{Value, json};

use super::{healed, report};
use crate::{
    diagnosis::case::{Case, case, named, plain},
    seconds,
};

const POSTGRES: &str = "postgres:17";
const MOUNT: &str = "/var/lib/postgresql/data";

/// What this scenario makes.
#[cfg(test)]
pub(super) fn causes() -> Vec<&'static str> {
    named(&own()).chain(named(&spoken())).map(|(_, cause)| cause).collect()
}

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![report(
        "diagnosis::reports::server_words",
        "servers end, and only their logs say why",
        seconds(300),
        server_words,
    )]
}

/// PostgreSQL, behind an init container that does this to its volume as root.
fn server(set: &'static str, cause: &'static str, before: &str, patch: Value) -> Case {
    let mounts = |path: &str| json!([{"name": "data", "mountPath": path}]);
    let init = json!({"name": "before", "image": POSTGRES, "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", before], "volumeMounts": mounts("/disk")});
    let as_image_says = json!({"runAsUser": null, "runAsGroup": null, "runAsNonRoot": null});
    let mut container = json!({"command": null, "securityContext": null, "volumeMounts": mounts(MOUNT), "env": [
        {"name": "POSTGRES_PASSWORD", "value": "for-this-test-only"}, {"name": "PGDATA", "value": format!("{MOUNT}/pgdata")}]});
    harness::manifest::patch::merge(&mut container, &patch);
    case(set, cause)
        .pod(json!({"initContainers": [init], "securityContext": as_image_says}))
        .volume_claim(json!({"resources": {"requests": {"storage": "128Mi"}}}))
        .container(plain(POSTGRES, &[], container))
}

/// What PostgreSQL says itself.
fn own() -> Vec<Case> {
    let version = |number: &str| {
        let made =
            "mkdir -p /disk/pgdata && cd /disk/pgdata && touch postgresql.conf pg_hba.conf pg_ident.conf";
        format!("{made} && echo {number} > PG_VERSION && chown -R postgres . && chmod 700 .")
    };
    let small = json!([{"name": "small", "emptyDir": {"medium": "Memory", "sizeLimit": "8Mi"}}]);
    let owned = json!({"securityContext": {"runAsUser": 12345, "runAsNonRoot": true}});
    let on_small = json!({"volumeMounts": [{"name": "small", "mountPath": MOUNT}]});
    let mut full = server("full", cause::DISK_FULL, "true", on_small);
    full = full.also_pod(json!({"volumes": small}));
    // It would write beside its volume.
    let closed =
        json!({"command": ["touch", "/beside"], "securityContext": {"readOnlyRootFilesystem": true}});
    vec![
        server("closed", cause::FILE_SYSTEM_READ_ONLY, "true", closed),
        server("older", cause::DATA_OF_ANOTHER_VERSION, &version("14"), json!({})),
        server("broken", cause::DATA_DAMAGED, &version("17"), json!({})),
        server(
            "foreign",
            cause::DATA_NOT_PERMITTED,
            "mkdir -p /disk/pgdata && chown 0:0 /disk/pgdata && chmod 700 /disk/pgdata",
            owned,
        ),
        server(
            "unset",
            cause::SETTING_MISSING,
            "true",
            json!({"env": [{"name": "PGDATA", "value": format!("{MOUNT}/pgdata")}]}),
        ),
        full,
    ]
}

/// What others say, as their reports quote it.
fn spoken() -> Vec<Case> {
    let says = |set, cause, words: &str| case(set, cause).container(json!({"args": ["crash", words]}));
    vec![
        says(
            "kafka",
            cause::DATA_OF_ANOTHER_CLUSTER,
            "kafka.common.InconsistentClusterIdException: The Cluster ID a doesn't match stored clusterId Some(b) in meta.properties.",
        ),
        says(
            "redis",
            cause::DATA_IN_USE,
            "Sorry, the cluster configuration file nodes.conf is already used by a different Redis Cluster node.",
        ),
        says(
            "etcd",
            cause::MEMBER_ALREADY_KNOWN,
            "discovery failed: member 3657dab4a6d76e1f has already been bootstrapped",
        ),
        says(
            "search",
            cause::NODE_SETTING_TOO_LOW,
            "max virtual memory areas vm.max_map_count [65530] is too low, increase to at least [262144]",
        ),
        says(
            "queue",
            cause::RIGHTS_MISSING,
            "endpoints \"queue\" is forbidden: User \"system:serviceaccount:shop:queue\" cannot get resource \"endpoints\" in API group \"\" in the namespace \"shop\"",
        ),
        says(
            "refused",
            cause::CREDENTIALS_REFUSED,
            "psql: error: connection to server at \"db\" (10.96.1.2), port 5432 failed: FATAL:  password authentication failed for user \"app\"",
        ),
        says(
            "misspelt",
            cause::SETTING_WRONG,
            "2026-11-29 13:48:13.463 GMT [1] FATAL:  unrecognized configuration parameter \"max_conections\"",
        ),
        says("lonesome", cause::DEPENDENCY_UNREACHABLE, "Error: connect EHOSTUNREACH 10.105.4.10:5432"),
        says(
            "astray",
            cause::DNS_NOT_THE_CLUSTERS,
            "psql: error: could not translate host name \"db\" to address: Name or service not known",
        )
        .pod(json!({"dnsPolicy": "Default"})),
        says(
            "walled",
            cause::NETWORK_POLICY_IN_THE_WAY,
            "dial tcp: lookup db on 10.96.0.10:53: read udp: i/o timeout",
        ),
        says("huge", cause::SHARED_MEMORY_REFUSED, "running bootstrap script ... Bus error (core dumped)"),
        says("foreign-program", cause::WRONG_ARCHITECTURE, "exec /usr/local/bin/server: exec format error"),
    ]
}

async fn server_words(run: Run) -> Result<()> {
    run.step("each server ends for its own reason").await?;
    run.apply_objects([
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "walls"},
        "spec": {"podSelector": {"matchLabels": {"app": "walled"}}, "policyTypes": ["Egress"]}}),
    ])
    .await?;
    for case in own().iter().chain(&spoken()) {
        run.apply_objects([case.object()?]).await?;
    }
    run.judge_diagnoses(S15, named(&own()).chain(named(&spoken())), seconds(120)).await?;

    run.step("what can be made good is").await?;
    let remedies = [
        ("unset", cause::SETTING_MISSING, "true", json!({})),
        (
            "foreign",
            cause::DATA_NOT_PERMITTED,
            "chown -R 12345 /disk",
            json!({"securityContext": {"runAsUser": 12345, "runAsNonRoot": true}}),
        ),
        // The data may go.
        ("older", cause::DATA_OF_ANOTHER_VERSION, "true", json!({})),
        ("broken", cause::DATA_DAMAGED, "true", json!({})),
        ("full", cause::DISK_FULL, "true", json!({})),
    ];
    for (set, cause, before, patch) in remedies {
        run.set(set).delete_volume_claim(0).await?;
        run.apply_objects([server(set, cause, before, patch).object()?]).await?;
        run.set(set).delete_pod(0).await?;
    }
    for (set, ..) in [("unset", 0), ("older", 0), ("broken", 0), ("full", 0)] {
        healed(&run, set).await?;
    }
    Ok(())
}
