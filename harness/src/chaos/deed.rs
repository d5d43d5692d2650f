//! What can be done to a set, in words. A deletion by force is none of it: who asks for that takes it that two pods of an ordinal run.

use std::fmt;

use crate::runner::Ways;

/// Something that is done to a set, or to one of its pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// A pod is deleted.
    Delete,
    /// A server is killed, with SIGKILL.
    Kill,
    /// A server stands still for a while.
    Stop,
    /// A pod and all others don't hear each other for a while; one way, they hear it not.
    Part(Ways),
    /// A pod's node is restarted.
    RestartNode,
    /// A pod's node stands still for a while.
    PauseNode,
    /// The set has only so many replicas for a while.
    Scale(u32),
    /// The controller manager is killed.
    KillControllers,
}

impl Deed {
    /// All of them, where the set scales down to so many replicas.
    pub const fn all(replicas: u32) -> [Self; 9] {
        [
            Self::Delete,
            Self::Kill,
            Self::Stop,
            Self::Part(Ways::Both),
            Self::Part(Ways::One),
            Self::RestartNode,
            Self::PauseNode,
            Self::Scale(replicas),
            Self::KillControllers,
        ]
    }

    /// Whether it is over at once, but for what follows from it.
    pub fn is_momentary(self) -> bool {
        matches!(self, Self::Delete | Self::Kill | Self::RestartNode | Self::KillControllers)
    }

    /// It, done to a pod of this name.
    pub fn of(self, pod: &str) -> String {
        match self {
            Self::Delete => format!("delete {pod}"),
            Self::Kill => format!("kill -9 the server of {pod}"),
            Self::Stop => format!("let the server of {pod} stand still"),
            Self::Part(Ways::Both) => format!("part {pod} from all others"),
            Self::Part(Ways::One) => format!("let nobody hear {pod}"),
            Self::RestartNode => format!("restart the node of {pod}"),
            Self::PauseNode => format!("pause the node of {pod}"),
            Self::Scale(replicas) => format!("scale to {replicas}"),
            Self::KillControllers => "kill the controller manager".to_owned(),
        }
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.of("a pod"))
    }
}
