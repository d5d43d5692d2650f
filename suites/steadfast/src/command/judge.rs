//! `steadfast judge`.

use std::{collections::BTreeMap, process::ExitCode};

use camino::{Utf8Path, Utf8PathBuf};
use harness::{
    Error, Result,
    history::{Anomaly, Checker, Judgement, Operations, check::Kind},
    report::words,
};

use super::say;

/// A history, and what its store is held to.
#[derive(clap::Args)]
pub struct Judge {
    /// A file of JSON lines: what clients did to a store, and what they were told
    history: Utf8PathBuf,
    /// A file with a JSON list of checkers: ["read_after_write", {"set": "same"}]
    #[arg(long)]
    checkers: Utf8PathBuf,
}

/// One thing that is wrong is told with so many places at most.
const TOLD: usize = 10;

pub fn judge(asked: &Judge) -> Result<ExitCode> {
    let checkers = checkers(&asked.checkers)?;
    let operations = operations(&asked.history)?;
    let judgements: Vec<Judgement> = checkers
        .iter()
        .map(|checker| {
            let judgement = checker.judge(&operations);
            told(checker.name(), &judgement).iter().for_each(|line| say(line));
            judgement
        })
        .collect();
    Ok(ExitCode::from(code(&judgements)))
}

fn checkers(path: &Utf8Path) -> Result<Vec<Checker>> {
    let text = std::fs::read(path).map_err(Error::io(format!("reading {path}")))?;
    let checkers: Vec<Checker> = serde_json::from_slice(&text)
        .map_err(|error| Error::environment(format!("{path} is no list of checkers: {error}")))?;
    if checkers.is_empty() {
        return Err(Error::environment(format!("{path} names no checker")));
    }
    Ok(checkers)
}

fn operations(path: &Utf8Path) -> Result<Operations> {
    let operations = Operations::read(path).map_err(|error| Error::environment(error.to_string()))?;
    if operations.run.is_empty() {
        let first =
            "the first line must say what every key begins with: {\"history\":{\"run\":\"…\",\"seed\":0}}";
        return Err(Error::environment(format!("{path}, line 1: {first}")));
    }
    if operations.cut {
        return Err(Error::environment(format!(
            "{path}: its last line has no end: it may have been cut off"
        )));
    }
    Ok(operations)
}

/// What a checker says, in lines.
fn told(name: &str, judgement: &Judgement) -> Vec<String> {
    let (judged, of) = (judgement.judged, judgement.of());
    let mut kinds: BTreeMap<Kind, Vec<&Anomaly>> = BTreeMap::new();
    for one in &judgement.anomalies {
        kinds.entry(one.kind).or_default().push(one);
    }
    let mut lines = Vec::new();
    if kinds.is_empty() {
        lines.push(format!("{name}: nothing is wrong, of {} judged", words::grouped(judged)));
    }
    for (kind, all) in kinds {
        lines.push(format!("{name}: {}", kind.sentence(all.len(), of)));
        for one in all.iter().take(TOLD) {
            let places: Vec<String> = one.lines.iter().map(u64::to_string).collect();
            lines.push(format!("  {} (lines {})", words::plain(&one.text), places.join(", ")));
        }
        if all.len() > TOLD {
            lines.push(format!("  and {} more", all.len() - TOLD));
        }
    }
    lines.extend(judgement.unjudged.iter().map(|why| format!("{name}: not judged: {}", words::plain(why))));
    lines
}

