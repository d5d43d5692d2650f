//! What happened, and what it means: journals, ledgers and results, and the laws and checks that judge them.
//!
//! It reads and writes files and nothing else: it knows no cluster, no client, no clock and no async, so that whatever
//! was recorded is judged the same at any later time. Times are handed in.

pub mod claim;
pub mod conclusion;
pub mod error;
pub mod floor;
pub mod gates;
pub mod journal;
pub mod law;
pub mod ledger;
pub mod redact;
pub mod replay;
pub mod result;
pub mod store;
pub mod tally;
pub mod terrain;
pub mod upgrade;
pub mod verdict;
pub mod words;

#[cfg(any(test, feature = "fixture"))]
pub mod fixture;

pub use claim::Claim;
pub use error::{Class, Error, Result};
