//! K3, K4 and K5: which pods a set replaces, and after which.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::fixtures::{
    act, green, insert, last_position, lines, position, promises, red, refuted, unready, versions,
};

#[test]
fn k3_the_next_pod_goes_before_the_one_above_is_ready() {
    let mut lines = lines("highest_first");
    let created = last_position(&lines, "added", "Pod", "sentinel-2");
    versions(&mut lines[created..], "Pod", "sentinel-2").for_each(unready);
    red(&lines, "K3", "sentinel-1 began to terminate while sentinel-2 was not ready");
}

#[test]
fn k3_the_one_above_still_has_the_old_revision() {
    let mut lines = lines("highest_first");
    let created = last_position(&lines, "added", "Pod", "sentinel-2");
    let old = versions(&mut lines, "Pod", "sentinel-1").next().unwrap()["object"]["metadata"]["labels"]
        ["controller-revision-hash"]
        .clone();
    for version in versions(&mut lines[created..], "Pod", "sentinel-2") {
        version["object"]["metadata"]["labels"]["controller-revision-hash"] = old.clone();
    }
    red(&lines, "K3", "sentinel-1 began to terminate while sentinel-2 was still of the same revision");
}

#[test]
fn k3_two_may_be_missing_where_the_promise_says_so() {
    let mut lines = lines("highest_first");
    let created = last_position(&lines, "added", "Pod", "sentinel-2");
    versions(&mut lines[created..], "Pod", "sentinel-2").for_each(unready);
    for promise in promises(&mut lines) {
        promise["max_unavailable"] = json!(2);
    }
    green(&lines);
    let created = last_position(&lines, "added", "Pod", "sentinel-1");
    versions(&mut lines[created..], "Pod", "sentinel-1").for_each(unready);
    red(&lines, "K3", "sentinel-0 began to terminate while sentinel-1 was not ready");
}

#[test]
fn k3_a_pod_that_was_never_there_is_missing_once() {
    let mut lines = lines("highest_first");
    lines.retain(|line| {
        line["object"]["kind"] != "Pod" || line["object"]["object"]["metadata"]["name"] != "sentinel-2"
    });
    red(&lines, "K3", "sentinel-1 began to terminate while sentinel-2 did not exist");
    for promise in promises(&mut lines) {
        promise["max_unavailable"] = json!(2);
    }
    green(&lines);
}

#[test]
fn k4_a_pod_below_the_partition_is_taken_away() {
    let mut lines = lines("partition");
    for promise in promises(&mut lines) {
        promise["partition"] = json!(3);
    }
    red(&lines, "K4", "sentinel-2 was taken away, below the partition 3");
}

#[test]
fn k4_a_pod_below_the_partition_comes_back_at_the_new_revision() {
    let mut lines = lines("partition");
    let new = last_position(&lines, "added", "Pod", "sentinel-2");
    let revision = lines[new]["object"]["object"]["metadata"]["labels"]["controller-revision-hash"].clone();
    let back = last_position(&lines, "added", "Pod", "sentinel-0");
    for version in versions(&mut lines[back..], "Pod", "sentinel-0") {
        version["object"]["metadata"]["labels"]["controller-revision-hash"] = revision.clone();
    }
    red(&lines, "K4", "sentinel-0 was created at revision");
}

/// A pod that we deleted, as if nobody had.
fn taken(journal: &str, pod: &str) -> (Vec<Value>, usize) {
    let mut lines = lines(journal);
    let deleted = lines.iter().position(|line| line["act"]["target"] == format!("pod/{pod}")).unwrap();
    lines.retain(|line| line["act"]["verb"] != "delete");
    (lines, deleted)
}

#[test]
fn k3_a_healthy_pod_is_taken_away_for_nothing() {
    let words = "sentinel-1 was taken away for nothing: it was healthy, asked for, and at sentinel-";
    let (mut lines, deleted) = taken("slow_to_stop", "sentinel-1");
    red(&lines, "K3", words);
    // It was not healthy, so there may be a reason.
    let mut ill = lines.clone();
    insert(&mut ill, deleted - 1, "Pod", "sentinel-1", unready);
    green(&ill);
    // The template may have changed.
    insert(&mut lines, deleted - 1, "StatefulSet", "sentinel", |version| {
        version["object"]["metadata"]["generation"] = json!(2);
    });
    green(&lines);
}

#[test]
fn what_an_eviction_or_a_taint_takes_is_not_the_controllers_doing() {
    for journal in ["slow_to_stop", "pod_returns", "on_delete"] {
        let (mut lines, deleted) = taken(journal, "sentinel-1");
        assert_ne!(refuted(&lines), BTreeSet::new());
        for version in versions(&mut lines[deleted..], "Pod", "sentinel-1") {
            let conditions = version["object"]["status"]["conditions"].as_array_mut();
            let disrupted =
                json!({"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"});
            conditions.into_iter().for_each(|conditions| conditions.push(disrupted.clone()));
        }
        green(&lines);
    }
}

#[test]
fn k5_a_pod_is_taken_away_under_on_delete() {
    let mut lines = lines("highest_first");
    for promise in promises(&mut lines) {
        promise["on_delete"] = json!(true);
    }
    red(&lines, "K5", "sentinel-2 was taken away under OnDelete, and nobody had deleted it");
}

#[test]
fn k5_an_act_means_the_pod_of_that_moment_only() {
    let mut lines = lines("on_delete");
    let deleted = lines.iter().position(|line| line["act"]["target"] == "pod/sentinel-1").unwrap();
    lines.remove(deleted);
    assert!(refuted(&lines).iter().any(|(claim, _)| claim == "K5"));
    for verb in ["delete", "evict"] {
        let mut again = lines.clone();
        again.insert(deleted, act(verb, "pod/sentinel-1"));
        green(&again);
    }
    // One before its birth says nothing of it.
    let born = position(&lines, "added", "Pod", "sentinel-1");
    lines.insert(born, act("delete", "pod/sentinel-1"));
    assert!(refuted(&lines).iter().any(|(claim, _)| claim == "K5"));
}

#[test]
fn a_pod_that_failed_is_replaced_by_no_roll() {
    let mut lines = lines("on_delete");
    let deleted = lines.iter().position(|line| line["act"]["target"] == "pod/sentinel-1").unwrap();
    lines.remove(deleted);
    let end = last_position(&lines, "added", "Pod", "sentinel-1");
    for version in versions(&mut lines[deleted..end], "Pod", "sentinel-1") {
        version["object"]["status"]["phase"] = json!("Failed");
    }
    green(&lines);
}
