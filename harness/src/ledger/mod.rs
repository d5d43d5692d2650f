//! What clients tried, the outcome they saw, and what the store holds.
//!
//! A [`Load`] writes through [`Store`]s and notes every attempt in a [`Recorder`]; reading back gives
//! [`Holdings`]; [`judge`] compares the two. Judging knows no store and no clock.

pub mod attempt;
pub mod holdings;
pub mod load;
pub mod record;
pub mod s3;
pub mod secret;
pub mod sql;
pub mod verdict;

pub use attempt::{Attempt, Outcome, Write};
pub use load::{Load, Plan, Store};
pub use record::{Ledger, Recorder, Tally};
pub use secret::Secret;
pub use verdict::{Content, Flaw, Held, Holdings, Judgement, Statistics, judge};
