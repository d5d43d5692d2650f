//! The PVCs of a set, and what is behind and on them.

mod given;
mod growth;
mod inspector;
mod marks;

pub use growth::Growth;
pub use marks::Mark;

use std::{collections::BTreeMap, time::Duration};

use external::api::{cluster_objects, objects};
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolume};
use serde_json::json;

use crate::{
    error::Result,
    runner::Run,
    wait::expectations::pods_have_volume_claims,
    workload::{Kind, Set},
};

/// How much later than a pod its PVCs may be heard.
const HEARD: Duration = Duration::from_secs(10);

/// The PVCs of a set, and the volumes behind them.
#[derive(Debug, Clone)]
pub struct Volumes {
    run: Run,
    set: Set,
}

impl Volumes {
    pub(in crate::runner) fn new(run: Run, set: Set) -> Self {
        Self { run, set }
    }

    fn kind(&self) -> Kind {
        self.set.workload.kind
    }

    /// The PVCs of this moment, those of all its pods among them: name and UID.
    ///
    /// # Errors
    /// When a pod's PVC is not there.
    pub async fn uids(&self) -> Result<BTreeMap<String, String>> {
        self.run.wait(&pods_have_volume_claims(&self.set.promise), HEARD).await?;
        Ok(self.run.log().now(|world| {
            let found = world.volume_claims_of(&self.set.promise);
            found.map(|found| (found.meta.name.clone(), found.meta.uid.clone())).collect()
        }))
    }

    /// Lets a volume that was a PVC's be anybody's, as who administers volumes may.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn set_free(&self, volume: &str) -> Result<()> {
        let doing = format!("persistentvolume {volume}: forget whose it was");
        let volumes = cluster_objects::<PersistentVolume>(self.run.client()).doing(doing);
        volumes.merge(volume, &json!({"spec": {"claimRef": null}})).await.map(drop)
    }

    /// Gives a PVC an owner of its own, which may control it: a ConfigMap of this name, made for it.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn own(&self, volume_claim: &str, owner: &str, controls: bool) -> Result<()> {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": owner}});
        self.run.apply_objects([object]).await?;
        let found = objects::<ConfigMap>(self.run.client(), self.run.namespace()).get(owner).await?;
        let reference = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": owner,
            "uid": found.metadata.uid, "controller": controls});
        let patch = json!({"metadata": {"ownerReferences": [reference]}});
        self.set.change_volume_claim(volume_claim, &format!("owned by configmap {owner}"), &patch).await
    }
}
