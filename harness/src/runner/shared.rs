//! What all trials of a run share.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use camino::Utf8PathBuf;
use tokio::sync::RwLock;
use tokio_util::sync::CancellationToken;

use super::evidence::Secrets;
use crate::{
    cluster::{Clients, Namespaces, Node, Site},
    manifest::Local,
    report::{screen::Screen, terrain::Terrain},
    settings::Settings,
};

/// The run, its cluster, and what it may do there.
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) run: String,
    pub(super) directory: Utf8PathBuf,
    pub(super) progress: Screen,
    /// What no log, report or evidence of the run may show.
    pub(super) secrets: Secrets,
    pub(super) cancelled: CancellationToken,
    pub(super) clients: Clients,
    /// What manifests take from the cluster.
    pub(super) local: Local,
    /// Where scenarios live.
    pub(super) namespaces: Arc<Namespaces>,
    /// Where the cluster is.
    pub(super) site: Site,
    /// What it is like.
    pub(super) terrain: Terrain,
    /// The nodes that may be hurt.
    pub(super) nodes: Vec<Node>,
    /// What the cluster can't run, with the reason.
    pub(super) skipped: BTreeMap<String, String>,
    /// Shared by those that run beside each other, taken by one that runs alone.
    pub(super) turn: RwLock<()>,
    /// What a scenario did to the cluster that could not be mended; nothing is proved on it from then on.
    pub(super) hurt: OnceLock<String>,
}
