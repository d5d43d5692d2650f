//! K18: a set gives the pods that it takes away all of their own time.

use serde_json::{Value, json};

use crate::fixtures::{act, green, lines, position, red, refuted, versions};

/// The journal of a scale-down, in which pod 2 was given so many seconds to stop, and so many at last.
fn given(first: u64) -> Vec<Value> {
    let mut lines = lines("scale_down");
    let given = "deletionGracePeriodSeconds";
    let told = versions(&mut lines, "Pod", "sentinel-2");
    for version in told.filter(|version| version["object"]["metadata"][given] == 60) {
        version["object"]["metadata"][given] = json!(first);
    }
    lines
}

#[test]
fn k18_a_pod_that_is_scaled_away_has_its_own_grace() {
    green(&given(60));
    for other in [1, 0, 59, 90] {
        let words =
            format!("sentinel-2 was given {other} s to stop by its set; its own grace period is 60 s");
        red(&given(other), "K18", &words);
    }
}

#[test]
fn k18_who_deletes_a_pod_gives_it_what_he_likes() {
    let mut lines = given(1);
    let before = position(&lines, "modified", "Pod", "sentinel-2");
    lines.insert(before, act("delete", "pod/sentinel-2"));
    green(&lines);
}

#[test]
fn k18_a_pod_that_never_was_placed_or_that_ended_needs_no_time() {
    let mut lines = given(0);
    for version in versions(&mut lines, "Pod", "sentinel-2") {
        version["object"]["spec"]["nodeName"] = Value::Null;
    }
    green(&lines);
    for phase in ["Failed", "Succeeded", "Pending"] {
        let mut lines = given(0);
        for version in versions(&mut lines, "Pod", "sentinel-2") {
            version["object"]["status"]["phase"] = json!(phase);
        }
        let words = refuted(&lines);
        assert!(words.iter().all(|(claim, _)| claim != "K18"), "{phase}: {words:#?}");
    }
}

#[test]
fn k18_what_a_list_shows_may_be_the_kubelets_last_word() {
    let mut lines = given(0);
    for version in versions(&mut lines, "Pod", "sentinel-2").filter(|version| version["change"] == "modified")
    {
        version["change"] = json!("listed");
    }
    green(&lines);
}
