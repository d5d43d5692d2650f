//! A storage class of the scenario's own.

use std::time::Duration;

use k8s_openapi::api::storage::v1::StorageClass as StorageClassObject;
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::json;

use crate::{
    error::{Error, Result, within},
    runner::Run,
};

/// How long the API server may take for one call.
const CALL: Duration = Duration::from_secs(10);

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
        let doing = format!("reading storageclass {like}");
        let api: Api<StorageClassObject> = Api::all(self.run.client().clone());
        let found = within(CALL, &doing, api.get(&like), Error::api(doing.clone())).await?;
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
        let name = &self.name;
        let doing = format!("storageclass {name}: forbid growth");
        let api: Api<StorageClassObject> = Api::all(self.run.client().clone());
        let (parameters, patch) =
            (PatchParams::default(), Patch::Merge(json!({"allowVolumeExpansion": false})));
        let patch = api.patch(name, &parameters, &patch);
        within(CALL, &doing, patch, Error::api(doing.clone())).await.map(drop)
    }
}
