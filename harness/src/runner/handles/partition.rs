//! Pods that don't hear each other for a while.

use std::collections::BTreeMap;

use external::api::objects;
use k8s_openapi::api::core::v1::Pod as PodObject;
use kube::ResourceExt;

use super::Worker;
use crate::{
    cluster::{DNS_LABEL, Node, SYSTEM},
    error::{Error, Result},
    fault::network,
    runner::Run,
};

/// A partition between pods. It stays until it is [joined](Partition::join), or the trial's cluster is mended.
#[derive(Debug, Clone)]
pub struct Partition {
    run: Run,
    nodes: BTreeMap<String, Worker>,
}

/// Which way nothing comes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ways {
    /// Neither.
    Both,
    /// From the first pods to the second; what these send arrives.
    One,
}

impl Run {
    /// Lets these pods hear nothing of those any more, by the addresses that they have now.
    ///
    /// # Errors
    /// When a pod has no address, or is on no node of ours.
    pub async fn part(&self, these: &[String], those: &[String], ways: Ways) -> Result<Partition> {
        self.part_from(these, self.namespace(), those, ways).await
    }

    /// Lets these pods hear nothing of the cluster's DNS any more.
    ///
    /// # Errors
    /// When a pod has no address, or is on no node of ours; or the DNS has no pods.
    pub async fn part_from_dns(&self, these: &[String]) -> Result<Partition> {
        let servers = objects::<PodObject>(self.client(), SYSTEM).list_labelled(DNS_LABEL).await?;
        let servers: Vec<String> = servers.iter().map(ResourceExt::name_any).collect();
        if servers.is_empty() {
            return Err(Error::environment(format!("no pod in {SYSTEM} is labelled {DNS_LABEL}")));
        }
        self.part_from(these, SYSTEM, &servers, Ways::Both).await
    }

    async fn part_from(
        &self,
        these: &[String],
        namespace: &str,
        those: &[String],
        ways: Ways,
    ) -> Result<Partition> {
        let words = format!("part {} from {}", these.join(", "), those.join(", "));
        self.log().act("part", format!("pod/{}", these.join(", ")), words);
        let mut partition = Partition { run: self.clone(), nodes: BTreeMap::new() };
        let from = partition.addresses(self.namespace(), these).await?;
        let to = partition.addresses(namespace, those).await?;
        let nodes = partition.nodes();
        for one in &from {
            // Of two families nothing goes from one to the other.
            for other in to.iter().filter(|other| one.contains(':') == other.contains(':')) {
                network::part(&nodes, self.namespace(), one, other).await?;
                if ways == Ways::Both {
                    network::part(&nodes, self.namespace(), other, one).await?;
                }
            }
        }
        Ok(partition)
    }
}

impl Partition {
    /// Ends it.
    ///
    /// # Errors
    /// When it dropped nothing, and so was none; or a node's own.
    pub async fn join(self) -> Result<u64> {
        let (run, nodes) = (&self.run, self.nodes());
        let dropped = network::dropped(&nodes, run.namespace()).await?;
        run.log().act("join", "pods", format!("end the partition, which dropped {dropped} packets"));
        for node in nodes {
            network::join(node, run.namespace()).await?;
        }
        if dropped == 0 {
            return Err(Error::environment("pods were parted, and not one packet was dropped between them"));
        }
        Ok(dropped)
    }

    fn nodes(&self) -> Vec<&Node> {
        self.nodes.values().map(|worker| &**worker).collect()
    }

    /// The addresses of pods, whose nodes are noted.
    async fn addresses(&mut self, namespace: &str, pods: &[String]) -> Result<Vec<String>> {
        let mut addresses = Vec::new();
        for name in pods {
            let pod = objects::<PodObject>(self.run.client(), namespace).get(name).await?;
            let worker =
                self.run.node(pod.spec.and_then(|spec| spec.node_name).unwrap_or_default().as_str())?;
            self.nodes.insert(worker.name.clone(), worker);
            let found = pod.status.and_then(|status| status.pod_ips).unwrap_or_default();
            if found.is_empty() {
                return Err(Error::environment(format!("pod {name} has no address to be parted by")));
            }
            addresses.extend(found.into_iter().map(|ip| ip.ip));
        }
        Ok(addresses)
    }
}
