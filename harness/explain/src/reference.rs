//! ConfigMaps and Secrets that a pod refers to and that are not there.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use serde_json::Value;

use super::{
    Picture,
    cause::{self, Cause, quote},
    picture::spec,
};

/// The ConfigMap or Secret that a message of the kubelet says is not there. The status has no field for it, so that its
/// own words are read, and only where the pod refers to what they name.
pub(super) fn missing(picture: &Picture, pod: &Pod, told: &str) -> Option<Cause> {
    let (kind, name) = absent(told)?;
    let (id, refers) = match kind {
        "configmap" => (cause::CONFIG_MAP_MISSING, references(pod, CONFIG_MAP_REFERENCES)),
        _ => (cause::SECRET_MISSING, references(pod, SECRET_REFERENCES)),
    };
    // A missing key of a volume's object is said without its name.
    if name.as_ref().map_or(refers.is_empty(), |name| !refers.contains(name)) {
        return None;
    }
    let about =
        name.as_ref().map_or_else(|| format!("pod/{}", pod.name_any()), |name| format!("{kind}/{name}"));
    let name = name.unwrap_or_else(|| "NAME".to_owned());
    let seen =
        format!("pod {} needs a {kind} that is not there, or lacks a key: {}", pod.name_any(), quote(told));
    let cause = Cause::new(id, about, seen)
        .advise(format!(
            "create {name}, or add the key: {}; the kubelet tries again by itself",
            picture.kubectl(&format!("get {kind}"))
        ))
        .advise(format!("or correct the name in statefulset {}", picture.name()));
    Some(cause)
}

/// `configmap "settings" not found`, `couldn't find key host in ConfigMap garage/settings`,
/// `references non-existent secret key: password`
fn absent(told: &str) -> Option<(&'static str, Option<String>)> {
    let lower = told.to_lowercase();
    for kind in ["configmap", "secret"] {
        if let Some((_, rest)) = lower.split_once(&format!("{kind} \""))
            && let Some((name, rest)) = rest.split_once('"')
            && rest.starts_with(" not found")
        {
            return Some((kind, Some(name.to_owned())));
        }
        if lower.contains("couldn't find key")
            && let Some((_, place)) = lower.split_once(&format!(" in {kind} "))
        {
            let place = place.split_whitespace().next().unwrap_or_default();
            let name = place.rsplit('/').next().unwrap_or_default();
            return Some((kind, Some(name.to_owned())));
        }
        let key = if kind == "configmap" { "config" } else { kind };
        if lower.contains(&format!("references non-existent {key} key")) {
            return Some((kind, None));
        }
    }
    None
}

const CONFIG_MAP_REFERENCES: &[&str] = &["configMap", "configMapRef", "configMapKeyRef"];
const SECRET_REFERENCES: &[&str] = &["secret", "secretRef", "secretKeyRef"];

/// The names that a pod's spec has at these fields, wherever they are: in volumes, projected ones, environments.
fn references(pod: &Pod, fields: &[&str]) -> BTreeSet<String> {
    fn walk(value: &Value, fields: &[&str], found: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    if fields.contains(&key.as_str()) {
                        let names = ["name", "secretName"].iter().filter_map(|name| value[*name].as_str());
                        found.extend(names.map(str::to_owned));
                    }
                    walk(value, fields, found);
                }
            }
            Value::Array(all) => all.iter().for_each(|value| walk(value, fields, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    walk(&serde_json::to_value(spec(pod)).unwrap_or_default(), fields, &mut found);
    found
}
