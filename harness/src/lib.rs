//! What a Steadfast scenario stands on. It knows clusters, workloads and promises; it knows no scenario.
//!
//! Data goes one way: a scenario acts, the [`journal`] records, [`law`]s and [`ledger`] checks judge what was
//! recorded, [`report`]s show the results. Judging knows no cluster, so it runs on a recorded run as well.

pub mod chart;
pub mod claim;
pub mod cluster;
pub mod diagnosis;
pub mod error;
pub mod fault;
pub mod journal;
pub mod law;
pub mod ledger;
pub mod manifest;
pub mod replay;
pub mod report;
pub mod runner;
pub mod settings;
pub mod wait;
pub mod workload;

pub use claim::Claim;
pub use error::{Class, Error, Result};
