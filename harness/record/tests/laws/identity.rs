//! S1, S2, K1 and K11: what pods are called, and that there is one of each.

use record::terrain::Terrain;
use serde_json::{Value, json};

use crate::fixtures::{act_position, green, insert, lines, position, promises, red, refuted, versions};

#[test]
fn s1_a_name_without_an_ordinal() {
    let mut lines = lines("scale_up");
    for version in versions(&mut lines, "Pod", "sentinel-2") {
        version["object"]["metadata"]["name"] = json!("sentinel-7c9f4");
        // The claim is named after the pod, so that S6 has nothing to say.
        version["object"]["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] =
            json!("data-sentinel-7c9f4");
    }
    red(&lines, "S1", "is named sentinel-7c9f4");
}

#[test]
fn s1_a_pod_of_a_deployment_that_took_the_sets_name() {
    let owned = |kind: &str, owner: &str, pod: &str| {
        let mut lines = lines("scale_up");
        for version in versions(&mut lines, "Pod", "sentinel-2") {
            let object = &mut version["object"];
            object["metadata"]["name"] = json!(pod);
            object["metadata"]["ownerReferences"][0]["kind"] = json!(kind);
            object["metadata"]["ownerReferences"][0]["name"] = json!(owner);
            object["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] = json!(format!("data-{pod}"));
        }
        lines
    };
    let taken = owned("ReplicaSet", "sentinel-7c9f4", "sentinel-7c9f4-abcde");
    red(&taken, "S1", "a pod of sentinel is named sentinel-7c9f4-abcde");
    // Others whose names begin alike are none of the set's business.
    green(&owned("ReplicaSet", "sentinel-two-7c9f4", "sentinel-two-7c9f4-abcde"));
    green(&owned("StatefulSet", "sentinel-two", "sentinel-two-0"));
}

#[test]
fn s1_a_label_that_is_missing_or_wrong() {
    for (label, value) in [
        ("statefulset.kubernetes.io/pod-name", json!("sentinel-0")),
        ("apps.kubernetes.io/pod-index", Value::Null),
    ] {
        let mut lines = lines("scale_up");
        for version in versions(&mut lines, "Pod", "sentinel-1") {
            version["object"]["metadata"]["labels"][label] = value.clone();
            if value.is_null() {
                version["object"]["metadata"]["labels"].as_object_mut().unwrap().remove(label);
            }
        }
        red(&lines, "S1", label);
    }
}

#[test]
fn s1_a_release_that_may_leave_the_ordinal_off_the_labels() {
    let on = |release: (u32, u32), index: Option<&str>| {
        let mut lines = lines("scale_up");
        for version in versions(&mut lines, "Pod", "sentinel-1") {
            let labels = version["object"]["metadata"]["labels"].as_object_mut().unwrap();
            labels.remove("apps.kubernetes.io/pod-index");
            labels.extend(index.map(|index| ("apps.kubernetes.io/pod-index".to_owned(), json!(index))));
        }
        let terrain = Terrain { release: Some(release), ..Terrain::default() };
        lines.insert(0, json!({"line": 0, "at": "2026-11-22T10:00:00Z", "terrain": terrain}));
        lines
    };
    green(&on((1, 31), None));
    red(&on((1, 31), Some("7")), "S1", "expected 1, found 7");
    red(&on((1, 32), None), "S1", "expected 1, found nothing");
}

#[test]
fn s1_an_ordinal_that_nobody_asked_for() {
    let mut lines = lines("scale_up");
    for version in versions(&mut lines, "StatefulSet", "sentinel") {
        version["object"]["spec"]["replicas"] = json!(2);
    }
    red(&lines, "S1", "sentinel-2 was created");
}

#[test]
fn s1_an_ordinal_below_the_start() {
    let mut lines = lines("start_ordinal");
    let end = act_position(&lines, "patch", "start 4");
    lines.truncate(end);
    for promise in promises(&mut lines) {
        promise["start"] = json!(4);
    }
    red(&lines, "S1", "sentinel-3 was created; the set had asked for the ordinals 4 to below 6");
}

#[test]
fn s1_an_old_start_counts_only_until_the_controller_has_seen_the_new_one() {
    let created = |version: &mut Value| {
        version["change"] = json!("added");
        version["object"]["metadata"]["uid"] = json!("another");
        version["object"]["metadata"].as_object_mut().unwrap().remove("deletionTimestamp");
    };
    let mut early = lines("start_ordinal");
    let raised = act_position(&early, "patch", "start 4");
    early.truncate(raised + 1);
    insert(&mut early, raised, "Pod", "sentinel-3", created);
    green(&early);
    // A status of the old spec, written meanwhile, changes nothing of that.
    insert(&mut early, raised, "StatefulSet", "sentinel", |_| {});
    green(&early);
    let mut late = lines("start_ordinal");
    let lowered = act_position(&late, "step", "start 0");
    late.truncate(lowered + 1);
    insert(&mut late, lowered, "Pod", "sentinel-3", created);
    red(&late, "S1", "sentinel-3 was created; the set had asked for the ordinals 4 to below 6");
}

#[test]
fn s2_an_object_that_returns() {
    let mut lines = lines("pod_returns");
    let gone = position(&lines, "deleted", "Pod", "sentinel-1");
    let old = lines[gone]["object"]["object"]["metadata"]["uid"].clone();
    for version in versions(&mut lines[gone + 1..], "Pod", "sentinel-1") {
        version["object"]["metadata"]["uid"] = old.clone();
    }
    red(&lines, "S2", "sentinel-1 came back as the same object");
}

#[test]
fn k1_a_container_that_runs_when_its_pod_is_removed() {
    let mut lines = lines("slow_to_stop");
    let gone = position(&lines, "deleted", "Pod", "sentinel-1");
    let container = &mut lines[gone]["object"]["object"]["status"]["containerStatuses"][0];
    container["state"] = json!({"running": {}});
    red(&lines, "K1", "sentinel-1 was removed while its container sentinel was still running");
    // As the garbage collector leaves a pod whose node is no more.
    let status = &mut lines[gone]["object"]["object"]["status"];
    status["phase"] = json!("Failed");
    status["conditions"] =
        json!([{"type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC"}]);
    green(&lines);
    // A pod that never ran has nothing to end.
    lines[gone]["object"]["object"]["status"]["containerStatuses"] = json!([]);
    green(&lines);
}

#[test]
fn k1_a_pod_that_failed_has_ended_whatever_was_said_of_its_containers_before() {
    let mut lines = lines("failed_pod");
    let gone = position(&lines, "deleted", "Pod", "sentinel-1");
    let last = &lines[gone]["object"]["object"]["status"];
    assert!(last["containerStatuses"][0]["state"]["running"].is_object());
    for version in versions(&mut lines[..=gone], "Pod", "sentinel-1") {
        version["object"]["status"]["phase"] = json!("Running");
    }
    let words = "sentinel-1 was removed while its container sentinel was still running";
    assert!(refuted(&lines).iter().any(|(claim, said)| claim == "K1" && said.starts_with(words)));
}
