//! Why a StatefulSet is stuck, and what to do: one look at the cluster, judged without it.
//!
//! It knows no scenario, no workload and no harness: only what the API server shows of any cluster.

pub mod answer;
pub mod cause;
pub mod explain;
pub mod picture;

mod claim;
mod container;
mod controller;
mod diagnose;
mod failure;
mod mount;
mod node;
mod notes;
mod placement;
mod pod;
mod probe;
pub mod quantity;
mod read;
mod refusal;
mod rollout;
mod room;
mod scheduling;
mod termination;
mod volume;

#[cfg(test)]
mod tests;

pub use answer::{Diagnosis, State};
pub use cause::Cause;
pub use diagnose::diagnose;
pub use explain::{explain, glance};
pub use picture::Picture;
