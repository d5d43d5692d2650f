//! A history on disk: one line when an operation begins and one when it has ended, beside the journal.

use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io::{BufRead, BufReader},
    ops::Range,
    sync::Arc,
};

use camino::Utf8Path;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    elements,
    error::{Error, Result},
    operation::{Action, Answer, Cause, Failure, Operation, Outcome},
};

/// One line of the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// The first line.
    History {
        /// What every key begins with: no other history of the store has it.
        run: String,
        /// What the operations follow from.
        seed: u64,
    },
    /// An operation is about to be sent; see [`Operation`].
    #[expect(missing_docs, reason = "they are the fields of an operation")]
    Invoked { process: u32, endpoint: Arc<str>, action: Action, at: Timestamp },
    /// The one that this process has in flight has ended.
    #[expect(missing_docs, reason = "they are the fields of an operation")]
    Ended { process: u32, outcome: Outcome, at: Timestamp },
    /// In this time the store could keep nothing: what it acknowledged then may be there or not, and what transactions saw then may
    /// be gone.
    Doubted {
        /// The time's beginning.
        from: Timestamp,
        /// Its end.
        to: Timestamp,
    },
}

/// All operations of a history, in the order in which they began.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operations {
    /// What every key begins with.
    pub run: String,
    /// What the operations follow from.
    pub seed: u64,
    /// The operations.
    pub all: Vec<Operation>,
    /// How many lines of the file they are.
    pub lines: u64,
    /// Whether a last line without its end was left out.
    pub cut: bool,
}

/// After so many operations their lists are made to share memory: few enough that what is not yet shared is little.
const SHARED_AT_ONCE: usize = 10_000;

/// A history that is being read.
#[derive(Default)]
struct Reading {
    operations: Operations,
    /// Where the operation is that a process has in flight.
    in_flight: HashMap<u32, usize>,
    /// How many operations share their lists.
    shared: usize,
    /// When the store could keep nothing.
    doubted: Vec<Range<Timestamp>>,
}

impl Operations {
    /// Reads a history. A last line without its end was being written when the harness was killed: it is left out.
    ///
    /// # Errors
    /// The file can't be read, or is no history.
    pub fn read(path: &Utf8Path) -> Result<Self> {
        Self::read_until(path, u64::MAX)
    }

    /// As [`Operations::read`], of a history as it was when it had so many lines.
    ///
    /// # Errors
    /// As [`Operations::read`].
    pub fn read_until(path: &Utf8Path, lines: u64) -> Result<Self> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        let mut file = BufReader::new(File::open(path).map_err(io)?);
        let (mut reading, mut names, mut text) = (Reading::default(), HashSet::new(), Vec::new());
        while reading.operations.lines < lines {
            text.clear();
            file.read_until(b'\n', &mut text).map_err(io)?;
            // The end, or a line that was cut.
            if text.last() != Some(&b'\n') {
                reading.operations.cut = !text.is_empty();
                break;
            }
            let number = reading.operations.lines + 1;
            let malformed = |why| Error::Malformed { path: path.to_owned(), line: number, why };
            let mut line: Line =
                serde_json::from_slice(&text).map_err(|error| malformed(error.to_string()))?;
            share(&mut line, &mut names);
            reading.append(line).map_err(malformed)?;
            if reading.operations.all.len() > reading.shared + SHARED_AT_ONCE {
                reading.share_lists();
            }
        }
        reading.share_lists();
        Ok(reading.operations)
    }
}

impl Reading {
    /// Lets the lists of the operations that came since share their memory.
    fn share_lists(&mut self) {
        let all = &mut self.operations.all;
        elements::share(all.get_mut(self.shared..).unwrap_or_default());
        self.shared = all.len();
    }

