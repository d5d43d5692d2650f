use serde_json::{Value, json};

use super::{
    Case, World, case, diagnose,
    world::{A_MINUTE_AGO, LONG_AGO, NOW},
};
use crate::{State, cause};

fn refused(message: &str) -> World {
    World::new(3).without_pod(2).event(
        "set-web",
        "FailedCreate",
        &format!("create Pod web-2 in StatefulSet web failed error: {message}"),
    )
}

fn deleted(change: Value) -> World {
    World::new(3)
        .pod(1, json!({"metadata": {"deletionTimestamp": NOW, "deletionGracePeriodSeconds": 30}}))
        .pod(1, change)
}

/// `web-2` is of revision `web-b`, whose image can't be had, and the set asks for `web-a` again.
fn reverted() -> World {
    World::new(3)
        .pod(2, json!({"metadata": {"labels": {"controller-revision-hash": "web-b"}}}))
        .container(2, json!({"image": "web:none", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off"}}}))
}

/// `web-0` and `web-1` are gone, `web-2` is of an old revision and being deleted.
fn recreated(change: Value) -> World {
    World::new(3)
        .set(json!({"spec": {"updateStrategy": {"type": "Recreate", "rollingUpdate": null}}, "status": {"updateRevision": "web-b"}}))
        .without_pod(0)
        .without_pod(1)
        .pod(2, json!({"metadata": {"deletionTimestamp": NOW, "deletionGracePeriodSeconds": 30}}))
        .pod(2, change)
        .quiet()
}

pub fn cases() -> Vec<Case> {
    let hold = json!({"metadata": {"deletionTimestamp": LONG_AGO, "finalizers": ["example.com/hold"]}});
    let leaving = json!({"metadata": {"deletionTimestamp": A_MINUTE_AGO}, "status": {"conditions": [{
        "type": "NamespaceDeletionContentFailure", "status": "True", "message": "Some content can't be deleted"}]}});
    let quota = json!({"status": {"hard": {"pods": "2"}, "used": {"pods": "2"}}});
    vec![
        case(
            cause::QUOTA_EXCEEDED,
            refused("pods \"web-2\" is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2").object("quota", "few", quota),
            &["(resourcequota/few)", "requested: pods=1"],
        ),
        case(cause::QUOTA_EXCEEDED, refused("failed to create PVC data-web-2: persistentvolumeclaims \"data-web-2\" is forbidden: exceeded quota: room, requested: requests.storage=1Gi, used: requests.storage=2Gi, limited: requests.storage=2Gi"), &["(resourcequota/room)"]),
        case(cause::QUOTA_EXCEEDED, refused("pods \"web-2\" is forbidden: failed quota: few: must specify limits.cpu for: main"), &["must specify"]),
        case(cause::LIMIT_RANGE_REFUSED, refused("pods \"web-2\" is forbidden: maximum memory usage per Container is 64Mi, but limit is 128Mi"), &["maximum memory"]),
        case(cause::SERVICE_ACCOUNT_MISSING, refused("pods \"web-2\" is forbidden: error looking up service account shop/web: serviceaccount \"web\" not found"), &["(serviceaccount/web)", "create serviceaccount web"]),
        case(cause::NAMESPACE_TERMINATING, refused("pods \"web-2\" is forbidden: unable to create new content in namespace shop because it is being terminated"), &["(namespace/shop)"]),
        case(cause::NAMESPACE_TERMINATING, World::new(2).without_pod(1).object("namespace", "shop", leaving), &["is being deleted since 1 min 00 s", "Some content"]),
        case(cause::ADMISSION_REFUSED, refused("admission webhook \"policy.example.com\" denied the request: no tag"), &["no tag"]),
        case(cause::NAME_TAKEN, World::new(2).pod(1, json!({"metadata": {"ownerReferences": []}})), &["pod web-1"]),
        case(cause::FINALIZER_HOLDS, deleted(json!({"metadata": {"deletionGracePeriodSeconds": 0, "finalizers": ["example.com/hold"]}})), &["example.com/hold", "pod/web-1"]),
        case(cause::FINALIZER_HOLDS, World::new(0).set(hold), &["statefulset/web"]),
        case(cause::POD_TERMINATING, deleted(json!({"metadata": {"deletionTimestamp": A_MINUTE_AGO}})), &["still there 1 min 00 s after its grace of 30 s"]),
        case(cause::POD_TERMINATING, deleted(json!({"metadata": {"deletionTimestamp": "2026-01-01T12:50:00Z", "deletionGracePeriodSeconds": 3600}})), &["was told to stop 10 min 00 s ago", "50 min 00 s more"]),
        case(cause::NODE_NOT_READY, deleted(json!({})).without("node", "worker"), &["force"]),
        case(cause::CONTROLLER_IDLE, World::new(3).set(json!({"metadata": {"generation": 4}, "spec": {"replicas": 5}})).quiet(), &["generation 1 of the set (status.observedGeneration), which is at generation 4"]),
        case(cause::CONTROLLER_IDLE, World::new(3).without_pod(1).quiet(), &["pod web-1 does not exist"]),
        case(cause::CONTROLLER_IDLE, World::new(3).set(json!({"spec": {"replicas": 2}})).quiet(), &["pod web-2 is above"]),
        case(cause::CONTROLLER_IDLE, World::new(3).set(json!({"status": {"updateRevision": "web-b"}})).quiet(), &["not of the newest revision"]),
        case(cause::REVISION_STUCK, reverted(), &["web-2 is of revision web-b, and the set asks for web-a", "ImagePullBackOff", "delete pod web-2"]),
        case(cause::STORAGE_CLASS_MISSING, super::storage::cases().remove(0).world.pod(1, json!({"metadata": {"labels": {"controller-revision-hash": "web-b"}}})), &["fast"]),
        // Under Recreate no pod comes while an old one is there.
        case(cause::FINALIZER_HOLDS, recreated(json!({"metadata": {"deletionGracePeriodSeconds": 0, "finalizers": ["example.com/hold"]}})), &["(pod/web-2)", "waiting for that: web-0, web-1"]),
        case(cause::POD_TERMINATING, recreated(json!({"metadata": {"deletionTimestamp": A_MINUTE_AGO}})), &["still there 1 min 00 s after its grace of 30 s"]),
        case(cause::CONTROLLER_IDLE, recreated(json!({"metadata": {"deletionTimestamp": null}})), &["pod web-2 is not of the newest revision, and updateStrategy is Recreate"]),
        // A scale-down that an unhealthy pod below holds up.
        case(cause::READINESS_PROBE_FAILING, World::new(3).set(json!({"spec": {"replicas": 2}})).probe_fails(0), &["web-2 (to be removed)"]),
        // The highest surplus pod is unhealthy, and waits for the lowest unhealthy one.
        case(cause::READINESS_PROBE_FAILING, World::new(3).set(json!({"spec": {"replicas": 1}})).probe_fails(1).probe_fails(2), &["(pod/web-1)"]),
    ]
}

#[test]
fn a_set_that_has_what_it_asks_for_is_healthy() {
    for replicas in [0, 1, 3] {
        let diagnosis = diagnose(&World::new(replicas).picture());
        assert!(diagnosis.healthy(), "{diagnosis}");
        let text = diagnosis.to_string();
        assert!(text.contains(&format!("{replicas} of {replicas} pods are Running and Ready")), "{text}");
    }
}

#[test]
fn what_may_only_need_time_is_not_blamed_at_first_sight() {
    let moving = [
        World::new(3).without_pod(1),
        World::new(3).set(json!({"metadata": {"generation": 4}})),
        World::new(3).set(json!({"spec": {"replicas": 2}})),
        World::new(3).set(json!({"status": {"updateRevision": "web-b"}})),
        deleted(json!({})),
        World::new(3).without_pod(1).quiet().set(json!({"spec": {"minReadySeconds": 7200}})),
    ];
    for world in moving {
        let diagnosis = diagnose(&world.picture());
        assert_eq!((diagnosis.state, diagnosis.ids()), (State::Moving, vec![]), "{diagnosis}");
    }
}

#[test]
fn a_roll_that_the_set_itself_holds_is_healthy_and_noted() {
    let strategies = [
        (json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 3}}), "partition is 3"),
        (json!({"type": "OnDelete", "rollingUpdate": null}), "OnDelete"),
    ];
    for (strategy, word) in strategies {
        let world = World::new(3)
            .quiet()
            .set(json!({"spec": {"updateStrategy": strategy}, "status": {"updateRevision": "web-b"}}));
        let diagnosis = diagnose(&world.picture());
        assert!(diagnosis.healthy() && diagnosis.notes.iter().any(|note| note.contains(word)), "{diagnosis}");
    }
}

