use super::*;

fn asked(expectation: &Expectation, objects: &[(Kind, Value)]) -> Progress {
    expectation.check(&world(objects))
}

#[test]
fn the_sentence_of_a_pod_that_was_there_before_says_again() {
    assert_eq!(pod_ready("db-0", None).sentence, "db-0 is ready");
    assert_eq!(pod_ready("db-0", Some("old")).sentence, "db-0 is ready again");
}

#[test]
fn without_its_set_a_pod_does_not_return() {
    let returns = pod_returns(&promise(), 0, "old");
    assert_eq!(not_yet(asked(&returns, &[set(1, 1, 1, 0)])), "db-0 does not exist");
    let why = never(asked(&returns, &[]));
    assert_eq!(why, "db-0 does not exist; the StatefulSet db does not exist, so nothing makes it again");
    assert_eq!(asked(&returns, &[pod("db-0", true)]), Met);
    let again = pod_made_again(&promise(), 0, "uid-db-0");
    assert!(never(asked(&again, &[pod("db-0", false)])).contains("nothing makes it again"));
    let another = with(pod("db-0", false), "metadata.uid", json!("another"));
    assert_eq!(asked(&again, &[another]), Met);
}

#[test]
fn a_pod_runs_when_all_its_containers_do() {
    let running = pod_running("db-0");
    let is = |pod: (Kind, Value)| asked(&running, &[pod]);
    assert_eq!(is(pod("db-0", false)), Met);
    assert!(not_yet(asked(&running, &[])).contains("does not exist"));
    assert!(not_yet(is(terminating(pod("db-0", false)))).contains("terminating"));
    not_yet(is(with(pod("db-0", false), "status.containerStatuses", json!([]))));
    let (kind, mut half) = pod("db-0", false);
    let containers = half["status"]["containerStatuses"].as_array_mut().unwrap();
    let mut second = containers[0].clone();
    second["state"] = json!({"terminated": {"exitCode": 0}});
    containers.push(second);
    not_yet(is((kind, half)));
}

#[test]
fn a_pod_runs_again_whether_it_is_ready_or_not() {
    let again = pod_runs_again("db-0", "uid-db-0", 0);
    let (kind, mut restarted) = pod("db-0", false);
    assert!(not_yet(asked(&again, &[(kind, restarted.clone())])).contains("was not restarted"));
    restarted["status"]["containerStatuses"][0]["restartCount"] = json!(1);
    assert_eq!(asked(&again, &[(kind, restarted.clone())]), Met);
    let another = with((kind, restarted.clone()), "metadata.uid", json!("another"));
    assert!(never(asked(&again, &[another])).contains("another object"));
    restarted["status"]["containerStatuses"][0]["state"] = json!({"terminated": {"exitCode": 0}});
    not_yet(asked(&again, &[(kind, restarted)]));
    assert_eq!(not_yet(asked(&again, &[])), "db-0 does not exist");
}

#[test]
fn a_pod_is_started_again_whatever_it_does_since() {
    let again = pod_started_again("db-0");
    assert_eq!(not_yet(asked(&again, &[])), "db-0 does not exist");
    let (kind, mut restarted) = pod("db-0", true);
    assert!(not_yet(asked(&again, &[(kind, restarted.clone())])).contains("was not restarted"));
    restarted["status"]["containerStatuses"][0]["restartCount"] = json!(1);
    restarted["status"]["containerStatuses"][0]["state"] = json!({"waiting": {"reason": "CrashLoopBackOff"}});
    assert_eq!(asked(&again, &[(kind, restarted)]), Met);
}

