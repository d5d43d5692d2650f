//! A recorded run has the same verdicts again, and each kind of tampering is seen to be refused.

use std::fs;

use camino::Utf8PathBuf;
use history::{
    Answer, Checker, Outcome,
    check::Copies,
    file::Line as Noted,
    generate::{Request, content},
};
use jiff::Timestamp;

use super::*;
use crate::{
    error::Class,
    fixture::{Folder, facts, scenario},
    journal::{
        Checked, Judged,
        entry::{Content, Line},
        file,
    },
    result::{BrokenOff, Finding, Outcome as Ended, ScenarioResult, Trouble},
    store,
};

const KEPT: &str = "ordering::scale_down";
const RED: &str = "control::S9::parallel";
const STUCK: &str = "storage::stuck";

fn judged(claim: &str, against: &[&str]) -> Content {
    let finding = |message: &&str| Finding::against(claim, *message);
    Content::Judged(Judged { claim: claim.into(), count: 2, against: against.iter().map(finding).collect() })
}

/// What a history notes of something that was answered so.
fn noted(request: Request, outcome: Outcome) -> [Noted; 2] {
    let (process, endpoint, at) = (0, "garage-1".into(), Timestamp::UNIX_EPOCH);
    [
        Noted::Invoked { process, endpoint, action: request.action, at },
        Noted::Ended { process, outcome, at: at + jiff::SignedDuration::from_millis(1) },
    ]
}

fn put(number: u32) -> Request {
    Request::put(format!("run/0/{number}"), content(&number.to_string(), 40))
}

fn broken_off(outcome: Ended, message: &str) -> BrokenOff {
    BrokenOff { outcome, trouble: Trouble { class: Class::Environment, message: message.into() } }
}

/// A history with three writes that are read again, one of them lost if so said.
fn history(folder: &Utf8PathBuf, lost: bool) -> Content {
    let mut lines = vec![Noted::History { run: "run/".into(), seed: 1 }];
    for number in 0..3 {
        lines.extend(noted(put(number), Outcome::DONE));
    }
    for number in 0..3 {
        let request = put(number);
        let history::Action::Put { key, value, .. } = request.action else { unreachable!("a put") };
        let held = if lost && number == 1 { Answer::Absent } else { Answer::Found(value) };
        let mut read = noted(Request::get(key), Outcome::Ok(held));
        for line in &mut read {
            match line {
                Noted::Invoked { process, at, .. } => {
                    *process = 1;
                    *at += jiff::SignedDuration::from_secs(1);
                }
                Noted::Ended { process, .. } => *process = 1,
                _ => {}
            }
        }
        lines.extend(read);
    }
    let checked = lines.len() as u64;
    // What is written after it was checked has no part in the verdict.
    lines.extend(noted(put(3), Outcome::DONE));
    let lines: Vec<_> = lines.iter().map(|line| serde_json::to_string(line).unwrap() + "\n").collect();
    fs::write(folder.join("history.jsonl"), lines.concat()).unwrap();
    Content::Checked(Checked {
        claim: "S23".into(),
        store: "garage".into(),
        history: "history.jsonl".into(),
        lines: checked,
        checker: Checker::Set(Copies::Same),
        fault: None,
    })
}

/// The record of a real scale-down, with lines of the scenario's own at its end.
fn record(folder: &Utf8PathBuf, more: Vec<Content>) {
    let real = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/journals/scale_down.jsonl");
    let mut text = fs::read_to_string(real).unwrap();
    for content in more {
        let line = Line { line: text.lines().count() as u64 + 1, at: Timestamp::UNIX_EPOCH, content };
        text.push_str(&serde_json::to_string(&line).unwrap());
        text.push('\n');
    }
    fs::write(folder.join("journal.jsonl"), text).unwrap();
}

fn settled(run: &Folder, mut result: ScenarioResult, more: impl FnOnce(&Utf8PathBuf) -> Vec<Content>) {
    let folder = run.path.join(&result.evidence);
    fs::create_dir_all(&folder).unwrap();
    record(&folder, more(&folder));
    let history = file::read(&folder.join("journal.jsonl")).unwrap();
    settle(&mut result, &history, &folder).unwrap();
    store::save_result(&run.path, &result).unwrap();
}

fn proves(name: &str, claims: &[&str]) -> ScenarioResult {
    let mut result = scenario(name);
    result.proves = claims.iter().map(|claim| (*claim).to_owned()).collect();
    result
}

