//! One history of what clients did to a store: the operations, with what each answered and when.
//!
//! It is a file of JSON lines, written as things happen ([`file`]). The [`check`]ers say what is wrong with a store that
//! answered so, [`availability`] when it gave no good answer, and [`generate`] what clients are to do. Nothing here knows a
//! client, a store or a clock: times are handed in, so that whatever was recorded is judged the same at any later time.

pub mod availability;
pub mod check;
mod elements;
pub mod error;
pub mod file;
#[cfg(test)]
mod fixture;
pub mod generate;
pub mod operation;
pub mod value;

pub use check::{Anomaly, Checker, Judgement};
pub use elements::Elements;
pub use error::{Error, Result};
pub use file::Operations;
pub use operation::{Action, Answer, Cause, Failure, How, Key, Operation, Outcome, Step};
pub use value::{Value, digest};
