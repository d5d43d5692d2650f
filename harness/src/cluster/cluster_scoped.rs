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

use super::namespace::{CALL, RUN_LABEL, label_value};
use crate::error::Result;

/// The label with the namespace of the scenario that made an object.
pub const NAMESPACE_LABEL: &str = "steadfast.dev/namespace";

/// Whose objects are meant.
#[derive(Debug, Clone, Copy)]
pub enum Of<'a> {
    /// Those of the scenario in this namespace.
    Namespace(&'a str),
    /// Those of all scenarios of this run.
    Run(&'a str),
}

/// Begins to delete what a scenario, or a run, made outside namespaces.
///
/// # Errors
/// The API's own.
pub async fn remove_outside(client: &Client, of: Of<'_>) -> Result<()> {
    // A webhook or a policy may forbid what follows.
    remove::<ValidatingWebhookConfiguration>(client, of).await?;
    remove::<ValidatingAdmissionPolicyBinding>(client, of).await?;
    remove::<ValidatingAdmissionPolicy>(client, of).await?;
    remove::<Node>(client, of).await?;
    remove::<CSINode>(client, of).await?;
    remove::<PersistentVolume>(client, of).await?;
    remove::<StorageClass>(client, of).await?;
    remove::<CSIDriver>(client, of).await?;
    remove::<RuntimeClass>(client, of).await?;
    remove::<PriorityClass>(client, of).await
}

async fn remove<K: Kind + Resource<DynamicType = ()>>(client: &Client, of: Of<'_>) -> Result<()> {
    let (whose, label) = match of {
        Of::Namespace(name) => {
            (format!("namespace {name}"), format!("{NAMESPACE_LABEL}={}", label_value(name)))
        }
        Of::Run(run) => (format!("run {run}"), format!("{RUN_LABEL}={},{NAMESPACE_LABEL}", label_value(run))),
    };
    let doing = format!("deleting each {} of {whose}", K::kind(&()));
    match cluster_objects::<K>(client).within(CALL).doing(doing).delete_labelled(&label).await {
        // Who may not delete them, or does not know their kind, can't have made them.
        Err(error) if error.status().is_some_and(|status| [403, 404].contains(&status.code)) => Ok(()),
        outcome => outcome,
    }
}