    /// Adds the next line, or says why it can't be the next.
    fn append(&mut self, line: Line) -> Result<(), String> {
        let operations = &mut self.operations;
        match line {
            Line::History { run, seed } => (operations.run, operations.seed) = (run, seed),
            Line::Invoked { process, endpoint, action, at } => {
                if self.in_flight.insert(process, operations.all.len()).is_some() {
                    return Err(format!("process {process} has two operations in flight"));
                }
                let outcome = Outcome::Unknown(Failure::new(Cause::Unended, "no answer was recorded"));
                let line = operations.lines + 1;
                operations.all.push(Operation {
                    line,
                    process,
                    endpoint,
                    action,
                    invoked: at,
                    ended: None,
                    outcome,
                });
            }
            Line::Ended { process, outcome, at } => {
                let place = self.in_flight.remove(&process);
                let operation = place.and_then(|place| operations.all.get_mut(place));
                let operation =
                    operation.ok_or_else(|| format!("process {process} ends what it never began"))?;
                (operation.outcome, operation.ended) = (outcome, Some(at));
                // What it says yes to after that was doubted is no part of it.
                if !operation.is_ok() {
                    self.doubted.iter().for_each(|time| doubt(operation, time));
                }
            }
            Line::Doubted { from, to } => {
                operations.all.iter_mut().for_each(|one| doubt(one, &(from..to)));
                self.doubted.push(from..to);
            }
        }
        operations.lines += 1;
        Ok(())
    }
}

/// Takes back what an operation was told by a store that could keep nothing in this time.
fn doubt(one: &mut Operation, time: &Range<Timestamp>) {
    let Some(ended) = one.ended else { return };
    let doubted = Failure::new(Cause::Doubted, "it had no disk");
    match &one.outcome {
        Outcome::Ok(_) if one.action.may_rest_on_doubt() && time.contains(&ended) => {
            one.outcome = Outcome::Unknown(doubted);
        }
        // Nobody knows when its steps were acknowledged.
        Outcome::Failed(failure)
            if failure.cause == Cause::Forgotten && one.invoked < time.end && ended >= time.start =>
        {
            one.outcome = Outcome::Failed(doubted);
        }
        _ => {}
    }
}