/// A run with a scenario that passed, a control, and a scenario that could not even begin.
fn run(name: &str, lost: bool) -> Folder {
    let run = Folder::new(name);
    store::save_run(&run.path, &facts(&[KEPT, RED, STUCK])).unwrap();
    settled(&run, proves(KEPT, &["S3", "S9", "S23"]), |folder| {
        vec![judged("S3", &[]), history(folder, lost)]
    });
    settled(&run, proves(RED, &["S3", "S9"]).control("parallel", &["S3"], "too early"), |_| {
        vec![judged("S3", &["pod-1 went too early"])]
    });
    let mut stuck = proves(STUCK, &["S7"]);
    stuck.broken_off = Some(broken_off(Ended::Environment, "no disk"));
    settle_unrecorded(&mut stuck);
    store::save_result(&run.path, &stuck).unwrap();
    run
}

fn kept(run: &Folder) -> ScenarioResult {
    store::load(&run.path).unwrap().results.remove(0)
}

fn edit(run: &Folder, file: &str, change: impl FnOnce(String) -> String) {
    let path = run.path.join(file);
    let text = fs::read_to_string(&path).unwrap();
    let changed = change(text.clone());
    assert_ne!(text, changed, "the edit of {file} changes nothing");
    fs::write(path, changed).unwrap();
}

/// What became of the first scenario, with the run's exit code.
fn first(run: &Folder) -> (String, u8) {
    let replay = replay(&run.path).unwrap();
    let code = replay.outcome().err().map_or(0, |error| error.class().exit_code());
    let (name, again) = &replay.trials[0];
    assert_eq!(name, KEPT);
    let words = match again {
        Again::Same(_) => "same".to_owned(),
        Again::Differs(differences) => differences.join("\n"),
        Again::Refused(error) => error.to_string(),
    };
    (words, code)
}

#[track_caller]
fn refused(run: &Folder, words: &str) {
    let (found, code) = first(run);
    assert!(found.contains(words) && code == 3, "no {words:?} with code 3: {found} ({code})");
}

#[track_caller]
fn differs(run: &Folder, words: &str) {
    let (found, code) = first(run);
    assert!(found.contains(words) && code == 1, "no {words:?} with code 1: {found} ({code})");
}

#[test]
fn an_untouched_run_has_the_same_verdicts() {
    let run = run("replay-same", false);
    let result = kept(&run);
    assert_eq!((result.outcome, result.trouble), (Ended::Passed, None));
    assert!(result.claims.iter().all(|claim| claim.judged > 0), "{:?}", result.claims);
    assert_eq!(result.fingerprints.keys().collect::<Vec<_>>(), ["history.jsonl", "journal.jsonl"]);
    let replay = replay(&run.path).unwrap();
    assert_eq!(replay.counts(), (3, 0, 0));
    assert!(replay.outcome().is_ok());
}

#[test]
fn a_lost_write_is_found_again_and_the_last_words_of_a_container_are_no_difference() {
    let run = run("replay-lost", true);
    let mut result = kept(&run);
    assert_eq!(result.outcome, Ended::Failed);
    assert!(result.findings[0].message.contains("1 of 3 acknowledged writes are lost"));
    result.trouble.as_mut().unwrap().message.push_str("\nthe last lines of garage of garage-1:\n  oh");
    store::save_result(&run.path, &result).unwrap();
    assert_eq!(first(&run), ("same".to_owned(), 0));
}

#[test]
fn a_result_that_was_edited_differs() {
    let run = run("replay-edited", true);
    let whole = kept(&run);
    let edited = |change: fn(&mut ScenarioResult), words: &str| {
        let mut result = whole.clone();
        change(&mut result);
        store::save_result(&run.path, &result).unwrap();
        differs(&run, words);
    };
    edited(
        |result| {
            result.outcome = Ended::Passed;
            result.trouble = None;
        },
        "the outcome: recorded is passed, judged again it is failed\nthe reason: recorded is none",
    );
    edited(|result| result.findings.clear(), "S23: a finding with its quotes is found again");
    edited(|result| result.findings[0].message.push('!'), "is recorded, and not found again");
    edited(|result| result.findings[0].quotes.clear(), "with its quotes");
    edited(|result| result.findings.push(result.findings[0].clone()), "one of them twice");
    edited(|result| result.claims[0].judged += 1, "S3: recorded is proved (3 judged), judged again it is");
    edited(|result| result.claims.truncate(2), "S23: recorded is nothing");
    edited(|result| result.proves.truncate(1), "S9: recorded is proved");
    let mut result = whole.clone();
    result.broken_off = Some(broken_off(Ended::Interrupted, "interrupted"));
    store::save_result(&run.path, &result).unwrap();
    differs(&run, "judged again it is interrupted");
}

