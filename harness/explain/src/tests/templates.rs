//! What the template says counts: hooks, initial containers, sidecars, probes that kill, logs, names.

use serde_json::{Value, json};

use super::{Case, World, case, diagnose, world::LONG_AGO};
use crate::{Certainty, State, cause};

/// `web-0`'s container in this state, with a change of its template.
fn one(template: Value, status: Value) -> World {
    let mut container = json!({"name": "main", "image": "web:1"});
    for (key, value) in template.as_object().unwrap() {
        container[key] = value.clone();
    }
    World::new(1).pod(0, json!({"spec": {"containers": [container]}})).container(0, status)
}

fn creating() -> Value {
    json!({"state": {"waiting": {"reason": "ContainerCreating"}}})
}

fn ended(change: Value) -> Value {
    let mut last = json!({"exitCode": 1, "reason": "Error", "startedAt": "2026-01-01T11:58:00Z", "finishedAt": "2026-01-01T11:58:20Z"});
    for (key, value) in change.as_object().unwrap() {
        last[key] = value.clone();
    }
    json!({"image": "docker.io/library/postgres:17", "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": last}, "restartCount": 4})
}

/// A server that ends and says why.
fn says(line: &str) -> World {
    one(json!({}), ended(json!({}))).log(0, &format!("starting\n{line}\nshutting down"))
}

fn running(since: &str) -> Value {
    json!({"state": {"running": {"startedAt": since}}, "started": true})
}

/// `web-0` has this container before its own, in this state.
fn before(template: Value, state: Value) -> World {
    let mut init = json!({"name": "first", "image": "tools:1"});
    for (key, value) in template.as_object().unwrap() {
        init[key] = value.clone();
    }
    let mut status =
        json!({"name": "first", "image": "tools:1", "imageID": "", "ready": false, "restartCount": 0});
    for (key, value) in state.as_object().unwrap() {
        status[key] = value.clone();
    }
    World::new(1)
        .container(0, json!({"state": {"waiting": {"reason": "PodInitializing"}}}))
        .pod(0, json!({"spec": {"initContainers": [init]}, "status": {"phase": "Pending", "initContainerStatuses": [status]}}))
}

fn asking_peers() -> World {
    let probe = json!({"exec": {"command": ["sh", "-c", "getent hosts web-1.web"]}});
    World::new(2)
        .set(json!({"spec": {"podManagementPolicy": "Parallel"}}))
        .pod(
            0,
            json!({"spec": {"containers": [{"name": "main", "image": "web:1", "readinessProbe": probe}]}}),
        )
        .pod(
            1,
            json!({"spec": {"containers": [{"name": "main", "image": "web:1", "readinessProbe": probe}]}}),
        )
        .probe_fails(0)
        .probe_fails(1)
}

fn service(change: Value) -> Value {
    let mut spec = json!({"publishNotReadyAddresses": false});
    for (key, value) in change.as_object().unwrap() {
        spec[key] = value.clone();
    }
    json!({"spec": spec})
}