#[test]
fn a_broken_pod_is_replaced_where_pods_do_not_wait_for_each_other() {
    let world = reverted().set(json!({"spec": {"podManagementPolicy": "Parallel"}}));
    assert_eq!(diagnose(&world.picture()).ids(), [cause::IMAGE_UNAVAILABLE]);
}

#[test]
fn under_recreate_a_broken_pod_is_replaced_as_any_other() {
    let recreate = json!({"spec": {"updateStrategy": {"type": "Recreate", "rollingUpdate": null}}});
    let deleted_by_hand = |world: World| {
        let diagnosis = diagnose(&world.picture());
        assert_eq!(diagnosis.ids(), [cause::IMAGE_UNAVAILABLE]);
        diagnosis.to_string().contains("delete pod")
    };
    let broken = |world: World| {
        world.container(1, json!({"image": "web:none", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off"}}}))
    };
    assert!(deleted_by_hand(broken(World::new(3))));
    assert!(!deleted_by_hand(broken(World::new(3).set(recreate.clone()))));
    // The old revision's pod is not stuck: the controller is about to delete it, whatever it is.
    let moving = diagnose(&reverted().set(recreate).picture());
    assert_eq!((moving.state, moving.ids()), (State::Moving, vec![]), "{moving}");
}

#[test]
fn under_recreate_what_is_on_its_way_is_no_cause() {
    let moving =
        diagnose(&recreated(json!({"metadata": {"deletionTimestamp": "2026-01-01T12:00:20Z"}})).picture());
    assert_eq!((moving.state, moving.ids()), (State::Moving, vec![]), "{moving}");
    assert!(moving.to_string().contains("pod web-2 is being deleted"), "{moving}");
}

#[test]
fn revisions_with_the_same_pods_are_no_trap() {
    let data = json!({"data": {"spec": {"template": {"spec": {"containers": []}}}}, "revision": 1});
    let world = reverted().object("revision", "web-a", data.clone()).object("revision", "web-b", data);
    assert_eq!(diagnose(&world.picture()).ids(), [cause::IMAGE_UNAVAILABLE]);
}

#[test]
fn a_higher_pod_s_own_trouble_is_noted_and_not_blamed() {
    let world = World::new(3)
        .probe_fails(0)
        .container(2, json!({"state": {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}}));
    let diagnosis = diagnose(&world.picture());
    assert_eq!(diagnosis.ids(), [cause::READINESS_PROBE_FAILING]);
    assert!(
        diagnosis.notes.iter().any(|note| note.starts_with("web-2") && note.contains("no such image")),
        "{diagnosis}"
    );
}

#[test]
fn a_refusal_from_before_the_newest_spec_does_not_excuse_the_controller() {
    let scaled = json!([{"manager": "kubectl", "operation": "Update", "subresource": "scale", "time": "2026-01-01T12:00:30Z"}]);
    let world = refused("exceeded quota: few, requested: pods=1")
        .set(json!({"metadata": {"generation": 2, "managedFields": scaled}, "spec": {"replicas": 2}}))
        .quiet();
    assert_eq!(diagnose(&world.picture()).ids(), [cause::CONTROLLER_IDLE]);
    let refused_since = world.set(json!({"metadata": {"managedFields": null}, "spec": {"replicas": 3}}));
    assert_eq!(diagnose(&refused_since.picture()).ids(), [cause::QUOTA_EXCEEDED]);
}