#[test]
fn a_pod_is_undisturbed_as_the_same_ready_and_with_as_many_restarts() {
    let (kind, mut twice) = pod("db-0", true);
    twice["status"]["containerStatuses"][0]["restartCount"] = json!(2);
    let undisturbed = {
        let world = world(&[(kind, twice.clone())]);
        pod_undisturbed(&world.pods["db-0"])
    };
    assert_eq!(asked(&undisturbed, &[(kind, twice.clone())]), Met);
    assert!(not_yet(asked(&undisturbed, &[another((kind, twice.clone()))])).contains("another object"));
    assert_eq!(not_yet(asked(&undisturbed, &[])), "db-0 does not exist");
    let mut unready = twice.clone();
    unready["status"]["conditions"][0]["status"] = json!("False");
    assert!(not_yet(asked(&undisturbed, &[(kind, unready)])).contains("not Ready"));
    twice["status"]["containerStatuses"][0]["restartCount"] = json!(3);
    assert!(not_yet(asked(&undisturbed, &[(kind, twice)])).contains("was restarted"));
}

#[test]
fn a_readiness_probe_has_failed_only_when_the_kubelet_says_so_of_this_pod() {
    let fails = readiness_fails("db-0", "statuscode: 503");
    let said =
        |uid: &str, text: &str| with(warning("a", "Pod", "db-0", uid, "Unhealthy"), "message", json!(text));
    let text = "Readiness probe failed: HTTP probe failed with statuscode: 503";
    let (waits, failed) = (pod("db-0", false), said("uid-db-0", text));
    assert_eq!(asked(&fails, &[waits.clone(), failed.clone()]), Met);
    assert_eq!(not_yet(asked(&fails, &[])), "db-0 does not exist");
    assert!(not_yet(asked(&fails, &[waits.clone(), said("uid-db-0", "why")])).contains("not Ready"));
    assert!(not_yet(asked(&fails, &[waits.clone(), said("another", text)])).contains("not Ready"));
    for other in ["Readiness probe failed: connection refused", "Liveness probe failed: statuscode: 503"] {
        assert!(not_yet(asked(&fails, &[waits.clone(), said("uid-db-0", other)])).contains(other));
    }
    assert!(never(asked(&fails, &[pod("db-0", true), failed])).contains("Ready"));
}

#[test]
fn a_pod_that_runs_and_is_not_ready() {
    let unready = pod_unready("db-0");
    assert_eq!(asked(&unready, &[pod("db-0", false)]), Met);
    assert!(never(asked(&unready, &[pod("db-0", true)])).contains("Ready"));
    assert_eq!(not_yet(asked(&unready, &[])), "db-0 does not exist");
}

#[test]
fn a_pod_that_is_being_deleted_or_gone() {
    let (going, staying) = (pod_terminating("db-0"), pod_not_terminating("db-0"));
    let there = [pod("db-0", true)];
    assert!(not_yet(asked(&going, &there)).contains("Ready"));
    assert_eq!(asked(&staying, &there), Met);
    let ends = [terminating(pod("db-0", true))];
    assert_eq!(asked(&going, &ends), Met);
    assert!(not_yet(asked(&staying, &ends)).contains("terminating"));
    assert_eq!(asked(&going, &[]), Met);
    assert_eq!(not_yet(asked(&staying, &[])), "db-0 does not exist");
    let gone = pods_gone(["db-0".to_owned(), "db-1".to_owned()]);
    assert_eq!(asked(&gone, &[pod("db-2", true)]), Met);
    assert!(not_yet(asked(&gone, &[pod("db-1", true)])).starts_with("db-1 is Running"));
}

#[test]
fn the_same_object_another_object_and_another_version() {
    let (same, other) = (pod_is("db-0", "uid-db-0"), pod_is_another("db-0", "uid-db-0"));
    let (old, new) = ([pod("db-0", true)], [another(pod("db-0", true))]);
    assert_eq!(asked(&same, &old), Met);
    assert_eq!(not_yet(asked(&same, &new)), "db-0 is another object: another");
    assert_eq!(not_yet(asked(&same, &[])), "db-0 does not exist");
    assert_eq!(not_yet(asked(&other, &old)), "db-0 is still the old object");
    assert_eq!(asked(&other, &new), Met);
    assert_eq!(not_yet(asked(&other, &[])), "db-0 does not exist");

    let touched = pod_touched("db-0", 7);
    let at = |version: &str| [with(pod("db-0", true), "metadata.resourceVersion", json!(version))];
    assert_eq!(not_yet(asked(&touched, &at("7"))), "db-0 is at 7");
    assert_eq!(asked(&touched, &at("8")), Met);
}

