//! What scenarios need of a cluster, and why they are left out, or judged in part, where it is lacking.

use std::{collections::BTreeMap, fmt};

use super::Plan;
use crate::{
    cluster::{Capability, Cluster},
    error::Result,
    report::terrain::{Right, Terrain},
    workload::SENTINEL,
};

/// Something that not every cluster has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Nodes and a control plane of ours, which may be hurt.
    OwnNodes,
    /// Two nodes that take pods.
    TwoNodes,
    /// A DNS of which is known how old its answers may be.
    KnownDns,
    /// A storage class whose claims may grow.
    GrowingClass,
    /// A storage class whose claims can't grow.
    FixedClass,
    /// A storage class that is known to give no volume to several nodes.
    UnsharedClass,
    /// A storage class that is known to give volumes to one pod alone.
    OnePodClass,
    /// The right to make persistent volumes.
    OwnVolumes,
    /// Helm, and charts that are installed as they are.
    Charts,
    /// A namespace of its own, which may be deleted.
    OwnNamespace,
    /// What depends on its version and its feature gates.
    Offered(Capability),
}

/// What a scenario judges only where a need is met.
#[derive(Debug, Clone, Copy)]
pub struct Want {
    /// The need.
    pub need: Need,
    /// What is left out without it.
    pub what: &'static str,
}

impl From<Capability> for Need {
    fn from(capability: Capability) -> Self {
        Self::Offered(capability)
    }
}

impl fmt::Display for Need {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::OwnNodes => "a cluster of our own, whose nodes and control plane may be hurt",
            Self::TwoNodes => "two nodes that take pods",
            Self::KnownDns => "a DNS whose domain and cache times can be read or measured",
            Self::GrowingClass => "a storage class with allowVolumeExpansion",
            Self::FixedClass => "a storage class without allowVolumeExpansion",
            Self::UnsharedClass => "a storage class whose volumes are known to be for one node",
            Self::OnePodClass => {
                "a storage class that is known to give volumes to one pod alone (ReadWriteOncePod)"
            }
            Self::OwnVolumes => "the right to make persistent volumes",
            Self::Charts => "charts that Helm may install as they are",
            Self::OwnNamespace => "a namespace of its own, which may be deleted",
            Self::Offered(capability) => capability.sentence(),
        })
    }
}

impl Need {
    /// Why the terrain does not meet it; none when it does, or when the terrain does not tell.
    pub fn lacking(self, terrain: &Terrain) -> Option<String> {
        match self {
            Self::OwnNodes | Self::Offered(_) => None,
            Self::TwoNodes => match terrain.open_nodes()[..] {
                [only] => Some(format!("{only} is the only node that takes pods")),
                _ => None,
            },
            Self::KnownDns => terrain.dns.is_none().then(|| {
                let why = terrain.unread.iter().find(|why| why.contains("DNS") || why.contains("Corefile"));
                why.cloned().unwrap_or_else(|| "the DNS's configuration can't be read".to_owned())
            }),
            Self::GrowingClass => {
                let none = terrain.growing_class().is_none();
                let chosen = terrain.storage.iter().find(|class| class.chosen);
                none.then(|| match chosen {
                    Some(class) => format!("the class {} has no allowVolumeExpansion", class.name),
                    None => "no storage class has allowVolumeExpansion".to_owned(),
                })
            }
            Self::FixedClass => match terrain.class() {
                Some(class) if !class.expansion => None,
                Some(class) => Some(format!("claims of the class {} may grow", class.name)),
                None => Some("the storage class is not known".to_owned()),
            },
            Self::UnsharedClass => access(terrain, |class, access| {
                access
                    .iter()
                    .any(|mode| mode == "ReadWriteMany")
                    .then(|| format!("the class {class} gives volumes that several nodes share"))
            }),
            Self::OnePodClass => access(terrain, |class, access| {
                access
                    .iter()
                    .all(|mode| mode != "ReadWriteOncePod")
                    .then(|| format!("the class {class} gives no volumes to one pod alone"))
            }),
            Self::OwnVolumes => {
                let lacks = |right: &&Right| {
                    right.resource == "persistentvolumes" && right.verbs.iter().any(|verb| verb != "list")
                };
                terrain.lacking.iter().find(lacks).map(|right| format!("we may not {right}"))
            }
            Self::Charts => terrain.charts_barred.clone(),
            Self::OwnNamespace => {
                terrain.namespace.given.then(|| "the namespaces are somebody else's".to_owned())
            }
        }
    }
}

/// Why the access modes that the storage class gives, of its name, are not what is needed; also where they are not known.
fn access(terrain: &Terrain, lacking: impl Fn(&str, &[String]) -> Option<String>) -> Option<String> {
    match terrain.class() {
        Some(class) if class.access.is_empty() => {
            Some(format!("what the class {} gives is not known", class.name))
        }
        Some(class) => lacking(&class.name, &class.access),
        None => Some("the storage class is not known".to_owned()),
    }
}

/// What the selected plans need of a cluster.
#[derive(Debug)]
pub(super) struct Needs(BTreeMap<Need, Vec<String>>);

impl Needs {
    pub(super) fn of(plans: &[&Plan]) -> Self {
        let mut needs: BTreeMap<Need, Vec<String>> = BTreeMap::new();
        for plan in plans {
            for need in &plan.scenario.needs {
                needs.entry(*need).or_default().push(plan.name.clone());
            }
        }
        Self(needs)
    }

    /// Whether something hurts nodes or the control plane.
    pub(super) fn alone(&self) -> bool {
        self.0.contains_key(&Need::OwnNodes)
    }

