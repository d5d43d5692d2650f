//! The kinds that a journal records.

use serde::{Deserialize, Serialize};

/// A recorded kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// Pods of the namespace.
    Pod,
    /// PVCs of the namespace.
    PersistentVolumeClaim,
    /// StatefulSets of the namespace.
    StatefulSet,
    /// ControllerRevisions of the namespace.
    ControllerRevision,
    /// EndpointSlices of the namespace.
    EndpointSlice,
    /// Events of the namespace.
    Event,
    /// All persistent volumes.
    PersistentVolume,
    /// All nodes.
    Node,
}

impl Kind {
    /// Every recorded kind.
    pub const ALL: [Self; 8] = [
        Self::Pod,
        Self::PersistentVolumeClaim,
        Self::StatefulSet,
        Self::ControllerRevision,
        Self::EndpointSlice,
        Self::Event,
        Self::PersistentVolume,
        Self::Node,
    ];

    /// The name that manifests use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pod => "Pod",
            Self::PersistentVolumeClaim => "PersistentVolumeClaim",
            Self::StatefulSet => "StatefulSet",
            Self::ControllerRevision => "ControllerRevision",
            Self::EndpointSlice => "EndpointSlice",
            Self::Event => "Event",
            Self::PersistentVolume => "PersistentVolume",
            Self::Node => "Node",
        }
    }

    /// Whether objects of this kind live in no namespace.
    pub fn cluster_scoped(self) -> bool {
        matches!(self, Self::PersistentVolume | Self::Node)
    }
}
