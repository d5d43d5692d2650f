//! What a scenario makes outside its namespace belongs to the whole cluster: it carries the namespace's name, and goes
//! with it.

use external::api::{Kind, cluster_objects};
use k8s_openapi::api::{
    admissionregistration::v1::{
        ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, ValidatingWebhookConfiguration,
    },
    core::v1::{Node, PersistentVolume},
    node::v1::RuntimeClass,
    scheduling::v1::PriorityClass,
    storage::v1::{CSIDriver, CSINode, StorageClass},
};
use kube::{Client, Resource};

use super::namespace::{CALL, label_value};
use crate::error::Result;

/// The label with the namespace of the scenario that made an object.
pub const NAMESPACE_LABEL: &str = "steadfast.dev/namespace";

/// Begins to delete what the scenario in this namespace made outside it.
///
/// # Errors
/// The API's own.
pub async fn remove_outside(client: &Client, namespace: &str) -> Result<()> {
    // A webhook or a policy may forbid what follows.
    remove::<ValidatingWebhookConfiguration>(client, namespace).await?;
    remove::<ValidatingAdmissionPolicyBinding>(client, namespace).await?;
    remove::<ValidatingAdmissionPolicy>(client, namespace).await?;
    remove::<Node>(client, namespace).await?;
    remove::<CSINode>(client, namespace).await?;
    remove::<PersistentVolume>(client, namespace).await?;
    remove::<StorageClass>(client, namespace).await?;
    remove::<CSIDriver>(client, namespace).await?;
    remove::<RuntimeClass>(client, namespace).await?;
    remove::<PriorityClass>(client, namespace).await
}

async fn remove<K: Kind + Resource<DynamicType = ()>>(client: &Client, namespace: &str) -> Result<()> {
    let doing = format!("deleting each {} of namespace {namespace}", K::kind(&()));
    let label = format!("{NAMESPACE_LABEL}={}", label_value(namespace));
    match cluster_objects::<K>(client).within(CALL).doing(doing).delete_labelled(&label).await {
        // Who may not delete them, or does not know their kind, can't have made them.
        Err(error) if error.status().is_some_and(|status| [403, 404].contains(&status.code)) => Ok(()),
        outcome => outcome,
    }
}
