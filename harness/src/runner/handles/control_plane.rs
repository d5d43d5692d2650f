//! The control plane, to be hurt.

use std::time::Duration;

use crate::{
    cluster::{Node, api_ready},
    error::Result,
    fault::{self, process::Killed},
    runner::Run,
};

/// The programs of a control plane of ours.
#[derive(Debug, Clone)]
pub struct ControlPlane {
    run: Run,
    node: Node,
}

impl ControlPlane {
    pub(in crate::runner) fn new(run: Run, node: Node) -> Self {
        Self { run, node }
    }

    /// Kills one of its programs, and waits until it runs again.
    ///
    /// # Errors
    /// When the program does not come back.
    pub async fn kill(&self, program: &str) -> Result<Killed> {
        self.run.log().act("kill", format!("control-plane/{program}"), format!("kill {program}"));
        fault::process::kill(&self.node, program).await
    }

    /// Lets one of its programs stand still, until [`ControlPlane::thaw`].
    ///
    /// # Errors
    /// When the program does not run.
    pub async fn freeze(&self, program: &str) -> Result<()> {
        self.run.log().act("freeze", format!("control-plane/{program}"), format!("freeze {program}"));
        fault::process::freeze(&self.node, program).await
    }

    /// Lets every program of it go on.
    ///
    /// # Errors
    /// The engine's own.
    pub async fn thaw(&self) -> Result<()> {
        self.run.log().act("thaw", "control-plane", "let its programs go on");
        fault::process::thaw_all(&self.node).await
    }

    /// Waits until the API server answers again.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn until_api_answers(&self, deadline: Duration) -> Result<()> {
        api_ready(self.run.client(), self.run.stretch(deadline)).await
    }
}
