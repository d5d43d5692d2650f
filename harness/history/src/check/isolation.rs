//! Transactions that read lists and append to them, and how far they were kept apart.
//!
//! Every element is appended once, so a read tells the order of all appends before it. From that follows which transaction
//! depends on which: it wrote after it, read what it wrote, or did not see what it wrote. A circle of such dependencies is what
//! isolation forbids, and which dependencies it has says which level (Adya, *Weak Consistency*, 1999; Kingsbury and Alvaro,
//! *Elle*, 2020). Of transactions that hang together the worst circle is told.

mod circles;
mod dependencies;

use serde::{Deserialize, Serialize};

use super::judgement::{Judgement, Kind};
use crate::operation::{Action, Operation};

/// What a database promises of its transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Only what was committed is read.
    ReadCommitted,
    /// A transaction reads from one moment; PostgreSQL's REPEATABLE READ.
    Snapshot,
    /// As if one after the other.
    Serializable,
}

impl Level {
    /// Whether it forbids this.
    pub fn forbids(self, kind: Kind) -> bool {
        match kind {
            Kind::GSingle => self != Self::ReadCommitted,
            Kind::G2Item => self == Self::Serializable,
            _ => true,
        }
    }
}

/// Judges all transactions over lists.
pub fn judge(all: &[Operation], level: Level) -> Judgement {
    let transactions: Vec<&Operation> =
        all.iter().filter(|one| matches!(one.action, Action::Transaction(_))).collect();
    let found = dependencies::find(&transactions);
    let mut anomalies = found.anomalies;
    anomalies.extend(circles::find(&transactions, &found.graph));
    anomalies.retain(|one| level.forbids(one.kind));
    let judged = transactions.iter().filter(|one| one.is_ok()).count() as u64;
    Judgement { judged, anomalies, ..Judgement::default() }
}

#[cfg(test)]
mod tests;
