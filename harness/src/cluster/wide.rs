//! What a scenario makes outside its namespace belongs to the whole cluster: it carries the namespace's name, and goes
//! with it.

use std::{fmt::Debug, time::Duration};

use k8s_openapi::api::{
    admissionregistration::v1::{ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding},
    core::v1::{Node, PersistentVolume},
    node::v1::RuntimeClass,
    storage::v1::{CSIDriver, CSINode, StorageClass},
};
use kube::{
    Api, Client, Resource,
    api::{DeleteParams, ListParams},
};
use serde::de::DeserializeOwned;

use super::namespace::label_value;
use crate::error::{Error, Result, within};

/// The label with the namespace of the scenario that made an object.
pub const NAMESPACE_LABEL: &str = "steadfast.dev/namespace";

const CALL: Duration = Duration::from_secs(30);

/// Begins to delete what the scenario in this namespace made outside it.
///
/// # Errors
/// The API's own.
pub async fn remove_outside(client: &Client, namespace: &str) -> Result<()> {
    // A policy may forbid what follows.
    remove::<ValidatingAdmissionPolicyBinding>(client, namespace).await?;
    remove::<ValidatingAdmissionPolicy>(client, namespace).await?;
    remove::<Node>(client, namespace).await?;
    remove::<CSINode>(client, namespace).await?;
    remove::<PersistentVolume>(client, namespace).await?;
    remove::<StorageClass>(client, namespace).await?;
    remove::<CSIDriver>(client, namespace).await?;
    remove::<RuntimeClass>(client, namespace).await
}

async fn remove<K>(client: &Client, namespace: &str) -> Result<()>
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let doing = format!("deleting each {} of namespace {namespace}", K::kind(&()));
    let api: Api<K> = Api::all(client.clone());
    let selected = ListParams::default().labels(&format!("{NAMESPACE_LABEL}={}", label_value(namespace)));
    let delete = async {
        match api.delete_collection(&DeleteParams::background(), &selected).await {
            // Who may not delete them, or does not know their kind, can't have made them.
            Err(kube::Error::Api(status)) if [403, 404].contains(&status.code) => Ok(()),
            result => result.map(drop),
        }
    };
    within(CALL, &doing, delete, Error::api(&doing)).await
}
