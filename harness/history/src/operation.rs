//! One thing that a client tried: who, where, what, when, and how it ended as far as the client could see.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{elements::Elements, value::Value};

/// What the endpoint of those begins with who come through a service, and so to any pod of it.
pub const SERVICE: &str = "service ";

/// An SQLSTATE has so many characters, and an HTTP status fewer.
const SQLSTATE: usize = 5;

/// The length of a part that is read to the end of its object.
pub const TO_THE_END: u64 = u64::MAX;

/// The name of an object, or of a row.
pub type Key = Arc<str>;

/// An operation of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The line in which it begins, from 1.
    pub line: u64,
    /// Who did it. A process has one operation in flight; a client with several in flight is several processes.
    pub process: u32,
    /// What it talked to: a pod, `garage-1`, or a service, `service garage`.
    pub endpoint: Arc<str>,
    /// What it tried.
    pub action: Action,
    /// When it was about to be sent.
    pub invoked: Timestamp,
    /// When its outcome was known; none when the history ends before.
    pub ended: Option<Timestamp>,
    /// How it ended.
    pub outcome: Outcome,
}

/// What an operation tries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Writes an object, or inserts a row.
    Put {
        /// Under this key.
        key: Key,
        /// What.
        value: Value,
        /// In which way.
        #[serde(default, skip_serializing_if = "How::is_whole")]
        how: How,
    },
    /// Reads an object or a row.
    Get {
        /// Under this key.
        key: Key,
    },
    /// Asks for the head of an object: what is there, without its content.
    Head {
        /// Under this key.
        key: Key,
    },
    /// Reads a part of an object.
    Range {
        /// Under this key.
        key: Key,
        /// The place of its first byte, from 0.
        from: u64,
        /// How many bytes, or [`TO_THE_END`]; fewer where the object ends before.
        length: u64,
    },
    /// Deletes it.
    Delete {
        /// Under this key.
        key: Key,
    },
    /// Lists the keys that begin so.
    List {
        /// The beginning.
        prefix: Key,
    },
    /// Reads all rows whose keys begin so, with what they hold.
    Scan {
        /// The beginning.
        prefix: Key,
    },
    /// Moves money between two accounts, in one transaction.
    Transfer {
        /// The account that loses it.
        from: u32,
        /// The account that gets it.
        to: u32,
        /// How much.
        amount: i64,
    },
    /// Reads all accounts, in one transaction.
    Balances,
    /// Reads lists and appends to them, in one transaction.
    Transaction(Vec<Step>),
}

/// In which way an object is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// At once.
    #[default]
    Whole,
    /// At once, over what may be there.
    Over,
    /// In parts, which are then made one.
    Parts,
    /// Only where there is none under the key.
    IfNew,
    /// Somewhere else first, from where the store then copies it; it is gone from there afterwards.
    Copy,
}

/// One step of a transaction over lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Puts an element at a list's end. No other step has this element for this list.
    Append {
        /// Which list.
        list: u32,
        /// What.
        element: u64,
    },
    /// Reads a list.
    Read {
        /// Which list.
        list: u32,
    },
    /// Puts an element at a list's end, and takes that back without ending the transaction. No other step has this element.
    Undone {
        /// Which list.
        list: u32,
        /// What.
        element: u64,
    },
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The store did it, and answered this.
    Ok(Answer),
    /// It surely did not happen.
    Failed(Failure),
    /// Nobody knows: it may have happened, or may happen yet.
    Unknown(Failure),
}

/// What a store answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It is done.
    Done,
    /// This is there.
    Found(Value),
    /// This is there, and its head says that it is something else.
    Mislabelled(Value),
    /// Something is there; what, the store can't say.
    There,
    /// Nothing is there.
    Absent,
    /// These keys are there; one that is there twice is here twice.
    Keys(Vec<Key>),
    /// These rows are there; one that is there twice is here twice.
    Rows(Vec<(Key, Value)>),
    /// What the accounts hold.
    Balances(Vec<i64>),
    /// What the reads of a transaction saw, in their order.
    Lists(Vec<Elements>),
}

/// Why there was no good answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Of which kind.
    pub cause: Cause,
    /// In words.
    pub text: Arc<str>,
}

/// Which kind of error it was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The store said no, with this code: an HTTP status, an SQLSTATE.
    Answered(Arc<str>),
    /// Nobody answered in time.
    Silent,
    /// No connection came about.
    Unreachable,
    /// The connection broke.
    Broken,
    /// The answer began well, and broke off.
    CutShort,
    /// The store said no for want of what it had acknowledged in a step before, of the same operation.
    Forgotten,
    /// The history ends before.
    Unended,
    /// The store said yes in a time in which it could keep nothing, or may have taken what is new for old.
    Doubted,
    /// The store did all, and then the client took it back, as was planned.
    TakenBack,
}

