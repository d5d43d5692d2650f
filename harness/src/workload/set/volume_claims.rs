//! What a scenario does to the PVCs of a set.

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use serde_json::Value;

use super::Set;
use crate::error::Result;

impl Set {
    /// Asks whether the API server would take this merge patch of a PVC, without changing anything.
    ///
    /// # Errors
    /// With its words, when it would refuse.
    pub async fn volume_claim_would_take(&self, claim: &str, patch: &Value) -> Result<()> {
        self.would_patch::<PersistentVolumeClaim>("persistentvolumeclaim", claim, patch).await
    }

    /// Changes a PVC by a merge patch.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn change_volume_claim(&self, name: &str, text: &str, patch: &Value) -> Result<()> {
        let doing = format!("persistentvolumeclaim {name}: {text}");
        self.act("patch", format!("persistentvolumeclaim/{name}"), &doing);
        self.objects::<PersistentVolumeClaim>().doing(doing).merge(name, patch).await.map(drop)
    }

    /// Deletes a PVC; it goes when no pod uses it any more.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete_volume_claim(&self, name: &str) -> Result<()> {
        self.delete_object::<PersistentVolumeClaim>("persistentvolumeclaim", name).await
    }
}
