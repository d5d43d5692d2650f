//! Provisioners: what one complains about, and one that says nothing.

use k8s_openapi::api::{
    core::v1::{Event, PersistentVolumeClaim},
    storage::v1::StorageClass,
};
use kube::ResourceExt;

use crate::{
    Picture,
    cause::{self, Cause, quote},
    claim,
    evidence::Evidence,
    picture::{message, seen_last},
};

/// A provisioner that just starts, or elects its leader, takes longer than nothing.
const PROVISIONER_MAY_TAKE: f64 = 15.0;
/// After so long without a word, nobody is there.
const SILENT: f64 = 60.0;
/// A provisioner that has begun may take longer than one that has not.
const PROVISIONING_MAY_TAKE: f64 = 120.0;

/// What the provisioner of a claim that is still pending complained about last.
pub(super) fn failed(picture: &Picture, claim: &PersistentVolumeClaim, class: &str) -> Option<Cause> {
    let text = message(picture.event(claim, &["ProvisioningFailed"])?);
    let no_class = text.starts_with("storageclass.storage.k8s.io") && text.ends_with("not found");
    let (id, about) = match (&picture.classes, no_class) {
        // The class has been made since.
        (Ok(_), true) => return None,
        (Err(_), true) => (cause::STORAGE_CLASS_MISSING, format!("storageclass/{class}")),
        _ => (cause::PROVISIONING_FAILED, format!("persistentvolumeclaim/{}", claim.name_any())),
    };
    let name = claim.name_any();
    let seen =
        format!("PVC {name} is Pending: no volume of storage class {class} can be made: {}", quote(text));
    let cause = Cause::new(id, about.clone(), seen);
    Some(match not_offered(claim, text) {
        Some((field, value, helps)) => cause
            .by([Evidence::field(about, format!("spec.{field}"), &value)])
            .advise(format!("the provisioner of storage class {class} makes no volumes with {field}: {value}, however often it tries: {helps}"))
            .advise(claim::anew(picture, claim, "so")),
        None => cause.advise("end what is complained about; the provisioner tries again by itself"),
    })
}

/// What a claim asks for that its provisioner says it does not make, with what may be asked for instead.
fn not_offered(claim: &PersistentVolumeClaim, text: &str) -> Option<(&'static str, String, &'static str)> {
    let lower = text.to_lowercase();
    if !["not support", "unsupported", "only the access modes", "only support"]
        .iter()
        .any(|no| lower.contains(no))
    {
        return None;
    }
    let (asks, of_capabilities) = (claim.spec.as_ref()?, lower.contains("capabilit"));
    let block = asks.volume_mode.as_deref() == Some("Block");
    if block && (of_capabilities || lower.contains("block")) {
        return Some((
            "volumeMode",
            "Block".to_owned(),
            "ask for volumeMode: Filesystem (and mount it: volumeMounts), or for a class whose driver makes block volumes",
        ));
    }
    let modes = asks.access_modes.as_deref().unwrap_or_default();
    let of_modes = ["access mode", "accessmode", "multi_node", "multi-node", "multinode"];
    let spoken_of = of_capabilities || of_modes.iter().any(|word| lower.contains(word));
    (spoken_of && modes.iter().any(|mode| mode != "ReadWriteOnce")).then(|| (
        "accessModes",
        modes.join(", "),
        "ask for ReadWriteOnce, which is enough where each pod has its own claim, or for a class whose driver makes volumes that are shared (NFS, CephFS …)",
    ))
}

/// A provisioner that answers says "Provisioning" on the claim.
pub(super) fn silent(
    picture: &Picture,
    claim: &PersistentVolumeClaim,
    class: &StorageClass,
) -> Option<Cause> {
    let asked = picture.event(claim, &["ExternalProvisioning"]);
    let begun = picture.event(claim, &["Provisioning"]);
    let first = |event: Option<&Event>| {
        event
            .and_then(|event| event.first_timestamp.clone())
            .or_else(|| claim.metadata.creation_timestamp.clone())
    };
    let (since, may_take) = match begun {
        Some(event) => (event.last_timestamp.clone(), PROVISIONING_MAY_TAKE),
        None => (first(asked), PROVISIONER_MAY_TAKE),
    };
    if picture.since(since.as_ref()) < may_take {
        return None;
    }
    // It has answered: what keeps the claim from its volume is no silence.
    let made = picture.event(claim, &["ProvisioningSucceeded"]).and_then(seen_last);
    if made.is_some() && made >= since.as_ref().map(|since| since.0) {
        return None;
    }
    let told = asked.or(begun).map(|event| format!(": {}", quote(message(event)))).unwrap_or_default();
    let seen = format!(
        "PVC {} is Pending: the provisioner {} of storage class {} has not made a volume in {}{told}",
        claim.name_any(),
        class.provisioner,
        class.name_any(),
        picture.ago(since.as_ref())
    );
    let cause = Cause::new(cause::PROVISIONER_SILENT, format!("storageclass/{}", class.name_any()), seen);
    // One that has begun, or has just been asked, may still be at it.
    let cause = if begun.is_some() || picture.since(since.as_ref()) < SILENT {
        cause.likely(format!("see the log of {}: it may be at it, or elect its leader", class.provisioner))
    } else {
        cause
    };
    let cause = cause
        .advise(format!(
            "see whether {} runs: kubectl get pods -A; kubectl get csidrivers",
            class.provisioner
        ))
        .advise(format!(
            "if its name is wrong, make the class anew: kubectl get storageclass {} -o yaml",
            class.name_any()
        ));
    Some(cause)
}