pub fn cases() -> Vec<Case> {
    let hook = json!({"lifecycle": {"postStart": {"exec": {"command": ["sh", "-c", "wait-for web-0.web"]}}}});
    let startup =
        json!({"startupProbe": {"exec": {"command": ["ask"]}, "periodSeconds": 5, "failureThreshold": 8}});
    let liveness = json!({"livenessProbe": {"httpGet": {"path": "/", "port": 80}}});
    let told = |world: World, probe: &str| {
        world
            .event("pod-web-0", "Killing", &format!("Container main failed {probe} probe, will be restarted"))
            .ago(40)
    };
    vec![
        case(
            cause::POST_START_HOOK_RUNNING,
            one(hook.clone(), creating()).event("pod-web-0", "Started", "Started container main").ago(40),
            &["was started 40 s ago", "postStart hook has not returned", "delete pod web-0"],
        ),
        case(
            cause::POST_START_HOOK_FAILING,
            one(
                hook,
                json!({"state": {"waiting": {"reason": "PostStartHookError", "message": "exited with 7"}}}),
            ),
            &["exited with 7"],
        ),
        case(
            cause::STARTUP_PROBE_FAILING,
            told(
                one(startup, ended(json!({"exitCode": 0, "reason": "Completed"}))).event(
                    "pod-web-0",
                    "Unhealthy",
                    "Startup probe failed: no role",
                ),
                "startup",
            )
            .log(0, "Database directory appears to contain a database; Skipping initialization"),
            &[
                "which gives up after 8 x 5 s",
                "no role",
                "Skipping initialization",
                "delete pvc data-web-0",
                "--replicas 0",
            ],
        ),
        case(
            cause::CONTAINER_DOES_NOT_STOP,
            told(
                one(liveness, running(LONG_AGO))
                    .pod(0, json!({"spec": {"terminationGracePeriodSeconds": 900}})),
                "liveness",
            ),
            &["told to stop 40 s ago", "900 s", "livenessProbe.terminationGracePeriodSeconds"],
        ),
        case(
            cause::INIT_CONTAINER_RUNS,
            before(json!({"command": ["sleep", "infinity"]}), running(LONG_AGO)),
            &[
                "container first of pod web-0 is an init container, runs since 1 h 00 min",
                "restartPolicy: Always",
            ],
        ),
        case(
            cause::STARTUP_PROBE_FAILING,
            before(
                json!({"restartPolicy": "Always", "startupProbe": {"httpGet": {"path": "/", "port": 80}}}),
                json!({"state": {"running": {"startedAt": LONG_AGO}}, "started": false}),
            ),
            &["container first of pod web-0"],
        ),
        case(
            cause::CONTAINER_CRASHES,
            before(json!({"restartPolicy": "Always"}), ended(json!({"exitCode": 0, "reason": "Completed"}))),
            &["container first of pod web-0 ends with exit code 0"],
        ),
        case(
            cause::DATA_DIRECTORY_NOT_EMPTY,
            says(
                "initdb: detail: It contains a lost+found directory, perhaps due to it being a mount point.",
            ),
            &["lost+found", "PGDATA"],
        ),
        case(
            cause::DATA_NOT_PERMITTED,
            says("FATAL:  data directory \"/data\" has wrong ownership"),
            &["fsGroup"],
        ),
        case(
            cause::DATA_OF_ANOTHER_VERSION,
            says(
                "DETAIL:  The data directory was initialized by PostgreSQL version 14, which is not compatible with this version 17.2.",
            ),
            &["version 14"],
        ),
        case(
            cause::DATA_OF_ANOTHER_CLUSTER,
            says("FATAL:  database system identifier differs between the primary and standby"),
            &["differs"],
        ),
        case(
            cause::DATA_IN_USE,
            says("FATAL:  lock file \"postmaster.pid\" already exists"),
            &["postmaster.pid"],
        ),
        case(
            cause::DATA_DAMAGED,
            says("PANIC:  could not locate a valid checkpoint record"),
            &["checkpoint"],
        ),
        case(
            cause::DISK_FULL,
            says("PANIC:  could not write to file \"pg_wal/xlogtemp.29\": No space left on device"),
            &["No space left"],
        ),
        case(
            cause::SETTING_MISSING,
            says("Error: Database is uninitialized and superuser password is not specified."),
            &["superuser"],
        ),
        case(
            cause::NODE_SETTING_TOO_LOW,
            says(
                "max virtual memory areas vm.max_map_count [65530] is too low, increase to at least [262144]",
            ),
            &["likely cause", "sysctl"],
        ),
        case(
            cause::MEMBER_ALREADY_KNOWN,
            says("{\"error\":\"member 8211f1d0f64f3269 has already been bootstrapped\"}"),
            &["likely cause"],
        ),
        case(
            cause::WRONG_ARCHITECTURE,
            says("exec /usr/bin/web: exec format error"),
            &["kubernetes.io/arch"],
        ),
        case(
            cause::PEERS_NOT_PUBLISHED,
            asking_peers().object("service", "web", service(json!({}))),
            &["likely cause", "publishNotReadyAddresses", "patch service web"],
        ),
        case(
            cause::SERVICE_GIVES_NO_NAMES,
            asking_peers().without("service", "web"),
            &["Service web, the set's serviceName, does not exist"],
        ),
        case(
            cause::SERVICE_GIVES_NO_NAMES,
            asking_peers().object("service", "web", service(json!({"clusterIP": "10.0.0.7"}))),
            &["is not headless"],
        ),
        case(
            cause::SERVICE_GIVES_NO_NAMES,
            asking_peers().object("service", "web", service(json!({"selector": {"app": "other"}}))),
            &["does not select"],
        ),
        case(
            cause::PEERS_COME_LATER,
            asking_peers()
                .without_pod(1)
                .set(json!({"spec": {"podManagementPolicy": "OrderedReady"}}))
                .object("service", "web", service(json!({"publishNotReadyAddresses": true}))),
            &["podManagementPolicy: Parallel"],
        ),
    ]
}

