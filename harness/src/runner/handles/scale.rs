//! Replicas are asked for, of whatever has them.

use std::{fmt::Debug, time::Duration};

use k8s_openapi::NamespaceResourceScope;
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::{
    error::{Error, Result, within},
    runner::Run,
};

/// How long the API server may take for one call.
const CALL: Duration = Duration::from_secs(15);

/// Asks for this many replicas; does not wait.
pub(super) async fn scale<K>(run: &Run, kind: &str, name: &str, replicas: u32) -> Result<()>
where
    K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope> + DeserializeOwned + Clone + Debug,
{
    let doing = format!("{kind} {name}: scale to {replicas}");
    run.log().act("scale", format!("{kind}/{name}"), doing.clone());
    let api: Api<K> = Api::namespaced(run.client().clone(), run.namespace());
    let (parameters, patch) = (PatchParams::default(), Patch::Merge(json!({"spec": {"replicas": replicas}})));
    let patch = api.patch(name, &parameters, &patch);
    within(CALL, &doing, patch, Error::api(doing.clone())).await.map(drop)
}
