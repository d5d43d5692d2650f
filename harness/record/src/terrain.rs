//! The terrain: what a cluster is like where no claim forbids it. Read once, before anything is judged; here is what was
//! read, and how a reader is told.

mod network;
mod storage;

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::{Deserialize, Serialize};

pub use network::{Dns, Family, KnownBy};
pub use storage::StorageClass;

use crate::words::count;

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
    /// `v1.34.4`
    pub kubelet: String,
}

/// Why a node takes no pods that tolerate nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closed {
    /// It is away, or not well.
    NotReady,
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

/// The difference of clocks from which on it is told: what whole seconds and a busy machine make is below.
const SKEW: f64 = 2.0;

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

    /// Each thing, and what it is like, for a table.
    pub fn table(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![
            ("DNS", self.dns.as_ref().map_or_else(|| "not known".to_owned(), ToString::to_string)),
            ("IP families", listed(&self.families, "not known")),
            ("storage", listed(&self.storage, "no class known")),
            ("nodes", self.nodes_in_words()),
            ("clocks", self.clocks.to_string()),
        ];
        let apart = "their versions don't compare with those of other objects: kept in an etcd of their own";
        rows.extend((self.events_apart == Some(true)).then(|| ("events", apart.to_owned())));
        let NamespaceRules { refuses, warns, limits, .. } = &self.namespace;
        rows.extend(refuses.iter().map(|(workload, why)| ("refuses", format!("pods of {workload}: {why}"))));
        rows.extend(warns.iter().map(|warning| ("warns", warning.clone())));
        rows.extend(limits.iter().map(|limit| ("limits", limit.clone())));
        rows.extend(self.lacking.iter().map(|right| ("lacking right", right.to_string())));
        rows.extend(self.unread.iter().map(|why| ("not read", why.clone())));
        rows
    }

    /// What matters most, in a line.
    pub fn line(&self) -> String {
        let mut parts =
            vec![self.dns.as_ref().map_or_else(|| "DNS not known".to_owned(), ToString::to_string)];
        parts.extend((!self.families.is_empty()).then(|| listed(&self.families, "")));
        parts.extend(self.class().map(ToString::to_string));
        parts.push(self.nodes_in_words());
        let more = self
            .table()
            .into_iter()
            .filter(|(what, _)| ["refuses", "limits", "lacking right"].contains(what));
        let more = more.count();
        parts.extend((more > 0).then(|| format!("{} in the report", count(more, "restriction"))));
        parts.join("; ")
    }

    fn nodes_in_words(&self) -> String {
        if self.nodes.is_empty() {
            return "nodes not known".to_owned();
        }
        let mut kinds: Vec<String> =
            self.nodes.iter().map(|node| format!("{} {}", node.architecture, node.kubelet)).collect();
        kinds.sort();
        kinds.dedup();
        let (open, all) = (self.open_nodes().len(), self.nodes.len());
        let mut text = format!("{open} of {} take pods ({})", count(all, "node"), kinds.join(", "));
        let closed = self.nodes.iter().filter_map(|node| Some((&node.name, node.closed.as_ref()?)));
        closed
            .filter(|(_, why)| why.is_told())
            .for_each(|(name, why)| text.push_str(&format!(", {name} is {why}")));
        text
    }
}

impl Closed {
    /// A control plane takes no pods anywhere: that is nothing to tell.
    fn is_told(&self) -> bool {
        !matches!(self, Self::Tainted(taint) if taint.starts_with("node-role.kubernetes.io/control-plane"))
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReady => formatter.write_str("not Ready"),
            Self::Cordoned => formatter.write_str("cordoned"),
            Self::Tainted(taint) => write!(formatter, "tainted {taint}"),
        }
    }
}

impl fmt::Display for Clocks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let differs = |skew: &f64| skew.abs() >= SKEW;
        let side = |skew: f64| if skew > 0.0 { "ahead of" } else { "behind" };
        let mut parts = match self.ours {
            None => vec!["ours is not compared".to_owned()],
            Some(skew) if differs(&skew) => {
                vec![format!("ours is {:.0} s {} the API server's", skew.abs(), side(skew))]
            }
            Some(_) => Vec::new(),
        };
        let apart = self.nodes.iter().filter(|(_, skew)| differs(skew));
        parts.extend(
            apart.map(|(name, skew)| {
                format!("{name}'s is {:.0} s {} the API server's", skew.abs(), side(*skew))
            }),
        );
        if parts.is_empty() {
            let nodes = count(self.nodes.len(), "node");
            parts.push(format!("ours and those of {nodes} are within {SKEW:.0} s of the API server's"));
        }
        formatter.write_str(&parts.join("; "))
    }
}

impl fmt::Display for Right {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}: {}", self.verbs.join(", "), self.resource, self.purpose)
    }
}

fn listed<T: fmt::Display>(items: &[T], none: &str) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    if items.is_empty() { none.to_owned() } else { items.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{node, terrain as ours};

    #[test]
    fn a_plain_cluster_is_told_in_a_line() {
        assert_eq!(
            ours().line(),
            "DNS domain cluster.local, answers are not cached; IPv4; default class standard of \
             rancher.io/local-path (claims can't grow, WaitForFirstConsumer, Delete, ReadWriteOnce); 1 of 2 nodes take pods (amd64 v1.34.4)"
        );
        let clocks = ours().table().into_iter().find(|(what, _)| *what == "clocks");
        assert_eq!(clocks.unwrap().1, "ours and those of 1 node are within 2 s of the API server's");
    }

    #[test]
    fn what_is_not_as_usual_is_told() {
        let mut terrain = ours();
        terrain.nodes.push(node("worker2", Some(Closed::NotReady)));
        terrain.clocks = Clocks { ours: Some(-7.0), nodes: [("worker".to_owned(), 12.0)].into() };
        terrain.events_apart = Some(true);
        terrain.namespace.refuses.insert("sentinel".into(), "violates PodSecurity".into());
        let verbs = ["list", "watch"].map(str::to_owned).to_vec();
        let (resource, purpose) = ("nodes".to_owned(), "which nodes there are".to_owned());
        terrain.lacking.push(Right { verbs, resource, purpose, claims: Vec::new() });
        if let Some(dns) = &mut terrain.dns {
            (dns.address_seconds, dns.absence_seconds, dns.node_cache) = (60, 35, true);
        }
        assert_eq!(terrain.dns_horizon().as_secs(), 60);
        assert!(
            terrain.line().ends_with("worker2 is not Ready; 2 restrictions in the report"),
            "{}",
            terrain.line()
        );
        let table: Vec<String> =
            terrain.table().into_iter().map(|(what, is)| format!("{what}: {is}")).collect();
        for told in [
            "DNS: DNS domain cluster.local, addresses up to 60 s old, the answer that there is none up to 35 s, \
             with a cache on each node",
            "clocks: ours is 7 s behind the API server's; worker's is 12 s ahead of the API server's",
            "refuses: pods of sentinel: violates PodSecurity",
            "lacking right: list, watch nodes: which nodes there are",
        ] {
            assert!(table.iter().any(|row| row == told), "{told}\n{table:#?}");
        }
    }

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
