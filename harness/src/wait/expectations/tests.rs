//! Each expectation: where it is met, and for each way in which it is not, why.

mod endpoints;
mod named;
mod pods;
mod rollout;
mod sets;
mod status;
mod volume_claims;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::{
    journal::{Change, Entry, Kind, Record, Reducer},
    law::Obstacle,
};

fn promise() -> Promise {
    Promise::of(&json!({"metadata": {"name": "db"}, "spec": {}}))
}

fn world(objects: &[(Kind, Value)]) -> World {
    let mut world = World::default();
    for (line, (kind, object)) in (1..).zip(objects) {
        let fact = Reducer::default().reduce(*kind, object).unwrap();
        let record = Record::Object { change: Change::Added, revision: line, fact };
        world.apply(&Entry { line, at: jiff::Timestamp::UNIX_EPOCH, record });
    }
    world
}

fn pod(name: &str, ready: bool) -> (Kind, Value) {
    let ready = if ready { "True" } else { "False" };
    let pod = json!({"metadata": {"name": name, "uid": format!("uid-{name}")}, "spec": {"containers": []},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}],
            "containerStatuses": [{"name": "main", "image": "", "imageID": "", "ready": true, "restartCount": 0,
                "state": {"running": {}}}]}});
    (Kind::Pod, pod)
}

fn set(replicas: u32, generation: i64, observed: i64, ready: u32) -> (Kind, Value) {
    let set = json!({"metadata": {"name": "db", "generation": generation},
        "spec": {"replicas": replicas, "selector": {}, "serviceName": "", "template": {}},
        "status": {"replicas": ready, "readyReplicas": ready, "observedGeneration": observed}});
    (Kind::StatefulSet, set)
}

/// The object with another value in one place.
fn with((kind, mut object): (Kind, Value), place: &str, value: Value) -> (Kind, Value) {
    *place.split('.').fold(&mut object, |inner, key| &mut inner[key]) = value;
    (kind, object)
}

fn terminating(object: (Kind, Value)) -> (Kind, Value) {
    with(object, "metadata.deletionTimestamp", json!("2026-11-22T10:00:00Z"))
}

fn another(object: (Kind, Value)) -> (Kind, Value) {
    with(object, "metadata.uid", json!("another"))
}

/// A warning about an object of this UID.
fn warning(name: &str, kind: &str, about: &str, uid: &str, reason: &str) -> (Kind, Value) {
    let warning = json!({"metadata": {"name": name, "uid": name}, "type": "Warning", "reason": reason, "message": "why",
        "lastTimestamp": format!("2026-11-22T10:00:0{}Z", name.len()),
        "involvedObject": {"kind": kind, "name": about, "uid": uid}});
    (Kind::Event, warning)
}

fn never(progress: Progress) -> String {
    match progress {
        Never(why) => why,
        other => panic!("expected a Never, got {other:?}"),
    }
}

fn not_yet(progress: Progress) -> String {
    match progress {
        NotYet(why) => why,
        other => panic!("expected a NotYet, got {other:?}"),
    }
}

#[test]
fn a_set_is_ready_only_when_pods_and_controller_agree_on_the_newest_spec() {
    let ready = set_ready(&promise(), 2);
    let check = |objects: &[(Kind, Value)]| ready.check(&world(objects));
    let (zero, one) = (pod("db-0", true), pod("db-1", true));
    assert_eq!(check(&[zero.clone(), one.clone(), set(2, 1, 1, 2)]), Met);
    assert_eq!(not_yet(check(&[zero.clone(), set(2, 1, 1, 1)])), "db-1 does not exist");
    assert!(not_yet(check(&[zero.clone(), pod("db-1", false), set(2, 1, 1, 2)])).contains("not Ready"));
    assert!(not_yet(check(&[zero.clone(), one.clone(), set(2, 2, 1, 2)])).contains("generation 1 of 2"));
    assert!(not_yet(check(&[zero.clone(), one.clone(), set(3, 1, 1, 2)])).contains("asks for 3"));
    assert!(not_yet(check(&[zero.clone(), one.clone(), set(2, 1, 1, 1)])).contains("counts 1"));
    let with =
        |two: &(Kind, Value), seen| check(&[zero.clone(), one.clone(), two.clone(), set(2, 2, seen, 3)]);
    let two = pod("db-2", true);
    assert_eq!(not_yet(with(&two, 1)), "db-2 is still there");
    assert_eq!(never(with(&two, 2)), "the controller knows that 2 are asked for, and db-2 is still there");
    assert_eq!(not_yet(with(&pod("db-2", false), 2)), "db-2 is still there");
    assert_eq!(not_yet(with(&terminating(two), 2)), "db-2 is still there");
}

#[test]
fn an_image_that_cannot_be_had_is_the_surroundings_fault_and_a_crash_is_not() {
    let waiting = |reason: &str| {
        let (kind, mut pod) = pod("db-0", false);
        let status = &mut pod["status"]["containerStatuses"][0];
        status["state"] = json!({"waiting": {"reason": reason, "message": "why"}});
        status["lastState"] = json!({"terminated": {"reason": "Error", "exitCode": 7}});
        set_ready(&promise(), 1).check(&world(&[(kind, pod), set(1, 1, 1, 0)]))
    };
    assert!(
        matches!(waiting("ImagePullBackOff"), Progress::Prevented(Obstacle::Image, why) if why.contains("why"))
    );
    assert!(matches!(waiting("CrashLoopBackOff"), Never(why) if why.contains("exit code 7")));
    assert!(matches!(waiting("ContainerCreating"), NotYet(_)));
}

