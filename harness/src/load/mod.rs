//! Clients that write to a store and read it back.
//!
//! A [`Load`] writes through [`Store`]s and notes every attempt in a [`Recorder`]; reading back gives
//! [`Holdings`]; [`judge`] compares the two. Judging is `record`'s.

pub mod load;
pub mod recorder;
pub mod s3;
pub mod sql;

pub use load::{Load, LoadPlan, Store};
pub use record::ledger::{
    Attempt, Audit, Content, Flaw, Held, Holdings, Ledger, Outcome, Statistics, Write, attempt, file,
    holdings, judge, verdict,
};
pub use recorder::{Recorder, Tally};
