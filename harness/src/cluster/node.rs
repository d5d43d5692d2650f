//! Operations on a node's container. Reached through [`super::Cluster::nodes`], which has none of a cluster that is not ours.

use std::time::Duration;

use super::docker::{QUICK, docker};
use crate::{error::Result, wait::until_answered};

/// How long everything on a node may take to stand still.
const FROZEN: Duration = Duration::from_secs(30);

/// A node of a cluster of ours. kind gives the container the node's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The node's name.
    pub name: String,
}

impl Node {
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }

    /// Whether it is a control plane. kind names it so, and numbers those after the first.
    pub fn is_control_plane(&self) -> bool {
        self.name.trim_end_matches(|letter: char| letter.is_ascii_digit()).ends_with("-control-plane")
    }

    /// Those of these nodes that workloads run on: the workers, or the control plane where there are none.
    pub fn workers(nodes: &[Self]) -> Vec<&Self> {
        let workers: Vec<_> = nodes.iter().filter(|node| !node.is_control_plane()).collect();
        if workers.is_empty() { nodes.iter().collect() } else { workers }
    }

    /// Stops the node and starts it again; returns when its container runs.
    ///
    /// # Errors
    /// The engine's own.
    pub async fn restart(&self) -> Result<()> {
        // systemd has 10 s to stop, then it is killed.
        docker(&["restart", &self.name], Duration::from_secs(90)).await.map(drop)
    }

    /// Freezes everything on the node. Where something on it begins or ends at that moment, the kernel may not do it at once.
    ///
    /// # Errors
    /// The engine's own.
    pub async fn pause(&self) -> Result<()> {
        let ask = || async { docker(&["pause", &self.name], QUICK).await.map(drop) };
        until_answered(&format!("node {} is paused", self.name), FROZEN, ask).await
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// The engine's own.
    pub async fn unpause(&self) -> Result<()> {
        docker(&["unpause", &self.name], QUICK).await.map(drop)
    }

    /// Runs a program on the node and returns what it wrote.
    ///
    /// # Errors
    /// The engine's own, or the program's exit code.
    pub async fn run(&self, argv: &[&str]) -> Result<String> {
        docker(&[&["exec", self.name.as_str()], argv].concat(), QUICK).await
    }

    /// Runs a shell script of ours on the node, by the name that messages give it, and returns what it wrote.
    ///
    /// # Errors
    /// The engine's own, or the script's exit code and words.
    pub async fn script(&self, name: &str, script: &str, arguments: &[&str]) -> Result<String> {
        self.run(&[&["sh", "-c", script, name], arguments].concat()).await.map_err(|error| {
            let words = error.to_string().replace(&format!("sh -c {script} {name}"), name);
            error.reworded(words)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workloads_run_on_the_workers_if_there_are_any() {
        let nodes = ["control-plane-control-plane", "a-control-plane2", "control-plane-worker", "a-worker2"];
        let nodes = nodes.map(Node::new);
        assert_eq!(Node::workers(&nodes), [&nodes[2], &nodes[3]]);
        assert_eq!(Node::workers(&nodes[..1]), [&nodes[0]]);
    }
}
