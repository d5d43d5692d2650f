//! Containers that end, pods that do not stay, and pods that do not go.

use serde_json::{Value, json};

use super::{Report, World, diagnose, report};
use crate::{
    State, cause,
    tests::world::{A_MINUTE_AGO, LONG_AGO},
};

/// `web-0` crashes with this end, and said this.
fn crashes(image: &str, ended: Value, log: &str) -> World {
    let mut last = json!({"exitCode": 1, "reason": "Error", "startedAt": "2026-01-01T11:58:00Z", "finishedAt": "2026-01-01T11:58:20Z"});
    for (key, value) in ended.as_object().unwrap() {
        last[key] = value.clone();
    }
    World::new(1)
        .container(0, json!({"image": image, "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": last}, "restartCount": 6}))
        .log(0, log)
}

/// `web-0` is Ready since a minute, and its container was restarted so often.
fn ready_again(restarts: i32, ended: Value) -> World {
    let ready = json!([{"type": "ContainersReady", "status": "True"}, {"type": "Ready", "status": "True", "lastTransitionTime": A_MINUTE_AGO}]);
    let container = json!([{"name": "main", "image": "web:1", "imageID": "", "ready": true, "started": true, "restartCount": restarts,
        "state": {"running": {"startedAt": if restarts == 0 { LONG_AGO } else { A_MINUTE_AGO }}}, "lastState": {"terminated": ended}}]);
    World::new(1).pod(0, json!({"status": {"conditions": ready, "containerStatuses": container}}))
}

fn read_only(mounts: Value) -> Value {
    json!({"spec": {"containers": [{"name": "main", "image": "web:1", "volumeMounts": mounts, "securityContext": {"readOnlyRootFilesystem": true}}]}})
}

fn ended_and_going() -> World {
    let ended = json!([{"name": "main", "image": "web:1", "imageID": "", "ready": false, "restartCount": 0,
        "state": {"terminated": {"exitCode": 0, "startedAt": LONG_AGO, "finishedAt": A_MINUTE_AGO}}}]);
    World::new(1).unready(0).pod(
        0,
        json!({"metadata": {"deletionTimestamp": A_MINUTE_AGO, "deletionGracePeriodSeconds": 30},
        "status": {"containerStatuses": ended}}),
    )
}

