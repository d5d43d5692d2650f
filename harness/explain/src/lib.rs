//! Why a StatefulSet is stuck, and what to do: one look at the cluster, judged without it.
//!
//! It knows no scenario, no workload and no harness: only what the API server shows of any cluster.

pub mod answer;
pub mod cause;
pub mod evidence;
pub mod explain;
pub mod picture;

mod claim;
mod container;
mod controller;
mod diagnose;
mod labels;
mod log;
mod mount;
mod node;
mod notes;
mod placement;
mod pod;
mod read;
mod recurring;
mod reference;
mod remedy;
mod survey;
mod thousandths;

#[cfg(test)]
mod tests;

pub use answer::{Diagnosis, State};
pub use cause::{Cause, Certainty};
pub use claim::{DEFAULT_CLASS, is_default as is_default_class};
pub use diagnose::diagnose;
pub use evidence::Evidence;
pub use explain::{explain, explain_all, glance};
pub use picture::Picture;
pub use placement::scheduling::{accounts_for_each_node, lacks};
pub use survey::{Survey, survey};

use record::quantity;
