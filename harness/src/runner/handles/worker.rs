//! A node that workloads run on, to be hurt.

use std::{
    ops::Deref,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;

use crate::{
    cluster::Node,
    error::{Error, Result},
    fault,
    runner::Run,
    wait::{Progress, until_answered, until_asked},
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

    /// Lets it have room for so many pods that ask for [`ROOM`](fault::node::ROOM), until it is mended.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn offer(&self, room: u32) -> Result<()> {
        fault::node::offer(self.run.client(), &self.node, Some(room)).await
    }

    /// How many bytes of memory it has for pods.
    ///
    /// # Errors
    /// When the API server does not tell.
    pub async fn memory(&self) -> Result<f64> {
        fault::node::memory(self.run.client(), &self.node).await
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
        fault::machine::replace_all(&self.run.shared().nodes).await?;
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

    /// Waits, from before it is missed, until it has the taint for which pods must go; returns the last moment at which it had not.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn until_unreachable(&self, deadline: Duration) -> Result<Instant> {
        let node = &self.node.name;
        let free = Mutex::new(Instant::now());
        let ask = async || {
            let asked = Instant::now();
            let since = fault::node::unreachable_since(self.run.client(), &self.node).await?;
            let mut free = free.lock().unwrap_or_else(PoisonError::into_inner);
            if since.is_some() {
                return Ok(*free);
            }
            *free = asked;
            Err(Error::environment(format!("node {node} has no such taint")))
        };
        let sentence = format!("node {node} is tainted as not heard of");
        until_answered(&sentence, self.run.stretch(deadline), ask).await
    }

    /// Waits until the cluster hears of it again, and lets every pod stay there.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn until_heard(&self, deadline: Duration) -> Result<Duration> {
        self.until("is heard of again", "True", deadline).await?;
        let stays = || async {
            let taints = fault::node::evicting(self.run.client(), &self.node).await?;
            Ok(match taints.is_empty() {
                true => Progress::Met,
                false => Progress::NotYet(format!("it has the taints {taints:?}")),
            })
        };
        let sentence = format!("node {} lets every pod stay", self.node.name);
        until_asked(&sentence, self.run.stretch(deadline), stays).await
    }

    /// What speaks against it that a pod of it, told to go at this moment, had stayed for as long as it tolerates that its node is
    /// not heard of. Who gave the taint and who deletes the pod write whole seconds of one clock.
    ///
    /// # Errors
    /// When the API server refuses, or does not say since when the node has its taint.
    pub async fn against_gone_before(
        &self,
        told_to_go: Timestamp,
        tolerated: Duration,
    ) -> Result<Option<String>> {
        let node = &self.node.name;
        let since = fault::node::unreachable_since(self.run.client(), &self.node).await?;
        let since = since.ok_or_else(|| {
            Error::environment(format!("nobody says since when node {node} is not heard of"))
        })?;
        Ok(too_soon(since, told_to_go, tolerated).map(|after| {
            format!("a pod of node {node} was told to go {after} s after that was not heard of; it tolerates {tolerated:?}")
        }))
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

/// After how many seconds, where that is too soon: of times that are cut off to whole seconds, one less is told.
fn too_soon(since: Timestamp, told_to_go: Timestamp, tolerated: Duration) -> Option<i64> {
    let after = told_to_go.duration_since(since).as_secs();
    (after + 1 < i64::try_from(tolerated.as_secs()).unwrap_or(i64::MAX)).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_stays_for_as_long_as_it_tolerates() {
        let at = |second: i64| Timestamp::from_second(1_764_345_600 + second).unwrap();
        let told = |second| too_soon(at(0), at(second), Duration::from_secs(5));
        assert_eq!((told(0), told(3)), (Some(0), Some(3)));
        assert_eq!((told(4), told(5), told(60)), (None, None, None));
    }
}
