//! K19: what a set says of its pods, held against the pods.

use std::collections::BTreeMap;

use record::{law::Obstacle, terrain::Terrain};
use serde_json::{Value, json};

use crate::fixtures::{act, green, hidden, insert, lines, red, versions};

/// A healthy set of three, one of them above a partition, with its last status changed, and the end of the recording so
/// many seconds later.
fn ends(seconds: i64, change: impl FnOnce(&mut Value)) -> Vec<Value> {
    let mut lines = lines("partition");
    change(versions(&mut lines, "StatefulSet", "sentinel").last().unwrap());
    let last: jiff::Timestamp = lines.last().unwrap()["at"].as_str().unwrap().parse().unwrap();
    let mut end = act("end", "scenario");
    end["line"] = json!(1000);
    end["at"] = json!((last + jiff::SignedDuration::from_secs(seconds)).to_string());
    lines.push(end);
    lines
}

fn told(counters: &[(&str, u32)]) -> impl Fn(&mut Value) {
    move |version| {
        for (counter, count) in counters {
            version["object"]["status"][counter] = json!(count);
        }
    }
}

#[test]
fn k19_a_counter_that_never_agrees_with_the_pods() {
    green(&ends(20, |_| {}));
    // None contradicts another counter: only the pods.
    for (counters, words) in [
        (
            &[("replicas", 2), ("readyReplicas", 2), ("availableReplicas", 2), ("currentReplicas", 1)][..],
            "replicas is 2; its pods give 3",
        ),
        (&[("readyReplicas", 2), ("availableReplicas", 2)], "readyReplicas is 2; its pods give 3"),
        (&[("availableReplicas", 2)], "availableReplicas is 2; its pods give 3"),
        (&[("currentReplicas", 1)], "currentReplicas is 1; its pods give 2"),
        (&[("updatedReplicas", 0)], "updatedReplicas is 0; its pods give 1"),
        (&[("replicas", 4)], "replicas is 4; its pods give 3"),
    ] {
        red(&ends(20, told(counters)), "K19", words);
        // It may still come.
        green(&ends(3, told(counters)));
    }
}

/// What the next version of a set has that the one before had not.
type Change = fn(&mut Value);

/// A healthy set of three that goes on with these versions, each so many seconds later than all before, until the recording ends.
fn goes_on(versions_after: &[(i64, Change)], end: i64) -> Vec<Value> {
    let mut lines = ends(0, |_| {});
    let mut over = lines.pop().unwrap();
    let from: jiff::Timestamp = over["at"].as_str().unwrap().parse().unwrap();
    let at = |seconds: i64| json!((from + jiff::SignedDuration::from_secs(seconds)).to_string());
    let mut last = versions(&mut lines, "StatefulSet", "sentinel").last().unwrap().clone();
    for ((seconds, change), line) in versions_after.iter().zip(900..) {
        change(&mut last["object"]);
        let told = json!({"kind": "StatefulSet", "change": "modified", "object": last["object"]});
        lines.push(json!({"line": line, "at": at(*seconds), "object": told}));
    }
    over["at"] = at(end);
    lines.push(over);
    lines
}

fn asked(set: &mut Value) {
    set["metadata"]["generation"] = json!(9);
}

fn seen(set: &mut Value) {
    set["status"]["observedGeneration"] = json!(9);
}

fn counts_short(set: &mut Value) {
    set["status"]["availableReplicas"] = json!(2);
}

#[test]
fn k19_a_generation_that_is_never_seen() {
    // Who tells of what came with it has looked.
    let revision = |set: &mut Value| set["status"]["updateRevision"] = json!("sentinel-later");
    red(&goes_on(&[(1, asked), (2, revision)], 20), "K19", ", the generation 9, and for 19 s");
    green(&goes_on(&[(1, asked), (2, revision)], 8));
    // Who tells nothing may be slow or away.
    let unseen = goes_on(&[(1, asked)], 60);
    green(&unseen);
    assert_eq!(hidden(&unseen).get("K19"), Some(&Obstacle::Controller));
    let late = goes_on(&[(1, asked), (50, seen)], 60);
    green(&late);
    assert_eq!(hidden(&late), BTreeMap::new());
}

// As one is that may ask the API server once in a while only, or whose writes wait for somebody's webhook.
#[test]
fn k19_a_controller_that_is_slow_to_look_may_be_as_slow_to_count() {
    let slow = [(1, asked as Change), (21, seen), (22, counts_short)];
    green(&goes_on(&slow, 55));
    red(&goes_on(&slow, 65), "K19", "availableReplicas is 2; its pods give 3");
    let quick = [(1, asked as Change), (2, seen), (3, counts_short)];
    red(&goes_on(&quick, 55), "K19", "availableReplicas is 2; its pods give 3");
}