#[test]
fn what_only_looks_like_a_need_of_names_is_none() {
    let with = |command: &str| {
        let probe = json!({"exec": {"command": ["sh", "-c", command]}});
        let world = World::new(1)
            .without("service", "web")
            .pod(0, json!({"spec": {"containers": [{"name": "main", "image": "web:1", "readinessProbe": probe}]}}))
            .probe_fails(0);
        diagnose(&world.picture()).ids()
    };
    assert_eq!(with("curl web.web-tools"), [cause::READINESS_PROBE_FAILING]);
    assert_eq!(with("test -f /var/lib/.web"), [cause::READINESS_PROBE_FAILING]);
    assert_eq!(with("ping web-0.web.shop"), [cause::SERVICE_GIVES_NO_NAMES]);
    let said =
        World::new(1).without("service", "web").probe_fails(0).log(0, "lookup web-1.web: no such host");
    assert_eq!(diagnose(&said.picture()).ids(), [cause::SERVICE_GIVES_NO_NAMES]);
    let other =
        World::new(1).without("service", "web").probe_fails(0).log(0, "lookup mail.example: no such host");
    assert_eq!(diagnose(&other.picture()).ids(), [cause::READINESS_PROBE_FAILING]);
}

#[test]
fn a_hook_or_an_init_container_that_has_just_begun_is_not_blamed() {
    let hook = json!({"lifecycle": {"postStart": {"exec": {"command": ["true"]}}}});
    let world = one(hook, creating()).event("pod-web-0", "Started", "Started container main").ago(2);
    assert_eq!(diagnose(&world.picture()).state, State::Moving);
    let world = before(json!({}), running("2026-01-01T11:59:50Z"));
    assert_eq!(diagnose(&world.picture()).state, State::Moving);
}

#[test]
fn another_servers_sentence_is_only_a_hint() {
    let own = says("FATAL:  data directory \"/data\" has wrong ownership");
    assert_eq!(diagnose(&own.picture()).causes[0].certainty, Certainty::Certain);
    let mut status = ended(json!({}));
    status["image"] = "web:1".into();
    let other = one(json!({}), status).log(0, "FATAL:  data directory \"/data\" has wrong ownership");
    assert_eq!(diagnose(&other.picture()).causes[0].certainty, Certainty::Likely);
}

#[test]
fn what_comes_again_and_again_is_told_of_a_pod_that_is_ready_now() {
    let killed = |change: Value| {
        let mut status = ended(change);
        status["state"] = json!({"running": {"startedAt": "2026-01-01T11:59:00Z"}});
        let whole = json!([{"name": "main", "image": "web:1", "imageID": "", "ready": true, "restartCount": 4,
            "state": status["state"], "lastState": status["lastState"]}]);
        diagnose(&World::new(1).pod(0, json!({"status": {"containerStatuses": whole}})).picture())
    };
    let often = killed(json!({"exitCode": 137, "reason": "OOMKilled"}));
    assert_eq!((often.state, often.ids()), (State::Unstable, vec![cause::OUT_OF_MEMORY]), "{often}");
    assert_eq!(killed(json!({"finishedAt": "2026-01-01T10:00:00Z"})).state, State::Healthy);
    let evicted = |uids: &[&str]| {
        let world = uids.iter().fold(World::new(1), |world, uid| world.evicted(0, uid));
        diagnose(&world.picture()).ids()
    };
    assert_eq!(evicted(&["one"]), [""; 0]);
    assert_eq!(evicted(&["one", "two"]), [cause::POD_FAILED]);
}
