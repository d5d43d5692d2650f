//! The cluster's default storage class is none for a while.

use std::time::Duration;

use k8s_openapi::api::storage::v1::StorageClass;
use kube::{
    Api, Client, ResourceExt,
    api::{ListParams, Patch, PatchParams},
};
use serde_json::{Value, json};

use crate::error::{Error, Result, within};

const CALL: Duration = Duration::from_secs(15);
const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";
/// On a class that was the default, for who mends it.
const WAS_DEFAULT: &str = "steadfast.dev/was-default-class";

/// Takes the cluster its default storage class, or gives back what was taken.
///
/// # Errors
/// When the API server refuses.
pub async fn default_class(client: &Client, there: bool) -> Result<()> {
    let doing = format!("{} the default storage class", if there { "give back" } else { "take away" });
    let api: Api<StorageClass> = Api::all(client.clone());
    let parameters = ListParams::default();
    let classes = within(CALL, &doing, api.list(&parameters), Error::api(doing.clone())).await?;
    let (mark, marked) = if there { (WAS_DEFAULT, Value::Null) } else { (DEFAULT_CLASS, json!("true")) };
    for class in classes {
        if class.annotations().get(mark).is_some_and(|value| value == "true") {
            let annotations = json!({DEFAULT_CLASS: there.to_string(), WAS_DEFAULT: marked});
            let (parameters, patch) =
                (PatchParams::default(), Patch::Merge(json!({"metadata": {"annotations": annotations}})));
            let name = class.name_any();
            let patch = api.patch(&name, &parameters, &patch);
            within(CALL, &doing, patch, Error::api(doing.clone())).await?;
        }
    }
    Ok(())
}
