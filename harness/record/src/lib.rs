//! What happened, and what it means: journals and results, and the laws that judge them; what clients did is in the histories
//! of the crate [`history`], which has the checkers.
//!
//! It reads and writes files and nothing else: it knows no cluster, no client, no clock and no async, so that whatever
//! was recorded is judged the same at any later time. Times are handed in.

pub mod claim;
pub mod clients;
pub mod conclusion;
pub mod error;
pub mod floor;
pub mod gates;
pub mod journal;
pub mod law;
pub mod quantity;
pub mod redact;
pub mod replay;
pub mod result;
pub mod sha256;
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
