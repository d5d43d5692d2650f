//! Faults: what is done to a cluster of ours. Each returns proof that it happened.

pub mod node;
pub mod process;