/// Names are many times the same: one copy of each is kept.
fn share(line: &mut Line, names: &mut HashSet<Arc<str>>) {
    let mut share = |name: &mut Arc<str>| match names.get(name) {
        Some(known) => *name = Arc::clone(known),
        None => drop(names.insert(Arc::clone(name))),
    };
    match line {
        Line::History { .. } | Line::Doubted { .. } => {}
        Line::Invoked { endpoint, action, .. } => {
            share(endpoint);
            match action {
                Action::Put { key, .. }
                | Action::Get { key }
                | Action::Head { key }
                | Action::Range { key, .. }
                | Action::Delete { key } => share(key),
                Action::List { prefix } | Action::Scan { prefix } => share(prefix),
                Action::Transfer { .. } | Action::Balances | Action::Transaction(_) => {}
            }
        }
        Line::Ended { outcome, .. } => match outcome {
            Outcome::Ok(Answer::Keys(keys)) => keys.iter_mut().for_each(share),
            Outcome::Ok(Answer::Rows(rows)) => rows.iter_mut().for_each(|(key, _)| share(key)),
            Outcome::Ok(_) => {}
            Outcome::Failed(failure) | Outcome::Unknown(failure) => share(&mut failure.text),
        },
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;

    use super::*;

    fn written(name: &str, text: &str) -> Utf8PathBuf {
        let folder = Utf8PathBuf::from_path_buf(std::env::temp_dir()).unwrap();
        let path = folder.join(format!("steadfast-history-{}-{name}.jsonl", std::process::id()));
        std::fs::write(&path, text).unwrap();
        path
    }

    const WHOLE: &str = r#"{"history":{"run":"r","seed":7}}
{"invoked":{"process":1,"endpoint":"garage-0","action":{"get":{"key":"r/a"}},"at":"2026-11-29T04:00:00Z"}}
{"invoked":{"process":2,"endpoint":"garage-1","action":{"transaction":[{"append":{"list":1,"element":5}},{"read":{"list":1}}]},"at":"2026-11-29T04:00:01Z"}}
{"ended":{"process":1,"outcome":{"ok":"absent"},"at":"2026-11-29T04:00:02Z"}}
"#;

    #[test]
    fn what_was_cut_in_mid_line_is_read_until_there() {
        let path = written("cut", &format!("{WHOLE}{{\"ended\":{{\"process\":2,\"outc"));
        let operations = Operations::read(&path).unwrap();
        assert_eq!((operations.lines, operations.run.as_str(), operations.seed), (4, "r", 7));
        let lines: Vec<_> = operations.all.iter().map(|one| (one.line, one.ended.is_some())).collect();
        assert_eq!(lines, [(2, true), (3, false)]);
        assert_eq!(operations.all[0].outcome, Outcome::Ok(Answer::Absent));
        assert!(matches!(&operations.all[1].outcome, Outcome::Unknown(one) if one.cause == Cause::Unended));
        let earlier = Operations::read_until(&path, 2).unwrap();
        assert_eq!((earlier.all.len(), earlier.all[0].ended), (1, None));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_was_acknowledged_without_a_disk_or_seen_beside_it_may_be_there_or_not() {
        let done = |process, second, action: &str, answer: &str| {
            format!(
                r#"{{"invoked":{{"process":{process},"endpoint":"e","action":{action},"at":"2026-11-29T04:00:00Z"}}}}
{{"ended":{{"process":{process},"outcome":{{"ok":{answer}}},"at":"2026-11-29T04:00:0{second}Z"}}}}"#
            )
        };
        let put = |process, second| done(process, second, r#"{"delete":{"key":"r/a"}}"#, r#""done""#);
        let seen = done(5, 4, r#"{"transaction":[{"read":{"list":1}}]}"#, r#"{"lists":[[1]]}"#);
        let read = done(6, 4, r#"{"get":{"key":"r/a"}}"#, r#""absent""#);
        let doubted = r#"{"doubted":{"from":"2026-11-29T04:00:03Z","to":"2026-11-29T04:00:05Z"}}"#;
        let path = written(
            "doubted",
            &format!("{}\n{}\n{seen}\n{read}\n{doubted}\n{}\n", put(1, 2), put(3, 4), put(4, 4)),
        );
        let operations = Operations::read(&path).unwrap();
        let known: Vec<_> = operations.all.iter().map(Operation::is_ok).collect();
        assert_eq!(
            known,
            [true, false, false, true, true],
            "only what was acknowledged then, or seen by a transaction, and before it was doubted"
        );
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_step_that_was_acknowledged_without_a_disk_may_be_forgotten() {
        let line = |number: u32, second: u32, what: &str| match what {
            "ended" => format!(
                r#"{{"ended":{{"process":{number},"outcome":{{"failed":{{"cause":"forgotten","text":"no"}}}},"at":"2026-11-29T04:00:0{second}Z"}}}}"#
            ),
            _ => format!(
                r#"{{"invoked":{{"process":{number},"endpoint":"e","action":{{"delete":{{"key":"r/a"}}}},"at":"2026-11-29T04:00:0{second}Z"}}}}"#
            ),
        };
        let doubted = r#"{"doubted":{"from":"2026-11-29T04:00:03Z","to":"2026-11-29T04:00:05Z"}}"#;
        let lines = [
            [line(1, 1, "invoked"), line(1, 2, "ended"), line(2, 2, "invoked"), line(2, 4, "ended")],
            [line(3, 4, "invoked"), doubted.to_owned(), line(3, 7, "ended"), line(4, 6, "invoked")],
        ];
        let text = format!("{}\n{}\n", lines.concat().join("\n"), line(4, 7, "ended"));
        let path = written("forgotten", &text);
        let all = Operations::read(&path).unwrap().all;
        let causes: Vec<_> = all.iter().map(|one| one.outcome.failure().unwrap().cause.clone()).collect();
        assert_eq!(causes, [Cause::Forgotten, Cause::Doubted, Cause::Doubted, Cause::Forgotten]);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_is_no_history_is_named_by_its_line() {
        let said = |name: &str, more: &str| {
            let path = written(name, &format!("{WHOLE}{more}\n"));
            let error = Operations::read(&path).unwrap_err().to_string();
            std::fs::remove_file(path).unwrap();
            error
        };
        let ended = r#"{"ended":{"process":1,"outcome":{"ok":"done"},"at":"2026-11-29T04:00:02Z"}}"#;
        assert!(said("twice", ended).ends_with("line 5: process 1 ends what it never began"));
        let invoked =
            r#"{"invoked":{"process":2,"endpoint":"e","action":"balances","at":"2026-11-29T04:00:02Z"}}"#;
        assert!(said("two", invoked).ends_with("line 5: process 2 has two operations in flight"));
        assert!(said("noise", "{}").contains("line 5: "));
        assert!(
            Operations::read("/no/such".into())
                .unwrap_err()
                .to_string()
                .starts_with("reading the history /no/such: ")
        );
    }
}