// A controller that ends while its set is asked for something: its counters are as old as what it has seen.
#[test]
fn k19_counters_say_nothing_before_the_controller_was_seen_to_look() {
    let away = goes_on(&[(0, counts_short), (1, asked)], 60);
    green(&away);
    assert_eq!(hidden(&away).get("K19"), Some(&Obstacle::Controller));
}

// As halts_while_unhealthy met it, of a controller that wrote no counters: nothing came for minutes but its own look.
#[test]
fn k19_a_controller_that_has_looked_and_tells_something_else() {
    let looked = |seconds: i64, counters: &[(&str, u32)]| {
        let mut lines = ends(seconds, told(counters));
        let end = lines.pop().unwrap();
        let mut last = versions(&mut lines, "StatefulSet", "sentinel").last().unwrap().clone();
        let mut version = |line: u32, change: &dyn Fn(&mut Value)| {
            change(&mut last["object"]);
            lines.push(json!({"line": line, "at": end["at"], "object": last}));
        };
        version(1001, &|set| set["metadata"]["generation"] = json!(9));
        version(1002, &|set| set["status"]["observedGeneration"] = json!(9));
        lines
    };
    green(&looked(20, &[]));
    red(
        &looked(20, &[("availableReplicas", 2)]),
        "K19",
        "availableReplicas is 2; its pods give 3, and for 2",
    );
    // It looked at once, and may not have heard of its pods.
    green(&looked(3, &[("availableReplicas", 2)]));
}

#[test]
fn k19_what_is_wrong_is_told_once() {
    let mut lines = ends(20, told(&[("availableReplicas", 2)]));
    let end = lines.last().unwrap().clone();
    lines.push(end);
    assert_eq!(crate::fixtures::quoted(&lines, "K19").len(), 1);
}

#[test]
fn k19_a_controller_that_was_killed_is_waited_for() {
    let mut lines = ends(20, told(&[("availableReplicas", 2)]));
    let end = lines.len() - 1;
    let mut kill = act("kill", "control-plane/kube-controller-manager");
    kill["line"] = json!(999);
    lines.insert(end, kill);
    green(&lines);
    // Its own status shows that it is back.
    insert(&mut lines, end, "StatefulSet", "sentinel", told(&[("availableReplicas", 1)]));
    red(&lines, "K19", "availableReplicas is 1; its pods give 3");
}

#[test]
fn k19_a_set_that_goes_counts_no_more() {
    green(&ends(20, |version| {
        told(&[("availableReplicas", 2)])(version);
        version["object"]["metadata"]["deletionTimestamp"] = json!("2026-11-22T10:00:00Z");
    }));
}

#[test]
fn k19_pods_of_another_owner_are_not_counted() {
    let mut lines = ends(20, |_| {});
    for version in versions(&mut lines, "Pod", "sentinel-2") {
        version["object"]["metadata"]["ownerReferences"] = json!([]);
    }
    red(&lines, "K19", "replicas is 3; its pods give 2");
}

#[test]
fn k19_where_controllers_are_elected_another_has_time_to_stand_in() {
    let short = told(&[("updatedReplicas", 0)]);
    let elected = |seconds: i64| {
        let mut lines = ends(seconds, &short);
        let terrain = Terrain { controllers_elected: true, ..Terrain::default() };
        lines.insert(0, json!({"line": 0, "at": "2026-11-22T10:00:00Z", "terrain": terrain}));
        lines
    };
    red(&ends(20, &short), "K19", "updatedReplicas is 0; its pods give 1");
    green(&elected(20));
    red(&elected(60), "K19", "updatedReplicas is 0; its pods give 1, and for 60 s nothing has changed");
}

#[test]
fn k19_a_time_in_which_nobody_was_seen_does_not_count() {
    let mut lines = ends(20, told(&[("updatedReplicas", 0)]));
    let end = lines.len() - 1;
    let away = |bridged: bool| json!({"kind": "Pod", "reason": "the API server did not answer for 18 s", "bridged": bridged});
    let mut gap = json!({"line": 999, "at": lines[end]["at"], "gap": away(true)});
    lines.insert(end, gap.clone());
    green(&lines);
    gap["gap"] = away(false);
    lines[end] = gap;
    green(&lines);
}
