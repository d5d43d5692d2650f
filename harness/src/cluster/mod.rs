//! Clusters: kind's and existing ones, the lease, images, ways in.

mod capability;
mod client;
mod definitions;
mod docker;
mod down;
mod engine;
mod exec;
mod existing;
mod fresh;
mod gates;
mod images;
mod inotify;
mod kind;
mod lease;
mod leased;
mod namespace;
mod node;
mod process;
mod progress;
mod ready;
mod runs;
mod site;
pub mod terrain;
mod tunnel;
mod version;
mod wide;

pub use capability::Capability;
pub use client::{install_crypto, reader};
pub use definitions::remove_definitions;
pub use docker::docker;
pub use down::{Down, down};
pub use engine::{Engine, Machine};
pub use exec::{Output, exec};
pub(crate) use images::absence;
pub use images::{Absence, Image, SCRIPTS, image_missing, provide, whole_name};
pub use inotify::Instances;
pub use kind::find as find_kind;
pub use leased::Cluster;
pub use namespace::{
    HOLD_FINALIZER, RUN_LABEL, SCENARIO_LABEL, create_namespace, delete_namespace, label_value, sweep,
};
pub use node::Node;
pub(crate) use process::{Program, find_program};
pub use progress::Progress;
pub use ready::{all_nodes as all_nodes_ready, api as api_ready};
pub use runs::RunLock;
pub use site::{Loader, Site};
pub use tunnel::Tunnel;
pub use wide::{NAMESPACE_LABEL, remove_outside};
