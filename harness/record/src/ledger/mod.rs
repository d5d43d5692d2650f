//! What clients tried, the outcome they saw, and what the store holds.
//!
//! A [`Ledger`] is every attempt; reading back gives [`Holdings`]; [`judge`] compares the two. Judging knows no store
//! and no clock.

pub mod attempt;
pub mod file;
pub mod holdings;
pub mod verdict;

pub use attempt::{Attempt, Outcome, Write};
pub use file::Ledger;
pub use verdict::{Audit, Content, Flaw, Held, Holdings, Statistics, judge};
