//! The ledger: an append-only file with one line before each write is sent and one after its answer.

use std::collections::HashMap;

use camino::Utf8Path;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::attempt::{Attempt, Outcome};
use crate::error::{Error, Result};

/// Every attempt of a run, in the order of sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// The run; every key begins with it.
    pub run: String,
    /// The attempts.
    pub attempts: Vec<Attempt>,
    /// The name of its file.
    pub file: String,
    /// How many of the file's lines these attempts are.
    pub lines: u64,
}

/// One line of the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// The first line.
    Run {
        /// The run.
        run: String,
    },
    /// A write is about to be sent; see [`Attempt`].
    #[expect(missing_docs, reason = "they are the fields of an attempt")]
    Sent { client: u32, sequence: u64, key: String, size: u64, sha256: String, sent: Timestamp },
    /// A write was answered; see [`Attempt`].
    #[expect(missing_docs, reason = "they are the fields of an attempt")]
    Answered { client: u32, sequence: u64, outcome: Outcome, answered: Timestamp },
}

impl Ledger {
    /// Reads a ledger back. A last line without its end was being written when the harness was killed: it is left out.
    ///
    /// # Errors
    /// The file can't be read, or is no ledger.
    pub fn read(path: &Utf8Path) -> Result<Self> {
        Self::read_until(path, u64::MAX)
    }

    /// As [`Ledger::read`], of a ledger as it was when it had so many lines.
    ///
    /// # Errors
    /// As [`Ledger::read`].
    pub fn read_until(path: &Utf8Path, lines: u64) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(Error::io(format!("reading the ledger {path}")))?;
        let whole = text.rfind('\n').map_or("", |end| text.get(..end).unwrap_or_default());
        let mut ledger = Self { run: String::new(), attempts: Vec::new(), file: file_name(path), lines: 0 };
        let mut places = HashMap::new();
        for (number, line) in (1..=lines).zip(whole.lines()) {
            let wrong = |why: String| Error::environment(format!("{path}, line {number}: {why}"));
            ledger.lines = number;
            match serde_json::from_str(line).map_err(|error| wrong(error.to_string()))? {
                Line::Run { run } => ledger.run = run,
                Line::Sent { client, sequence, key, size, sha256, sent } => {
                    places.insert((client, sequence), ledger.attempts.len());
                    let (outcome, answered) = (in_flight(), None);
                    ledger.attempts.push(Attempt {
                        client,
                        sequence,
                        key,
                        size,
                        sha256,
                        sent,
                        outcome,
                        answered,
                    });
                }
                Line::Answered { client, sequence, outcome, answered } => {
                    let attempt = places
                        .get(&(client, sequence))
                        .and_then(|place: &usize| ledger.attempts.get_mut(*place))
                        .ok_or_else(|| wrong("an answer to a write that was never sent".to_owned()))?;
                    attempt.outcome = outcome;
                    attempt.answered = Some(answered);
                }
            }
        }
        Ok(ledger)
    }
}

/// The name of a ledger's file, as results have it.
pub fn file_name(path: &Utf8Path) -> String {
    path.file_name().unwrap_or_default().to_owned()
}

/// The outcome of a write that was not answered yet.
pub fn in_flight() -> Outcome {
    Outcome::Unknown("no answer was recorded".to_owned())
}
