//! K8 and K23: what a set waits for before it replaces or makes the next pod.

use std::collections::BTreeSet;

use serde_json::json;

use crate::fixtures::{
    examined, green, insert, last_position, lines, position, promises, red, refuted, unready, versions,
};

#[test]
fn k8_the_next_pod_comes_too_early() {
    let mut slower = lines("min_ready_seconds");
    for promise in promises(&mut slower) {
        promise["min_ready_seconds"] = json!(60);
    }
    red(&slower, "K8", "after sentinel-0 was ready; minReadySeconds is 60");

    let mut later = lines("min_ready_seconds");
    let created = position(&later, "added", "Pod", "sentinel-1");
    let at = later[created]["at"].clone();
    for line in later[..created].iter_mut().filter(|line| {
        line["object"]["kind"] == "Pod"
            && line["object"]["object"]["status"]["conditions"][0]["status"] == "True"
    }) {
        line["at"] = at.clone();
    }
    red(&later, "K8", "touched 0.0 s after sentinel-0 was ready; minReadySeconds is 5");
}

#[test]
fn k8_the_apis_seconds_are_cut_off() {
    let touched = |at: &str| {
        let mut lines = lines("min_ready_seconds");
        let created = position(&lines, "added", "Pod", "sentinel-1");
        for version in versions(&mut lines, "Pod", "sentinel-0") {
            let ready = version.pointer_mut("/object/status/conditions/0");
            if let Some(ready) = ready.filter(|ready| ready["status"] == "True") {
                ready["lastTransitionTime"] = json!("2026-11-22T22:28:18Z");
            }
        }
        lines[created]["at"] = json!(at);
        lines
    };
    green(&touched("2026-11-22T22:28:22Z"));
    let words = "touched 3.9 s after sentinel-0 was ready; minReadySeconds is 5";
    red(&touched("2026-11-22T22:28:21.9Z"), "K8", words);
}

#[test]
fn k8_a_pod_that_faltered_counts_from_when_it_is_ready_again() {
    let mut lines = lines("min_ready_seconds");
    let created = position(&lines, "added", "Pod", "sentinel-1");
    insert(&mut lines, created - 1, "Pod", "sentinel-0", unready);
    insert(&mut lines, created, "Pod", "sentinel-0", |version| {
        version["object"]["status"]["conditions"][0]["status"] = json!("True");
    });
    lines[created + 1]["at"] = lines[created + 2]["at"].clone();
    red(&lines, "K8", "touched 0.0 s after sentinel-0 was ready");
}

#[test]
fn k8_a_roll_that_does_not_wait() {
    let mut lines = lines("highest_first");
    for promise in promises(&mut lines) {
        promise["min_ready_seconds"] = json!(0);
    }
    green(&lines);
    let rolled = lines
        .iter()
        .position(|line| {
            line["act"]["text"]
                .as_str()
                .is_some_and(|text| text.ends_with("a template with a readiness gate"))
        })
        .unwrap();
    for promise in promises(&mut lines[rolled - 2..]) {
        promise["min_ready_seconds"] = json!(30);
    }
    red(&lines, "K8", "after sentinel-1 was ready; minReadySeconds is 30");
    let all = refuted(&lines).len();
    for promise in promises(&mut lines) {
        promise["max_unavailable"] = json!(2);
    }
    // What the roll takes away waits for no one pod then; what is created still does.
    assert!(refuted(&lines).len() < all);
}

#[test]
fn k23_a_new_pod_comes_while_an_old_one_is_there() {
    let mut up = lines("scale_up");
    for promise in promises(&mut up) {
        promise["recreate"] = json!(true);
    }
    green(&up);
    assert_eq!(examined(&up, "K23"), 3);
    let mut lines = lines("highest_first");
    for promise in promises(&mut lines) {
        promise["recreate"] = json!(true);
    }
    red(&lines, "K23", "came at another revision while sentinel-0 was still there");
    assert_eq!(examined(&lines, "K23"), examined(&lines, "S1"));
}

#[test]
fn k23_ends_where_another_strategy_is_asked_for() {
    let mut lines = lines("highest_first");
    promises(&mut lines).next().unwrap()["recreate"] = json!(true);
    green(&lines);
    assert!(examined(&lines, "K23") < examined(&lines, "S1"));
}

#[test]
fn k23_waits_for_no_pod_that_an_earlier_set_left() {
    let mut lines = lines("highest_first");
    for promise in promises(&mut lines) {
        promise["recreate"] = json!(true);
    }
    let name = |ordinal: u32| format!("sentinel-{ordinal}");
    for pod in (0..3).map(name) {
        let gone = position(&lines, "deleted", "Pod", &pod);
        for version in versions(&mut lines[..=gone], "Pod", &pod) {
            version["object"]["metadata"]["ownerReferences"][0]["uid"] = json!("an earlier set");
        }
    }
    let refuted = refuted(&lines);
    assert!(refuted.iter().all(|(claim, _)| claim != "K23"), "{refuted:#?}");
}

/// The template of a Parallel set changes: what its roll does not wait for, as a broken controller was seen not to.
#[test]
fn a_parallel_set_rolls_in_order_as_well() {
    let mut lines = lines("parallel_roll");
    assert!(examined(&lines, "K8") >= 2);
    let mut ill = lines.clone();
    let new = last_position(&ill, "added", "Pod", "sentinel-2");
    versions(&mut ill[new..], "Pod", "sentinel-2").for_each(unready);
    assert!(refuted(&ill).iter().any(|(claim, message)| claim == "K3"
        && message.contains("sentinel-1 began to terminate while sentinel-2 was not ready")));
    for promise in promises(&mut lines) {
        promise["min_ready_seconds"] = json!(30);
    }
    assert!(
        refuted(&lines)
            .iter()
            .any(|(claim, message)| claim == "K8" && message.contains("after sentinel-2 was ready"))
    );
}

/// All old pods go at once, and before they are available.
#[test]
fn what_recreate_does_breaks_the_laws_of_other_strategies() {
    let mut lines = lines("recreate");
    green(&lines);
    for promise in promises(&mut lines) {
        promise["recreate"] = json!(false);
    }
    let refuted = refuted(&lines);
    let claims: BTreeSet<_> = refuted.iter().map(|(claim, _)| claim.as_str()).collect();
    assert_eq!(claims, BTreeSet::from(["K3", "K8"]), "{refuted:#?}");
}
