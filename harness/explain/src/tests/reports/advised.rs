//! Sets whose cause was clear, and what helps was not said: with what a cluster said of each, word for word.

mod storage;

use serde_json::{Value, json};

use super::{Report, World, diagnose, report};
use crate::{
    State, cause,
    tests::world::{A_MINUTE_AGO, LONG_AGO},
};

const EXEC: &str = "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: ";

/// The container of `web-0`, with this in its template.
fn template(change: Value) -> World {
    let mut container = json!({"name": "main", "image": "web:1"});
    for (key, value) in change.as_object().unwrap() {
        container[key] = value.clone();
    }
    World::new(1).pod(0, json!({"spec": {"containers": [container]}}))
}

/// It waits so.
fn waits(change: Value, reason: &str, told: &str) -> World {
    template(change).container(0, json!({"state": {"waiting": {"reason": reason, "message": told}}}))
}

fn not_started(change: Value, told: &str) -> World {
    waits(change, "RunContainerError", told)
}

/// It runs, and this is said of it.
fn probed(change: Value, told: &str) -> World {
    template(change)
        .container(0, json!({"state": {"running": {"startedAt": A_MINUTE_AGO}}, "started": true}))
        .event("pod-web-0", "Unhealthy", told)
}

fn mounts(path: &str) -> Value {
    json!({"volumeMounts": [{"name": "data", "mountPath": path}]})
}

fn refused(reason: &str, told: &str) -> World {
    let failed = json!({"status": {"phase": "Failed", "reason": reason, "message": told}});
    World::new(1).pod(0, failed)
}

fn sandbox(told: &str) -> World {
    waits(json!({}), "ContainerCreating", "").pod(0, json!({"status": {"phase": "Pending"}})).event(
        "pod-web-0",
        "FailedCreatePodSandBox",
        told,
    )
}

/// A volume of this kind is not mounted.
fn not_mounted(volume: Value, told: &str) -> World {
    waits(json!({}), "ContainerCreating", "")
        .pod(0, json!({"status": {"phase": "Pending"}, "spec": {"volumes": [volume]}}))
        .event("pod-web-0", "FailedMount", told)
}

/// The ordinals of the set begin at 5; its pod waits for another.
fn begins_at_five(log: &str) -> World {
    World::new(0)
        .set(json!({"spec": {"replicas": 1, "ordinals": {"start": 5}}, "status": {"replicas": 1}}))
        .healthy_pod(5)
        .container(5, json!({"state": {"running": {"startedAt": A_MINUTE_AGO}}, "started": true}))
        .event("pod-web-5", "Unhealthy", "Readiness probe failed:")
        .log(5, log)
}

/// An init container of `web-0` that runs, and the Service `db` with this selector.
fn waits_for_db(command: &str, selector: &str) -> World {
    let first = json!({"name": "first", "image": "tools:1", "command": ["bash", "-c", command]});
    let running = json!({"name": "first", "image": "tools:1", "imageID": "", "ready": false, "restartCount": 0,
        "state": {"running": {"startedAt": LONG_AGO}}});
    World::new(1)
        .container(0, json!({"state": {"waiting": {"reason": "PodInitializing"}}}))
        .pod(0, json!({"spec": {"initContainers": [first]}, "status": {"phase": "Pending", "initContainerStatuses": [running]}}))
        .object("service", "db", json!({"spec": {"selector": {"app": selector}}}))
        .object("neighbour", "db-0", json!({"metadata": {"labels": {"app": "db"}}, "spec": {"containers": []}}))
}

pub fn reports() -> Vec<Report> {
    [starting(), settings(), nodes(), probes(), others(), storage::reports()].into_iter().flatten().collect()
}

