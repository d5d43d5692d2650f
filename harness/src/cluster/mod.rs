//! Clusters: kind's and existing ones, the lease, images, ways in.

mod capability;
mod cluster_scoped;
mod definitions;
mod down;
mod engine;
mod exec;
mod existing;
mod fresh;
mod gates;
mod ground;
mod images;
mod inotify;
mod kept;
mod kind;
mod lease;
mod leased;
mod left;
mod namespace;
mod namespaces;
mod node;
mod ready;
mod runs;
mod scripts;
mod site;
pub mod terrain;
mod tunnel;
mod version;

use external::{client, process};

pub use capability::Capability;
pub use cluster_scoped::{NAMESPACE_LABEL, Of, remove_outside};
pub use definitions::{leave_definitions, share, use_label};
pub use down::{Down, down};
pub use engine::{Engine, Machine};
pub use exec::{Output, exec};
pub use existing::outlook;
pub use external::{
    Reporter,
    client::{Clients, install_crypto, reader},
    docker,
    images::{Absence, absence},
};
pub use images::{Image, NODE, of_nodes, present, provide, push};
pub use inotify::Instances;
pub use kind::find as find_kind;
pub use leased::Cluster;
pub use left::{down_in, runs_in};
pub use namespace::{
    HOLD_FINALIZER, RUN_LABEL, SCENARIO_LABEL, create_namespace, delete_namespace, label_value, sweep,
};
pub use namespaces::Namespaces;
pub use node::Node;
pub use ready::{DNS_LABEL, SYSTEM, all_nodes as all_nodes_ready, api as api_ready};
pub use runs::RunLock;
pub use scripts::{sentinel, set_up};
pub use site::{Loader, Site};
pub use tunnel::Tunnel;