impl Operation {
    /// Whether the store did it.
    pub fn is_ok(&self) -> bool {
        matches!(self.outcome, Outcome::Ok(_))
    }

    /// Whether it came through a service.
    pub fn through_service(&self) -> bool {
        self.endpoint.starts_with(SERVICE)
    }

    /// When it was over, for whoever asks whether something came after it: a thing of unknown outcome may happen at any later
    /// time.
    pub fn over(&self) -> Option<Timestamp> {
        match self.outcome {
            Outcome::Unknown(_) => None,
            Outcome::Ok(_) | Outcome::Failed(_) => self.ended,
        }
    }
}

/// Whether an operation acted on the store that is at a pod: there, or through a service where nobody writes at another pod.
pub fn reaches(all: &[Operation], pod: &str) -> impl Fn(&Operation) -> bool {
    let elsewhere = |one: &Operation| one.action.writes() && !one.through_service() && *one.endpoint != *pod;
    let alone = !all.iter().any(elsewhere);
    move |one| *one.endpoint == *pod || (alone && one.through_service())
}

impl Action {
    /// Whether its answer may rest on what a store without a disk did not keep: what it wrote, and what it saw beside other things.
    pub fn may_rest_on_doubt(&self) -> bool {
        self.writes() || matches!(self, Self::Balances | Self::Transaction(_))
    }

    /// The key that it is about, of one that is about a single one.
    pub fn key(&self) -> Option<&Key> {
        match self {
            Self::Put { key, .. }
            | Self::Get { key }
            | Self::Head { key }
            | Self::Range { key, .. }
            | Self::Delete { key } => Some(key),
            _ => None,
        }
    }

    /// Whether it changes something.
    pub fn writes(&self) -> bool {
        match self {
            Self::Put { .. } | Self::Delete { .. } | Self::Transfer { .. } => true,
            Self::Transaction(steps) => steps.iter().any(|step| matches!(step, Step::Append { .. })),
            Self::Get { .. }
            | Self::Head { .. }
            | Self::Range { .. }
            | Self::List { .. }
            | Self::Scan { .. }
            | Self::Balances => false,
        }
    }
}

impl How {
    fn is_whole(&self) -> bool {
        *self == Self::Whole
    }
}

impl Outcome {
    /// A write that was done.
    pub const DONE: Self = Self::Ok(Answer::Done);

    /// Why there was no good answer, where there was none.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Ok(_) | Self::Failed(Failure { cause: Cause::TakenBack, .. }) => None,
            Self::Failed(failure) | Self::Unknown(failure) => Some(failure),
        }
    }
}

impl Failure {
    /// One of this kind, in these words.
    pub fn new(cause: Cause, text: impl Into<Arc<str>>) -> Self {
        Self { cause, text: text.into() }
    }

    /// Whether it is the store's own word.
    pub fn is_answer(&self) -> bool {
        matches!(self.cause, Cause::Answered(_))
    }
}

impl Cause {
    /// Whether who asks again may well be answered: too early, too many, too slow, or stopped for others' sake.
    pub fn is_momentary(&self) -> bool {
        const STATUSES: [&str; 3] = ["408", "425", "429"];
        // Connections, rollbacks, resources, locks, and what an operator does.
        const CLASSES: [&str; 5] = ["08", "40", "53", "55", "57"];
        let Self::Answered(code) = self else { return false };
        let of_a_class = || CLASSES.iter().any(|class| code.starts_with(class));
        STATUSES.contains(&&**code) || (code.len() == SQLSTATE && of_a_class())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered(code) => formatter.write_str(code),
            Self::Silent => formatter.write_str("no answer"),
            Self::Unreachable => formatter.write_str("no connection"),
            Self::Broken => formatter.write_str("connection broke"),
            Self::CutShort => formatter.write_str("answer broke off"),
            Self::Forgotten => formatter.write_str("a step was forgotten"),
            Self::Unended => formatter.write_str("not ended"),
            Self::Doubted => formatter.write_str("acknowledged in doubt"),
            Self::TakenBack => formatter.write_str("taken back"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_told_to_come_again_is_told_of_the_moment() {
        let momentary = |code: &str| Cause::Answered(code.into()).is_momentary();
        for code in ["408", "425", "429", "40001", "40P01", "53300", "55P03", "57014", "57P03"] {
            assert!(momentary(code), "{code}");
        }
        for code in ["400", "404", "500", "503", "21000", "42P01", "XX001", "endless"] {
            assert!(!momentary(code), "{code}");
        }
        assert!(!Cause::Silent.is_momentary());
    }
}
