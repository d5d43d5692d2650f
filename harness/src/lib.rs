//! What a Steadfast scenario stands on. It knows clusters, workloads and promises; it knows no scenario.
//!
//! Data goes one way: a scenario acts, the [`journal`] records, [`law`]s and [`ledger`] checks judge what was
//! recorded, [`report`]s show the results. Judging is the crate [`record`], and knows no cluster.

pub mod cluster;
pub mod fault;
pub mod home;
pub mod journal;
pub mod ledger;
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
pub use record::{Claim, claim, law, replay};
