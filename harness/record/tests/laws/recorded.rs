//! Journals as they were recorded: of promises kept, and of real sabotage.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use record::{
    journal::file,
    law::{self, Obstacle},
};
use serde_json::json;

use crate::fixtures::{CONTROLS, JOURNALS, green, hidden, lines, path, red, refuted, unwatched};

#[test]
fn recorded_runs_keep_every_law_and_every_law_examines_something() {
    let mut examined = BTreeSet::new();
    let mut laws = BTreeSet::new();
    for journal in JOURNALS {
        for (law, judgement) in law::judge(&file::read(&path(journal)).unwrap()).into_iter().enumerate() {
            assert_eq!(judgement.findings, [], "{journal}");
            // Every set has all laws in turn.
            let law = (law % law::ALWAYS.len(), judgement.claim.id);
            laws.insert(law);
            if judgement.examined > 0 {
                examined.insert(law);
            }
        }
    }
    assert_eq!(examined, laws);
    assert_eq!(laws.len(), law::ALWAYS.len());
}

/// What each law says of each journal, word for word: one that looks less closely, or more, is seen at once.
#[test]
fn the_laws_say_of_each_journal_what_they_said() {
    let mut table = String::new();
    for journal in
        JOURNALS.map(str::to_owned).into_iter().chain(CONTROLS.map(|name| format!("controls/{name}")))
    {
        let judgements = law::judge(&file::read(&path(&journal)).unwrap());
        let examined =
            judgements.iter().map(|judgement| format!("{} {}", judgement.claim.id, judgement.examined));
        table.push_str(&format!("{journal}: {}\n", examined.collect::<Vec<_>>().join(", ")));
        for finding in judgements.iter().flat_map(|judgement| &judgement.findings) {
            let quoted: Vec<_> = finding.quotes.iter().map(|quote| quote.line).collect();
            table.push_str(&format!("    {} at {quoted:?}: {}\n", finding.claim, finding.message));
        }
    }
    assert_eq!(table, include_str!("said.txt"), "what is said now:\n{table}");
}

#[test]
fn each_sabotage_on_a_real_cluster_turns_exactly_its_claim_red() {
    for (control, claim, words) in [
        ("claim_deleted_with_pod", "S7", "sentinel-1 came back with another data-sentinel-1"),
        ("delete_claims_when_scaled", "S17", "data-sentinel-2 was deleted when the set was scaled down"),
        ("finalizers_taken_off", "K24", "data-sentinel-0 went while sentinel-0 used it: Running, Ready"),
        ("forced_deletion", "K1", "sentinel-1 was removed while its container sentinel was still running"),
        ("generation_never_seen", "K19", "observedGeneration is 1, the generation 2, and for 30 s nothing"),
        ("healthy_pod_replaced", "K3", "sentinel-2 was taken away for nothing: it was healthy, asked for"),
        ("lowest_rolled_first", "K3", "sentinel-0 began to terminate while sentinel-1 was still of the same"),
        ("min_ready_seconds_removed", "K8", "after sentinel-1 was ready; minReadySeconds is 5"),
        ("parallel_up", "S8", "sentinel-1 was created while sentinel-0 was not ready"),
        ("partition_ignored", "K4", "sentinel-1 was taken away, below the partition 2"),
        (
            "partition_ignored",
            "K4",
            "sentinel-0 was created at revision sentinel-d46c47fcb, below the partition 2",
        ),
        ("recreate_rolled", "K23", "sentinel-2 came at another revision while sentinel-0 was still there"),
        ("rolling_update", "K5", "sentinel-2 was taken away under OnDelete"),
        ("updated_counted_short", "K19", "updatedReplicas is 2; its pods give 3, and for 15 s nothing has"),
        (
            "two_rolled_at_once",
            "K3",
            "sentinel-1 began to terminate while sentinel-2 was not ready: Running, Ready, term",
        ),
        ("status_written_by_another", "K19", "observedGeneration went back from 1 to 0"),
    ] {
        red(&lines(&format!("controls/{control}")), claim, words);
    }
}

#[test]
fn a_gap_keeps_every_law_that_reads_the_kind_from_judging() {
    for (kind, expected) in [
        (
            "Pod",
            vec![
                "K1", "K18", "K19", "K24", "K3", "K4", "K5", "K8", "S1", "S17", "S2", "S6", "S7", "S8", "S9",
            ],
        ),
        ("StatefulSet", vec!["K18", "K19", "K3", "K4", "K5", "K6", "K8", "S1", "S17", "S7", "S8", "S9"]),
        ("PersistentVolumeClaim", vec!["K24", "S17", "S6", "S7"]),
        ("EndpointSlice", vec![]),
    ] {
        let mut lines = lines("scale_up");
        lines.push(
            json!({"line": 999, "at": "2026-11-22T10:00:00Z", "gap": {"kind": kind, "reason": "too old"}}),
        );
        let found = hidden(&lines);
        assert_eq!(found.keys().collect::<Vec<_>>(), expected);
        assert!(found.values().all(|obstacle| *obstacle == Obstacle::Recording));
        // It speaks against nothing.
        green(&lines);
        lines.last_mut().unwrap()["gap"]["bridged"] = json!(true);
        assert!(hidden(&lines).is_empty());
        green(&lines);
    }
}

/// What a list shows after a gap is not when it happened, and an object that it lacks is told at its last version, with its
/// containers running still.
#[test]
fn what_was_not_seen_refutes_nothing() {
    for journal in JOURNALS {
        let lines = lines(journal);
        for (kind, length) in ["Pod", "PersistentVolumeClaim", "StatefulSet"]
            .into_iter()
            .flat_map(|kind| [9, 50].map(|length| (kind, length)))
        {
            for from in (1..lines.len()).step_by(length / 2) {
                let to = (from + length).min(lines.len());
                let refuted = refuted(&unwatched(&lines, kind, from, to));
                assert!(refuted.is_empty(), "{journal}, {kind} from {from} to {to}: {refuted:#?}");
            }
        }
    }
}

#[test]
fn what_was_seen_before_a_gap_stays_seen() {
    let lines = lines("controls/lowest_rolled_first");
    let end = lines.len();
    red(&unwatched(&lines, "Pod", end, end), "K3", "sentinel-0 began to terminate while sentinel-1");
}

#[test]
fn what_does_not_apply_to_a_set_is_not_hidden() {
    let mut lines = lines("parallel");
    lines.push(
        json!({"line": 999, "at": "2026-11-22T10:00:00Z", "gap": {"kind": "Pod", "reason": "too old"}}),
    );
    assert!(!hidden(&lines).keys().any(|claim| claim == "S8" || claim == "S9"));
}

#[test]
fn a_truncated_or_shortened_journal_is_refused() {
    let text = std::fs::read_to_string(path("scale_up")).unwrap();
    let folder = Utf8PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let refuse = |name: &str, text: &str, words: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        let error = file::read(&path).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    refuse("truncated.jsonl", &text[..text.len() - 20], "truncated");
    let shortened: Vec<_> =
        text.lines().enumerate().filter(|(number, _)| *number != 7).map(|(_, line)| line).collect();
    refuse("shortened.jsonl", &shortened.join("\n"), "lines are missing");
    refuse("schema.jsonl", &text.replacen("\"schema\":3", "\"schema\":1", 1), "schema 1");
    refuse("empty.jsonl", "", "empty");
}
