use serde_json::{Value, json};

use super::{Case, World, case, diagnose};
use crate::{State, cause};

fn waits(reason: &str, message: &str) -> World {
    World::new(3)
        .without_pod(2)
        .container(1, json!({"state": {"waiting": {"reason": reason, "message": message}}}))
}

fn crashes(ended: Value) -> World {
    let mut last = json!({"exitCode": 1, "reason": "Error", "startedAt": "2026-01-01T11:58:00Z", "finishedAt": "2026-01-01T11:58:20Z"});
    for (key, value) in ended.as_object().unwrap() {
        last[key] = value.clone();
    }
    let state = json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container=main"}});
    World::new(3)
        .without_pod(2)
        .container(1, json!({"state": state, "lastState": {"terminated": last}, "restartCount": 4}))
}

pub fn cases() -> Vec<Case> {
    let gated = json!({"status": {"conditions": [
        {"type": "ContainersReady", "status": "True"}, {"type": "Ready", "status": "False"},
    ]}, "spec": {"readinessGates": [{"conditionType": "example.com/released"}]}});
    let starting = json!({"spec": {"containers": [{"name": "main", "startupProbe": {"httpGet": {"path": "/", "port": 80}}}]}});
    let lost = json!({"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}});
    vec![
        case(
            cause::IMAGE_UNAVAILABLE,
            waits("ImagePullBackOff", "Back-off pulling image \"web:1\"").event("pod-web-1", "Failed", "Failed to pull image \"web:1\": not found"),
            &["image web:1", "not found", "only waiting for that: web-2"],
        ),
        case(cause::IMAGE_UNAVAILABLE, waits("ErrImageNeverPull", "Container image \"web:1\" is not present with pull policy of Never"), &["Never"]),
        case(cause::CONFIG_MAP_MISSING, waits("CreateContainerConfigError", "configmap \"settings\" not found"), &["(configmap/settings)"]),
        case(cause::CONFIG_MAP_MISSING, waits("CreateContainerConfigError", "couldn't find key host in ConfigMap shop/settings"), &["(configmap/settings)"]),
        case(cause::SECRET_MISSING, waits("CreateContainerConfigError", "secret \"login\" not found"), &["(secret/login)"]),
        case(cause::CONTAINER_CONFIG_INVALID, waits("CreateContainerConfigError", "container has runAsNonRoot and image will run as root"), &["runAsNonRoot"]),
        case(cause::CONTAINER_CANNOT_START, waits("RunContainerError", "exec: \"nothing\": executable file not found in $PATH"), &["not found in $PATH"]),
        case(cause::CONTAINER_CANNOT_START, crashes(json!({"exitCode": 128, "reason": "StartError", "message": "exec: nothing"})), &["exec: nothing"]),
        case(cause::CONTAINER_CRASHES, crashes(json!({"exitCode": 3})), &["exit code 3", "restarted 4 times", "kubectl -n shop logs web-1 -c main --previous"]),
        case(
            cause::CONTAINER_CRASHES,
            crashes(json!({})).pod(1, json!({"status": {"containerStatuses": [{
                "name": "main", "image": "web:1", "imageID": "", "ready": false, "restartCount": 2, "state": {"running": {"startedAt": "2026-01-01T11:59:50Z"}},
                "lastState": {"terminated": {"exitCode": 1, "startedAt": "2026-01-01T11:59:00Z", "finishedAt": "2026-01-01T11:59:20Z"}},
            }]}})),
            &["exit code 1"],
        ),
        case(cause::OUT_OF_MEMORY, crashes(json!({"exitCode": 137, "reason": "OOMKilled"})), &["limit of 128Mi"]),
        case(
            cause::LIVENESS_PROBE_FAILING,
            crashes(json!({"exitCode": 137}))
                .event("pod-web-1", "Unhealthy", "Liveness probe failed: Get \"/live\": context deadline exceeded")
                .event("pod-web-1", "Killing", "Container main failed liveness probe, will be restarted"),
            &["deadline exceeded"],
        ),
        case(cause::READINESS_PROBE_FAILING, World::new(3).probe_fails(0).without_pod(1).without_pod(2), &["statuscode: 503", "(pod/web-0)", "only waiting for that: web-1, web-2"]),
        case(
            cause::STARTUP_PROBE_FAILING,
            World::new(1).pod(0, starting).container(0, json!({"state": {"running": {"startedAt": super::world::A_MINUTE_AGO}}, "started": false})).event("pod-web-0", "Unhealthy", "Startup probe failed: no route"),
            &["no route"],
        ),
        case(cause::READINESS_GATE_UNSET, World::new(1).pod(0, gated), &["example.com/released"]),
        case(cause::POD_FAILED, World::new(1).pod(0, json!({"status": {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: ephemeral-storage."}})), &["low on resource"]),
        case(cause::NODE_NOT_READY, World::new(1).pod(0, lost.clone()).without("node", "worker"), &["node worker", "does not exist any more"]),
        case(cause::NODE_NOT_READY, World::new(1).pod(0, lost).node("worker", json!({"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}})), &["is not Ready"]),
    ]
}

#[test]
fn a_pod_that_is_made_anew_and_refused_again_is_no_progress() {
    let creating = json!({"state": {"waiting": {"reason": "ContainerCreating"}}});
    let once = World::new(1).container(0, creating).refused_by_node(0, "earlier");
    assert_eq!(diagnose(&once.picture()).state, State::Moving);
    let twice = once.clone().refused_by_node(0, "earlier still");
    let diagnosis = diagnose(&twice.picture());
    assert_eq!(diagnosis.ids(), [cause::POD_FAILED], "{diagnosis}");
    assert!(diagnosis.to_string().contains("2 pods of the name web-0 have failed"), "{diagnosis}");
    assert!(diagnosis.to_string().contains("on worker (NodeAffinity)"), "{diagnosis}");
    assert_eq!(diagnose(&twice.without_pod(0).picture()).ids(), [cause::POD_FAILED]);
    let other = once.refused_by_node(1, "of another pod");
    assert_eq!(diagnose(&other.picture()).state, State::Moving);
}

#[test]
fn a_container_that_has_just_begun_is_not_blamed() {
    let world = World::new(1)
        .container(0, json!({"state": {"running": {"startedAt": "2026-01-01T11:59:58Z"}}, "started": true}));
    let diagnosis = diagnose(&world.picture());
    assert_eq!((diagnosis.state, diagnosis.ids()), (State::Moving, vec![]), "{diagnosis}");
    let creating = World::new(1).container(0, json!({"state": {"waiting": {"reason": "ContainerCreating"}}}));
    assert_eq!(diagnose(&creating.picture()).state, State::Moving);
}

#[test]
fn a_crash_of_long_ago_is_not_the_cause_of_a_probe_that_fails() {
    let ended =
        json!({"exitCode": 1, "startedAt": "2026-01-01T11:00:00Z", "finishedAt": "2026-01-01T11:00:10Z"});
    let world = World::new(1).probe_fails(0).container(0, json!({
        "state": {"running": {"startedAt": super::world::A_MINUTE_AGO}}, "lastState": {"terminated": ended}, "restartCount": 1, "started": true,
    }));
    assert_eq!(diagnose(&world.picture()).ids(), [cause::READINESS_PROBE_FAILING]);
}

#[test]
fn the_end_of_a_long_life_is_not_the_cause_of_a_probe_that_fails() {
    let ended = json!({"exitCode": 255, "reason": "Unknown", "startedAt": "2026-01-01T05:00:00Z", "finishedAt": "2026-01-01T11:58:30Z"});
    let world = World::new(1).probe_fails(0).container(0, json!({
        "state": {"running": {"startedAt": super::world::A_MINUTE_AGO}}, "lastState": {"terminated": ended}, "restartCount": 1, "started": true,
    }));
    assert_eq!(diagnose(&world.picture()).ids(), [cause::READINESS_PROBE_FAILING]);
}
