//! Laws as code: journals recorded from real runs, each mutated so that its law is seen to fire, and changed in ways
//! that mean nothing so that no law does.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where its helpers do")]

use std::{collections::BTreeSet, sync::Arc};

use camino::Utf8PathBuf;
use harness::{
    journal::{History, entry::Line, log},
    law,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const JOURNALS: [&str; 3] = ["pod_returns", "scale_up", "scale_down"];

fn path(journal: &str) -> Utf8PathBuf {
    Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/journals/{journal}.jsonl"))
}

fn lines(journal: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(path(journal)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn history(lines: &[Value]) -> History {
    let entries = lines.iter().filter_map(|line| {
        let line: Line = serde_json::from_value(line.clone()).unwrap();
        line.reduce().unwrap().map(Arc::new)
    });
    History::new(entries)
}

/// The claims that the laws refute, with what they say.
fn refuted(lines: &[Value]) -> BTreeSet<(String, String)> {
    let judgements = law::judge(&history(lines));
    let findings = judgements.into_iter().flat_map(|judgement| judgement.findings);
    findings.map(|finding| (finding.claim, finding.message)).collect()
}

/// Asserts that the mutation turns exactly this claim red, with these words.
fn red(lines: &[Value], claim: &str, words: &str) {
    let refuted = refuted(lines);
    let claims: BTreeSet<_> = refuted.iter().map(|(claim, _)| claim.as_str()).collect();
    assert_eq!(claims, BTreeSet::from([claim]), "{refuted:#?}");
    assert!(refuted.iter().any(|(_, message)| message.contains(words)), "no {words:?} in {refuted:#?}");
}

/// The versions of an object, by kind and name.
fn versions<'lines>(
    lines: &'lines mut [Value],
    kind: &str,
    name: &str,
) -> impl Iterator<Item = &'lines mut Value> {
    lines
        .iter_mut()
        .filter_map(|line| line.get_mut("object"))
        .filter(move |object| object["kind"] == kind && object["object"]["metadata"]["name"] == name)
}

fn position(lines: &[Value], change: &str, kind: &str, name: &str) -> usize {
    let is = |line: &Value| {
        let object = &line["object"];
        object["change"] == change && object["kind"] == kind && object["object"]["metadata"]["name"] == name
    };
    lines.iter().position(is).unwrap_or_else(|| panic!("no {change} {kind} {name}"))
}

fn revision(line: &Value) -> u64 {
    line["object"]["object"]["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
}

fn set_revision(line: &mut Value, revision: u64) {
    line["object"]["object"]["metadata"]["resourceVersion"] = json!(revision.to_string());
}

#[test]
fn recorded_runs_keep_every_law_and_every_law_examines_something() {
    let mut examined = BTreeSet::new();
    for journal in JOURNALS {
        let judgements = law::judge(&log::read(&path(journal)).unwrap());
        for judgement in judgements {
            assert_eq!(judgement.findings, [], "{journal}");
            if judgement.examined > 0 {
                examined.insert(judgement.claim.id);
            }
        }
    }
    assert_eq!(examined, BTreeSet::from(["S1", "S2", "S6", "S7", "S8", "S9", "S17"]));
}

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
fn s1_an_ordinal_that_nobody_asked_for() {
    let mut lines = lines("scale_up");
    for version in versions(&mut lines, "StatefulSet", "sentinel") {
        version["object"]["spec"]["replicas"] = json!(2);
    }
    red(&lines, "S1", "sentinel-2 was created");
}

#[test]
fn s2_an_object_that_returns() {
    let mut lines = lines("pod_returns");
    let gone = position(&lines, "deleted", "Pod", "sentinel-1");
    let old = lines[gone]["object"]["object"]["metadata"]["uid"].clone();
    for line in &mut lines[gone + 1..] {
        if line["object"]["kind"] == "Pod" && line["object"]["object"]["metadata"]["name"] == "sentinel-1" {
            line["object"]["object"]["metadata"]["uid"] = old.clone();
        }
    }
    let claims: BTreeSet<_> = refuted(&lines).into_iter().map(|(claim, _)| claim).collect();
    assert_eq!(claims, BTreeSet::from(["S2".to_owned()]));
}

#[test]
fn s6_another_claim_another_size_another_mode() {
    let mut foreign = lines("scale_up");
    for version in versions(&mut foreign, "Pod", "sentinel-1") {
        version["object"]["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] =
            json!("data-sentinel-0");
    }
    red(&foreign, "S6", "expected the claim data-sentinel-1, found data-sentinel-0");
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
fn s7_another_claim_or_volume_under_the_old_name() {
    let after_return = |field: &str, value: Value| {
        let mut lines = lines("pod_returns");
        let gone = position(&lines, "deleted", "Pod", "sentinel-1");
        let last = revision(&lines[gone]);
        let bound = |line: &Value| {
            let object = &line["object"]["object"];
            object["metadata"]["name"] == "data-sentinel-1" && object["status"]["phase"] == "Bound"
        };
        let mut changed = lines.iter().rfind(|line| bound(line)).unwrap().clone();
        *changed.pointer_mut(field).unwrap() = value;
        set_revision(&mut changed, last + 1);
        lines.insert(gone + 1, changed);
        lines
    };
    let uid = after_return("/object/object/metadata/uid", json!("another-uid"));
    red(&uid, "S7", "came back with another data-sentinel-1");
    let volume = after_return("/object/object/spec/volumeName", json!("pvc-another"));
    red(&volume, "S7", "pvc-another");
}

#[test]
fn s8_a_predecessor_that_was_never_ready() {
    let mut lines = lines("scale_up");
    for version in versions(&mut lines, "Pod", "sentinel-0") {
        let ready = version["object"]["status"]["conditions"].as_array_mut().unwrap();
        for condition in ready.iter_mut().filter(|condition| condition["type"] == "Ready") {
            condition["status"] = json!("False");
        }
    }
    red(&lines, "S8", "sentinel-1 was created while sentinel-0 was not ready");
}

#[test]
fn s8_a_predecessor_that_is_missing() {
    let mut lines = lines("scale_up");
    lines.retain(|line| {
        line["object"]["kind"] != "Pod" || line["object"]["object"]["metadata"]["name"] != "sentinel-0"
    });
    red(&lines, "S8", "sentinel-1 was created while sentinel-0 did not exist");
}

#[test]
fn s8_a_predecessor_that_the_controller_could_not_yet_see_unready_is_no_finding() {
    let mut lines = lines("scale_up");
    let created = position(&lines, "added", "Pod", "sentinel-2");
    let before = revision(&lines[created]);
    let mut unready = lines[..created]
        .iter()
        .rfind(|line| {
            line["object"]["kind"] == "Pod" && line["object"]["object"]["metadata"]["name"] == "sentinel-0"
        })
        .unwrap()
        .clone();
    unready["object"]["object"]["status"]["conditions"][0]["status"] = json!("False");
    for condition in unready["object"]["object"]["status"]["conditions"].as_array_mut().unwrap() {
        condition["status"] = json!("False");
    }
    set_revision(&mut unready, before - 1);
    lines.insert(created, unready.clone());
    assert_eq!(refuted(&lines), BTreeSet::new());

    // Once the controller has written a status, it has looked.
    let mut looked = lines.iter().rfind(|line| line["object"]["kind"] == "StatefulSet").unwrap().clone();
    looked["object"]["object"]["spec"]["replicas"] = json!(3);
    set_revision(&mut looked, before - 1);
    lines.insert(created + 1, looked);
    set_revision(&mut lines[created], before - 2);
    red(&lines, "S8", "sentinel-2 was created while sentinel-0 was not ready");
}

#[test]
fn s9_the_next_pod_goes_before_the_highest_is_gone() {
    let mut lines = lines("scale_down");
    let gone = position(&lines, "deleted", "Pod", "sentinel-2");
    let after = lines.iter().rposition(|line| line["object"]["change"] == "deleted").unwrap();
    let late = revision(&lines[after]) + 1;
    // The second deletion of sentinel-2 is not in this journal: it stays after the scaling back up.
    set_revision(&mut lines[gone], late);
    let found = refuted(&lines);
    let words = "sentinel-1 began to terminate while sentinel-2 was still there";
    assert!(found.iter().any(|(claim, message)| claim == "S9" && message.contains(words)), "{found:#?}");
}

#[test]
fn s17_a_claim_that_goes_and_one_that_we_delete_ourselves() {
    let mut lines = lines("scale_down");
    let gone = position(&lines, "deleted", "Pod", "sentinel-2");
    let mut deleted = lines[..gone]
        .iter()
        .rfind(|line| line["object"]["object"]["metadata"]["name"] == "data-sentinel-2")
        .unwrap()
        .clone();
    deleted["object"]["change"] = json!("deleted");
    let at = revision(&lines[gone]) + 1;
    set_revision(&mut deleted, at);
    lines.insert(gone + 1, deleted);
    let found = refuted(&lines);
    let words = "data-sentinel-2 was deleted when the set was scaled down";
    assert!(found.iter().any(|(claim, message)| claim == "S17" && message.contains(words)), "{found:#?}");

    let act = json!({"line": 0, "at": "2026-11-22T10:00:00Z",
        "act": {"verb": "delete", "target": "persistentvolumeclaim/data-sentinel-2", "text": "delete it"}});
    lines.insert(2, act);
    assert!(!refuted(&lines).iter().any(|(claim, _)| claim == "S17"));
}

#[test]
fn a_gap_is_inconclusive_for_every_law_that_reads_the_kind() {
    let mut lines = lines("scale_up");
    lines.push(
        json!({"line": 999, "at": "2026-11-22T10:00:00Z", "gap": {"kind": "Pod", "reason": "too old"}}),
    );
    let found = refuted(&lines);
    let claims: BTreeSet<_> = found.iter().map(|(claim, _)| claim.as_str()).collect();
    assert_eq!(claims, BTreeSet::from(["S1", "S2", "S6", "S7", "S8", "S9"]));
    assert!(found.iter().all(|(_, message)| message.starts_with("inconclusive")));
}

#[test]
fn a_truncated_or_shortened_journal_is_refused() {
    let text = std::fs::read_to_string(path("scale_up")).unwrap();
    let folder = Utf8PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let refuse = |name: &str, text: &str, words: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        let error = log::read(&path).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    refuse("truncated.jsonl", &text[..text.len() - 20], "truncated");
    let shortened: Vec<_> =
        text.lines().enumerate().filter(|(number, _)| *number != 7).map(|(_, line)| line).collect();
    refuse("shortened.jsonl", &shortened.join("\n"), "lines are missing");
    refuse("schema.jsonl", &text.replacen("\"schema\":2", "\"schema\":1", 1), "schema 1");
    refuse("empty.jsonl", "", "empty");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// What arrives late, twice, or again in a list, changes no verdict: the revisions say what happened when.
    #[test]
    fn delays_duplicates_and_relists_mean_nothing(
        journal in 0..JOURNALS.len(),
        moves in prop::collection::vec((0..1000usize, 0..1000usize), 0..12),
        again in prop::collection::vec(0..1000usize, 0..12),
    ) {
        let mut lines = lines(JOURNALS[journal]);
        for at in again {
            let mut copy = lines[at % lines.len()].clone();
            if copy.get("object").is_some_and(|object| object["change"] != "deleted") {
                copy["object"]["change"] = json!("listed");
                lines.push(copy);
            }
        }
        for (from, to) in moves {
            // Only across kinds: one watch delivers its own kind in order.
            let (from, to) = (from % lines.len(), to % lines.len());
            let (low, high) = (from.min(to), from.max(to));
            let kinds: BTreeSet<_> = lines[low..=high].iter().map(|line| line["object"]["kind"].to_string()).collect();
            if lines[low..=high].iter().all(|line| line.get("object").is_some()) && kinds.len() == high - low + 1 {
                let line = lines.remove(from);
                lines.insert(to, line);
            }
        }
        prop_assert_eq!(refuted(&lines), BTreeSet::new());
    }
}