#[test]
fn a_record_that_was_edited_is_refused() {
    let run = run("replay-tampered", true);
    let evidence = store::evidence_folder(KEPT);
    let journal = format!("{evidence}/journal.jsonl");
    let tampered = |file: &str, change: fn(String) -> String, words: &str| {
        let path = run.path.join(file);
        let whole = fs::read(&path).unwrap();
        edit(&run, file, change);
        refused(&run, words);
        fs::write(path, whole).unwrap();
    };
    let without_line_8 = |text: String| {
        let lines = text.lines().enumerate().filter(|(number, _)| *number != 7);
        lines.map(|(_, line)| format!("{line}\n")).collect::<String>()
    };
    tampered(&journal, |text| text[..text.len() - 20].to_owned(), "is truncated or malformed");
    tampered(&journal, without_line_8, "says that it is line 9: lines are missing");
    tampered(&journal, |text| text.replacen("\"schema\":3", "\"schema\":1", 1), "schema 1");
    tampered(&journal, |text| text.replace("\"Bound\"", "\"Lost\""), "journal.jsonl was changed after");
    tampered(&journal, |text| text.replace("history.jsonl", "history-2.jsonl"), "was changed after");
    let shorter = |text: String| text[..=text.trim_end().rfind('\n').unwrap()].to_owned();
    tampered(&journal, shorter, "was changed after");
    tampered(&format!("{evidence}/history.jsonl"), shorter, "history.jsonl was changed after");
    let result = format!("results/{}", store::file_name(KEPT));
    tampered(&result, |text| text.replace("\"history.jsonl\": \"", "\"../x\": \""), "can't be evidence");
    tampered(&result, |text| text.replace("\"history.jsonl\": \"", "\"journal.jsonl\": \""), "no SHA-256");
    tampered(
        &result,
        |text| text.replace("\"evidence/ordering", "\"evidence/x/../ordering"),
        "as its evidence",
    );
    let bare = |text: String| {
        let at = text.find("\"proves\": [").unwrap() + 11;
        format!("{}{}", &text[..at], &text[text[at..].find(']').unwrap() + at..])
    };
    tampered(&result, bare, "names no claim");
    assert_eq!(first(&run).0, "same");
    for file in ["journal.jsonl", "history.jsonl"] {
        let path = run.path.join(&evidence).join(file);
        let whole = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        refused(&run, &format!("{file} is missing: copy the run's whole directory"));
        fs::write(path, whole).unwrap();
    }
}

#[test]
fn a_record_without_fingerprints_proves_nothing() {
    let run = run("replay-bare", false);
    let mut result = kept(&run);
    result.fingerprints.clear();
    store::save_result(&run.path, &result).unwrap();
    differs(&run, "the outcome: recorded is passed, judged again it is error");
}

#[test]
fn a_run_that_is_not_whole_is_refused_by_name() {
    let run = run("replay-missing", false);
    let last = |words: &str| {
        let replay = replay(&run.path).unwrap();
        let (name, Again::Refused(error)) = &replay.trials[2] else { panic!("{:?}", replay.trials[2]) };
        assert!(name == STUCK && error.to_string().contains(words), "{name}: {error}");
        assert_eq!(replay.outcome().unwrap_err().class().exit_code(), 3);
    };
    let mut facts = facts(&[KEPT, RED]);
    store::save_run(&run.path, &facts).unwrap();
    last("did not select it");
    facts.selected.push(STUCK.into());
    store::save_run(&run.path, &facts).unwrap();
    fs::remove_file(run.path.join("results").join(store::file_name(STUCK))).unwrap();
    last("left no result: copy");
    facts.interrupted = true;
    store::save_run(&run.path, &facts).unwrap();
    last("was interrupted");
    (facts.interrupted, facts.finished) = (false, None);
    store::save_run(&run.path, &facts).unwrap();
    last("was killed");
    let error = replay(&run.path.join("evidence")).unwrap_err();
    assert!(error.to_string().contains("is no run's directory") && error.class().exit_code() == 3, "{error}");
}
