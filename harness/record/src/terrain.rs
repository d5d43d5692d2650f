//! The terrain: what a cluster is like where no claim forbids it. Read once, before anything is judged; here is what was
//! read.

mod network;
mod storage;
mod told;

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

pub use network::{Dns, Family, KnownBy};
pub use storage::StorageClass;

/// What a cluster is like. What could not be read is empty, and [`Terrain::unread`] says why.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Terrain {
    /// The release that its API server behaves as: `(1, 34)`. None where that is not known.
    #[serde(default)]
    pub release: Option<(u32, u32)>,
    /// Its DNS; none where neither its configuration nor a pod could tell.
    pub dns: Option<Dns>,
    /// How many seconds may pass until the DNS and the proxies have heard of a pod.
    #[serde(default)]
    pub hearing_seconds: u64,
    /// Whether its proxies lead each client to one pod of a service.
    #[serde(default)]
    pub clients_stick: bool,
    /// The IP families of Services; one that asks for none has the first.
    pub families: Vec<Family>,
    /// Its storage classes, by name.
    pub storage: Vec<StorageClass>,
    /// Its nodes, by name.
    pub nodes: Vec<Node>,
    /// How its clocks differ.
    pub clocks: Clocks,
    /// What a fresh namespace is subject to.
    pub namespace: NamespaceRules,
    /// Why charts can't be installed as they are; none where they can.
    #[serde(default)]
    pub charts_barred: Option<String>,
    /// Whether its controllers are elected: when one dies, another stands in for it after a while.
    #[serde(default)]
    pub controllers_elected: bool,
    /// Whether its events are kept apart, so that their versions don't compare with those of other objects.
    pub events_apart: Option<bool>,
    /// The rights that we lack, of those that we use.
    pub lacking: Vec<Right>,
    /// What could not be read, and why.
    pub unread: Vec<String>,
}

/// A node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Why no pod of ours goes there; none when some do.
    pub closed: Option<Closed>,
    /// `amd64`
    pub architecture: String,
    /// `linux`
    #[serde(default)]
    pub system: String,
    /// `v1.34.4`
    pub kubelet: String,
}

/// Why a node takes no pods that tolerate nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closed {
    /// It is away, or not well.
    NotReady,
    /// It has this operating system, for which there are no images of ours: `windows`.
    System(String),
    /// Somebody has cordoned it.
    Cordoned,
    /// It has this taint: `example.com/gpu:NoSchedule`.
    Tainted(String),
}

/// How clocks differ from the API server's, in seconds; one that is ahead is above 0.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Clocks {
    /// Ours; the API server tells whole seconds.
    pub ours: Option<f64>,
    /// Those of the nodes that could be read, by name.
    pub nodes: BTreeMap<String, f64>,
}

/// What a fresh namespace is subject to, by what was found in one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamespaceRules {
    /// Why the API server would refuse the pods of a workload, by the workload's name.
    pub refuses: BTreeMap<String, String>,
    /// What it warns of such a pod.
    pub warns: Vec<String>,
    /// The quotas and limit ranges that a namespace comes with.
    pub limits: Vec<String>,
    /// How a PVC is not what was asked for, where somebody changes those on their way in.
    #[serde(default)]
    pub claims_changed: Option<String>,
    /// Whether namespaces are given, and are somebody else's.
    #[serde(default)]
    pub given: bool,
}

/// Something that we may be allowed to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Right {
    /// `list`, `watch`
    pub verbs: Vec<String>,
    /// `persistentvolumes`, `pods/proxy`, `statefulsets.apps`
    pub resource: String,
    /// What it is for.
    pub purpose: String,
    /// The claims that can't be asked without it.
    #[serde(default)]
    pub claims: Vec<String>,
}

impl Terrain {
    /// How old an answer of its DNS may be at most; 0 where nothing is known of it.
    pub fn dns_horizon(&self) -> Duration {
        self.dns.as_ref().map(Dns::horizon).unwrap_or_default()
    }

    /// How long its DNS and its proxies may take to hear of a pod.
    pub fn hears_within(&self) -> Duration {
        Duration::from_secs(self.hearing_seconds)
    }

    /// Whether a part of Kubernetes may be switched off here that no later release than this one lets be switched off.
    pub fn may_lack(&self, until: (u32, u32)) -> bool {
        self.release.is_some_and(|release| release <= until)
    }

    /// The family of a Service that asks for none.
    pub fn family(&self) -> Family {
        self.families.first().copied().unwrap_or(Family::IPv4)
    }

    /// The storage class of the run's claims: the chosen one, or else the default.
    pub fn class(&self) -> Option<&StorageClass> {
        self.chosen_class().or_else(|| self.storage.iter().find(|class| class.default))
    }

    fn chosen_class(&self) -> Option<&StorageClass> {
        self.storage.iter().find(|class| class.chosen)
    }

    /// A class whose claims may grow, the run's own before all others; where one was chosen, no other.
    pub fn growing_class(&self) -> Option<&StorageClass> {
        let others = self.storage.iter().filter(|_| self.chosen_class().is_none());
        self.class().into_iter().chain(others).find(|class| class.expansion)
    }

    /// The nodes that pods of ours go to.
    pub fn open_nodes(&self) -> Vec<&str> {
        self.nodes.iter().filter(|node| node.closed.is_none()).map(|node| node.name.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::terrain as ours;

    #[test]
    fn a_chosen_class_stands_before_the_default_one_and_alone() {
        let class = |name: &str, default, chosen, expansion| StorageClass {
            name: name.to_owned(),
            default,
            chosen,
            expansion,
            ..StorageClass::default()
        };
        let names = |terrain: &Terrain| {
            let name = |class: Option<&StorageClass>| class.map(|class| class.name.clone());
            (name(terrain.class()), name(terrain.growing_class()))
        };
        let mut terrain = Terrain {
            storage: vec![
                class("usual", true, false, false),
                class("grows", false, false, true),
                class("slow", false, true, false),
            ],
            ..Terrain::default()
        };
        assert_eq!(names(&terrain), (Some("slow".to_owned()), None));
        terrain.storage[2].chosen = false;
        assert_eq!(names(&terrain), (Some("usual".to_owned()), Some("grows".to_owned())));
    }

    #[test]
    fn nothing_known_is_said_so_and_read_back() {
        let empty = Terrain::default();
        assert_eq!(empty.line(), "DNS not known; nodes not known");
        assert_eq!(
            serde_json::from_str::<Terrain>(&serde_json::to_string(&ours()).unwrap()).unwrap(),
            ours()
        );
    }
}
