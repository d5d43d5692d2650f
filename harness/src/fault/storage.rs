//! The cluster's default storage class is none for a while.

use external::api::cluster_objects;
use k8s_openapi::api::storage::v1::StorageClass;
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

use crate::{error::Result, explain::DEFAULT_CLASS};

/// On a class that was the default, for who mends it.
const WAS_DEFAULT: &str = "steadfast.dev/was-default-class";

/// Takes the cluster its default storage class, or gives back what was taken.
///
/// # Errors
/// When the API server refuses.
pub async fn default_class(client: &Client, there: bool) -> Result<()> {
    let doing = format!("{} the default storage class", if there { "give back" } else { "take away" });
    let classes = cluster_objects::<StorageClass>(client).doing(doing);
    let (mark, marked) = if there { (WAS_DEFAULT, Value::Null) } else { (DEFAULT_CLASS, json!("true")) };
    for class in classes.list().await? {
        if class.annotations().get(mark).is_some_and(|value| value == "true") {
            let annotations = json!({DEFAULT_CLASS: there.to_string(), WAS_DEFAULT: marked});
            let patch = json!({"metadata": {"annotations": annotations}});
            classes.merge(&class.name_any(), &patch).await?;
        }
    }
    Ok(())
}
