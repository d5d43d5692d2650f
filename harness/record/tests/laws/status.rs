//! K19: what a set says of itself.

use serde_json::{Value, json};

use crate::fixtures::{green, insert, last_position, lines, red, refuted, versions};

/// The last status of a healthy set of three, with one field changed.
fn with(field: &str, value: i64) -> Vec<Value> {
    let mut lines = lines("scale_up");
    let last = versions(&mut lines, "StatefulSet", "sentinel").last().unwrap();
    last["object"]["status"][field] = json!(value);
    lines
}

#[test]
fn k19_counters_that_contradict_each_other() {
    red(&with("readyReplicas", 4), "K19", "readyReplicas is 4, more than replicas 3");
    red(&with("availableReplicas", 4), "K19", "availableReplicas is 4, more than readyReplicas 3");
    red(&with("updatedReplicas", 4), "K19", "updatedReplicas is 4, more than replicas 3");
    red(&with("currentReplicas", 4), "K19", "currentReplicas is 4, more than replicas 3");
    let mut rolling = with("currentReplicas", 3);
    let last = versions(&mut rolling, "StatefulSet", "sentinel").last().unwrap();
    for (field, value) in [("updatedReplicas", json!(1)), ("updateRevision", json!("another"))] {
        last["object"]["status"][field] = value;
    }
    red(&rolling, "K19", "currentReplicas with updatedReplicas is 4, more than replicas 3");
}

#[test]
fn k19_a_generation_that_goes_back_or_ahead() {
    red(&with("observedGeneration", 0), "K19", "observedGeneration went back from 1 to 0");
    red(&with("observedGeneration", 7), "K19", "observedGeneration 7 is ahead of generation 1");
}

#[test]
fn k19_a_spec_without_a_generation_of_its_own() {
    let mut lines = lines("scale_down");
    green(&lines);
    for version in versions(&mut lines, "StatefulSet", "sentinel") {
        version["object"]["metadata"]["generation"] = json!(1);
        version["object"]["status"]["observedGeneration"] = json!(1);
    }
    let refuted = refuted(&lines);
    let told = refuted.iter().any(|(claim, words)| {
        claim == "K19" && words.ends_with("the spec went from 3 to 1 replicas, and stayed generation 1")
    });
    assert!(told, "{refuted:#?}");
}

/// Seen on a real cluster: the controller wrote the status of the set that was gone to the one made again under its name.
#[test]
fn k19_the_first_status_of_a_set_made_again_may_be_the_former_ones() {
    let told = |ahead: i64| {
        let mut lines = lines("orphans");
        let sets: Vec<_> = versions(&mut lines, "StatefulSet", "sentinel").collect();
        let former = sets[0]["object"]["metadata"]["uid"].clone();
        let generation = |set: &Value| set["object"]["metadata"]["generation"].as_i64().unwrap();
        let last = sets.iter().rfind(|set| set["object"]["metadata"]["uid"] == former);
        let observed = generation(last.unwrap()) + ahead;
        let again = sets.into_iter().find(|set| {
            set["object"]["metadata"]["uid"] != former && set["object"]["status"]["observedGeneration"] == 1
        });
        again.unwrap()["object"]["status"]["observedGeneration"] = json!(observed);
        lines
    };
    green(&told(0));
    red(&told(1), "K19", "is ahead of generation 1");
}

/// Seen on a real cluster: the set was scaled before the controller wrote a status of its own.
#[test]
fn k19_a_former_status_stays_until_the_next() {
    let told = |available: i64| {
        let mut lines = lines("orphans");
        let own = last_position(&lines, "modified", "StatefulSet", "sentinel");
        lines[own]["object"]["object"]["status"]["observedGeneration"] = json!(2);
        insert(&mut lines, own, "StatefulSet", "sentinel", |scaled| {
            scaled["object"]["metadata"]["generation"] = json!(2);
            scaled["object"]["status"]["availableReplicas"] = json!(available);
        });
        insert(&mut lines, own + 1, "StatefulSet", "sentinel", |first| {
            first["object"]["status"]["observedGeneration"] = json!(1);
        });
        lines
    };
    green(&told(3));
    red(&told(2), "K19", "observedGeneration went back from 2 to 1");
}
