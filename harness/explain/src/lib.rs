//! Why a StatefulSet is stuck, and what to do: one look at the cluster, judged without it.
//!
//! It knows no scenario, no workload and no harness: only what the API server shows of any cluster.

pub mod answer;
pub mod cause;
pub mod evidence;
pub mod explain;
pub mod picture;

mod affinity;
mod attach;
mod attributes_class;
mod awaited;
mod claim;
mod container;
mod controller;
mod crash;
mod credentials;
mod default_limit;
mod diagnose;
mod driver;
mod exit_code;
mod failure;
mod given;
mod growth;
mod hook;
mod idle;
mod image;
mod in_memory;
mod interpreter;
mod labels;
mod last_words;
mod links;
mod log;
mod logs;
mod mount;
mod mounted;
mod name_taken;
mod named_volume;
mod needs;
mod network;
mod node;
mod not_made;
mod notes;
mod ordinals;
mod ownership;
mod peers;
mod placement;
mod pod;
mod pod_security;
mod ports;
mod preemption;
mod probe;
mod probe_port;
mod program;
mod provisioning;
mod read;
mod read_only;
mod readiness;
mod recurring;
mod reference;
mod refusal;
mod refused_change;
mod remedy;
mod replaced;
mod rollout;
mod room;
mod sandbox;
mod scheduling;
mod shared_claim;
mod space;
mod spread;
mod standing;
mod subpath;
mod survey;
mod taint;
mod template;
mod termination;
mod thousandths;
mod token;
mod topology;
mod unscheduled;
mod variable;
mod volume;

#[cfg(test)]
mod tests;

pub use answer::{Diagnosis, State};
pub use cause::{Cause, Certainty};
pub use diagnose::diagnose;
pub use evidence::Evidence;
pub use explain::{explain, explain_all, glance};
pub use picture::Picture;
pub use scheduling::lacks;
pub use survey::{Survey, survey};

use record::quantity;
