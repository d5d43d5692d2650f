//! A node that workloads run on, to be hurt.

use std::{ops::Deref, time::Duration};

use crate::{
    cluster::Node,
    error::Result,
    fault,
    runner::Run,
    wait::{Progress, until_asked},
};

/// How long another machine may take until its node takes pods.
const JOINED: Duration = Duration::from_secs(120);

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

    /// Loses its machine for good, with all that it kept, as far as the cluster can know until it misses it.
    ///
    /// # Errors
    /// When something of it is left.
    pub async fn lose(&self) -> Result<()> {
        self.act("lose", "lose the machine of");
        fault::machine::lose(&self.node).await
    }

    /// Takes it out of the cluster, as who knows that its machine never comes back.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn forget(&self) -> Result<()> {
        self.act("delete", "delete the node");
        fault::node::forget(self.run.client(), &self.node).await
    }

    /// Puts another machine in the place of the one that was lost, under its name, and waits until it takes pods.
    ///
    /// # Errors
    /// When it does not join.
    pub async fn replace(&self) -> Result<()> {
        self.act("replace", "put another machine in the place of");
        fault::machine::replace_all(&self.run.parts().nodes).await?;
        self.until("takes pods", "True", JOINED).await.map(drop)
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
        self.until("is missed", "Unknown", deadline).await
    }

    /// Waits until the cluster says this of whether it is Ready.
    async fn until(&self, words: &str, wanted: &str, deadline: Duration) -> Result<Duration> {
        let said = || async {
            let ready = fault::node::ready(self.run.client(), &self.node).await?;
            Ok(if ready == wanted {
                Progress::Met
            } else {
                Progress::NotYet(format!("its Ready is {ready}"))
            })
        };
        until_asked(&format!("node {} {words}", self.node.name), self.run.stretch(deadline), said).await
    }
}
