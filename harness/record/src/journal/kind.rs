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
    /// All persistent volumes, in journals of before.
    PersistentVolume,
    /// All nodes, in journals of before.
    Node,
}

impl Kind {
    /// The kinds that are recorded for each scenario. What belongs to the whole cluster is not: laws don't ask for it, and
    /// not everybody may see it.
    pub const RECORDED: [Self; 6] = [
        Self::Pod,
        Self::PersistentVolumeClaim,
        Self::StatefulSet,
        Self::ControllerRevision,
        Self::EndpointSlice,
        Self::Event,
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
}
