//! What Garage's admin API answers, as far as it is used here. Other fields are ignored: newer versions add some.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Secret;

/// What a node says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeInfo {
    /// The node's id; it lives on the meta volume.
    pub node_id: String,
    /// The pod's name.
    pub hostname: Option<String>,
}

/// Who is there, as one node sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterStatus {
    /// Every node that it has ever seen or that has a role.
    pub nodes: Vec<Node>,
}

/// A node, as another sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// The node's id.
    pub id: String,
    /// Whether it is connected.
    pub is_up: bool,
}

/// What a node is to store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// `dc1`
    pub zone: String,
    /// Bytes; a gateway has none.
    pub capacity: Option<u64>,
    /// Words of the administrator.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// Health, as one node sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterHealth {
    /// `healthy`, `degraded` or `unavailable`.
    pub status: String,
    /// Nodes of the layout that store.
    pub storage_nodes: u64,
    /// Those that it is connected to. Garage 2.0 called it `storageNodesOk`.
    #[serde(alias = "storageNodesOk")]
    pub storage_nodes_up: u64,
    /// 256
    pub partitions: u64,
    /// Partitions with all their nodes.
    pub partitions_all_ok: u64,
}

/// What `/health` answers; it needs no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// 200, or 503 while writes have no quorum (also while there is no layout).
    pub status: u16,
}

/// The layout: which node stores how much, and what is staged for the next version.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Layout {
    /// 0 means that there is none.
    pub version: u64,
    /// The nodes with a role.
    pub roles: Vec<LayoutRole>,
    /// Roles of the next version.
    pub staged_role_changes: Vec<RoleChange>,
}

/// A node's role in a layout.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LayoutRole {
    /// The node's id.
    pub id: String,
    /// Its role.
    #[serde(flatten)]
    pub role: Role,
}

/// A role that is to be given or taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleChange {
    /// The node's id.
    pub id: String,
    /// What is to become of it.
    #[serde(flatten)]
    pub change: Change,
}

/// What is to become of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Change {
    /// It loses its role.
    Remove {
        /// Always true.
        remove: bool,
    },
    /// It gets this one.
    Assign(Role),
}

/// What applying the staged changes would give.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Preview {
    /// It can't be done.
    Refused {
        /// Why.
        error: String,
    },
    /// It can.
    Possible {},
}

/// The versions of the layout.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LayoutHistory {
    /// Newest first.
    pub versions: Vec<LayoutVersion>,
}

/// One version of the layout.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LayoutVersion {
    /// Its number.
    pub version: u64,
    /// `Current`, `Draining` or `Historical`.
    pub status: String,
}

/// An access key.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: Secret,
}

impl std::fmt::Debug for AccessKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "AccessKey({})", self.id)
    }
}

/// What a node counts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeStatistics {
    /// Its metadata tables.
    #[serde(default)]
    pub table_stats: Vec<TableStatistics>,
    /// Its blocks.
    pub block_manager_stats: Option<BlockStatistics>,
}

/// What a node counts in one metadata table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TableStatistics {
    /// `object`
    pub table_name: String,
    /// Its items.
    pub items: u64,
    /// Items that are not in the tree yet.
    pub merkle_queue_len: u64,
    /// Items that wait to be sent to others.
    pub insert_queue_len: u64,
}

/// What a node counts of its blocks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockStatistics {
    /// Blocks that could not be fetched.
    pub resync_errors: u64,
}

/// A worker of a node, and what it does.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Worker {
    /// `Block resync worker #1`
    pub name: String,
    /// Whether it has something to do.
    pub state: WorkerState,
}

/// Whether a worker has something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WorkerState {
    /// It works.
    Busy,
    /// It works, and rests now and then.
    Throttled {},
    /// Nothing is to be done yet.
    Idle,
    /// Nothing will be any more.
    Done,
}

/// The answer of a call that several nodes answer.
#[derive(Debug, Deserialize)]
pub(super) struct PerNode<T> {
    pub success: BTreeMap<String, T>,
    pub error: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests;
