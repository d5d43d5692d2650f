//! S6, S7, S17 and K24: the same volume back.

use record::{law::Obstacle, terrain::Terrain};
use serde_json::{Value, json};

use crate::fixtures::{
    act, act_position, examined, green, hidden, insert, lines, position, promises, red, refuted, revision,
    set_revision, versions,
};

#[test]
fn s6_another_claim_another_size_another_mode() {
    let mut foreign = lines("scale_up");
    for version in versions(&mut foreign, "Pod", "sentinel-1") {
        version["object"]["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] =
            json!("data-sentinel-0");
    }
    red(&foreign, "S6", "expected the claim data-sentinel-1, found data-sentinel-0");
    let mut none = lines("scale_up");
    for version in versions(&mut none, "Pod", "sentinel-1") {
        version["object"]["spec"]["volumes"] = json!([]);
    }
    red(&none, "S6", "expected the claim data-sentinel-1, found no claim");
    let mut larger = lines("scale_up");
    for version in versions(&mut larger, "PersistentVolumeClaim", "data-sentinel-1") {
        version["object"]["spec"]["resources"]["requests"]["storage"] = json!("1Gi");
    }
    red(&larger, "S6", "asks for 1Gi");
    let mut shared = lines("scale_up");
    for version in versions(&mut shared, "PersistentVolumeClaim", "data-sentinel-1") {
        version["object"]["spec"]["accessModes"] = json!(["ReadWriteMany"]);
    }
    red(&shared, "S6", "access modes");
}

#[test]
fn s6_where_somebody_changes_claims_it_may_be_his() {
    let mut larger = lines("scale_up");
    for version in versions(&mut larger, "PersistentVolumeClaim", "data-sentinel-1") {
        version["object"]["spec"]["resources"]["requests"]["storage"] = json!("1Gi");
        version["object"]["spec"]["accessModes"] = json!(["ReadWriteOncePod"]);
    }
    let mut terrain = Terrain::default();
    terrain.namespace.claims_changed = Some("one of 64Mi is made 1Gi".to_owned());
    larger.insert(0, json!({"line": 0, "at": "2026-11-22T10:00:00Z", "terrain": terrain}));
    green(&larger);
    assert_eq!(hidden(&larger).get("S6"), Some(&Obstacle::Admission));
}

#[test]
fn s6_a_size_in_other_words_is_the_same_size() {
    let asked = |storage: &str| {
        let mut lines = lines("scale_up");
        for promise in promises(&mut lines) {
            promise["templates"] = json!({"data": storage});
        }
        lines
    };
    green(&asked("65536Ki"));
    green(&asked("67108864"));
    red(&asked("64M"), "S6", "asks for 64Mi; template data says 64M");
}

#[test]
fn s6_a_template_whose_name_begins_with_anothers() {
    let text: Vec<_> = lines("scale_up").iter().map(Value::to_string).collect();
    let text = text
        .join("\n")
        .replace("data-sentinel", "data-wal-sentinel")
        .replace(r#""name":"data""#, r#""name":"data-wal""#);
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for promise in promises(&mut lines) {
        promise["templates"] = json!({"data": "1Gi", "data-wal": "64Mi"});
    }
    // Of the template "data" there is no claim in this journal: that alone is found.
    assert!(!refuted(&lines).iter().any(|(_, message)| message.contains("asks for")));
}

#[test]
fn s7_another_claim_or_volume_under_the_old_name() {
    let after_return = |field: &str, value: Value| {
        let mut lines = lines("pod_returns");
        let gone = position(&lines, "deleted", "Pod", "sentinel-1");
        let last = revision(&lines[gone]).unwrap();
        insert(&mut lines, gone, "PersistentVolumeClaim", "data-sentinel-1", |version| {
            assert_eq!(version["object"]["status"]["phase"], "Bound");
            *version.pointer_mut(field).unwrap() = value;
        });
        set_revision(&mut lines[gone + 1], last + 1);
        lines
    };
    let uid = after_return("/object/metadata/uid", json!("another-uid"));
    red(&uid, "S7", "came back with another data-sentinel-1");
    let volume = after_return("/object/spec/volumeName", json!("pvc-another"));
    red(&volume, "S7", "pvc-another");
}

#[test]
fn s7_a_pod_that_is_ready_without_its_claim() {
    let mut lines = lines("scale_up");
    lines.retain(|line| line["object"]["object"]["metadata"]["name"] != "data-sentinel-1");
    red(&lines, "S7", "sentinel-1 is Ready, and its claim data-sentinel-1 does not exist");
}

#[test]
fn s7_a_pod_that_returns_without_its_claim_is_examined() {
    let mut lines = lines("pod_returns");
    lines.retain(|line| line["object"]["object"]["metadata"]["name"] != "data-sentinel-1");
    red(&lines, "S7", "sentinel-1 is Ready, and its claim data-sentinel-1 does not exist");
    assert_eq!(examined(&lines, "S7"), 1);
}

#[test]
fn s17_which_claims_are_asked_for_depends_on_the_start() {
    let gone = |claim: &str| {
        let mut lines = lines("start_ordinal");
        lines.truncate(act_position(&lines, "step", "start 4"));
        let last = lines.len() - 1;
        insert(&mut lines, last, "PersistentVolumeClaim", "data-sentinel-4", |version| {
            version["object"]["metadata"]["name"] = json!(claim);
            version["change"] = json!("deleted");
        });
        lines
    };
    let words = "data-sentinel-4 was deleted when its set or its pod was deleted";
    red(&gone("data-sentinel-4"), "S17", words);
    red(&gone("data-sentinel-5"), "S17", "data-sentinel-5 was deleted when the set was scaled down");
    red(&gone("data-sentinel-2"), "S17", "data-sentinel-2 was deleted when the set was scaled down");
}

#[test]
fn s7_and_s17_claims_that_go_as_the_retention_policy_says_may_come_back_as_others() {
    let mut lines = lines("controls/delete_claims_when_scaled");
    for promise in promises(&mut lines) {
        promise["keeps_claims_when_scaled"] = json!(false);
    }
    green(&lines);
}

#[test]
fn s17_a_claim_of_a_scaled_down_pod_may_go_after_the_set_has_grown_again() {
    let mut lines = lines("controls/delete_claims_when_scaled");
    for promise in promises(&mut lines) {
        promise["keeps_claims_when_scaled"] = json!(false);
    }
    for version in versions(&mut lines, "StatefulSet", "sentinel") {
        version["object"]["spec"]["replicas"] = json!(3);
    }
    let about_claims = |(claim, _): &&(String, String)| claim == "S17" || claim == "S7";
    assert_eq!(refuted(&lines).iter().find(about_claims), None);
}

#[test]
fn s17_a_claim_that_goes_and_one_that_we_delete_ourselves() {
    let mut lines = lines("scale_down");
    let end =
        lines.iter().position(|line| line["act"]["text"] == "scale back up, onto the same claims").unwrap();
    lines.truncate(end);
    let gone = position(&lines, "deleted", "Pod", "sentinel-2");
    insert(&mut lines, gone, "PersistentVolumeClaim", "data-sentinel-2", |version| {
        version["change"] = json!("deleted");
    });
    red(&lines, "S17", "data-sentinel-2 was deleted when the set was scaled down");
    lines.insert(gone, act("patch", "persistentvolumeclaim/data-sentinel-2"));
    red(&lines, "S17", "data-sentinel-2 was deleted when the set was scaled down");
    lines[gone] = act("delete", "persistentvolumeclaim/data-sentinel-2");
    green(&lines);
    // Nor does one that was refused, or one before its birth, say anything of it.
    let mut refused = lines.clone();
    refused.insert(gone + 1, act("refused", "persistentvolumeclaim/data-sentinel-2"));
    red(&refused, "S17", "data-sentinel-2 was deleted when the set was scaled down");
    let act = lines.remove(gone);
    lines.insert(2, act);
    red(&lines, "S17", "data-sentinel-2 was deleted when the set was scaled down");
}

#[test]
fn s17_a_claim_that_goes_with_its_set() {
    let mut lines = lines("claims_outlive_the_set");
    let gone = position(&lines, "deleted", "StatefulSet", "sentinel");
    insert(&mut lines, gone, "PersistentVolumeClaim", "data-sentinel-0", |version| {
        version["object"]["metadata"]["deletionTimestamp"] = json!("2026-11-22T22:52:21Z");
    });
    red(&lines, "S17", "data-sentinel-0 was deleted when its set or its pod was deleted");
    for promise in promises(&mut lines) {
        promise["keeps_claims_when_deleted"] = json!(false);
    }
    green(&lines);
}

/// Pod 1 runs, and its claim goes at the moment of the last line.
fn claim_gone(running: bool) -> Vec<Value> {
    let mut lines = lines("slow_to_stop");
    let at = act_position(&lines, "step", "delete pod 1");
    lines.truncate(at);
    for version in versions(&mut lines, "Pod", "sentinel-1") {
        // What is kept of these journals is what laws read when they were made: no node.
        let placed = version["change"] != "added";
        version["object"]["spec"]["nodeName"] = if placed { json!("worker") } else { Value::Null };
        if !running {
            version["object"]["status"]["containerStatuses"] = json!([]);
        }
    }
    lines.push(act("delete", "persistentvolumeclaim/data-sentinel-1"));
    let last = lines.len() - 1;
    insert(&mut lines, last, "PersistentVolumeClaim", "data-sentinel-1", |version| {
        version["change"] = json!("deleted");
        version["object"]["metadata"]["deletionTimestamp"] = json!("2026-11-22T22:52:59Z");
    });
    lines
}

const USED: &str = "data-sentinel-1 went while sentinel-1 used it: ";

#[test]
fn k24_a_claim_that_goes_while_a_pod_uses_it() {
    red(&claim_gone(true), "K24", USED);
    // One that a list lacks went at a moment that nobody saw.
    let mut listed = claim_gone(true);
    let last = listed.len() - 1;
    let known = versions(&mut listed[..last], "PersistentVolumeClaim", "data-sentinel-1").last().unwrap();
    let version = known["object"]["metadata"]["resourceVersion"].clone();
    listed[last]["object"]["object"]["metadata"]["resourceVersion"] = version;
    listed[last]["line"] = json!(1000);
    assert!(refuted(&listed).iter().all(|(claim, _)| claim != "K24"));
    assert_eq!(examined(&listed, "K24"), 0);
}

#[test]
fn k24_who_has_no_node_another_claim_or_has_ended_does_not_use_it() {
    for (place, value) in [
        ("/object/spec/nodeName", Value::Null),
        ("/object/spec/volumes", json!([])),
        ("/object/status/phase", json!("Failed")),
    ] {
        let mut lines = claim_gone(true);
        for version in versions(&mut lines, "Pod", "sentinel-1") {
            if let Some(found) = version.pointer_mut(place) {
                *found = value.clone();
            }
        }
        let found = refuted(&lines);
        assert!(found.iter().all(|(claim, _)| claim != "K24"), "{place}: {found:#?}");
        assert_eq!(examined(&lines, "K24"), 1);
    }
}

#[test]
fn k24_a_pod_that_got_its_node_after_the_deletion_began_counts_when_it_runs() {
    let late = |running: bool| {
        let mut lines = claim_gone(running);
        let last = lines.len() - 1;
        // The deletion begins when the pod has no node yet, in the moment at which it comes.
        let come = position(&lines, "added", "Pod", "sentinel-1");
        insert(&mut lines, come, "PersistentVolumeClaim", "data-sentinel-1", |version| {
            version["object"]["metadata"]["deletionTimestamp"] = json!("2026-11-22T22:52:59Z");
        });
        assert_eq!(lines.len(), last + 2);
        lines.insert(come + 1, act("delete", "persistentvolumeclaim/data-sentinel-1"));
        lines
    };
    let about = |lines: &[Value]| refuted(lines).into_iter().filter(|(claim, _)| claim == "K24").count();
    assert_eq!((about(&claim_gone(false)), about(&late(true)), about(&late(false))), (1, 1, 0));
}