/// 1 where something is wrong, else 3 where something could not be judged, or nothing was.
fn code(judgements: &[Judgement]) -> u8 {
    let lacks = |one: &Judgement| one.judged == 0 || !one.unjudged.is_empty();
    if judgements.iter().any(|one| !one.anomalies.is_empty()) {
        1
    } else if judgements.iter().any(lacks) {
        3
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HISTORY: &str = r#"{"history":{"run":"mine","seed":0}}
{"invoked":{"process":1,"endpoint":"db-0","action":{"put":{"key":"mine/a","value":VALUE}},"at":"2026-11-29T04:00:00Z"}}
{"ended":{"process":1,"outcome":{"ok":"done"},"at":"2026-11-29T04:00:01Z"}}
{"invoked":{"process":2,"endpoint":"db-0","action":{"get":{"key":"mine/a"}},"at":"2026-11-29T04:00:02Z"}}
{"ended":{"process":2,"outcome":{"ok":ANSWER},"at":"2026-11-29T04:00:03Z"}}
"#;

    fn file(name: &str, text: &str) -> Utf8PathBuf {
        let folder = Utf8PathBuf::from_path_buf(std::env::temp_dir()).unwrap();
        let path = folder.join(format!("steadfast-judge-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        path
    }

    fn judged(name: &str, history: &str, checkers: &str) -> Result<u8> {
        let history = file(&format!("{name}.jsonl"), history);
        let list = file(&format!("{name}.json"), checkers);
        let all = super::checkers(&list).and_then(|checkers| {
            let operations = operations(&history)?;
            Ok(code(&checkers.iter().map(|one| one.judge(&operations)).collect::<Vec<_>>()))
        });
        std::fs::remove_file(history).unwrap();
        std::fs::remove_file(list).unwrap();
        all
    }

    fn history(answer: &str) -> String {
        let value = serde_json::to_string(&harness::history::Value::of(b"1")).unwrap();
        HISTORY.replace("ANSWER", answer).replace("VALUE", &value)
    }

    #[test]
    fn a_history_of_ones_own_is_judged() {
        let both = r#"["read_after_write", {"set": "same"}]"#;
        let value = serde_json::to_string(&harness::history::Value::of(b"1")).unwrap();
        let found = format!("{{\"found\":{value}}}");
        assert_eq!(judged("clean", &history(&found), both).unwrap(), 0);
        assert_eq!(judged("lost", &history("\"absent\""), both).unwrap(), 1);
        // Nobody read at the end, or there is nothing of what is asked.
        let until_put: String = history(&found).lines().take(3).map(|line| format!("{line}\n")).collect();
        assert_eq!(judged("unread", &until_put, r#"[{"set": "same"}]"#).unwrap(), 3);
        assert_eq!(judged("nothing", &history(&found), r#"[{"bank": {"total": 5}}]"#).unwrap(), 3);
    }

    #[test]
    fn bad_input_is_one_clear_error() {
        let said = |name: &str, history: &str, checkers: &str| {
            let error = judged(name, history, checkers).unwrap_err();
            assert_eq!(error.exit_code(), 3);
            error.to_string()
        };
        let good = history("\"absent\"");
        let set = r#"[{"set": "same"}]"#;
        let malformed = said("malformed", &format!("{good}nonsense\n"), set);
        assert!(malformed.contains("line 6: "), "{malformed}");
        let cut = said("cut", good.trim_end(), set);
        assert!(cut.contains("its last line has no end"), "{cut}");
        let headless: String = good.lines().skip(1).map(|line| format!("{line}\n")).collect();
        for history in [&*headless, ""] {
            let said = said("headless", history, set);
            assert!(said.contains("line 1: the first line must say"), "{said}");
        }
        let unknown = said("unknown", &good, r#"["every_write_is_twice"]"#);
        assert!(
            unknown.contains("every_write_is_twice") && unknown.contains("read_after_write"),
            "{unknown}"
        );
        assert!(said("none", &good, "[]").ends_with("names no checker"));
    }

    #[test]
    fn what_is_wrong_is_told_by_its_lines() {
        let anomaly =
            |line| Anomaly { kind: Kind::Lost, text: format!("{line} is gone"), lines: vec![line, 99] };
        let judgement = Judgement {
            judged: 20,
            anomalies: (0..12).map(anomaly).collect(),
            unjudged: vec!["nobody listed".to_owned()],
            ..Judgement::default()
        };
        let lines = told("set", &judgement);
        assert_eq!(lines[0], "set: 12 of 20 acknowledged writes are lost");
        assert_eq!(lines[1], "  0 is gone (lines 0, 99)");
        assert_eq!(lines[11..], ["  and 2 more", "set: not judged: nobody listed"]);
        let clean = told("set", &Judgement { judged: 1_500, ..Judgement::default() });
        assert_eq!(clean, ["set: nothing is wrong, of 1,500 judged"]);
    }
}
