//! Definitions of kinds belong to the whole cluster: in one that is not ours, those that a run brought go with it.

use std::time::Duration;

use k8s_openapi::{
    api::core::v1::Namespace, apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, Client, ResourceExt,
    api::{DeleteParams, ListParams},
};

use super::namespace::{RUN_LABEL, label_value};
use crate::error::{Error, Result, within};

const CALL: Duration = Duration::from_secs(30);

/// Deletes the definitions that this run created, unless another run is still using the cluster.
///
/// # Errors
/// The API's own.
pub async fn remove_definitions(client: &Client, run: &str) -> Result<()> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let doing = "looking for other runs in the cluster";
    let parameters = ListParams::default().labels(RUN_LABEL);
    let found = within(CALL, doing, namespaces.list(&parameters), Error::api(doing)).await?;
    let ours = label_value(run);
    let another = |namespace: &Namespace| {
        namespace.metadata.deletion_timestamp.is_none() && namespace.labels().get(RUN_LABEL) != Some(&ours)
    };
    if found.items.iter().any(another) {
        return Ok(());
    }
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    let doing = "deleting the definitions of this run";
    let (selected, delete) =
        (ListParams::default().labels(&format!("{RUN_LABEL}={ours}")), DeleteParams::background());
    match within(CALL, doing, definitions.delete_collection(&delete, &selected), Error::api(doing)).await {
        // The terrain says that we lack this right, and what stays for want of it.
        Err(error) if error.is_forbidden() => Ok(()),
        deleted => deleted.map(drop),
    }
}