fn starting() -> Vec<Report> {
    let script = format!("{EXEC}\"docker-entrypoint.sh\": executable file not found in $PATH: unknown");
    let sleep = format!("{EXEC}\"sleep infinity\": executable file not found in $PATH: unknown");
    let absolute = format!("{EXEC}\"/opt/web/run\": stat /opt/web/run: no such file or directory: unknown");
    let seccomp = "failed to create containerd container: cannot load seccomp profile \"/var/lib/kubelet/seccomp/profiles/nope.json\": open /var/lib/kubelet/seccomp/profiles/nope.json: no such file or directory";
    let apparmor = "failed to create containerd container: apparmor profile not found \"nope\"";
    let hook = json!({"lifecycle": {"postStart": {"exec": {"command": ["/bin/zsh", "-c", "true"]}}}});
    vec![
        report("a volume over the programs", not_started(mounts("/usr/local/bin"), &script))
            .certain(cause::CONTAINER_CANNOT_START)
            .says(&["volume data is mounted over /usr/local/bin and hides", "subPath"])
            .not(&["whichever is complained about"]),
        report("a volume over the folder of the program", not_started(mounts("/opt/web/"), &absolute))
            .certain(cause::CONTAINER_CANNOT_START)
            .says(&["volume data is mounted over /opt/web and hides"]),
        report("a volume elsewhere", not_started(mounts("/opt/webs"), &absolute))
            .certain(cause::CONTAINER_CANNOT_START)
            .says(&["image web:1 has no program /opt/web/run"])
            .not(&["hides"]),
        report("one string for a list of words", not_started(json!({"command": ["sleep infinity"]}), &sleep))
            .certain(cause::CONTAINER_CANNOT_START)
            .says(&["command: [\"sleep\", \"infinity\"]", "[\"sh\", \"-c\", \"sleep infinity\"]"])
            .not(&["whichever is complained about"]),
        report(
            "one string for a list of words, as args",
            not_started(json!({"args": ["sleep infinity"]}), &sleep),
        )
        .certain(cause::CONTAINER_CANNOT_START)
        .says(&["args: [\"sleep\", \"infinity\"]"]),
        report("a seccomp profile that the node lacks", waits(json!({}), "CreateContainerError", seccomp))
            .certain(cause::CONTAINER_CANNOT_START)
            .says(&["put the profile at that path on node worker", "seccompProfile.type: RuntimeDefault"])
            .not(&["change command"]),
        report("an AppArmor profile that the node lacks", waits(json!({}), "CreateContainerError", apparmor))
            .certain(cause::CONTAINER_CANNOT_START)
            .says(&["load the profile on node worker", "appArmorProfile.type: RuntimeDefault"])
            .not(&["change command"]),
        report(
            "a hook whose program is not there",
            waits(hook, "PostStartHookError", "PostStartHook failed"),
        )
        .certain(cause::POST_START_HOOK_FAILING)
        .says(&[
            "its postStart hook (\"/bin/zsh -c true\") fails",
            "see that image web:1 has /bin/zsh at all",
        ]),
    ]
}

fn settings() -> Vec<Report> {
    let by_name =
        json!({"volumeMounts": [{"name": "data", "mountPath": "/data", "subPathExpr": "$(POD_NAME)"}]});
    let of_main = json!({"env": [{"name": "MEMORY", "valueFrom": {"resourceFieldRef": {"containerName": "app", "resource": "limits.memory"}}}]});
    let items = json!([{"key": "tls.key", "path": "tls.key"}]);
    let projected = json!({"name": "keys", "projected": {"sources": [
        {"secret": {"name": "other"}}, {"secret": {"name": "login", "items": items}}]}});
    let told = "MountVolume.SetUp failed for volume \"keys\" : references non-existent secret key: tls.key";
    let config = json!({"name": "keys", "configMap": {"name": "settings", "items": [{"key": "Main.conf", "path": "main"}]}});
    let of_config =
        "MountVolume.SetUp failed for volume \"keys\" : references non-existent config key: Main.conf";
    vec![
        report(
            "a variable that is not defined",
            waits(by_name, "CreateContainerConfigError", "missing value for POD_NAME"),
        )
        .certain(cause::CONTAINER_CONFIG_INVALID)
        .says(&["define POD_NAME in env of container main", "metadata.name", "template of statefulset web"])
        .not(&["change what is complained about"]),
        report(
            "a container that the pod does not have",
            waits(of_main, "CreateContainerConfigError", "container app not found"),
        )
        .certain(cause::CONTAINER_CONFIG_INVALID)
        .says(&["correct containerName", "variable MEMORY", "no container app (it has main)"])
        .not(&["change what is complained about"]),
        report("a key that a projected secret lacks", not_mounted(projected, told))
            .certain(cause::SECRET_MISSING)
            .says(&["(secret/login)", "add key tls.key to secret login", "describe secret login"])
            .not(&["NAME", "other"]),
        report("a key that a ConfigMap lacks", not_mounted(config, of_config))
            .certain(cause::CONFIG_MAP_MISSING)
            .says(&["(configmap/settings)", "add key Main.conf to configmap settings"])
            .not(&["NAME"]),
    ]
}

fn nodes() -> Vec<Report> {
    let users = "Failed to create pod sandbox: can't set `spec.hostUsers: false`, runtime does not support user namespaces";
    vec![
        report(
            "AppArmor that is not enabled",
            refused("AppArmor", "Cannot enforce AppArmor: AppArmor is not enabled on the host"),
        )
        .certain(cause::POD_FAILED)
        .says(&["take appArmorProfile out", "bind the pods to nodes that have it on"])
        .not(&["see what its node says"]),
        report(
            "another operating system",
            refused("PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS"),
        )
        .certain(cause::POD_FAILED)
        .says(&["correct spec.os.name", "than worker has"]),
        report("another node's name", refused("NodeName", "Predicate NodeName failed"))
            .certain(cause::POD_FAILED)
            .says(&["correct nodeName", "than worker has for itself"]),
        report("users of its own", sandbox(users).pod(0, json!({"spec": {"hostUsers": false}})))
            .certain(cause::SANDBOX_FAILED)
            .says(&["hostUsers: false asks: take that out", "containerd 2.0"])
            .not(&["network plugin"]),
        report(
            "a runtime that does not answer",
            sandbox("Failed to create pod sandbox: open /run/containerd/io: input/output error"),
        )
        .certain(cause::SANDBOX_FAILED)
        .says(&["container runtime of node worker", "journalctl -u containerd"])
        .not(&["network plugin"]),
    ]
}

