//! Journals of real runs, reduced to what laws read, and the ways to change them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use camino::Utf8PathBuf;
use record::{
    journal::{History, Reducer, entry::Line},
    law::{self, Obstacle},
};
use serde_json::{Value, json};

/// Runs in which every promise was kept; the first up to where it breaks one on purpose.
pub const JOURNALS: [&str; 18] = [
    "claim_in_use",
    "claims_outlive_the_set",
    "comparison",
    "failed_pod",
    "highest_first",
    "min_ready_seconds",
    "on_delete",
    "orphans",
    "parallel",
    "parallel_roll",
    "partition",
    "pod_returns",
    "recreate",
    "retention_policy",
    "scale_down",
    "scale_up",
    "slow_to_stop",
    "start_ordinal",
];

/// Runs of real sabotage, and of a controller that was broken for real.
pub const CONTROLS: [&str; 15] = [
    "claim_deleted_with_pod",
    "delete_claims_when_scaled",
    "finalizers_taken_off",
    "forced_deletion",
    "generation_never_seen",
    "healthy_pod_replaced",
    "lowest_rolled_first",
    "min_ready_seconds_removed",
    "parallel_up",
    "partition_ignored",
    "recreate_rolled",
    "rolling_update",
    "two_rolled_at_once",
    "status_written_by_another",
    "updated_counted_short",
];

pub fn path(journal: &str) -> Utf8PathBuf {
    Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/journals/{journal}.jsonl"))
}

pub fn lines(journal: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(path(journal)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub fn history(lines: &[Value]) -> History {
    let mut reducer = Reducer::default();
    let entries = lines.iter().filter_map(|line| {
        let line: Line = serde_json::from_value(line.clone()).unwrap();
        line.reduce(&mut reducer).unwrap().map(Arc::new)
    });
    History::new(entries)
}

/// The claims that the laws refute, with what they say.
pub fn refuted(lines: &[Value]) -> BTreeSet<(String, String)> {
    refutes(&history(lines))
}

/// As [`refuted`], of a history.
pub fn refutes(history: &History) -> BTreeSet<(String, String)> {
    let findings = law::judge(history).into_iter().flat_map(|judgement| judgement.findings);
    let against = findings.filter(|finding| finding.obstacle.is_none());
    against.map(|finding| (finding.claim, finding.message)).collect()
}

/// The claims that can't be judged, each with what stands in the way.
pub fn hidden(lines: &[Value]) -> BTreeMap<String, Obstacle> {
    let findings = law::judge(&history(lines)).into_iter().flat_map(|judgement| judgement.findings);
    findings.filter_map(|finding| Some((finding.claim, finding.obstacle?))).collect()
}

/// How many moments a claim's law examined.
pub fn examined(lines: &[Value], claim: &str) -> u64 {
    let judgements = law::judge(&history(lines)).into_iter().filter(|judgement| judgement.claim.id == claim);
    judgements.map(|judgement| judgement.examined).sum()
}

/// The lines that a claim's findings quote.
pub fn quoted(lines: &[Value], claim: &str) -> Vec<Vec<u64>> {
    let findings = law::judge(&history(lines)).into_iter().flat_map(|judgement| judgement.findings);
    let of_claim = findings.filter(|finding| finding.claim == claim);
    of_claim.map(|finding| finding.quotes.iter().map(|quote| quote.line).collect()).collect()
}

/// Asserts that exactly this claim is red, with these words.
#[track_caller]
pub fn red(lines: &[Value], claim: &str, words: &str) {
    let refuted = refuted(lines);
    let claims: BTreeSet<_> = refuted.iter().map(|(claim, _)| claim.as_str()).collect();
    assert_eq!(claims, BTreeSet::from([claim]), "{refuted:#?}");
    assert!(refuted.iter().any(|(_, message)| message.contains(words)), "no {words:?} in {refuted:#?}");
}

/// Asserts that no law says anything.
#[track_caller]
pub fn green(lines: &[Value]) {
    assert_eq!(refuted(lines), BTreeSet::new());
}

/// The promises of a journal.
pub fn promises(lines: &mut [Value]) -> impl Iterator<Item = &mut Value> {
    lines.iter_mut().filter_map(|line| line.get_mut("promise"))
}

/// The versions of an object, by kind and name.
pub fn versions<'lines>(
    lines: &'lines mut [Value],
    kind: &str,
    name: &str,
) -> impl Iterator<Item = &'lines mut Value> {
    lines.iter_mut().filter(move |line| is(line, kind, name)).filter_map(|line| line.get_mut("object"))
}

fn is(line: &Value, kind: &str, name: &str) -> bool {
    let object = &line["object"];
    object["kind"] == kind && object["object"]["metadata"]["name"] == name
}

