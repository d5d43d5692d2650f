//! Volumes of ours that can fail, one for each PVC of a set, and the power cut.

mod blocks;
mod faults;
mod noticed;

pub use blocks::Blocks;

use std::{collections::BTreeMap, time::Duration};

use futures::future::try_join_all;
use serde_json::{Value, json};

use crate::{
    error::{Error, Result},
    fault::disk::{self, Cut, Disk},
    journal::Promise,
    manifest::Manifest,
    runner::Run,
    workload::{Set, Workload},
};

/// The disks of a trial, by the names of the PVCs that have them.
#[derive(Debug, Clone)]
pub struct Disks {
    run: Run,
    class: String,
    mebibytes: u32,
    disks: BTreeMap<String, Disk>,
}

impl Run {
    /// The disk of ours that a pod's PVC is.
    ///
    /// # Errors
    /// When the pod is on no node of ours.
    pub fn disk(&self, template: &str, set: &Set, ordinal: u32) -> Result<Disk> {
        let pod = set.pod(ordinal)?;
        let node = self.node(pod.node.as_deref().unwrap_or_default())?;
        Ok(Disk::at(&node, self.namespace(), &format!("{template}-{}", pod.meta.name)))
    }
}

impl Disks {
    /// Makes a disk of so many MiB for each PVC of so many pods, on two workers in turn, however many there are: what one pod has
    /// is on one node, and pods 0 and 2 are on the same one.
    pub(in crate::runner) async fn make(run: Run, replicas: u32, mebibytes: u32) -> Result<Self> {
        let workload = run.workload();
        let mut manifest = workload.manifest()?;
        let promise = Promise::of(manifest.find("StatefulSet", workload.name)?);
        let workers = run.workers()?;
        let making = (0..replicas).zip(workers.iter().take(2).cycle()).flat_map(|(ordinal, node)| {
            let claims = promise.volume_claims(ordinal);
            claims.map(|claim| async {
                let disk = Disk::make(node, run.namespace(), &claim, mebibytes).await?;
                Ok::<_, Error>((claim, disk))
            })
        });
        let disks = try_join_all(making).await?.into_iter().collect();
        let disks = Self { class: run.outside("disks"), run, mebibytes, disks };
        disks.offer().await?;
        Ok(disks)
    }

    /// Makes the storage class and the volumes that the API server knows them by.
    async fn offer(&self) -> Result<()> {
        let class = json!({
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": self.class},
            "provisioner": "kubernetes.io/no-provisioner",
            "volumeBindingMode": "WaitForFirstConsumer",
        });
        let volumes = self.disks.iter().map(|(claim, disk)| self.volume(claim, disk));
        self.run.apply_objects([class].into_iter().chain(volumes)).await
    }

    fn volume(&self, claim: &str, disk: &Disk) -> Value {
        let on = json!({"key": "kubernetes.io/hostname", "operator": "In", "values": [disk.node.name]});
        json!({
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": self.run.outside(claim)},
            "spec": {
                "capacity": {"storage": self.size()},
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": self.class,
                "persistentVolumeReclaimPolicy": "Retain",
                "hostPath": {"path": disk.path(), "type": "Directory"},
                "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": self.run.namespace(), "name": claim},
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [on]}]}},
            },
        })
    }

    fn size(&self) -> String {
        format!("{}Mi", self.mebibytes)
    }

    /// Lets a set's PVCs be these disks, and its pods run where those are.
    ///
    /// # Errors
    /// When the manifest has no such set.
    pub fn use_in(&self, manifest: &mut Manifest, workload: &Workload) -> Result<()> {
        workload.with_class(manifest, &self.class)?;
        let set = manifest.find("StatefulSet", workload.name)?;
        for template in set["spec"]["volumeClaimTemplates"].as_array_mut().into_iter().flatten() {
            template["spec"]["resources"]["requests"]["storage"] = json!(self.size());
        }
        Ok(())
    }

    fn disks_of(&self, pod: &str) -> impl Iterator<Item = &Disk> {
        let ending = format!("-{pod}");
        self.disks.iter().filter(move |(claim, _)| claim.ends_with(&ending)).map(|(_, disk)| disk)
    }

    /// Lets the disks have everything that was written so far: the set-up is not what a power cut is to show.
    ///
    /// # Errors
    /// A node's own.
    pub async fn sync(&self) -> Result<()> {
        try_join_all(self.disks.values().map(Disk::sync)).await.map(drop)
    }

    /// Mounts the disks of these pods again, which a node that was restarted has no more.
    ///
    /// # Errors
    /// When no loop device can be had.
    pub async fn attach(&self, pods: &[String]) -> Result<()> {
        let disks = pods.iter().flat_map(|pod| self.disks_of(pod));
        try_join_all(disks.map(Disk::attach)).await.map(drop)
    }

    /// Cuts the power of these pods' nodes, all at once. The servers go on for so long without their disks, and are gone.
    ///
    /// # Errors
    /// When nobody lost his disk, or a node did not do it.
    pub async fn cut(&self, pods: &[String], linger: Duration) -> Result<Cut> {
        let disks: Vec<&Disk> = pods.iter().flat_map(|pod| self.disks_of(pod)).collect();
        let whose = pods.join(", ");
        self.run.log().act("cut", format!("pod/{whose}"), format!("cut the power of {whose}"));
        let cut = disk::cut(&disks, linger).await?;
        if cut.users == 0 {
            return Err(Error::environment(format!(
                "the power of {whose} was cut, and nobody used its disks"
            )));
        }
        Ok(cut)
    }
}
