//! A pod as its set would make it, for asking beforehand whether it would be taken.

use serde_json::{Value, json};

/// A pod of a StatefulSet, under a name that no pod of its has: the set's own.
pub fn pod_of(set: &Value) -> Value {
    let spec = &set["spec"];
    let mut pod = spec["template"].clone();
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["metadata"]["name"] = set["metadata"]["name"].clone();
    let templates = spec["volumeClaimTemplates"].as_array().into_iter().flatten();
    let volume_claims = templates.map(|template| {
        let name = &template["metadata"]["name"];
        json!({"name": name, "persistentVolumeClaim": {"claimName": name}})
    });
    let volumes = pod["spec"]["volumes"].as_array().cloned().unwrap_or_default();
    pod["spec"]["volumes"] = volumes.into_iter().chain(volume_claims).collect();
    pod
}
