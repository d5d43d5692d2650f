//! How a chart gets to the cluster.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who applies a chart. Each asks the API server in another way, and leaves other things undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Helm 4: a server-side apply; a field that another manager owns is a conflict.
    #[serde(alias = "helm")]
    Helm4,
    /// Helm 3, and releases that it made: a patch of what differs between the old manifest, the new one and what is there.
    Helm3,
    /// `helm template | kubectl apply`: lookups find nothing, hooks are plain objects, nothing is deleted.
    Apply,
    /// Argo CD: renders as `helm template` does, applies as kubectl does, runs hooks as its own, deletes what it may prune.
    Argo,
    /// Flux's Helm controller: Helm itself, in the cluster.
    Flux,
}

impl Way {
    /// Whether a chart that is rendered can look up what is there.
    pub fn looks_up(self) -> bool {
        matches!(self, Self::Helm4 | Self::Helm3 | Self::Flux)
    }

    /// Whether there is a release, with Helm's rules for it.
    pub fn has_release(self) -> bool {
        self.looks_up()
    }

    /// Whether a chart's hooks are run before and after the upgrade.
    pub fn runs_hooks(self) -> bool {
        self != Self::Apply
    }

    /// Whether what the new chart has no more is deleted.
    pub fn prunes(self) -> bool {
        self != Self::Apply
    }

    /// Who does it, in words.
    pub fn text(self) -> &'static str {
        match self {
            Self::Helm4 | Self::Helm3 => "Helm",
            Self::Apply => "kubectl apply",
            Self::Argo => "Argo CD",
            Self::Flux => "Flux",
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Helm4 => "helm4",
            Self::Helm3 => "helm3",
            Self::Apply => "apply",
            Self::Argo => "argo",
            Self::Flux => "flux",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_of_before_is_read_as_helm_4() {
        let read = |text: &str| serde_json::from_str::<Way>(text).unwrap();
        assert_eq!((read("\"helm\""), read("\"apply\"")), (Way::Helm4, Way::Apply));
        assert_eq!(serde_json::to_string(&Way::Helm4).unwrap(), "\"helm4\"");
    }
}
