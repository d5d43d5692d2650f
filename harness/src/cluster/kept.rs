//! Volumes whose class keeps them when their claims go (reclaimPolicy Retain): those that were provisioned for a scenario go with its
//! namespace, as all else that it made.

use external::api::cluster_objects;
use k8s_openapi::{
    api::{core::v1::PersistentVolume, storage::v1::StorageClass},
    apimachinery::pkg::apis::meta::v1::Time,
};
use kube::{Client, ResourceExt};
use serde_json::json;

use super::namespace::CALL;
use crate::error::Result;

/// Who made a volume, where nobody did by hand.
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";
/// On a volume that was there before its claim: it was made for another, whose data it may hold.
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
const RETAIN: &str = "Retain";

/// Lets the volumes go that were made for claims of a namespace, since this moment where it is somebody else's: before it, others
/// may have kept theirs. Names what stays, and why: nothing else is to stay for that.
pub(super) async fn let_go(client: &Client, namespace: &str, since: Option<&Time>) -> Vec<String> {
    let tried = try_let_go(client, namespace, since).await;
    tried.unwrap_or_else(|error| vec![format!("what a class keeps of namespace {namespace} ({error})")])
}

async fn try_let_go(client: &Client, namespace: &str, since: Option<&Time>) -> Result<Vec<String>> {
    let doing = format!("looking for volumes that are kept of namespace {namespace}");
    let volumes = cluster_objects::<PersistentVolume>(client).within(CALL);
    let found = match volumes.clone().doing(doing).list().await {
        Err(error) if error.is_forbidden() => {
            let why = format!("what a class with the reclaim policy {RETAIN} keeps, which can't be seen");
            return Ok(if some_class_keeps(client).await? { vec![why] } else { Vec::new() });
        }
        found => found?,
    };
    let mut left = Vec::new();
    for volume in found.iter().filter(|volume| would_stay(volume, namespace, since)) {
        let name = volume.name_any();
        let doing = format!("letting volume {name} of namespace {namespace} go");
        let patch = json!({"spec": {"persistentVolumeReclaimPolicy": "Delete"}});
        match volumes.clone().doing(doing).merge(&name, &patch).await {
            Err(error) if error.is_not_found() => {}
            Err(error) => left.push(format!("volume {name} ({error})")),
            Ok(_) => {}
        }
    }
    Ok(left)
}

/// Whether a volume was made for a claim of a namespace, since a moment, and would stay when the claim goes.
fn would_stay(volume: &PersistentVolume, namespace: &str, since: Option<&Time>) -> bool {
    let Some(spec) = &volume.spec else { return false };
    let of = spec.claim_ref.as_ref().and_then(|claim| claim.namespace.as_deref());
    let made = volume.creation_timestamp();
    of == Some(namespace)
        && spec.persistent_volume_reclaim_policy.as_deref() == Some(RETAIN)
        && volume.annotations().contains_key(PROVISIONED_BY)
        && !volume.annotations().contains_key(BOUND_BY_CONTROLLER)
        && since.is_none_or(|since| made.is_some_and(|made| made >= *since))
}

/// Whether a class keeps its volumes, for all that we know.
async fn some_class_keeps(client: &Client) -> Result<bool> {
    match cluster_objects::<StorageClass>(client).within(CALL).list().await {
        Err(error) if error.is_forbidden() => Ok(true),
        classes => Ok(classes?.iter().any(|class| class.reclaim_policy.as_deref() == Some(RETAIN))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn stays(change: Value, since: Option<&str>) -> bool {
        let mut volume = json!({"metadata": {"name": "pv-1", "creationTimestamp": "2026-12-01T10:00:05Z",
                "annotations": {PROVISIONED_BY: "example.com/disk"}},
            "spec": {"persistentVolumeReclaimPolicy": RETAIN, "claimRef": {"namespace": "ours", "name": "data-db-0"}},
            "status": {"phase": "Released"}});
        crate::manifest::patch::merge(&mut volume, &change);
        let since: Option<Time> = since.map(|time| serde_json::from_value(json!(time)).unwrap());
        would_stay(&serde_json::from_value(volume).unwrap(), "ours", since.as_ref())
    }

    #[test]
    fn what_was_provisioned_for_a_namespace_and_is_kept_would_stay() {
        assert!(stays(json!({}), None));
        for other in [
            json!({"spec": {"claimRef": {"namespace": "theirs"}}}),
            json!({"spec": {"claimRef": null}}),
            json!({"spec": {"persistentVolumeReclaimPolicy": "Delete"}}),
            // By hand: whoever made it removes it.
            json!({"metadata": {"annotations": {PROVISIONED_BY: null}}}),
            json!({"metadata": {"annotations": {BOUND_BY_CONTROLLER: "yes"}}}),
        ] {
            assert!(!stays(other.clone(), None), "{other}");
        }
    }

    #[test]
    fn what_somebody_kept_before_a_namespace_was_given_is_his() {
        assert!(!stays(json!({}), Some("2026-12-01T10:00:06Z")));
        assert!(stays(json!({}), Some("2026-12-01T10:00:05Z")));
        assert!(!stays(json!({"metadata": {"creationTimestamp": null}}), Some("2026-12-01T10:00:05Z")));
    }
}
