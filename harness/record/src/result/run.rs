//! What a run tells of itself, beside its results.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Trouble;
use crate::{gates::FeatureGates, terrain::Terrain};

/// One run: what it ran on, and what it meant to run. `run.json`, beside the results.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunFacts {
    /// [`SCHEMA`](super::SCHEMA).
    pub schema: u32,
    /// The run's id; every object it creates carries it as a label.
    pub run: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; none while it runs, or when it was killed.
    pub finished: Option<Timestamp>,
    /// Whether a signal ended it.
    pub interrupted: bool,
    /// How much was to be run: `quick` or `full`.
    #[serde(default)]
    pub profile: String,
    /// The settings that somebody gave another value than their default, as they were given.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// The scenarios that were selected, in the order of the catalogue. One without a result is reported as missing.
    pub selected: Vec<String>,
    /// Scenarios that were left out before the run began, with the reason.
    pub skipped: BTreeMap<String, String>,
    /// The cluster; none when the run ended before it had one.
    pub cluster: Option<ClusterFacts>,
    /// Seconds from the start until the cluster could be used.
    pub cluster_seconds: Option<f64>,
    /// Why the run ended before any scenario, if it did.
    pub trouble: Option<Trouble>,
}

/// What the scenarios ran on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClusterFacts {
    /// The cluster's name, or the context of an existing one.
    pub name: String,
    /// As the API server says it: `v1.34.4`.
    pub kubernetes: String,
    /// The feature gates that we gave it; of an existing cluster they are not known.
    #[serde(default, skip_serializing_if = "FeatureGates::is_empty")]
    pub feature_gates: FeatureGates,
    /// The nodes' names.
    pub nodes: Vec<String>,
    /// The images, with where they came from.
    pub images: Vec<ImageFacts>,
    /// What it is like; none where nothing has been run on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terrain: Option<Terrain>,
}

impl ClusterFacts {
    /// The Kubernetes version, with the feature gates that we gave it.
    pub fn version(&self) -> String {
        let gates = &self.feature_gates;
        if gates.is_empty() { self.kubernetes.clone() } else { format!("{} with {gates}", self.kubernetes) }
    }
}

/// One image that the run used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFacts {
    /// Name and tag.
    pub reference: String,
    /// `pull` or `build`; `nodes` of one that the nodes of an existing cluster have, or pull themselves.
    pub source: String,
    /// The digest by which the engine knows it.
    pub id: String,
}
