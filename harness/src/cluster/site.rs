//! Where a cluster is, for programs that talk to it and images that go to it.

use camino::Utf8PathBuf;

use super::{Node, Reporter, kind};
use crate::error::Result;

/// A cluster's place.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// The kubeconfig of a cluster of ours; none for the user's own.
    pub kubeconfig: Option<Utf8PathBuf>,
    /// The context, where it is not the file's present one.
    pub context: Option<String>,
    /// The cache, with the programs that set-up installed.
    pub cache: Utf8PathBuf,
    /// The way for images to the nodes of a kind cluster on our engine.
    pub loader: Option<Loader>,
}

/// Brings images to the nodes of a kind cluster.
#[derive(Debug, Clone)]
pub struct Loader {
    pub(super) kind: Utf8PathBuf,
    pub(super) cluster: String,
    pub(super) scratch: Utf8PathBuf,
    /// Whether it is a cluster of ours: of another the control plane may take pods as well.
    pub(super) ours: bool,
}

impl Loader {
    /// Brings images to the nodes that workloads may run on.
    ///
    /// # Errors
    /// The engine does not have one, or a node does not take it.
    pub async fn load(&self, images: &[&str]) -> Result<()> {
        let nodes = kind::running(&self.cluster).await?;
        let scratch = self.scratch.join(format!("images-{}", std::process::id()));
        let nodes = if self.ours { Node::workers(&nodes) } else { nodes.iter().collect() };
        kind::load(&self.kind, &self.cluster, images, &nodes, scratch, &Reporter::silent()).await
    }
}
