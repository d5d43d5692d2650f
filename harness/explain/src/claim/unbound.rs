//! A claim that is not bound, and why: no class, none of that name, no volume that fits, or nobody who makes one.

use k8s_openapi::api::{
    core::v1::{PersistentVolume, PersistentVolumeClaim},
    storage::v1::StorageClass,
};
use kube::ResourceExt;

use super::{DEFAULT_CLASS, again, class_name, is_default, phase, provisioning, waits_for_consumer};
use crate::{
    Picture,
    cause::{self, Cause, quote},
    evidence::Evidence,
    labels::selects,
    picture::message,
    quantity,
};

const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";

/// Why a claim is not bound that names no volume.
pub(super) fn examine(picture: &Picture, claim: &PersistentVolumeClaim) -> Option<Cause> {
    let describe = picture.kubectl(&format!("describe pvc {}", claim.name_any()));
    let cause = match (class_name(claim), &picture.classes) {
        (None, _) => no_class(picture, claim),
        (Some(""), _) => nothing_fits(picture, claim, "asks for a volume without a storage class"),
        (Some(name), Err(_)) => provisioning::failed(picture, claim, name),
        (Some(name), Ok(classes)) => match classes.iter().find(|class| class.name_any() == name) {
            None if of_class(picture, name).next().is_some() => nothing_fits(
                picture,
                claim,
                &format!("asks for storage class {name}, which nothing provisions"),
            ),
            None => Some(class_missing(picture, claim, name, classes)),
            // The scheduler looks for the volume, and says when there is none.
            Some(_) if waits_for_consumer(picture, claim) => None,
            Some(class) if class.provisioner == NO_PROVISIONER => {
                let why = format!("asks for storage class {name}, whose volumes are made by hand");
                nothing_fits(picture, claim, &why)
            }
            Some(class) => provisioning::failed(picture, claim, name)
                .or_else(|| provisioning::silent(picture, claim, class)),
        },
    };
    let about = format!("persistentvolumeclaim/{}", claim.name_any());
    let events = picture.events_about(claim);
    cause.map(|cause| {
        cause
            .by([Evidence::field(about, "status.phase", phase(claim))])
            .by(events.first().map(|event| Evidence::event(event)))
            .advise(format!("see the claim: {describe}"))
    })
}

fn of_class<'a>(picture: &'a Picture, name: &str) -> impl Iterator<Item = &'a PersistentVolume> {
    let volumes = picture.volumes.as_deref().unwrap_or_default().iter();
    volumes.filter(move |volume| {
        let class = volume.spec.as_ref().and_then(|spec| spec.storage_class_name.as_deref());
        class.unwrap_or_default() == name
    })
}

/// Whether a volume that is Available is as large as asked, can be mounted as asked, is one of those that are selected, and is kept
/// for no other claim.
fn fits(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> bool {
    let available = volume.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Available");
    let (Some(has), Some(asks)) = (&volume.spec, &claim.spec) else { return false };
    let capacity = has.capacity.as_ref().and_then(|all| quantity::parse(&all.get("storage")?.0));
    let modes = has.access_modes.as_deref().unwrap_or_default();
    let kept_for = has.claim_ref.as_ref().map(|kept| (kept.namespace.clone(), kept.name.clone()));
    available
        && kept_for.is_none_or(|kept| kept == (claim.namespace(), Some(claim.name_any())))
        && capacity >= size(claim).and_then(quantity::parse)
        && asks.access_modes.iter().flatten().all(|mode| modes.contains(mode))
        && asks.selector.as_ref().is_none_or(|selector| selects(selector, volume.labels()))
}

/// The storage that a claim asks for.
fn size(claim: &PersistentVolumeClaim) -> Option<&str> {
    Some(&claim.spec.as_ref()?.resources.as_ref()?.requests.as_ref()?.get("storage")?.0)
}

fn class_missing(
    picture: &Picture,
    claim: &PersistentVolumeClaim,
    wanted: &str,
    classes: &[StorageClass],
) -> Cause {
    let told =
        picture.event(claim, &["ProvisioningFailed"]).map(|event| format!(": {}", quote(message(event))));
    let names = classes.iter().map(ResourceExt::name_any).collect::<Vec<_>>().join(", ");
    let names = if names.is_empty() { "none".to_owned() } else { names };
    let seen = format!(
        "PVC {} is Pending: its storage class {wanted} does not exist{}; there are: {names}",
        claim.name_any(),
        told.unwrap_or_default()
    );
    Cause::new(cause::STORAGE_CLASS_MISSING, format!("storageclass/{wanted}"), seen)
        .advise(format!("create StorageClass {wanted}: the claim then binds by itself"))
        .advise(again(picture, claim, "with a class that exists"))
}

fn no_class(picture: &Picture, claim: &PersistentVolumeClaim) -> Option<Cause> {
    let told = picture.event(claim, &["FailedBinding"]).map(message);
    match &picture.classes {
        // Kubernetes gives the claim that class by itself.
        Ok(classes) if classes.iter().any(is_default) => return None,
        Err(_) if told.is_none() => return None,
        _ => {}
    }
    let seen = format!(
        "PVC {} is Pending: it names no storage class, and no class is the default{}",
        claim.name_any(),
        told.map(|told| format!(": {}", quote(told))).unwrap_or_default()
    );
    let cause = Cause::new(cause::NO_DEFAULT_STORAGE_CLASS, "storageclass", seen)
        .advise(format!("make a class the default: kubectl annotate storageclass NAME {DEFAULT_CLASS}=true"))
        .advise(again(picture, claim, "with a storageClassName"));
    Some(cause)
}

fn nothing_fits(picture: &Picture, claim: &PersistentVolumeClaim, why: &str) -> Option<Cause> {
    // One that fits is about to be bound.
    if of_class(picture, class_name(claim).unwrap_or_default()).any(|volume| fits(volume, claim)) {
        return None;
    }
    let name = claim.name_any();
    let modes =
        claim.spec.as_ref().and_then(|spec| spec.access_modes.as_deref()).unwrap_or_default().join(", ");
    let size = size(claim).unwrap_or("the size asked for");
    let selective = claim.spec.as_ref().is_some_and(|spec| spec.selector.is_some());
    let labels = if selective { ", and the labels of its selector" } else { "" };
    let told = picture.event(claim, &["FailedBinding"]).map(|event| format!(": {}", quote(message(event))));
    let seen = format!(
        "PVC {name} is Pending: it {why}, and no volume that is Available has {size} or more with {modes}{labels}{}",
        told.unwrap_or_default()
    );
    let cause = Cause::new(cause::NO_VOLUME_FITS, format!("persistentvolumeclaim/{name}"), seen)
        .advise("create a volume that fits, or free a Released one by removing its claimRef: kubectl get pv")
        .advise(again(picture, claim, "with a class that is provisioned"));
    Some(cause)
}
