//! Why something could not be judged: neither for a promise nor against it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What stood in the way of a judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// The API server did not answer.
    ApiAway,
    /// The API server no longer accepts our credentials.
    Credentials,
    /// We may not do, or not see, what is needed.
    Rights,
    /// The recording has a gap, or a watch is behind.
    Recording,
    /// Who is responsible has not looked since.
    Controller,
    /// An admission policy or webhook, or Pod Security, refuses what is needed.
    Admission,
    /// A quota or a limit range refuses what is needed.
    Quota,
    /// An image can't be had.
    Image,
    /// A node can't run the image's architecture.
    Architecture,
    /// No node has room.
    Room,
    /// Taints or cordons keep pods off the nodes.
    Taint,
    /// A volume can't be had, attached or mounted.
    Volume,
    /// Somebody else evicts pods, or needs their place.
    Disruption,
    /// A node is not Ready, or its container runtime fails.
    Node,
    /// The namespace is going, and nobody of ours deletes it.
    Namespace,
    /// The pod that asks, or is asked, can't be reached.
    Prober,
    /// A network policy that is not ours keeps pods apart.
    Network,
    /// The cluster lacks what the question needs.
    Terrain,
    /// The clients were not there while it happened.
    Load,
    /// The scenario's time was over, which proves nothing.
    Time,
}

impl Obstacle {
    /// Whether it only keeps something from coming: it explains what is missing, and nothing that is there.
    pub fn only_keeps_away(self) -> bool {
        use Obstacle::*;
        matches!(self, Admission | Quota | Image | Architecture | Room | Volume)
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ApiAway => "the API server did not answer",
            Self::Credentials => "the API server does not accept the credentials",
            Self::Rights => "rights are missing",
            Self::Recording => "the recording is not whole",
            Self::Controller => "who is responsible has not looked since",
            Self::Admission => "an admission policy is in the way",
            Self::Quota => "a quota is in the way",
            Self::Image => "an image can't be had",
            Self::Architecture => "a node can't run the image",
            Self::Room => "no node has room",
            Self::Taint => "taints or cordons are in the way",
            Self::Volume => "a volume can't be had",
            Self::Disruption => "somebody else takes pods away",
            Self::Node => "a node is not Ready",
            Self::Namespace => "the namespace is going",
            Self::Prober => "who was to be asked can't be reached",
            Self::Network => "a network policy is in the way",
            Self::Terrain => "the cluster lacks what it needs",
            Self::Load => "no client was there",
            Self::Time => "the time was over",
        })
    }
}
