//! Claims that ask for more than they have: a volume that is being grown, or can't be.

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::ResourceExt;

use crate::{Picture, cause::quote, claim, picture::message, quantity};

/// What is worth knowing of the volumes of the set's pods that have not grown yet.
pub(crate) fn notes(picture: &Picture) -> Vec<String> {
    let pods = picture.pods_of_set();
    let mounted =
        pods.values().flat_map(|pod| claim::mounted(pod).into_iter().map(move |name| (name, pod.name_any())));
    mounted.filter_map(|(name, pod)| note(picture, picture.claim(&name)?, &pod)).collect()
}

fn note(picture: &Picture, claim: &PersistentVolumeClaim, pod: &str) -> Option<String> {
    let status = claim.status.as_ref()?;
    let has = &status.capacity.as_ref()?.get("storage")?.0;
    let asks = &claim.spec.as_ref()?.resources.as_ref()?.requests.as_ref()?.get("storage")?.0;
    if quantity::parse(has)? >= quantity::parse(asks)? {
        return None;
    }
    let conditions = status.conditions.as_deref().unwrap_or_default();
    let holds = |kind: &str| conditions.iter().any(|found| found.type_ == kind && found.status == "True");
    let failed = picture.event(claim, &["VolumeResizeFailed", "FileSystemResizeFailed"]);
    let why = match failed {
        Some(event) => format!("it can't be grown: {}", quote(message(event))),
        None if holds("FileSystemResizePending") => format!(
            "the volume has grown, and its file system does when it is mounted again, if its driver can't do it in use: {}",
            picture.kubectl(&format!("delete pod {pod}"))
        ),
        None if holds("Resizing") => "it is being grown".to_owned(),
        None => "nobody has begun to grow it: see its class (allowVolumeExpansion) and its driver's resizer"
            .to_owned(),
    };
    Some(format!("PVC {} has {has} and asks for {asks}: {why}", claim.name_any()))
}
