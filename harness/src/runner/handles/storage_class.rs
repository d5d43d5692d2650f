//! A storage class of the scenario's own.

use external::api::{Objects, cluster_objects};
use k8s_openapi::api::storage::v1::StorageClass as StorageClassObject;
use serde_json::json;

use crate::{
    error::{Error, Result},
    runner::Run,
};

/// A storage class that no other scenario uses.
#[derive(Debug, Clone)]
pub struct StorageClass {
    run: Run,
    name: String,
}

impl StorageClass {
    pub(in crate::runner) fn new(run: Run, name: &str) -> Self {
        let name = run.outside(name);
        Self { run, name }
    }

    /// Makes it like the one of the cluster's that lets PVCs grow; gives its name.
    ///
    /// # Errors
    /// When there is none, or the API server refuses.
    pub async fn copy_growing(&self) -> Result<String> {
        let like = self.run.terrain().growing_class().map(|class| class.name.clone());
        let like = like.ok_or_else(|| Error::bug("a claim is to grow, and no class lets it"))?;
        let found = self.all().get(&like).await?;
        let mut class = serde_json::to_value(&found).map_err(|error| Error::bug(error.to_string()))?;
        let own = self.name.clone();
        class["apiVersion"] = json!("storage.k8s.io/v1");
        class["kind"] = json!("StorageClass");
        class["metadata"] = json!({"name": own});
        self.run.apply_objects([class]).await?;
        Ok(own)
    }

    /// Lets its PVCs grow no more.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn forbid_growth(&self) -> Result<()> {
        let doing = format!("storageclass {}: forbid growth", self.name);
        self.all().doing(doing).merge(&self.name, &json!({"allowVolumeExpansion": false})).await.map(drop)
    }

    fn all(&self) -> Objects<StorageClassObject> {
        cluster_objects(self.run.client())
    }
}
