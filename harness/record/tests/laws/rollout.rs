//! K3, K4, K5, K8 and K23: how a set replaces its pods.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::fixtures::{
    act, examined, green, insert, last_position, lines, position, promises, red, refuted, unready, versions,
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

/// A roll that is taken back, with templates that are as the revisions say.
fn taken_back() -> Vec<Value> {
    let mut lines = lines("highest_first");
    for version in versions(&mut lines, "StatefulSet", "sentinel") {
        let set = &mut version["object"];
        let (generation, observed) = (&set["metadata"]["generation"], &set["status"]["observedGeneration"]);
        let template =
            if generation == observed { set["status"]["updateRevision"].clone() } else { json!("") };
        set["spec"]["template"] = json!({"metadata": {"annotations": {"of": template}}});
    }
    lines
}

#[test]
fn k6_a_template_has_another_revision_than_before() {
    let mut lines = taken_back();
    green(&lines);
    let last = last_position(&lines, "modified", "StatefulSet", "sentinel");
    let mut again = |change: fn(&mut Value)| {
        insert(&mut lines, last, "StatefulSet", "sentinel", |set| {
            set["object"]["status"]["updateRevision"] = json!("sentinel-another");
            set["object"]["status"]["currentRevision"] = json!("sentinel-another");
            change(set);
        });
        lines.remove(last + 1)
    };
    let anew = again(|_| {});
    // A status that is of the spec before, and another template.
    let former = again(|set| set["object"]["metadata"]["generation"] = json!(99));
    let changed = again(|set| set["object"]["spec"]["template"] = json!({"metadata": {"name": "another"}}));
    let unknown = again(|set| set["object"]["spec"]["template"] = json!({}));
    let of_another = again(|set| set["object"]["metadata"]["uid"] = json!("another"));
    for harmless in [former, changed, unknown, of_another] {
        let mut lines = lines.clone();
        lines.insert(last + 1, harmless);
        let refuted = refuted(&lines);
        assert!(refuted.iter().all(|(claim, _)| claim != "K6"), "{refuted:#?}");
    }
    lines.insert(last + 1, anew);
    red(&lines, "K6", "sentinel has the revision sentinel-another of a template that had sentinel-");
}

/// The controller wrote the status of the set that was gone to the one made again under its name.
#[test]
fn k6_a_revision_of_a_set_of_the_name_before_is_none_of_its_own() {
    let mut lines = taken_back();
    let last = last_position(&lines, "modified", "StatefulSet", "sentinel");
    let own = lines[last]["object"]["object"]["status"]["updateRevision"].clone();
    let anew = |revision: Value| {
        move |set: &mut Value| {
            set["object"]["metadata"]["uid"] = json!("anew");
            set["object"]["spec"]["template"] = json!({"metadata": {"name": "anew"}});
            set["object"]["status"]["updateRevision"] = revision;
        }
    };
    insert(&mut lines, last, "StatefulSet", "sentinel", anew(own));
    insert(&mut lines, last + 1, "StatefulSet", "sentinel", anew(json!("sentinel-anew")));
    let of_k6 = |lines: &[Value]| refuted(lines).into_iter().filter(|(claim, _)| claim == "K6").count();
    assert_eq!(of_k6(&lines), 0);
    insert(&mut lines, last + 2, "StatefulSet", "sentinel", anew(json!("sentinel-another")));
    assert_eq!(of_k6(&lines), 1);
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
