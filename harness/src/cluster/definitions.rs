//! Definitions of kinds belong to the whole cluster: in one that is not ours, those that a run brought go with it.

use external::api::cluster_objects;
use k8s_openapi::{
    api::core::v1::Namespace, apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{Client, ResourceExt};

use super::namespace::{CALL, RUN_LABEL, label_value};
use crate::error::Result;

/// Deletes the definitions that this run created, unless another run is still using the cluster.
///
/// # Errors
/// The API's own.
pub async fn remove_definitions(client: &Client, run: &str) -> Result<()> {
    let namespaces = cluster_objects::<Namespace>(client).doing("looking for other runs in the cluster");
    let found = namespaces.list_labelled(RUN_LABEL).await?;
    let ours = label_value(run);
    let another = |namespace: &Namespace| {
        namespace.metadata.deletion_timestamp.is_none() && namespace.labels().get(RUN_LABEL) != Some(&ours)
    };
    if found.iter().any(another) {
        return Ok(());
    }
    let definitions = cluster_objects::<CustomResourceDefinition>(client);
    let definitions = definitions.within(CALL).doing("deleting the definitions of this run");
    match definitions.delete_labelled(&format!("{RUN_LABEL}={ours}")).await {
        // The terrain says that we lack this right, and what stays for want of it.
        Err(error) if error.is_forbidden() => Ok(()),
        deleted => deleted,
    }
}
