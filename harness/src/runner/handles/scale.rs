//! Replicas are asked for, of whatever has them.

use external::api::{Namespaced, objects};
use serde_json::json;

use crate::{error::Result, runner::Run};

/// Asks for this many replicas; does not wait.
pub(super) async fn scale<K: Namespaced>(run: &Run, kind: &str, name: &str, replicas: u32) -> Result<()> {
    let doing = format!("{kind} {name}: scale to {replicas}");
    run.log().act("scale", format!("{kind}/{name}"), doing.clone());
    let objects = objects::<K>(run.client(), run.namespace()).doing(doing);
    objects.merge(name, &json!({"spec": {"replicas": replicas}})).await.map(drop)
}
