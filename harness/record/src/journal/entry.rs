//! One line of a journal.

use history::{Checker, check::Fault};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Fact, Kind, Promise, Reducer};
use crate::{
    error::{Error, Result},
    result::Finding,
    terrain::Terrain,
};

/// The version of the journal's lines.
pub const SCHEMA: u32 = 3;

/// The verb of the act that ends a recording: until then, what did not change stayed so.
pub const END: &str = "end";

/// The verb of the act that takes the last one on its target back: the API server did not do it.
pub const REFUSED: &str = "refused";

/// How an object's version was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// In a list: the first one, or one after a gap.
    Listed,
    /// Created, as the watch told it.
    Added,
    /// Changed, as the watch told it.
    Modified,
    /// Removed from the API, as the watch told it, or missing from a list after a gap.
    Deleted,
}

/// Something that the scenario did to the cluster, written before it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// `scale`, `delete`, `hold`, `release`, `patch`, `step`; `refused` when one of these was not done after all
    pub verb: String,
    /// What it was done to: `pod/sentinel-1`.
    pub target: String,
    /// The sentence for the reader.
    pub text: String,
}

/// The API server's answer to an act: from this revision on the cluster is as the act wanted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The act's line.
    pub act: u64,
    /// The revision of the object in the answer.
    pub revision: u64,
}

/// Something that the scenario judged by itself, from an answer that no watch can see. Laws ignore it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// `S9`
    pub claim: String,
    /// How many answers were judged.
    pub count: u64,
    /// What speaks against the claim.
    pub against: Vec<Finding>,
}

/// A store is held to what it promises, by the history of what clients did to it. The file is there to be checked again. Laws
/// ignore it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// `S23`
    pub claim: String,
    /// The store, as reports have it: `garage`.
    pub store: String,
    /// The history's file, beside the journal.
    pub history: String,
    /// How many of its lines were there when it was checked.
    pub lines: u64,
    /// What it is held to.
    pub checker: Checker,
    /// The fault that the clients must have been there for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// A line as it is on disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Line {
    /// The line's number, from 1.
    pub line: u64,
    /// When it was received, or done.
    pub at: Timestamp,
    /// What it says.
    #[serde(flatten)]
    pub content: Content,
}

/// What a line says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// The first line.
    Schema(u32),
    /// What the cluster is like.
    Terrain(Box<Terrain>),
    /// A version of an object.
    Object {
        /// How it was seen.
        change: Change,
        /// The object's kind.
        kind: Kind,
        /// The object, without its managed fields.
        object: Value,
    },
    /// The recorder may have missed versions of this kind before this line.
    Gap {
        /// The kind.
        kind: Kind,
        /// Why.
        reason: String,
        /// Whether it hides nothing: all versions within it were read one by one and recorded before it, or the list after it
        /// showed every object unchanged. Then it hides at most an object that came and went within it, and no controller does
        /// that without a trace in what is recorded beside: a status, an event.
        #[serde(default)]
        bridged: bool,
    },
    /// Everything that had happened until here is in the journal: a list of each kind, taken after the line before, shows no more.
    Barrier,
    /// The scenario did something.
    Act(Act),
    /// The API server answered an act.
    Answered(Answered),
    /// A set was deployed, and is held to this.
    Promise(Promise),
    /// The scenario judged something by itself.
    Judged(Judged),
    /// A history was checked.
    Checked(Checked),
}

/// A line as laws see it: reduced to what they need.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The line's number in the file, from 1.
    pub line: u64,
    /// When it was received, or done.
    pub at: Timestamp,
    /// What it says.
    pub record: Record,
}

/// What an entry says. Most are versions of objects: the rest is behind boxes, so that it makes those no larger.
#[derive(Debug, Clone)]
pub enum Record {
    /// A version of an object.
    Object {
        /// How it was seen.
        change: Change,
        /// The cluster's revision at which this version came about.
        revision: u64,
        /// The object, reduced.
        fact: Fact,
    },
    /// What the cluster is like.
    Terrain(Box<Terrain>),
    /// The recorder may have missed versions of this kind before this entry.
    Gap {
        /// The kind.
        kind: Kind,
        /// Why.
        reason: String,
        /// Whether the list after it showed every object unchanged. Then it hides at most an object that came and went
        /// within it, and no controller does that without a trace in what is recorded beside: a status, an event.
        bridged: bool,
    },
    /// Everything that had happened until here is in the journal.
    Barrier,
    /// The scenario did something.
    Act(Box<Act>),
    /// The API server answered an act.
    Answered(Answered),
    /// A set was deployed, and is held to this.
    Promise(Box<Promise>),
    /// The scenario judged something by itself.
    Judged(Box<Judged>),
    /// A history was checked.
    Checked(Box<Checked>),
}

impl Line {
    /// Reduces the line; none for the schema's.
    ///
    /// # Errors
    /// [`Error::Failed`] when the object is not of its kind.
    pub fn reduce(&self, reducer: &mut Reducer) -> Result<Option<Entry>> {
        let record = match &self.content {
            Content::Schema(_) => return Ok(None),
            Content::Terrain(terrain) => Record::Terrain(terrain.clone()),
            Content::Object { change, kind, object } => {
                let fact = reducer.reduce(*kind, object).map_err(|error| {
                    Error::failed(format!("line {} of the journal is no {}: {error}", self.line, kind.name()))
                })?;
                let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
                let revision = version.and_then(|version| version.parse().ok()).unwrap_or(0);
                Record::Object { change: *change, revision, fact }
            }
            Content::Gap { kind, reason, bridged } => {
                Record::Gap { kind: *kind, reason: reason.clone(), bridged: *bridged }
            }
            Content::Barrier => Record::Barrier,
            Content::Act(act) => Record::Act(Box::new(act.clone())),
            Content::Answered(answered) => Record::Answered(*answered),
            Content::Promise(promise) => Record::Promise(Box::new(promise.clone())),
            Content::Judged(judged) => Record::Judged(Box::new(judged.clone())),
            Content::Checked(checked) => Record::Checked(Box::new(checked.clone())),
        };
        Ok(Some(Entry { line: self.line, at: self.at, record }))
    }
}

impl Entry {
    /// The entry in one short line, for findings and people.
    pub fn summary(&self) -> String {
        let time = self.at.strftime("%H:%M:%S%.3f");
        match &self.record {
            Record::Object { change, fact, revision } => {
                let change = match change {
                    Change::Listed => "listed",
                    Change::Added => "created",
                    Change::Modified => "changed",
                    Change::Deleted => "gone",
                };
                format!("{time} {} {change}: {} (revision {revision})", fact.label(), fact.summary())
            }
            Record::Gap { kind, reason, .. } => {
                format!("{time} gap in the watch of {}: {reason}", kind.name())
            }
            Record::Terrain(terrain) => format!("{time} the cluster: {}", terrain.line()),
            Record::Barrier => format!("{time} everything until here is recorded"),
            Record::Act(act) => format!("{time} we: {}", act.text),
            Record::Answered(answered) => {
                format!("{time} line {} was answered at revision {}", answered.act, answered.revision)
            }
            Record::Promise(promise) => format!("{time} deployed {}", promise.set),
            Record::Judged(judged) => {
                format!("{time} judged {}: {} against it", judged.claim, judged.against.len())
            }
            Record::Checked(checked) => {
                format!("{time} held {} to {}", checked.history, checked.checker.name())
            }
        }
    }
}
