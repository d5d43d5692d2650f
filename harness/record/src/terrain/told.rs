//! How a reader is told of the terrain: in a table, and in a line.

use std::fmt;

use super::{Clocks, Closed, NamespaceRules, Right, Terrain};
use crate::words::count;

/// The difference of clocks from which on it is told: what whole seconds and a busy machine make is below.
const SKEW: f64 = 2.0;

impl Terrain {
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
            Self::System(system) => write!(formatter, "of {system}"),
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
}
