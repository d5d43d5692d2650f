//! The growth of a PVC: followed until it has what it asks for, or until nobody can be seen to give it.

use std::{fmt, time::Duration};

use external::api::objects;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use record::quantity;
use serde_json::json;

use super::Volumes;
use crate::{
    cluster::terrain::FOLDERS,
    error::{Error, Result},
    report::terrain::StorageClass,
    wait::until_answered,
};

/// How long our own may take once it was made to look again: a look that went wrong is not repeated by itself.
const ANOTHER_LOOK: Duration = Duration::from_secs(20);
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
    /// The same, and who is to make its volume larger is our own.
    Missing(String),
}

impl fmt::Display for Growth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => formatter.write_str("it has grown"),
            Self::NeedsNewPod => {
                formatter.write_str("its file system waits for a new pod, also where it has had one")
            }
            Self::Open(why) | Self::Missing(why) => formatter.write_str(why),
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

    /// Why a PVC may grow, for all that is known; none where the class that it has forbids it, which need not be the one asked for.
    ///
    /// # Errors
    /// When the PVC can't be read.
    pub async fn may_grow(&self, volume_claim: &str) -> Result<Option<String>> {
        let found = self.read(volume_claim).await?;
        let class = found.spec.and_then(|spec| spec.storage_class_name);
        Ok(grows_in(class.as_deref().unwrap_or_default(), &self.run.terrain().storage))
    }

    /// Waits until a PVC has so much, and says what became of it.
    ///
    /// # Errors
    /// When the PVC can't be read at the end.
    pub async fn growth(&self, volume_claim: &str, wanted: &str, deadline: Duration) -> Result<Growth> {
        let terrain = self.run.terrain();
        let provisioner = terrain.growing_class().map(|class| class.provisioner.as_str());
        let own = is_own(self.run.is_in_cluster_of_ours(), provisioner);
        let mut grown = self.until_has(volume_claim, wanted, deadline).await;
        if own && grown.is_err() {
            let touched = json!({"metadata": {"annotations": {"steadfast.dev/note": "is to grow"}}});
            self.set
                .change_volume_claim(volume_claim, "touch, so that it is looked at again", &touched)
                .await?;
            grown = self.until_has(volume_claim, wanted, ANOTHER_LOOK).await;
        }
        let Err(error) = grown else { return Ok(Growth::Done) };
        let found = self.read(volume_claim).await?;
        if has(&found, wanted) {
            return Ok(Growth::Done);
        }
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
            let provisioner = provisioner.unwrap_or("its provisioner");
            let waits = said(&[WAITS]).map(|said| format!(" ({said})")).unwrap_or_default();
            format!("no resizer of {provisioner} can be seen to work{waits}")
        });
        let known = format!("{error}; {why}");
        Ok(if own { Growth::Missing(known) } else { Growth::Open(known) })
    }

    async fn until_has(&self, volume_claim: &str, wanted: &str, deadline: Duration) -> Result<()> {
        let ask = || async {
            let found = self.read(volume_claim).await?;
            let words = || format!("it has {}", capacity(&found).unwrap_or_default());
            if has(&found, wanted) { Ok(()) } else { Err(Error::environment(words())) }
        };
        let sentence = format!("claim {volume_claim} has {wanted}");
        until_answered(&sentence, self.run.stretch(deadline), ask).await
    }

    async fn read(&self, name: &str) -> Result<PersistentVolumeClaim> {
        objects::<PersistentVolumeClaim>(self.run.client(), self.run.namespace()).get(name).await
    }
}

/// Why PVCs of a class may grow, for all that is known; without a class none does.
fn grows_in(class: &str, known: &[StorageClass]) -> Option<String> {
    match known.iter().find(|one| one.name == class) {
        _ if class.is_empty() => None,
        Some(found) => found.expansion.then(|| format!("claims of the class {class} may grow")),
        None => Some(format!("it has the class {class}, of which nothing is known")),
    }
}

fn capacity(volume_claim: &PersistentVolumeClaim) -> Option<String> {
    let storage = volume_claim.status.as_ref()?.capacity.as_ref()?.get("storage")?;
    Some(storage.0.clone())
}

fn has(volume_claim: &PersistentVolumeClaim, wanted: &str) -> bool {
    let large = |text: &str| quantity::parse(text).unwrap_or_default();
    large(&capacity(volume_claim).unwrap_or_default()) >= large(wanted)
}

/// Whether who makes volumes larger came with the cluster's image, so that nobody else answers for it: in a cluster of ours a class of
/// folders lets PVCs grow only where it is our own.
fn is_own(cluster_is_ours: bool, provisioner: Option<&str>) -> bool {
    cluster_is_ours && provisioner == Some(FOLDERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_provisioner_is_held_to_what_it_does_to_a_larger_claim() {
        assert!(is_own(true, Some(FOLDERS)));
        for (cluster_is_ours, provisioner) in
            [(false, Some(FOLDERS)), (true, Some("ebs.csi.aws.com")), (true, None)]
        {
            assert!(!is_own(cluster_is_ours, provisioner), "{cluster_is_ours} {provisioner:?}");
        }
    }

    #[test]
    fn a_claim_has_what_its_status_says_in_whatever_unit() {
        let claim = |size: &str| {
            let claim = json!({"metadata": {}, "spec": {"resources": {"requests": {"storage": "128Mi"}}},
                "status": {"capacity": {"storage": size}}});
            serde_json::from_value(claim).unwrap()
        };
        assert!(has(&claim("128Mi"), "128Mi") && has(&claim("1Gi"), "128Mi"));
        assert!(!has(&claim("64Mi"), "128Mi") && !has(&PersistentVolumeClaim::default(), "128Mi"));
    }

    #[test]
    fn a_claim_grows_by_the_class_that_it_has() {
        let class = |name: &str, expansion| StorageClass {
            name: name.to_owned(),
            expansion,
            ..StorageClass::default()
        };
        let known = [class("grows", true), class("fixed", false)];
        assert_eq!(grows_in("fixed", &known), None);
        assert_eq!(grows_in("", &known), None);
        assert_eq!(grows_in("grows", &known).as_deref(), Some("claims of the class grows may grow"));
        assert!(grows_in("other", &known).is_some());
    }
}
