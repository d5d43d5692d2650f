//! What the store must hold, given what was tried; knows no store and no clock.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    attempt::{Attempt, Outcome},
    file::Ledger,
};
use crate::result::{Finding, Measure, Quote};

/// What a reader found, by key. A key that is not here was neither listed nor readable.
pub type Holdings = BTreeMap<String, Held>;

/// What a reader found under one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Whether a listing shows it.
    pub listed: bool,
    /// What reading it gave.
    pub content: Content,
}

/// What reading a key gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// All of it.
    Read {
        /// Its length in bytes.
        size: u64,
        /// Its hash, in hex.
        sha256: String,
    },
    /// The store says that there is none.
    Absent,
    /// The store answered, but did not give it.
    Unreadable(String),
}

/// What is wrong with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Acknowledged, and not there.
    Lost,
    /// There, with other content than was sent.
    Diverged,
    /// Acknowledged, and the store can't give it.
    Unreadable,
    /// Acknowledged and readable, and no listing shows it.
    Unlisted,
    /// There, and never sent.
    Phantom,
    /// There, though the store had surely refused it.
    RefusedButStored,
}

/// One key that speaks against the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// What is wrong.
    pub kind: Kind,
    /// Where.
    pub key: String,
    /// What was expected and what was found.
    pub message: String,
}

/// What the attempts came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Writes that were acknowledged: each must be there.
    pub acknowledged: u64,
    /// Their bytes.
    pub acknowledged_bytes: u64,
    /// Writes that were surely refused: none may be there.
    pub failed: u64,
    /// Writes of unknown outcome that are there.
    pub unknown_present: u64,
    /// Writes of unknown outcome that are not there.
    pub unknown_absent: u64,
}

/// The verdict over one ledger and one reader's holdings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// What is wrong, key by key.
    pub flaws: Vec<Flaw>,
    /// What the attempts came to.
    pub statistics: Statistics,
}

/// How many keys a finding quotes.
const QUOTES: usize = 5;

/// Compares a ledger with what a reader found. The writers must have stopped.
pub fn judge(ledger: &Ledger, holdings: &Holdings) -> Audit {
    let mut audit = Audit::default();
    let attempts: BTreeMap<&str, &Attempt> =
        ledger.attempts.iter().map(|attempt| (attempt.key.as_str(), attempt)).collect();
    for attempt in &ledger.attempts {
        let held = holdings.get(&attempt.key);
        audit.statistics.count(attempt, held);
        if let Some((kind, message)) = flaw(attempt, held) {
            audit.flaws.push(Flaw { kind, key: attempt.key.clone(), message });
        }
    }
    for (key, held) in holdings {
        let present = held.listed || matches!(held.content, Content::Read { .. });
        if present && !attempts.contains_key(key.as_str()) {
            let message = format!("{key} is there and was never written");
            audit.flaws.push(Flaw { kind: Kind::Phantom, key: key.clone(), message });
        }
    }
    audit
}

fn flaw(attempt: &Attempt, held: Option<&Held>) -> Option<(Kind, String)> {
    let absent = Held { listed: false, content: Content::Absent };
    let held = held.unwrap_or(&absent);
    let Attempt { key, size, sha256, .. } = attempt;
    match (&attempt.outcome, &held.content) {
        (Outcome::Failed(reason), Content::Read { .. }) => Some((
            Kind::RefusedButStored,
            format!("{key} is stored, though the store had refused it: {reason}"),
        )),
        (_, Content::Read { size: found_size, sha256: found }) if found != sha256 || found_size != size => {
            let message =
                format!("{key} has {found_size} bytes of sha256 {found}, sent were {size} of {sha256}");
            Some((Kind::Diverged, message))
        }
        (Outcome::Acknowledged, Content::Read { .. }) if !held.listed => {
            Some((Kind::Unlisted, format!("{key} can be read, and no listing shows it")))
        }
        (Outcome::Acknowledged, Content::Absent) => {
            let listed = if held.listed { ", though a listing still shows it" } else { "" };
            let sent = attempt.sent;
            Some((
                Kind::Lost,
                format!("{key}, {size} bytes, sent at {sent} and acknowledged, is gone{listed}"),
            ))
        }
        (Outcome::Acknowledged, Content::Unreadable(reason)) => Some((
            Kind::Unreadable,
            format!("{key}, {size} bytes, was acknowledged and can't be read: {reason}"),
        )),
        _ => None,
    }
}

impl Statistics {
    fn count(&mut self, attempt: &Attempt, held: Option<&Held>) {
        let present = held.is_some_and(|held| matches!(held.content, Content::Read { .. }));
        match attempt.outcome {
            Outcome::Acknowledged => {
                self.acknowledged += 1;
                self.acknowledged_bytes += attempt.size;
            }
            Outcome::Failed(_) => self.failed += 1,
            Outcome::Unknown(_) if present => self.unknown_present += 1,
            Outcome::Unknown(_) => self.unknown_absent += 1,
        }
    }

    /// How many writes a claim was judged by. An attempt of unknown outcome that is absent proves nothing.
    pub fn judged(&self) -> u64 {
        self.acknowledged + self.failed + self.unknown_present
    }

    /// The figures for the report; `store` says which ledger they are of.
    pub fn measures(&self, store: &str) -> Vec<Measure> {
        let measure = |name: &str, value: u64, unit: &str| Measure {
            name: format!("{store}: {name}"),
            // Counts of a scenario are far below 2^52.
            value: value as f64,
            unit: unit.to_owned(),
        };
        vec![
            measure("acknowledged writes", self.acknowledged, "writes"),
            measure("acknowledged bytes", self.acknowledged_bytes, "bytes"),
            measure("refused writes", self.failed, "writes"),
            measure("writes of unknown outcome that are there", self.unknown_present, "writes"),
            measure("writes of unknown outcome that are not there", self.unknown_absent, "writes"),
        ]
    }
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::Lost, Self::Diverged, Self::Unreadable, Self::Unlisted, Self::Phantom, Self::RefusedButStored];

    fn sentence(self, many: usize, of: u64) -> String {
        match self {
            Self::Lost => format!("{many} of {of} acknowledged writes are lost"),
            Self::Diverged => format!("{many} writes have other content than was sent"),
            Self::Unreadable => format!("{many} of {of} acknowledged writes can't be read"),
            Self::Unlisted => format!("{many} of {of} acknowledged writes are missing from the listing"),
            Self::Phantom => format!("{many} keys are there that were never written"),
            Self::RefusedButStored => format!("{many} writes were refused but stored"),
        }
    }
}

impl Audit {
    /// The flaws as findings against a claim: one for each kind, which quotes its first keys. `reader` says where
    /// was read: `S3 at garage-1`.
    pub fn findings(&self, claim: &str, reader: &str) -> Vec<Finding> {
        Kind::ALL
            .into_iter()
            .filter_map(|kind| {
                let flaws: Vec<_> = self.flaws.iter().filter(|flaw| flaw.kind == kind).collect();
                let quote = |text: String| Quote { line: 0, text };
                let mut quotes: Vec<_> =
                    flaws.iter().take(QUOTES).map(|flaw| quote(flaw.message.clone())).collect();
                if flaws.len() > QUOTES {
                    quotes.push(quote(format!("and {} more", flaws.len() - QUOTES)));
                }
                let told =
                    || format!("{reader}: {}", kind.sentence(flaws.len(), self.statistics.acknowledged));
                (!flaws.is_empty()).then(|| Finding { quotes, ..Finding::against(claim, told()) })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
