//! Claims that name their volume: it must be there, free, and as the claim asks.

use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube::ResourceExt;

use crate::{
    Picture,
    cause::{self, Cause, quote},
    evidence::Evidence,
    picture::{message, terminating},
    quantity,
};

/// The volume that a claim names.
pub(super) fn of(claim: &PersistentVolumeClaim) -> Option<&str> {
    claim.spec.as_ref()?.volume_name.as_deref().filter(|name| !name.is_empty())
}

/// Why a pending claim does not get the volume that it names.
pub(super) fn examine(picture: &Picture, claim: &PersistentVolumeClaim) -> Option<Cause> {
    let wanted = of(claim)?;
    let event = picture.event(claim, &["VolumeMismatch", "FailedBinding"]);
    let why = match &picture.volumes {
        Ok(volumes) => match volumes.iter().find(|volume| volume.name_any() == wanted) {
            None => "which does not exist".to_owned(),
            Some(volume) => unfit(volume, claim)?,
        },
        // Without a look at volumes, the binder's own words.
        Err(_) => format!("which it does not get: {}", quote(message(event?))),
    };
    let name = claim.name_any();
    let told = event.map_or_else(String::new, |event| format!(": {}", quote(message(event))));
    let seen = format!("PVC {name} is Pending: it names PV {wanted} (volumeName), {why}{told}");
    let cause = Cause::new(cause::NAMED_VOLUME_UNAVAILABLE, format!("persistentvolume/{wanted}"), seen)
        .by(event.map(Evidence::event))
        .by([Evidence::field(format!("persistentvolumeclaim/{name}"), "spec.volumeName", wanted)])
        .advise(format!(
            "see both: kubectl get pv {wanted} -o yaml; {}",
            picture.kubectl(&format!("get pvc {name} -o yaml"))
        ));
    let cause = if why.contains("claimRef") {
        cause.advise(format!("if nobody else needs its data, free it for this PVC: kubectl patch pv {wanted} --type merge -p '{{\"spec\":{{\"claimRef\":{{\"namespace\":\"{}\",\"name\":\"{name}\",\"uid\":null,\"resourceVersion\":null}}}}}}'; it then binds by itself", picture.namespace()))
    } else {
        cause.advise(format!("make PV {wanted} as the PVC asks for it; the PVC then binds by itself"))
    };
    Some(cause.advise(format!(
        "or make the PVC anew without volumeName, or with another: {}; a PVC that is Pending holds no data",
        picture.kubectl(&format!("delete pvc {name}"))
    )))
}

/// What keeps a volume from a claim that names it.
fn unfit(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> Option<String> {
    if terminating(volume) {
        return Some("which is being deleted".to_owned());
    }
    let (has, asks) = (volume.spec.as_ref()?, claim.spec.as_ref()?);
    if let Some(of) = &has.claim_ref {
        let same = of.name == claim.metadata.name && of.namespace == claim.metadata.namespace;
        let (namespace, name) =
            (of.namespace.as_deref().unwrap_or_default(), of.name.as_deref().unwrap_or_default());
        if !same {
            return Some(format!("whose claimRef is PVC {name} in namespace {namespace}"));
        }
        if of.uid.is_some() && of.uid != claim.metadata.uid {
            return Some("whose claimRef is an earlier PVC of this name, that was deleted".to_owned());
        }
    }
    let (own, asked) =
        (has.storage_class_name.as_deref().unwrap_or_default(), asks.storage_class_name.as_deref());
    if asked.is_some_and(|asked| asked != own) {
        return Some(format!("whose storage class is {own:?}, and not {:?}", asked.unwrap_or_default()));
    }
    let size = |all: Option<
        &std::collections::BTreeMap<String, k8s_openapi::apimachinery::pkg::api::resource::Quantity>,
    >| { all.and_then(|all| Some(all.get("storage")?.0.clone())) };
    let capacity = size(has.capacity.as_ref());
    let wanted = size(asks.resources.as_ref().and_then(|resources| resources.requests.as_ref()));
    let bytes = |text: &Option<String>| text.as_deref().and_then(quantity::parse);
    if bytes(&capacity) < bytes(&wanted) {
        return Some(format!(
            "which has {}, and not {}",
            capacity.unwrap_or_default(),
            wanted.unwrap_or_default()
        ));
    }
    let modes = has.access_modes.as_deref().unwrap_or_default();
    let lacking = asks.access_modes.iter().flatten().find(|mode| !modes.contains(mode));
    lacking.map(|mode| format!("which can't be mounted {mode}, only {}", modes.join(", ")))
}
