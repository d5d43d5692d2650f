//! A claim that asks for a VolumeAttributesClass, while the volume that was made for it has another or none: it is never
//! bound, and no event says so.

use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube::ResourceExt;

use crate::{
    Picture,
    cause::{self, Cause},
    claim,
    evidence::Evidence,
};

/// Why a pending claim does not get the volume that was made for it.
pub(super) fn examine(picture: &Picture, claim: &PersistentVolumeClaim) -> Option<Cause> {
    let wanted = claim.spec.as_ref()?.volume_attributes_class_name.as_deref().filter(|it| !it.is_empty())?;
    let volumes = picture.volumes.as_deref().unwrap_or_default();
    let volume = volumes.iter().find(|volume| made_for(volume, claim))?;
    let has = volume.spec.as_ref().and_then(|spec| spec.volume_attributes_class_name.as_deref());
    if has == Some(wanted) {
        return None;
    }
    let (name, volume) = (claim.name_any(), volume.name_any());
    let has = has.map_or_else(|| "has none".to_owned(), |has| format!("has {has}"));
    let seen = format!(
        "PVC {name} is Pending: it asks for VolumeAttributesClass {wanted}, and PV {volume}, which was made for it, {has}, so that it is never bound: the class does not exist, or the storage's driver knows none"
    );
    let about = format!("persistentvolumeclaim/{name}");
    let cause = Cause::new(cause::NO_VOLUME_FITS, about.clone(), seen)
        .by([
            Evidence::field(about, "spec.volumeAttributesClassName", wanted),
            Evidence::field(format!("persistentvolume/{volume}"), "spec.volumeAttributesClassName", &has),
        ])
        .by(picture.event(claim, &["ProvisioningSucceeded"]).map(Evidence::event))
        .advise(format!("see whether the class is there, and whose driver it is for: kubectl get volumeattributesclass {wanted}"))
        .advise(claim::again(picture, claim, "without volumeAttributesClassName, or with one of the storage's own driver, in volumeClaimTemplates"));
    Some(cause)
}

/// Whether a volume is kept for this very claim.
fn made_for(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> bool {
    let kept = volume.spec.as_ref().and_then(|spec| spec.claim_ref.as_ref());
    kept.is_some_and(|kept| {
        kept.name == claim.metadata.name
            && kept.namespace == claim.metadata.namespace
            && (kept.uid.is_none() || kept.uid == claim.metadata.uid)
    })
}