/// The first line that shows this change of an object.
#[track_caller]
pub fn position(lines: &[Value], change: &str, kind: &str, name: &str) -> usize {
    let found = lines.iter().position(|line| is(line, kind, name) && line["object"]["change"] == change);
    found.unwrap_or_else(|| panic!("no {change} {kind} {name}"))
}

/// As [`position`], the last such line.
#[track_caller]
pub fn last_position(lines: &[Value], change: &str, kind: &str, name: &str) -> usize {
    let found = lines.iter().rposition(|line| is(line, kind, name) && line["object"]["change"] == change);
    found.unwrap_or_else(|| panic!("no {change} {kind} {name}"))
}

/// The first line with this act.
#[track_caller]
pub fn act_position(lines: &[Value], verb: &str, words: &str) -> usize {
    let is = |line: &Value| {
        let act = &line["act"];
        act["verb"] == verb && act["text"].as_str().is_some_and(|text| text.contains(words))
    };
    lines.iter().position(is).unwrap_or_else(|| panic!("no act {verb} {words}"))
}

/// An act, to be put among the lines.
pub fn act(verb: &str, target: &str) -> Value {
    json!({"line": 0, "at": "2026-11-22T10:00:00Z", "act": {"verb": verb, "target": target, "text": verb}})
}

/// A copy of the newest version of an object, changed, at the moment of line `at`; it is put behind that line.
pub fn insert(lines: &mut Vec<Value>, at: usize, kind: &str, name: &str, change: impl FnOnce(&mut Value)) {
    let mut copy = lines[..=at].iter().rfind(|line| is(line, kind, name)).unwrap().clone();
    change(&mut copy["object"]);
    let newest = lines[..=at].iter().filter_map(revision).max().unwrap();
    set_revision(&mut copy, newest);
    copy["line"] = lines[at]["line"].clone();
    lines.insert(at + 1, copy);
}

/// Makes a pod's version not Ready.
pub fn unready(version: &mut Value) {
    for condition in version["object"]["status"]["conditions"].as_array_mut().into_iter().flatten() {
        condition["status"] = json!("False");
    }
}

/// The revision of a line; none if it is of no object.
pub fn revision(line: &Value) -> Option<u64> {
    line.pointer("/object/object/metadata/resourceVersion")?.as_str()?.parse().ok()
}

pub fn set_revision(line: &mut Value, revision: u64) {
    line["object"]["object"]["metadata"]["resourceVersion"] = json!(revision.to_string());
}

/// The journal of a watch that told nothing of a kind between two of these lines, and was followed by a list: as the recorder writes it.
pub fn unwatched(lines: &[Value], kind: &str, from: usize, to: usize) -> Vec<Value> {
    let of_kind = |line: &Value| line["object"]["kind"] == kind;
    let uid = |line: &Value| line["object"]["object"]["metadata"]["uid"].as_str().unwrap().to_owned();
    let mut known: BTreeMap<String, Value> = BTreeMap::new();
    let follow = |known: &mut BTreeMap<String, Value>, line: &Value| match &line["object"]["change"] {
        change if change == "deleted" => drop(known.remove(&uid(line))),
        _ => drop(known.insert(uid(line), line.clone())),
    };
    lines[..from].iter().filter(|line| of_kind(line)).for_each(|line| follow(&mut known, line));
    let before = known.clone();
    lines[from..to].iter().filter(|line| of_kind(line)).for_each(|line| follow(&mut known, line));
    let changed = |change: &str, line: &Value| {
        let mut line = line.clone();
        line["object"]["change"] = json!(change);
        line
    };
    let gap = json!({"gap": {"kind": kind, "reason": "too old resource version"}});
    let same = |line: &Value| before.get(&uid(line)).is_some_and(|old| revision(old) == revision(line));
    let listed = known.values().filter(|line| !same(line)).map(|line| changed("listed", line));
    let missing = before.iter().filter(|(uid, _)| !known.contains_key(*uid));
    let missing = missing.map(|(_, line)| changed("deleted", line));
    let told: Vec<Value> = [gap].into_iter().chain(listed).chain(missing).collect();
    // Room between the numbers, by which answers mean their acts.
    let mut whole = lines.to_vec();
    for line in &mut whole {
        line["line"] = json!(line["line"].as_u64().unwrap() * 1000);
        if let Some(act) = line.pointer_mut("/answered/act") {
            *act = json!(act.as_u64().unwrap() * 1000);
        }
    }
    let last = whole[to - 1].clone();
    let told = told.into_iter().zip(1..).map(|(mut line, number)| {
        line["line"] = json!(last["line"].as_u64().unwrap() + number);
        line["at"] = last["at"].clone();
        line
    });
    let after = whole.split_off(to);
    let watched = whole.into_iter().enumerate().filter(|(at, line)| *at < from || !of_kind(line));
    watched.map(|(_, line)| line).chain(told).chain(after).collect()
}
