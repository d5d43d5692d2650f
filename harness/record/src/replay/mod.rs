//! Drawing a trial's verdict from its record alone: at its end, and again at any later time.
//!
//! [`settle`] is both: a live trial and a replay go the same way, so that they can't come to differ. It knows no
//! cluster and no clock, only the journal, the ledgers, what readers held, and the result's own facts.

mod compare;
mod fingerprints;
mod judgements;
mod run;
mod settle;
#[cfg(test)]
mod tests;

pub use compare::differences;
pub use run::{Again, Replay, replay};
pub use settle::{settle, settle_unrecorded};
