//! The handles that a scenario picks up from its run.

use std::{sync::Arc, time::Duration};

use super::{
    Budget, Charts, ControlPlane, Deployment, Disks, GarageStore, Life, NamedSet, Pod, PostgresStore, Prober,
    Run, StorageClass, Volumes, Worker,
};
use crate::{
    cluster::Node,
    error::{Error, Result},
    journal::fact,
    manifest::Manifest,
    wait::expectations,
    workload::{Set, folder, sentinel::Sentinel},
};

/// How long a fresh pod of ours may take until it runs.
const PROBE_DEADLINE: Duration = Duration::from_secs(120);

impl Run {
    /// A pod by its name.
    pub fn pod(&self, name: impl Into<String>) -> Pod {
        Pod::new(self.clone(), name)
    }

    /// The life of a pod, as the journal shows it.
    pub fn life(&self, pod: &Arc<fact::Pod>) -> Life {
        Life::new(self.clone(), Arc::clone(pod))
    }

    /// Our program in a pod.
    pub fn sentinel(&self, pod: impl Into<String>) -> Sentinel {
        Sentinel::new(self.client().clone(), self.namespace(), pod)
    }

    /// Our program in a pod, to ask and judge from inside it.
    pub fn prober(&self, pod: impl Into<String>) -> Prober {
        Prober::new(self.clone(), pod)
    }

    /// A pod of our program beside the workload, to ask and judge from inside it.
    ///
    /// # Errors
    /// When it does not run in time.
    pub async fn prober_beside(&self) -> Result<Prober> {
        self.apply(Manifest::load(&folder("probe")?)?).await?;
        self.wait(&expectations::pod_ready("probe", None), PROBE_DEADLINE).await?;
        Ok(self.prober("probe"))
    }

    /// The PVCs of a set, and what is behind and on them.
    pub fn volumes(&self, set: &Set) -> Volumes {
        Volumes::new(self.clone(), set.clone())
    }

    /// A storage class of the scenario's own: no other trial's.
    pub fn storage_class(&self, name: &str) -> StorageClass {
        StorageClass::new(self.clone(), name)
    }

    /// Disks of ours for so many pods of the workload, of so many MiB each: volumes that can fail.
    ///
    /// # Errors
    /// When no node is ours, or one can't have them.
    pub async fn disks(&self, replicas: u32, mebibytes: u32) -> Result<Disks> {
        Disks::make(self.clone(), replicas, mebibytes).await
    }

    /// The trial's Garage.
    pub fn garage(&self) -> GarageStore {
        GarageStore::new(self.clone())
    }

    /// The trial's PostgreSQL.
    pub fn postgres(&self) -> PostgresStore {
        PostgresStore::new(self.clone())
    }

    /// A set by its name, the workload's or one beside it.
    pub fn set(&self, name: &str) -> NamedSet {
        NamedSet::new(self.clone(), name)
    }

    /// A Deployment by its name.
    pub fn deployment(&self, name: &str) -> Deployment {
        Deployment::new(self.clone(), name)
    }

    /// A disruption budget by its name.
    pub fn budget(&self, name: &str) -> Budget {
        Budget::new(self.clone(), name)
    }

    /// What an upgrade of a chart has to do with the run.
    pub fn charts(&self) -> Charts {
        Charts::new(self.clone())
    }

    /// A node, to be hurt.
    ///
    /// # Errors
    /// When the cluster is not ours, or has no such node.
    pub fn node(&self, name: &str) -> Result<Worker> {
        let node = self.shared().nodes.iter().find(|node| node.name == name);
        let node = node.ok_or_else(|| {
            Error::environment(format!("node {name} is not ours: only nodes of our own clusters are hurt"))
        })?;
        Ok(Worker::new(self.clone(), node.clone()))
    }

    /// The nodes that workloads run on, to be hurt: the workers, or the control plane where there are none.
    ///
    /// # Errors
    /// When the cluster is not ours.
    pub fn workers(&self) -> Result<Vec<Worker>> {
        let workers = Node::workers(&self.shared().nodes);
        if workers.is_empty() {
            return Err(Error::environment("no node is ours: only nodes of our own clusters are hurt"));
        }
        Ok(workers.into_iter().map(|node| Worker::new(self.clone(), node.clone())).collect())
    }

    /// The control plane, to be hurt.
    ///
    /// # Errors
    /// When the cluster is not ours.
    pub fn control_plane(&self) -> Result<ControlPlane> {
        Ok(ControlPlane::new(self.clone(), self.control_plane_node()?.clone()))
    }

    fn control_plane_node(&self) -> Result<&Node> {
        let node = self.shared().nodes.iter().find(|node| node.is_control_plane());
        node.ok_or_else(|| {
            Error::environment("the control plane is not ours: only that of our own clusters is hurt")
        })
    }
}