pub fn reports() -> Vec<Report> {
    let stopped = json!({"exitCode": 0, "reason": "Completed", "startedAt": "2026-01-01T11:57:00Z", "finishedAt": "2026-01-01T11:58:58Z"});
    let completed = json!({"status": {"phase": "Succeeded", "conditions": [{"type": "Ready", "status": "False", "reason": "PodCompleted"}]}});
    let replaced = (0..4).fold(
        World::new(1).pod(0, json!({"metadata": {"creationTimestamp": "2026-01-01T11:59:30Z"}})),
        |world, round| {
            world
                .event(&format!("earlier-{round}"), "Killing", "Stopping container main")
                .about_pod(0)
                .ago(600 - 120 * round)
        },
    );
    vec![
        report("kubernetes/kubernetes#76619", crashes("web:1", json!({"exitCode": 0, "reason": "Completed"}), ""))
            .certain(cause::CONTAINER_CRASHES)
            .says(&["ends by itself", "runs on"]),
        report("docker-library/postgres#451", crashes("postgres:17", json!({}), "running bootstrap script ... Bus error (core dumped)\nchild process exited with exit code 135\ninitdb: removing contents of data directory"))
            .likely(cause::SHARED_MEMORY_REFUSED)
            .says(&["Bus error", "hugepages"]),
        report("aquasecurity/aqua-helm#937", crashes("postgres:17", json!({}), "FATAL:  could not resize shared memory segment \"/PostgreSQL.1804289383\" to 8388608 bytes: No space left on device"))
            .likely(cause::SHARED_MEMORY_REFUSED)
            .says(&["/dev/shm", "medium: Memory"])
            .not(&["grow the claim"]),
        report("openobserve/openobserve-helm-chart#54", crashes("web:1", json!({"exitCode": 101}), "thread 'main' panicked: create cache dir success: Os { code: 30, kind: ReadOnlyFilesystem, message: \"Read-only file system\" }").pod(0, read_only(json!([]))))
            .likely(cause::FILE_SYSTEM_READ_ONLY)
            .says(&["readOnlyRootFilesystem", "emptyDir"]),
        report("PrivateBin/helm-chart#60", crashes("web:1", json!({}), "cp: can't create directory '/run/services': Read-only file system").pod(0, read_only(json!([{"name": "data", "mountPath": "/data"}]))))
            .certain(cause::FILE_SYSTEM_READ_ONLY)
            .says(&["/run/services"]),
        report("helm/charts#6206", crashes("rabbitmq:3", json!({}), "endpoints \"web\" is forbidden: User \"system:serviceaccount:shop:web\" cannot get resource \"endpoints\" in API group \"\" in the namespace \"shop\""))
            .likely(cause::RIGHTS_MISSING)
            .says(&["kubectl auth can-i get endpoints", "system:serviceaccount:shop:web"]),
        report("camunda-community-hub/camunda-7-community-helm#18", crashes("web:1", json!({}), "org.postgresql.util.PSQLException: Connection to db-cluster:5432 refused. Check that the hostname and port are correct"))
            .likely(cause::DEPENDENCY_UNREACHABLE)
            .says(&["db-cluster:5432"]),
        report("mmalyska/home-ops#4138", crashes("web:1", json!({}), "Error: connect EHOSTUNREACH 10.105.4.10:5432"))
            .likely(cause::DEPENDENCY_UNREACHABLE)
            .says(&["10.105.4.10:5432"]),
        report("kubernetes/dns#316", crashes("web:1", json!({}), "psql: error: could not translate host name \"db\" to address: Name or service not known").pod(0, json!({"spec": {"hostNetwork": true, "dnsPolicy": "ClusterFirst"}})))
            .likely(cause::DNS_NOT_THE_CLUSTERS)
            .says(&["ClusterFirstWithHostNet"]),
        report("apache/couchdb-helm#48", crashes("web:1", json!({}), "dial tcp: lookup db on 10.96.0.10:53: read udp 10.0.0.9:1->10.96.0.10:53: i/o timeout").object("policy", "deny", json!({"spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}})))
            .likely(cause::NETWORK_POLICY_IN_THE_WAY)
            .says(&["(networkpolicy/deny)", "not even to the DNS"]),
        report("our own: a container that a webhook has put in", crashes("web:1", json!({}), "").set(json!({"spec": {"template": {"spec": {"containers": [{"name": "own"}]}}}})))
            .certain(cause::CONTAINER_CRASHES)
            .says(&["has put it into the pod", "mutatingwebhookconfigurations"]),
        report("fluxcd/flux2#3813", ready_again(8, stopped).event("pod-web-0", "Killing", "Container main failed liveness probe, will be restarted").ago(70).event("pod-web-0", "Unhealthy", "Liveness probe failed: Get \"http://10.0.0.1:9440/healthz\": dial tcp 10.0.0.1:9440: connect: connection refused").ago(75))
            .is(State::Unstable)
            .certain(cause::LIVENESS_PROBE_FAILING)
            .says(&["healthz"]),
        report("modelplaneai/modelplane#206", ready_again(0, Value::Null).event("pod-web-0", "Unhealthy", "Readiness probe failed: Get \"http://10.0.0.1/ready\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)").ago(80).times(40))
            .is(State::Unstable)
            .certain(cause::READINESS_PROBE_FAILING)
            .says(&["now and then", "timeoutSeconds", "40 times"]),
        report("kubernetes/kubernetes#61998", replaced)
            .is(State::Unstable)
            .unknown(cause::POD_REPLACED_OFTEN)
            .says(&["4 pods of the name web-0"]),
        report("kubernetes/kubernetes#124065", World::new(1).pod(0, completed))
            .certain(cause::POD_FAILED)
            .says(&["kubectl -n shop delete pod web-0"]),
        report("kubernetes/kubernetes#123960", ended_and_going())
            .certain(cause::POD_TERMINATING)
            .says(&["its containers have ended", "volumes"]),
        report("kubernetes/kubernetes#93649", (0..3).fold(World::new(1), |world, round| {
            world.event(&format!("earlier-{round}"), "Evicted", "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. ").about_pod(0).ago(60 * round)
        }))
            .is(State::Unstable)
            .certain(cause::POD_FAILED)
            .says(&["resources.limits.ephemeral-storage"])
            .not(&["its node ran out"]),
        report("kubernetes/kubernetes#116986", World::new(1).pod(0, json!({"status": {"phase": "Failed", "reason": "Evicted", "message": "Usage of EmptyDir volume \"cache\" exceeds the limit \"5Gi\". "}})))
            .certain(cause::POD_FAILED)
            .says(&["sizeLimit"])
            .not(&["its node ran out"]),
    ]
}

#[test]
fn what_only_looks_like_a_habit_is_none() {
    let told = |world: World, seconds: i64, why: &str| {
        world.event("pod-web-0", "Unhealthy", &format!("Readiness probe failed: {why}")).ago(seconds)
    };
    let from_the_start =
        told(told(ready_again(0, Value::Null), 3590, "connection refused"), 80, "statuscode: 503");
    assert_eq!(diagnose(&from_the_start.picture()).state, State::Healthy);
    let long_ago = told(ready_again(0, Value::Null), 2000, "statuscode: 503");
    assert_eq!(diagnose(&long_ago.picture()).state, State::Healthy);
}

#[test]
fn a_policy_that_allows_everything_is_not_blamed() {
    let lost = crashes("web:1", json!({}), "dial tcp 10.0.0.7:5432: i/o timeout");
    let policy =
        |egress: Value| json!({"spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": egress}});
    let walled = lost.object("policy", "some", policy(json!([{"ports": [{"port": 53}]}])));
    assert_eq!(diagnose(&walled.picture()).ids(), [cause::NETWORK_POLICY_IN_THE_WAY]);
    let open = walled.object("policy", "all", policy(json!([{}])));
    assert_eq!(diagnose(&open.picture()).ids(), [cause::DEPENDENCY_UNREACHABLE]);
}