    /// The plans that the cluster can't run, with the reason. What the terrain does not tell is asked in this namespace.
    pub(super) async fn missing(
        &self,
        cluster: &Cluster,
        terrain: &Terrain,
        namespace: &str,
    ) -> Result<BTreeMap<String, String>> {
        let mut missing = BTreeMap::new();
        let mut manifest = SENTINEL.manifest()?;
        manifest.take(&cluster.local);
        let set = manifest.find("StatefulSet", SENTINEL.name)?;
        for (need, plans) in &self.0 {
            let reason = match need {
                Need::OwnNodes => cluster.nodes().is_empty().then(|| {
                    "it hurts nodes or the control plane, which is done to clusters of our own alone"
                        .to_owned()
                }),
                Need::Offered(capability) => {
                    unasked(capability.missing(cluster, terrain, namespace, set).await)?
                }
                need => need.lacking(terrain).map(|why| format!("it needs {need}: {why}")),
            };
            let reason = reason
                .into_iter()
                .flat_map(|reason| plans.iter().map(move |plan| (plan.clone(), reason.clone())));
            missing.extend(reason);
        }
        Ok(missing)
    }
}

/// What a need is known to lack; where something else kept it from being asked, that is the reason.
fn unasked(missing: Result<Option<String>>) -> Result<Option<String>> {
    match missing {
        Err(error) => match error.obstacle() {
            Some(obstacle) => {
                Ok(Some(format!("it can't be known whether it is offered: {obstacle}: {error}")))
            }
            None => Err(error),
        },
        missing => missing,
    }
}

/// What each of these plans needs and wants, a line each, for those who list them.
pub(super) fn lines(plans: &[&Plan]) -> String {
    let mut text = String::new();
    for plan in plans {
        let needs = plan.scenario.needs.iter().map(|need| format!("needs {need}"));
        let wants = plan
            .scenario
            .wants
            .iter()
            .map(|Want { need, what }| format!("wants {need}, or leaves out {what}"));
        for line in needs.chain(wants) {
            text.push_str(&format!("{}: {line}\n", plan.name));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::terrain::{Closed, Node, StorageClass};
    use crate::{error::Error, law::Obstacle};

    #[test]
    fn what_could_not_be_asked_leaves_the_plans_out_and_ends_no_run() {
        let denied = Error::not_judged(Obstacle::Admission, "a webhook denied the request");
        let why = unasked(Err(denied)).unwrap().unwrap();
        assert!(why.ends_with("an admission policy is in the way: a webhook denied the request"), "{why}");
        assert_eq!(unasked(Ok(None)).unwrap(), None);
        assert!(unasked(Err(Error::bug("ours"))).is_err());
    }

    #[test]
    fn what_is_lacking_is_said_in_the_clusters_own_names() {
        let node = |name: &str, closed| Node { name: name.into(), closed, ..Node::default() };
        let class = |expansion| StorageClass {
            name: "standard".into(),
            default: true,
            expansion,
            ..StorageClass::default()
        };
        let mut terrain = Terrain {
            nodes: vec![node("worker", None), node("worker2", Some(Closed::NotReady))],
            storage: vec![class(false)],
            ..Terrain::default()
        };
        let lacking = |need: Need, terrain: &Terrain| need.lacking(terrain);
        assert_eq!(lacking(Need::TwoNodes, &terrain).unwrap(), "worker is the only node that takes pods");
        assert_eq!(
            lacking(Need::GrowingClass, &terrain).unwrap(),
            "no storage class has allowVolumeExpansion"
        );
        assert_eq!(lacking(Need::FixedClass, &terrain), None);
        assert_eq!(
            lacking(Need::UnsharedClass, &terrain).unwrap(),
            "what the class standard gives is not known"
        );
        terrain.storage[0].access = vec!["ReadWriteOnce".into()];
        assert_eq!(lacking(Need::UnsharedClass, &terrain), None);
        assert_eq!(
            lacking(Need::OnePodClass, &terrain).unwrap(),
            "the class standard gives no volumes to one pod alone"
        );
        terrain.storage[0].access.push("ReadWriteOncePod".into());
        assert_eq!(lacking(Need::OnePodClass, &terrain), None);
        terrain.storage[0].access.push("ReadWriteMany".into());
        assert_eq!(
            lacking(Need::UnsharedClass, &terrain).unwrap(),
            "the class standard gives volumes that several nodes share"
        );
        let right = |verb: &str, resource: &str| Right {
            verbs: vec![verb.into()],
            resource: resource.into(),
            purpose: "volumes".into(),
            claims: Vec::new(),
        };
        terrain.lacking = vec![right("list", "persistentvolumes"), right("create", "resourcequotas")];
        assert_eq!(lacking(Need::OwnVolumes, &terrain), None);
        terrain.lacking.push(right("create", "persistentvolumes"));
        assert!(
            lacking(Need::OwnVolumes, &terrain).unwrap().starts_with("we may not create persistentvolumes")
        );
        terrain.unread.push("reading the Corefile in configmap kube-system/coredns: no (403)".into());
        assert!(lacking(Need::KnownDns, &terrain).unwrap().ends_with("no (403)"));
        terrain.storage = vec![class(true)];
        terrain.nodes[1].closed = None;
        assert_eq!(lacking(Need::TwoNodes, &terrain), None);
        assert_eq!(lacking(Need::GrowingClass, &terrain), None);
        assert_eq!(lacking(Need::FixedClass, &terrain).unwrap(), "claims of the class standard may grow");
    }
}
