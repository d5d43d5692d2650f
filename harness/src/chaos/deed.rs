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
    /// The kubelet of a pod's node stands still for a while.
    StopKubelet,
    /// The power of a pod's node is cut: what only the page cache has is lost.
    CutPower,
    /// A pod's disks are full for a while.
    FillDisks,
    /// Nobody is told an address by the cluster's DNS for a while.
    HideNames,
    /// The set has only so many replicas for a while.
    Scale(u32),
    /// A program of the control plane is killed.
    KillProgram(&'static str),
}

/// The programs of the control plane that are killed.
pub const PROGRAMS: [&str; 4] = ["kube-controller-manager", "kube-scheduler", "kube-apiserver", "etcd"];

impl Deed {
    /// All of them, where the set scales down to so many replicas, and this program is killed.
    pub const fn all(replicas: u32, program: &'static str) -> [Self; 13] {
        [
            Self::Delete,
            Self::Kill,
            Self::Stop,
            Self::Part(Ways::Both),
            Self::Part(Ways::One),
            Self::RestartNode,
            Self::PauseNode,
            Self::StopKubelet,
            Self::CutPower,
            Self::FillDisks,
            Self::HideNames,
            Self::Scale(replicas),
            Self::KillProgram(program),
        ]
    }

    /// Whether it is over at once, but for what follows from it.
    pub fn is_momentary(self) -> bool {
        matches!(self, Self::Delete | Self::Kill | Self::RestartNode | Self::CutPower | Self::KillProgram(_))
    }

    /// Whether servers end by it whose containers are started again.
    pub fn kills(self) -> bool {
        matches!(self, Self::Kill | Self::CutPower)
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
            Self::StopKubelet => format!("let the kubelet of {pod} stand still"),
            Self::CutPower => format!("cut the power of the node of {pod}"),
            Self::FillDisks => format!("fill the disks of {pod}"),
            Self::HideNames => "let the DNS tell nobody an address".to_owned(),
            Self::Scale(replicas) => format!("scale to {replicas}"),
            Self::KillProgram(program) => format!("kill {program}"),
        }
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.of("a pod"))
    }
}
