//! Garage: its admin API and the initialisation of its layout.
//!
//! Nothing here waits: a question gives the state of this moment, in words where it is not the wanted one.

pub mod admin;
pub mod answers;
pub mod discovery;
mod http;
pub mod layout;
pub mod replication;

/// The bucket of a trial.
pub const BUCKET: &str = "ledger";

pub use admin::{Admin, AdminError};
pub use answers::{ClusterHealth, ClusterStatus, Layout, LayoutHistory, NodeInfo, Probe, Role};
pub use discovery::{discover_in, listen_to_both};
pub use layout::{Initialised, Wanted, initialise};
