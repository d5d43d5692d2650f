//! The growth of a PVC: followed until it has what it asks for, or until nobody can be seen to give it.

use std::{fmt, time::Duration};

use external::api::objects;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use record::quantity;

use super::Volumes;
use crate::{
    error::{Error, Result},
    wait::until_answered,
};

/// The condition of a PVC whose volume has grown, and whose file system has not.
const FILE_SYSTEM: &str = "FileSystemResizePending";
/// What Kubernetes says of a PVC that it can't make larger by itself, whether a resizer is there or not.
const WAITS: &str = "ExternalExpanding";
/// What a resizer says of its work.
const RESIZER: [&str; 4] =
    ["Resizing", "VolumeResizeFailed", "VolumeResizeSuccessful", "FileSystemResizeRequired"];

/// What became of a PVC that was asked to grow.
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

impl Volumes {
    /// Twice what a PVC has now, as a quantity: some classes give more than was asked for.
    ///
    /// # Errors
    /// When the PVC can't be read, or has nothing.
    pub async fn twice(&self, volume_claim: &str) -> Result<String> {
        let found = self.read(volume_claim).await?;
        let bytes = capacity(&found).and_then(|text| quantity::parse(&text));
        let bytes = bytes
            .ok_or_else(|| Error::environment(format!("claim {volume_claim} does not say what it has")))?;
        let mebibytes = bytes * 2.0 / f64::from(1 << 20);
        Ok(if mebibytes.fract() == 0.0 { format!("{mebibytes:.0}Mi") } else { format!("{:.0}", bytes * 2.0) })
    }

    /// Waits until a PVC has so much, and says what became of it.
    ///
    /// # Errors
    /// When the PVC can't be read at the end.
    pub async fn growth(&self, volume_claim: &str, wanted: &str, deadline: Duration) -> Result<Growth> {
        let large = |text: &str| quantity::parse(text).unwrap_or_default();
        let ask = || async {
            let has = capacity(&self.read(volume_claim).await?).unwrap_or_default();
            if large(&has) >= large(wanted) {
                Ok(())
            } else {
                Err(Error::environment(format!("it has {has}")))
            }
        };
        let sentence = format!("claim {volume_claim} has {wanted}");
        let Err(error) = until_answered(&sentence, self.run.stretch(deadline), ask).await else {
            return Ok(Growth::Done);
        };
        let found = self.read(volume_claim).await?;
        let conditions = found.status.and_then(|status| status.conditions).unwrap_or_default();
        if conditions.iter().any(|condition| condition.type_ == FILE_SYSTEM && condition.status == "True") {
            return Ok(Growth::NeedsNewPod);
        }
        let about = format!("PersistentVolumeClaim/{volume_claim}");
        let said = |reasons: &[&str]| {
            self.run.log().now(|world| {
                let mut events = world.events_about(&about).into_iter().rev();
                let event = events.find(|event| reasons.contains(&&*event.reason))?;
                Some(format!("{}: {}", event.reason, event.message))
            })
        };
        let why = said(&RESIZER).map(|said| format!("its resizer says {said}")).unwrap_or_else(|| {
            let class = found.spec.and_then(|spec| spec.storage_class_name).unwrap_or_default();
            let of = self.run.terrain().storage.iter().find(|known| known.name == class);
            let provisioner = of.map_or("its provisioner", |class| class.provisioner.as_str());
            let waits = said(&[WAITS]).map(|said| format!(" ({said})")).unwrap_or_default();
            format!("no resizer of {provisioner} can be seen to work{waits}")
        });
        Ok(Growth::Open(format!("{error}; {why}")))
    }

    async fn read(&self, name: &str) -> Result<PersistentVolumeClaim> {
        objects::<PersistentVolumeClaim>(self.run.client(), self.run.namespace()).get(name).await
    }
}

fn capacity(volume_claim: &PersistentVolumeClaim) -> Option<String> {
    let storage = volume_claim.status.as_ref()?.capacity.as_ref()?.get("storage")?;
    Some(storage.0.clone())
}
