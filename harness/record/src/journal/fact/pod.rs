//! Pods and their containers, reduced.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use super::Meta;

/// A pod.
#[derive(Debug, Clone, Default)]
pub struct Pod {
    /// Name, UID, labels, owners.
    pub meta: Arc<Meta>,
    /// The cluster's revision at which this version came about.
    pub version: u64,
    /// `Pending`, `Running`, `Succeeded`, `Failed`
    pub phase: Arc<str>,
    /// The Ready condition.
    pub ready: bool,
    /// When the API server made it, in whole seconds of its clock.
    pub created: Option<Timestamp>,
    /// When the API server was told to delete it, in whole seconds of its clock.
    pub told_to_go: Option<Timestamp>,
    /// How many seconds it may take to stop, by its own spec.
    pub own_grace: Option<i64>,
    /// How many it was given when it was told to go.
    pub given_grace: Option<i64>,
    /// When the Ready condition last changed, in whole seconds of its node's clock.
    pub ready_since: Option<Timestamp>,
    /// Its addresses: one of each IP family that it has, the cluster's first family first.
    pub addresses: Arc<[Arc<str>]>,
    /// Its node.
    pub node: Option<Arc<str>>,
    /// Volume names with the claim that each is.
    pub claims: Arc<BTreeMap<String, String>>,
    /// Its containers.
    pub containers: Arc<[Container]>,
    /// Why the scheduler did not place it.
    pub unschedulable: Option<Arc<str>>,
    /// Why it failed: `Evicted`, `DeadlineExceeded`.
    pub reason: Option<Arc<str>>,
    /// Why somebody else than its controller takes it away: an eviction, a taint, the end of its node. None where nobody does.
    pub disrupted: Option<Arc<str>>,
}

/// A container of a pod, as its status tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// How often it was restarted.
    pub restarts: i32,
    /// Whether it runs now.
    pub running: bool,
    /// Why it waits: reason and message.
    pub waiting: Option<(String, String)>,
    /// How it ended last.
    pub ended: Option<Ended>,
}

/// How a container ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Ended {
    /// `Completed`, `Error`, `OOMKilled`
    pub reason: String,
    /// Its exit code.
    pub code: i32,
    /// When, by its node's clock; the API cuts it off to whole seconds.
    pub at: Option<Timestamp>,
}

impl Pod {
    /// Whether it is Running, Ready and not being deleted.
    pub fn healthy(&self) -> bool {
        self.ready && &*self.phase == "Running" && !self.meta.terminating
    }

    /// Whether a container of it runs.
    pub fn runs(&self) -> bool {
        self.containers.iter().any(|container| container.running)
    }

    /// The state in a few words, with the reason where a container waits.
    pub fn summary(&self) -> String {
        let mut text = format!("{}, {}", self.phase, if self.ready { "Ready" } else { "not Ready" });
        if self.meta.terminating {
            text.push_str(", terminating");
        }
        if let Some(reason) = &self.unschedulable {
            text.push_str(&format!(", not scheduled: {reason}"));
        }
        for container in self.containers.iter() {
            if let Some((reason, message)) = &container.waiting {
                text.push_str(&format!(", container {} waits: {reason} {message}", container.name));
            }
            if let Some(Ended { reason, code, .. }) = &container.ended {
                text.push_str(&format!(", container {} ended: {reason} (exit code {code})", container.name));
            }
        }
        text.push_str(&format!(", uid {}", self.meta.uid));
        text
    }

    /// The revision of the set's template that it was made from.
    pub fn revision(&self) -> &str {
        self.meta.labels.get("controller-revision-hash").map_or("", |revision| revision)
    }

    /// Its container of this name: injected ones may stand before it.
    pub fn container(&self, name: &str) -> Option<&Container> {
        self.containers.iter().find(|container| container.name == name)
    }

    /// Whether somebody had it evicted, or needed its place; not what became of its node.
    pub fn evicted(&self) -> bool {
        matches!(self.disrupted.as_deref(), Some("EvictionByEvictionAPI" | "PreemptionByScheduler"))
    }

    /// Whether its node takes it away: a kubelet that needs its place or shuts down, a taint, the node's end.
    pub fn taken_by_its_node(&self) -> bool {
        let reason = self.disrupted.as_deref();
        matches!(reason, Some("TerminationByKubelet" | "DeletionByTaintManager" | "DeletionByPodGC"))
    }

    /// Restarts of all containers.
    pub fn restarts(&self) -> i32 {
        self.containers.iter().map(|container| container.restarts).sum()
    }
}
