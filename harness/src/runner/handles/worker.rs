//! A node that workloads run on, to be hurt.

use std::{ops::Deref, time::Duration};

use crate::{
    cluster::Node,
    error::Result,
    fault,
    runner::Run,
    wait::{Progress, until_asked},
};

/// A node of ours that workloads run on: as a machine, and as what the API server calls a node.
#[derive(Debug, Clone)]
pub struct Worker {
    run: Run,
    node: Node,
}

impl Deref for Worker {
    type Target = Node;

    fn deref(&self) -> &Node {
        &self.node
    }
}

impl Worker {
    pub(in crate::runner) fn new(run: Run, node: Node) -> Self {
        Self { run, node }
    }

    /// Lets it take no new pods.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn cordon(&self) -> Result<()> {
        fault::node::cordon(self.run.client(), &self.node, true).await
    }

    /// Lets it take pods again.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn uncordon(&self) -> Result<()> {
        fault::node::cordon(self.run.client(), &self.node, false).await
    }

    /// Gives it a taint of ours that no pod tolerates unless it says so.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn taint(&self) -> Result<()> {
        fault::node::taint(self.run.client(), &self.node, true).await
    }

    /// Takes our taint away.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn untaint(&self) -> Result<()> {
        fault::node::taint(self.run.client(), &self.node, false).await
    }

    /// Lets its kubelet stand still, until [`Worker::resume_kubelet`]; what runs goes on.
    ///
    /// # Errors
    /// When none runs.
    pub async fn stop_kubelet(&self) -> Result<()> {
        self.act("stop", "let the kubelet stand still on");
        fault::process::freeze(&self.node, "kubelet").await
    }

    /// Lets its kubelet go on.
    ///
    /// # Errors
    /// The engine's own.
    pub async fn resume_kubelet(&self) -> Result<()> {
        self.act("resume", "let the kubelet go on of");
        fault::process::thaw_all(&self.node).await
    }

    fn act(&self, verb: &str, words: &str) {
        let node = &self.node.name;
        self.run.log().act(verb, format!("node/{node}"), format!("{words} {node}"));
    }

    /// Waits until the cluster misses it: nothing was heard of it for as long as it may be silent.
    ///
    /// # Errors
    /// When it is not missed in time.
    pub async fn until_missed(&self, deadline: Duration) -> Result<Duration> {
        let missed = || async {
            Ok(match fault::node::ready(self.run.client(), &self.node).await?.as_str() {
                "Unknown" => Progress::Met,
                ready => Progress::NotYet(format!("its Ready is {ready}")),
            })
        };
        until_asked(&format!("node {} is missed", self.node.name), self.run.stretch(deadline), missed).await
    }
}
