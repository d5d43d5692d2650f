//! S8 and S9: one step at a time.

use serde_json::{Value, json};

use crate::fixtures::{
    act, green, insert, last_position, lines, position, quoted, red, refuted, revision, set_revision,
    unready, versions,
};

#[test]
fn s8_a_predecessor_that_was_never_ready() {
    let mut lines = lines("scale_up");
    versions(&mut lines, "Pod", "sentinel-0").for_each(unready);
    red(&lines, "S8", "sentinel-1 was created while sentinel-0 was not ready");
    // The policy is named only where it explains the finding.
    for version in versions(&mut lines, "StatefulSet", "sentinel") {
        version["object"]["spec"]["podManagementPolicy"] = json!("OrderedReady");
    }
    assert!(refuted(&lines).iter().all(|(_, message)| !message.contains("podManagementPolicy")));
    // The controller need not have written a status: it made the pod, and knows that it never was ready.
    let next = position(&lines, "added", "Pod", "sentinel-1");
    let mut at = 0;
    lines.retain(|line| {
        at += 1;
        at > next || line["object"]["kind"] != "StatefulSet" || line["object"]["change"] == "added"
    });
    red(&lines, "S8", "sentinel-1 was created while sentinel-0 was not ready");
}

#[test]
fn s8_a_predecessor_that_is_missing() {
    for (missing, next) in [("sentinel-0", "sentinel-1"), ("sentinel-1", "sentinel-2")] {
        let mut lines = lines("scale_up");
        lines.retain(|line| {
            line["object"]["kind"] != "Pod" || line["object"]["object"]["metadata"]["name"] != missing
        });
        red(&lines, "S8", &format!("{next} was created while {missing} did not exist"));
    }
}

#[test]
fn s8_a_predecessor_that_is_gone() {
    let mut lines = lines("scale_up");
    let ready = last_position(&lines, "modified", "Pod", "sentinel-1");
    let created = position(&lines, "added", "Pod", "sentinel-2");
    assert!(ready < created);
    insert(&mut lines, ready, "Pod", "sentinel-1", |version| {
        version["change"] = json!("deleted");
        version["object"]["status"]["containerStatuses"] = json!([]);
    });
    lines.insert(ready + 1, act("delete", "pod/sentinel-1"));
    green(&lines);
    let status = |version: &mut Value| version["object"]["status"]["readyReplicas"] = json!(0);
    insert(&mut lines, ready + 2, "StatefulSet", "sentinel", status);
    red(&lines, "S8", "sentinel-2 was created while sentinel-1 was gone");
    // What proves it is the deletion, and not that the pod was not Ready before it.
    insert(&mut lines, ready, "Pod", "sentinel-1", unready);
    for (line, number) in lines[ready + 1..].iter_mut().zip(1000..) {
        line["line"] = json!(number);
    }
    let proof =
        [position(&lines, "deleted", "Pod", "sentinel-1"), position(&lines, "added", "Pod", "sentinel-2")];
    assert_eq!(quoted(&lines, "S8"), [proof.map(|at| lines[at]["line"].as_u64().unwrap())]);
}

#[test]
fn s8_a_predecessor_that_the_controller_could_not_yet_see_unready_is_no_finding() {
    let mut lines = lines("scale_up");
    let created = position(&lines, "added", "Pod", "sentinel-2");
    let before = revision(&lines[created]).unwrap();
    insert(&mut lines, created - 1, "Pod", "sentinel-0", unready);
    set_revision(&mut lines[created], before - 1);
    green(&lines);

    // Once the controller has written a status, it has looked.
    let touched = |version: &mut Value| version["object"]["metadata"]["generation"] = json!(2);
    insert(&mut lines, created, "StatefulSet", "sentinel", touched);
    set_revision(&mut lines[created + 1], before - 1);
    green(&lines);
    let status = |version: &mut Value| version["object"]["status"]["readyReplicas"] = json!(0);
    insert(&mut lines, created, "StatefulSet", "sentinel", status);
    set_revision(&mut lines[created + 1], before - 1);
    red(&lines, "S8", "sentinel-2 was created while sentinel-0 was not ready");

    // Another version of the pod since then does not make it news.
    insert(&mut lines, created + 2, "Pod", "sentinel-0", |_| {});
    set_revision(&mut lines[created + 3], before - 1);
    red(&lines, "S8", "sentinel-2 was created while sentinel-0 was not ready");
}

