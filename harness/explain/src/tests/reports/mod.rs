//! What public reports of stuck sets show of a cluster, and what must be said of each. Where each is from is in
//! `suites/src/diagnosis/reports/sources.md`.

mod advised;
mod each;
mod given;
mod placing;
mod refused;
mod report;
mod running;
mod starting;
mod storage;

pub use each::causes;
use report::{Report, report};

use super::{World, diagnose};
