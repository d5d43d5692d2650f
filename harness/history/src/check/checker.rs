//! A checker, whichever it is: by this a scenario says what a store is held to.

use serde::{Deserialize, Serialize};

use super::{
    Copies, Judgement, Level, Members, Uninterrupted, agreement, availability, bank, conditional, honesty,
    isolation, listings, quorum, ranges, read_after_write, register, set,
};
use crate::file::Operations;

/// A checker, with what it has to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checker {
    /// What was acknowledged is there at the end, and nothing else.
    Set(Copies),
    /// A read that begins after a write was acknowledged sees it, or a later one.
    ReadAfterWrite,
    /// What one reader saw no later reader loses.
    Agreement,
    /// Each key behaves as if there were one copy, and everything happened at one moment.
    Register,
    /// All accounts together always hold as much, and each what was moved.
    Bank {
        /// How much.
        total: i64,
    },
    /// Transactions over lists are as isolated as their level promises.
    Isolation(Level),
    /// Without a quorum every answer is 503.
    Honesty(Members),
    /// A write is acknowledged only while a quorum is up.
    Quorum(Members),
    /// Every read and every write goes on.
    Available(Uninterrupted),
    /// A part of an object that was written once is what was written there.
    Ranges,
    /// A listing shows whatever was acknowledged before it began, unless it was deleted, and all in order.
    Listings,
    /// What is to be written only where nothing is, is written only there.
    Conditional,
}

impl Checker {
    /// Judges a history.
    pub fn judge(&self, operations: &Operations) -> Judgement {
        let all = operations.all.as_slice();
        match self {
            Self::Set(copies) => set::judge(all, &operations.run, *copies),
            Self::ReadAfterWrite => read_after_write::judge(all),
            Self::Agreement => agreement::judge(all),
            Self::Register => register::judge(all),
            Self::Bank { total } => bank::judge(all, *total),
            Self::Isolation(level) => isolation::judge(all, *level),
            Self::Honesty(members) => honesty::judge(all, members),
            Self::Quorum(members) => quorum::judge(all, members),
            Self::Available(where_and_when) => availability::judge(all, where_and_when),
            Self::Ranges => ranges::judge(all),
            Self::Listings => listings::judge(all),
            Self::Conditional => conditional::judge(all),
        }
    }

    /// Its name, as reports have it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Set(_) => "set",
            Self::ReadAfterWrite => "read-after-write",
            Self::Agreement => "agreement of readers",
            Self::Register => "register",
            Self::Bank { .. } => "bank",
            Self::Isolation(_) => "isolation",
            Self::Honesty(_) => "honesty",
            Self::Quorum(_) => "quorum",
            Self::Available(_) => "availability",
            Self::Ranges => "ranges",
            Self::Listings => "listings",
            Self::Conditional => "conditional writes",
        }
    }
}