// As a mesh's proxy does that starts before its control plane answers.
#[test]
fn a_crash_of_a_container_that_the_sets_template_does_not_name_is_waited_for() {
    let crashing = |container: &str, owner: &str| {
        let (kind, mut pod) = pod("db-0", false);
        let owner =
            json!({"apiVersion": "apps/v1", "kind": owner, "name": "db", "uid": "set", "controller": true});
        pod["metadata"]["ownerReferences"] = json!([owner]);
        let status = &mut pod["status"]["containerStatuses"][0];
        status["name"] = json!(container);
        status["state"] = json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}});
        let template = json!({"spec": {"containers": [{"name": "main"}]}});
        let set = with(set(1, 1, 1, 0), "spec.template", template);
        set_ready(&promise(), 1).check(&world(&[(kind, pod), set]))
    };
    assert!(not_yet(crashing("mesh", "StatefulSet")).contains("container mesh waits: CrashLoopBackOff"));
    assert!(never(crashing("main", "StatefulSet")).contains("container main ends again and again"));
    // Of whose template nothing is known, every container is its own.
    never(crashing("mesh", "ReplicaSet"));
}

#[test]
fn a_pod_that_returned_is_another_object() {
    let old = "uid-db-0";
    let (kind, mut new) = pod("db-0", true);
    let again = pod_ready("db-0", Some(old));
    assert!(not_yet(again.check(&world(&[(kind, new.clone())]))).contains("old object"));
    new["metadata"]["uid"] = json!("another");
    assert_eq!(again.check(&world(&[(kind, new.clone())])), Met);
    new["metadata"]["deletionTimestamp"] = json!("2026-11-22T10:00:00Z");
    assert!(not_yet(again.check(&world(&[(kind, new)]))).contains("terminating"));
}

#[test]
fn exactly_means_no_more_and_no_less() {
    let exactly = pods_exactly(&promise(), 0..2);
    assert_eq!(exactly.check(&world(&[pod("db-0", true), pod("db-1", false)])), Met);
    assert_eq!(not_yet(exactly.check(&world(&[pod("db-0", true)]))), "there are [db-0]");
    let three = [pod("db-0", true), pod("db-1", true), pod("db-2", true)];
    assert_eq!(not_yet(exactly.check(&world(&three))), "there are [db-0, db-1, db-2]");
}

#[test]
fn a_restart_in_place_keeps_the_object() {
    let restarted = |uid: &str, restarts: i32, ready: bool| {
        let (kind, mut pod) = pod("db-0", ready);
        pod["metadata"]["uid"] = json!(uid);
        pod["status"]["containerStatuses"][0]["restartCount"] = json!(restarts);
        pod_restarted("db-0", "same", 1).check(&world(&[(kind, pod)]))
    };
    assert_eq!(restarted("same", 2, true), Met);
    assert!(not_yet(restarted("same", 1, true)).contains("not restarted"));
    assert!(not_yet(restarted("same", 2, false)).contains("not Ready"));
    assert!(matches!(restarted("other", 2, true), Never(_)));
}

#[test]
fn who_recovers_may_crash_on_the_way() {
    let (kind, mut crashing) = pod("db-0", false);
    crashing["metadata"]["uid"] = json!("same");
    let status = &mut crashing["status"]["containerStatuses"][0];
    status["restartCount"] = json!(2);
    status["state"] = json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}});
    let world = world(&[(kind, crashing)]);
    assert!(matches!(pod_restarted("db-0", "same", 1).check(&world), Never(_)));
    assert!(not_yet(pod_recovers("db-0", "same", 1).check(&world)).contains("again and again"));
    assert!(matches!(pod_recovers("db-0", "another", 1).check(&world), Never(_)));
}

#[test]
fn volume_claims_are_kept_under_their_uids() {
    let wanted = BTreeMap::from([("data-db-0".to_owned(), "one".to_owned())]);
    let volume_claim = |uid: &str, phase: &str, terminating: bool| {
        let mut volume_claim =
            json!({"metadata": {"name": "data-db-0", "uid": uid}, "spec": {}, "status": {"phase": phase}});
        if terminating {
            volume_claim["metadata"]["deletionTimestamp"] = json!("2026-11-22T10:00:00Z");
        }
        volume_claims_are(&wanted).check(&world(&[(Kind::PersistentVolumeClaim, volume_claim)]))
    };
    assert_eq!(volume_claim("one", "Bound", false), Met);
    assert!(not_yet(volume_claim("two", "Bound", false)).contains("another claim"));
    assert!(not_yet(volume_claim("one", "Lost", false)).contains("Lost"));
    assert!(not_yet(volume_claim("one", "Bound", true)).contains("deleted"));
    assert!(not_yet(volume_claims_are(&wanted).check(&World::default())).contains("does not exist"));
}

#[test]
fn the_controller_must_have_seen_the_newest_spec() {
    let counts = controller_counts(&promise(), 1);
    assert_eq!(counts.check(&world(&[set(1, 3, 3, 1)])), Met);
    assert!(not_yet(counts.check(&world(&[set(1, 3, 2, 1)]))).contains("generation 2 of 3"));
    assert!(not_yet(counts.check(&world(&[set(1, 3, 3, 0)]))).contains("counts 0"));
}
