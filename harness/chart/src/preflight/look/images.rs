//! Whether the images that an upgrade brings can be had.

use std::collections::{BTreeMap, BTreeSet};

use external::{
    ImageName,
    api::{cluster_objects, objects},
    error::Result,
    images::{self, Absence},
};
use k8s_openapi::api::core::v1::{Node, Secret, ServiceAccount};
use serde_json::Value;

use super::Look;
use crate::preflight::images::images as images_of;

impl Look<'_> {
    /// The images that the upgrade brings and that neither the nodes nor our engine have, and no registry gives.
    pub async fn missing_images(&self, known: &[String]) -> Result<BTreeMap<String, Absence>> {
        let (before, after) = (images_of(self.held), images_of(self.new));
        let nodes = self.images_on_nodes().await;
        let there = |image: &str| {
            let whole = ImageName::parse(image).whole();
            known.iter().any(|known| ImageName::parse(known).whole() == whole) || nodes.contains(&whole)
        };
        let wanted: BTreeSet<String> = after
            .keys()
            .filter(|image| !before.contains_key(*image) && !there(image))
            .map(|image| (*image).to_owned())
            .collect();
        if wanted.is_empty() {
            return Ok(BTreeMap::new());
        }
        images::missing(&wanted, &self.pull_secrets().await).await
    }

    /// The images that the nodes name; a node names its largest fifty. Not everybody may ask.
    async fn images_on_nodes(&self) -> BTreeSet<String> {
        let nodes = cluster_objects::<Node>(self.client).list().await.unwrap_or_default();
        let images = nodes.into_iter().filter_map(|node| node.status?.images).flatten();
        images.filter_map(|image| image.names).flatten().map(|name| ImageName::parse(&name).whole()).collect()
    }

    /// What the new chart's pods pull their images with: their own pull secrets and those of their service accounts.
    async fn pull_secrets(&self) -> Vec<Value> {
        let (mut names, mut accounts) = (BTreeSet::new(), BTreeSet::new());
        for workload in self.new.workloads() {
            let pod = workload.pod().unwrap_or_default();
            let secrets = workload.items(&format!("{pod}/imagePullSecrets")).iter();
            names.extend(secrets.filter_map(|secret| secret["name"].as_str().map(str::to_owned)));
            let account = workload.text(&format!("{pod}/serviceAccountName"));
            accounts.insert(if account.is_empty() { "default".to_owned() } else { account.to_owned() });
        }
        for account in accounts {
            let found = objects::<ServiceAccount>(self.client, self.namespace).get_opt(&account).await;
            let secrets = found.ok().flatten().and_then(|account| account.image_pull_secrets);
            names.extend(secrets.into_iter().flatten().map(|secret| secret.name));
        }
        let mut credentials = Vec::new();
        for name in names {
            let found = objects::<Secret>(self.client, self.namespace).get_opt(&name).await;
            let data = found.ok().flatten().and_then(|secret| secret.data);
            let text = data.and_then(|mut data| data.remove(".dockerconfigjson"));
            credentials.extend(text.and_then(|text| serde_json::from_slice::<Value>(&text.0).ok()));
        }
        credentials
    }
}