#[test]
fn s8_who_saw_a_later_pod_become_healthy_saw_an_earlier_one_that_was_not() {
    // The controller is about to make the third pod, and writes no status from here on.
    let journal = || {
        let mut lines = lines("scale_up");
        let next = position(&lines, "added", "Pod", "sentinel-2");
        let before = position(&lines, "added", "Pod", "sentinel-1");
        let mut at = 0;
        lines.retain(|line| {
            at += 1;
            !(before..=next).contains(&(at - 1)) || line["object"]["kind"] != "StatefulSet"
        });
        lines
    };
    let mut early = journal();
    let made = position(&early, "added", "Pod", "sentinel-1");
    insert(&mut early, made, "Pod", "sentinel-0", unready);
    red(&early, "S8", "sentinel-2 was created while sentinel-0 was not ready");
    // After the last of them became healthy, the cache may still show all of them so.
    let mut late = journal();
    let next = position(&late, "added", "Pod", "sentinel-2");
    let before = revision(&late[next]).unwrap();
    insert(&mut late, next - 1, "Pod", "sentinel-0", unready);
    set_revision(&mut late[next], before - 1);
    green(&late);
}

#[test]
fn s9_the_next_pod_goes_before_the_highest_is_gone() {
    let mut lines = lines("scale_down");
    let gone = position(&lines, "deleted", "Pod", "sentinel-2");
    let after = lines.iter().rposition(|line| line["object"]["change"] == "deleted").unwrap();
    let late = revision(&lines[after]).unwrap() + 1;
    // The second deletion of sentinel-2 is not in this journal: it stays after the scaling back up.
    set_revision(&mut lines[gone], late);
    let found = refuted(&lines);
    let words = "sentinel-1 began to terminate while sentinel-2 was still there";
    assert!(found.iter().any(|(claim, message)| claim == "S9" && message.contains(words)), "{found:#?}");
}

#[test]
fn s9_a_lower_pod_goes_alone_and_one_that_we_delete_ourselves() {
    let mut lines = lines("scale_down");
    let held = lines.iter().position(|line| line["act"]["text"] == "let pod 2 be gone").unwrap();
    insert(&mut lines, held, "Pod", "sentinel-1", |version| {
        version["object"]["metadata"]["deletionTimestamp"] = json!("2026-11-22T20:22:17Z");
    });
    red(&lines, "S9", "sentinel-1 began to terminate while sentinel-2 was still there");
    lines.insert(held, act("delete", "pod/sentinel-1"));
    green(&lines);
    // One that was refused explains nothing.
    lines.insert(held + 1, act("refused", "pod/sentinel-1"));
    red(&lines, "S9", "sentinel-1 began to terminate while sentinel-2 was still there");
    // Nor does it take back one before it.
    lines.insert(held, act("evict", "pod/sentinel-1"));
    green(&lines);
}

#[test]
fn s9_pods_of_a_set_that_was_made_again_go_in_any_order() {
    let mut lines = lines("claims_outlive_the_set");
    let created = last_position(&lines, "added", "StatefulSet", "sentinel");
    let first_gone =
        lines.iter().position(|line| line["object"]["object"]["metadata"]["deletionTimestamp"].is_string());
    // The new set is there, and asks for less, before the pods of the old one begin to go.
    let early = lines[..first_gone.unwrap()].iter().filter_map(revision).max().unwrap();
    lines.truncate(created + 1);
    set_revision(&mut lines[created], early);
    lines[created]["object"]["object"]["spec"]["replicas"] = json!(0);
    let gone = position(&lines, "deleted", "StatefulSet", "sentinel");
    set_revision(&mut lines[gone], early);
    green(&lines);
}
