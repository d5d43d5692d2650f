//! The growth of a claim: followed until it has what it asks for, or until nobody can be seen to give it.

use std::{fmt, time::Duration};

use k8s_openapi::api::{core::v1::PersistentVolumeClaim, storage::v1::StorageClass};
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::json;

use super::Run;
use crate::{
    error::{Error, Result, within},
    explain::quantity,
    wait::until_answered,
};

/// How long the API server may take for one call.
const CALL: Duration = Duration::from_secs(10);
/// The condition of a claim whose volume has grown, and whose file system has not.
const FILE_SYSTEM: &str = "FileSystemResizePending";
/// What Kubernetes says of a claim that it can't make larger by itself, whether a resizer is there or not.
const WAITS: &str = "ExternalExpanding";
/// What a resizer says of its work.
const RESIZER: [&str; 4] =
    ["Resizing", "VolumeResizeFailed", "VolumeResizeSuccessful", "FileSystemResizeRequired"];

/// What became of a claim that was asked to grow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Growth {
    /// It has what it asks for.
    Done,
    /// Its volume has grown; its file system grows when its pod is made again.
    NeedsNewPod,
    /// It has not grown, and this is what is known of it.
    Open(String),
}

impl fmt::Display for Growth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => formatter.write_str("it has grown"),
            Self::NeedsNewPod => {
                formatter.write_str("its file system waits for a new pod, also where it has had one")
            }
            Self::Open(why) => formatter.write_str(why),
        }
    }
}

impl Run {
    /// Twice what a claim has now, as a quantity: some classes give more than was asked for.
    ///
    /// # Errors
    /// When the claim can't be read, or has nothing.
    pub async fn twice(&self, claim: &str) -> Result<String> {
        let found = self.read_claim(claim).await?;
        let bytes = capacity(&found).and_then(|text| quantity::parse(&text));
        let bytes =
            bytes.ok_or_else(|| Error::environment(format!("claim {claim} does not say what it has")))?;
        let mebibytes = bytes * 2.0 / f64::from(1 << 20);
        Ok(if mebibytes.fract() == 0.0 { format!("{mebibytes:.0}Mi") } else { format!("{:.0}", bytes * 2.0) })
    }

    /// Waits until a claim has so much, and says what became of it.
    ///
    /// # Errors
    /// When the claim can't be read at the end.
    pub async fn growth(&self, claim: &str, wanted: &str, deadline: Duration) -> Result<Growth> {
        let large = |text: &str| quantity::parse(text).unwrap_or_default();
        let ask = || async {
            let has = capacity(&self.read_claim(claim).await?).unwrap_or_default();
            if large(&has) >= large(wanted) {
                Ok(())
            } else {
                Err(Error::environment(format!("it has {has}")))
            }
        };
        let sentence = format!("claim {claim} has {wanted}");
        let Err(error) = until_answered(&sentence, self.stretch(deadline), ask).await else {
            return Ok(Growth::Done);
        };
        let found = self.read_claim(claim).await?;
        let conditions = found.status.and_then(|status| status.conditions).unwrap_or_default();
        if conditions.iter().any(|condition| condition.type_ == FILE_SYSTEM && condition.status == "True") {
            return Ok(Growth::NeedsNewPod);
        }
        let about = format!("PersistentVolumeClaim/{claim}");
        let said = |reasons: &[&str]| {
            self.log().now(|world| {
                let mut events = world.events_about(&about).into_iter().rev();
                let event = events.find(|event| reasons.contains(&&*event.reason))?;
                Some(format!("{}: {}", event.reason, event.message))
            })
        };
        let why = said(&RESIZER).map(|said| format!("its resizer says {said}")).unwrap_or_else(|| {
            let class = found.spec.and_then(|spec| spec.storage_class_name).unwrap_or_default();
            let of = self.terrain().storage.iter().find(|known| known.name == class);
            let provisioner = of.map_or("its provisioner", |class| class.provisioner.as_str());
            let waits = said(&[WAITS]).map(|said| format!(" ({said})")).unwrap_or_default();
            format!("no resizer of {provisioner} can be seen to work{waits}")
        });
        Ok(Growth::Open(format!("{error}; {why}")))
    }

    /// A storage class of the scenario's own, like the one of the cluster's that lets claims grow; gives its name.
    ///
    /// # Errors
    /// When there is none, or the API server refuses.
    pub async fn copy_growing_class(&self, name: &str) -> Result<String> {
        let like = self.terrain().growing_class().map(|class| class.name.clone());
        let like = like.ok_or_else(|| Error::bug("a claim is to grow, and no class lets it"))?;
        let doing = format!("reading storageclass {like}");
        let api: Api<StorageClass> = Api::all(self.client().clone());
        let found = within(CALL, &doing, api.get(&like), Error::api(doing.clone())).await?;
        let mut class = serde_json::to_value(&found).map_err(|error| Error::bug(error.to_string()))?;
        let own = self.outside(name);
        class["apiVersion"] = json!("storage.k8s.io/v1");
        class["kind"] = json!("StorageClass");
        class["metadata"] = json!({"name": own});
        self.apply_objects([class]).await?;
        Ok(own)
    }

    /// Lets the claims of a class of the scenario's own grow no more.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn forbid_growth(&self, name: &str) -> Result<()> {
        let name = self.outside(name);
        let doing = format!("storageclass {name}: forbid growth");
        let api: Api<StorageClass> = Api::all(self.client().clone());
        let (parameters, patch) =
            (PatchParams::default(), Patch::Merge(json!({"allowVolumeExpansion": false})));
        let patch = api.patch(&name, &parameters, &patch);
        within(CALL, &doing, patch, Error::api(doing.clone())).await.map(drop)
    }

    async fn read_claim(&self, name: &str) -> Result<PersistentVolumeClaim> {
        let doing = format!("reading persistentvolumeclaim {name}");
        let api: Api<PersistentVolumeClaim> = Api::namespaced(self.client().clone(), self.namespace());
        within(CALL, &doing, api.get(name), Error::api(doing.clone())).await
    }
}

fn capacity(claim: &PersistentVolumeClaim) -> Option<String> {
    let storage = claim.status.as_ref()?.capacity.as_ref()?.get("storage")?;
    Some(storage.0.clone())
}