#[test]
fn a_pod_is_adopted_and_released() {
    let (adopted, released) = (pod_owned(&promise(), 0, true), pod_owned(&promise(), 0, false));
    assert_eq!(adopted.sentence, "db-0 belongs to db");
    assert_eq!(released.sentence, "db-0 belongs to nobody");
    let owned = |controller: bool| {
        let owner = json!([{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": "set",
            "controller": controller}]);
        with(pod("db-0", true), "metadata.ownerReferences", owner)
    };
    let set = set(1, 1, 1, 1);
    assert_eq!(asked(&adopted, &[owned(true), set.clone()]), Met);
    assert!(not_yet(asked(&adopted, &[pod("db-0", true), set.clone()])).contains("None"));
    assert_eq!(not_yet(asked(&adopted, std::slice::from_ref(&set))), "db-0 does not exist");
    assert_eq!(never(asked(&adopted, &[owned(true)])), "the StatefulSet db does not exist");
    assert_eq!(never(asked(&released, &[])), "db-0 does not exist");
    // Owned by it, and controlled by nobody.
    assert_eq!(asked(&released, &[owned(false), set.clone()]), Met);
    assert_eq!(asked(&released, &[pod("db-0", true)]), Met);
    assert!(not_yet(asked(&released, &[owned(true), set])).contains("db"));
}

#[test]
fn the_scheduler_says_why() {
    let stays = pod_unschedulable("db-0", "old", "no room");
    let unscheduled = |message: &str| {
        let conditions = json!([{"type": "PodScheduled", "status": "False", "message": message}]);
        with(pod("db-0", false), "status.conditions", conditions)
    };
    assert_eq!(asked(&stays, &[unscheduled("there is no room")]), Met);
    assert!(not_yet(asked(&stays, &[unscheduled("a taint")])).contains("a taint"));
    assert_eq!(not_yet(asked(&stays, &[])), "db-0 does not exist");
    let old = with(unscheduled("no room"), "metadata.uid", json!("old"));
    assert_eq!(not_yet(asked(&stays, &[old])), "db-0 is still the old object");
    let placed = with(pod("db-0", true), "spec.nodeName", json!("worker"));
    assert!(never(asked(&stays, &[placed])).starts_with("it was placed on worker: db-0 is"));
}

#[test]
fn a_time_out_names_the_last_warning_about_the_object_itself() {
    let pending = pod("db-0", false);
    let warnings = [
        warning("1", "Pod", "db-0", "uid-db-0", "Older"),
        warning("22", "Pod", "db-0", "uid-db-0", "FailedMount"),
        warning("333", "Pod", "db-0", "uid of the one before", "BackOff"),
        warning("4444", "Pod", "db-1", "uid-db-0", "Unhealthy"),
    ];
    let why = not_yet(asked(&pod_ready("db-0", None), &[&[pending], &warnings[..]].concat()));
    assert!(why.starts_with("db-0 is Running, not Ready") && why.ends_with("; FailedMount: why"), "{why}");
}

#[test]
fn a_container_that_cannot_be_made_is_never_ready() {
    // A secret that is not there may only not have been told yet.
    for (reason, prevented) in [("CreateContainerConfigError", false), ("ErrImageNeverPull", true)] {
        let waiting = json!([{"name": "main", "image": "", "imageID": "", "ready": false, "restartCount": 0,
            "state": {"waiting": {"reason": reason, "message": "no such secret"}}}]);
        let pod = with(pod("db-0", false), "status.containerStatuses", waiting);
        let why = format!("db-0: {reason}: no such secret");
        let found = asked(&pod_ready("db-0", None), &[pod]);
        if prevented {
            assert_eq!(found, Progress::Prevented(Obstacle::Image, why));
        } else {
            assert!(not_yet(found).contains(reason));
        }
    }
}
