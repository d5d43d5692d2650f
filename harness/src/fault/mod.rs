//! Faults: what is done to a cluster of ours. Each returns proof that it happened.

pub mod disk;
pub mod machine;
mod mend;
pub mod network;
pub mod node;
pub mod process;
mod said;
pub mod server;
pub mod storage;

pub use mend::mend;