fn probes() -> Vec<Report> {
    let ports = json!([{"name": "pg", "containerPort": 5432}]);
    let named = |port: Value| json!({"ports": ports, "readinessProbe": {"tcpSocket": {"port": port}}});
    let no_number = "Readiness probe errored and resulted in unknown state: strconv.Atoi: parsing \"http\": invalid syntax";
    let http = json!({"readinessProbe": {"httpGet": {"path": "/", "port": 5432}}});
    vec![
        report("a port's name that the container lacks", probed(named("http".into()), no_number))
            .certain(cause::READINESS_PROBE_FAILING)
            .says(&["has no port of that name (it has pg (5432))", "give the port's number"])
            .not(&["OrderedReady can never", "see what the container says"]),
        report("a port's name that the container has", probed(named("pg".into()), "Readiness probe failed: dial tcp 10.0.0.1:5432: connect: connection refused"))
            .certain(cause::READINESS_PROBE_FAILING)
            .says(&["nobody listens"])
            .not(&["no port of that name"]),
        report("HTTP asked of a database", probed(http.clone(), "Readiness probe failed: Get \"http://10.244.1.56:5432/\": EOF"))
            .certain(cause::READINESS_PROBE_FAILING)
            .says(&["does not answer in HTTP", "pg_isready"]),
        report("HTTP asked of a database that answers", probed(http.clone(), "Readiness probe failed: Get \"http://10.244.1.56:3306/\": net/http: HTTP/1.x transport connection broken: malformed HTTP response \"J\\x00\\x00\\x00\\n8.0.36\\x00\""))
            .certain(cause::READINESS_PROBE_FAILING)
            .says(&["does not answer in HTTP"])
            .not(&["httpGet.scheme"]),
        report("HTTP asked of a port that speaks TLS", probed(http.clone(), "Readiness probe failed: Get \"http://10.244.1.56:8443/\": net/http: HTTP/1.x transport connection broken: malformed HTTP response \"\\x15\\x03\\x01\\x00\\x02\\x02\""))
            .certain(cause::READINESS_PROBE_FAILING)
            .says(&["httpGet.scheme"])
            .not(&["does not answer in HTTP"]),
        report("TLS asked of a database", probed(http, "Readiness probe failed: Get \"https://10.244.1.70:5432/\": EOF"))
            .certain(cause::READINESS_PROBE_FAILING)
            .says(&["it speaks no TLS there", "scheme: HTTP"]),
    ]
}

fn others() -> Vec<Report> {
    let asks = "until pg_isready -h db -p 5432; do sleep 2; done";
    vec![
        report("ordinals that begin later", begins_at_five("waiting for web-0.web\nwaiting for web-0.web"))
            .likely(cause::PEER_NEVER_MADE)
            .says(&[
                "begin at 5, so that web-0 is never made",
                "let it look for web-5",
                "waiting for web-0.web",
            ]),
        report(
            "a probe that asks for an earlier pod",
            begins_at_five("").pod(
                5,
                json!({"spec": {"containers": [{"name": "main", "image": "web:1",
            "readinessProbe": {"exec": {"command": ["sh", "-c", "getent hosts web-0.web"]}}}]}}),
            ),
        )
        .likely(cause::PEER_NEVER_MADE)
        .says(&["its readinessProbe names it"]),
        report("another pod that begins with the name", begins_at_five("waiting for web-01 and web-0-a"))
            .certain(cause::READINESS_PROBE_FAILING)
            .not(&["never made"]),
        report("a Service that selects nobody", waits_for_db(asks, "postgres-typo"))
            .likely(cause::INIT_CONTAINER_RUNS)
            .says(&[
                "names Service db, whose selector (app=postgres-typo) no pod of the namespace matches",
                "as its selector",
            ])
            .not(&["make it a sidecar"]),
        report("a Service that selects a pod", waits_for_db(asks, "db"))
            .likely(cause::INIT_CONTAINER_RUNS)
            .says(&["make it a sidecar"])
            .not(&["whose selector"]),
    ]
}

#[test]
fn a_set_that_begins_later_and_waits_for_nobody_is_well() {
    let world = World::new(0)
        .set(json!({"spec": {"replicas": 1, "ordinals": {"start": 5}}, "status": {"replicas": 1}}))
        .healthy_pod(5)
        .log(5, "joined by web-0.web");
    assert_eq!(diagnose(&world.picture()).state, State::Healthy);
}
