//! Why a StatefulSet is stuck, and what to do: one look at the cluster, judged without it.
//!
//! It knows no scenario, no workload and no harness: only what the API server shows of any cluster.

pub mod answer;
pub mod cause;
pub mod evidence;
pub mod explain;
pub mod picture;

mod affinity;
mod claim;
mod container;
mod controller;
mod crash;
mod diagnose;
mod driver;
mod failure;
mod hook;
mod labels;
mod last_words;
mod log;
mod logs;
mod mount;
mod named_volume;
mod node;
mod notes;
mod peers;
mod placement;
mod pod;
mod preemption;
mod probe;
mod provisioning;
mod read;
mod recurring;
mod refusal;
mod refused_change;
mod rollout;
mod room;
mod scheduling;
mod spread;
mod standing;
mod survey;
mod template;
mod termination;
mod volume;

#[cfg(test)]
mod tests;

pub use answer::{Diagnosis, State};
pub use cause::{Cause, Certainty};
pub use diagnose::diagnose;
pub use evidence::Evidence;
pub use explain::{explain, explain_all, glance};
pub use picture::Picture;
pub use survey::{Survey, survey};

use record::quantity;
