//! Storage classes, with what they allow.

use std::cmp::Reverse;

pub(in crate::cluster) use explain::{DEFAULT_CLASS as DEFAULT, is_default_class as is_default};
use external::api::cluster_objects;
use k8s_openapi::api::storage::v1 as storage;
use kube::{Client, ResourceExt};

use crate::{error::Result, report::terrain::StorageClass};

/// A provisioner whose volumes are folders of a node.
pub(crate) const FOLDERS: &str = "rancher.io/local-path";
/// The access modes that it gives them: no class says which.
const OF_FOLDERS: [&str; 2] = ["ReadWriteOnce", "ReadWriteOncePod"];

/// The cluster's storage classes.
pub(super) async fn classes(client: &Client) -> Result<Vec<StorageClass>> {
    let classes = cluster_objects::<storage::StorageClass>(client).doing("reading the storage classes");
    let found = classes.list().await?;
    Ok(concluded(&found))
}

fn concluded(found: &[storage::StorageClass]) -> Vec<StorageClass> {
    // Of several defaults, the API server takes the newest, and of those of one second the first by name.
    let newest = found
        .iter()
        .filter(|class| is_default(class))
        .max_by_key(|class| (class.creation_timestamp(), Reverse(class.name_any())));
    let newest = newest.map(ResourceExt::name_any);
    let mut classes: Vec<_> = found
        .iter()
        .map(|class| StorageClass {
            name: class.name_any(),
            default: newest == Some(class.name_any()),
            chosen: false,
            provisioner: class.provisioner.clone(),
            expansion: class.allow_volume_expansion == Some(true),
            binding: class.volume_binding_mode.clone().unwrap_or_else(|| "Immediate".to_owned()),
            reclaim: class.reclaim_policy.clone().unwrap_or_else(|| "Delete".to_owned()),
            access: if class.provisioner == FOLDERS {
                OF_FOLDERS.map(str::to_owned).to_vec()
            } else {
                Vec::new()
            },
        })
        .collect();
    classes.sort_by(|one, other| one.name.cmp(&other.name));
    classes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_newest_default_is_the_default_and_what_is_not_said_is_as_kubernetes_has_it() {
        let class = |name: &str, created: &str, default: bool, more: serde_json::Value| {
            let mut class = json!({"metadata": {"name": name, "creationTimestamp": created,
                "annotations": {DEFAULT: default.to_string()}}, "provisioner": "example.com/disk"});
            crate::manifest::patch::merge(&mut class, &more);
            serde_json::from_value(class).unwrap()
        };
        let told = concluded(&[
            class("old", "2026-01-01T00:00:00Z", true, json!({"allowVolumeExpansion": true})),
            class("new", "2026-02-01T00:00:00Z", true, json!({"reclaimPolicy": "Retain"})),
            class(
                "late",
                "2026-03-01T00:00:00Z",
                false,
                json!({"volumeBindingMode": "WaitForFirstConsumer", "provisioner": "rancher.io/local-path"}),
            ),
        ]);
        let former = json!({"metadata": {"annotations": {DEFAULT: null, "storageclass.beta.kubernetes.io/is-default-class": "true"}}});
        assert!(concluded(&[class("former", "2026-01-01T00:00:00Z", false, former)])[0].default);
        let told: Vec<String> = told.iter().map(ToString::to_string).collect();
        let at_once = ["b", "a", "c"].map(|name| class(name, "2026-01-01T00:00:00Z", true, json!({})));
        let first = concluded(&at_once).into_iter().find(|class| class.default);
        assert_eq!(first.map(|class| class.name).as_deref(), Some("a"));
        assert_eq!(
            told,
            [
                "class late of rancher.io/local-path (claims can't grow, WaitForFirstConsumer, Delete, ReadWriteOnce, \
                 ReadWriteOncePod)",
                "default class new of example.com/disk (claims can't grow, Immediate, Retain)",
                "class old of example.com/disk (claims may grow, Immediate, Delete)",
            ]
        );
    }
}
