//! What a Steadfast scenario stands on. It knows clusters, workloads and promises; it knows no scenario.
//!
//! Data goes one way: a scenario acts, the [`journal`] records, [`law`]s and the checkers of [`history`] judge what was
//! recorded, [`report`]s show the results. Judging is in the crates [`record`] and [`history`], which know no cluster.

pub mod chaos;
pub mod clock;
pub mod cluster;
pub mod fault;
pub mod home;
pub mod journal;
pub mod load;
pub mod manifest;
pub mod report;
pub mod runner;
pub mod settings;
pub mod upgrade;
pub mod wait;
pub mod watch;
pub mod workload;

// The crates below, under the names by which everything above them speaks of them.
pub use chart;
pub use explain;
pub use external::{Class, Error, Result, Secret, error};
pub use history;
pub use record::{Claim, claim, law, replay};
