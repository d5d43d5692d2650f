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
    if let Some(missing) = missing_key(picture, pod, told) {
        return Some(missing);
    }
    let (kind, name) = absent(told)?;
    let (id, fields) = of_kind(kind);
    if !references(&spec_of(pod), fields).contains(&name) {
        return None;
    }
    let seen =
        format!("pod {} needs a {kind} that is not there, or lacks a key: {}", pod.name_any(), quote(told));
    let cause = Cause::new(id, format!("{kind}/{name}"), seen)
        .advise(format!(
            "create {name}, or add the key: {}; the kubelet tries again by itself",
            picture.kubectl(&format!("get {kind}"))
        ))
        .advise(format!("or correct the name in statefulset {}", picture.name()));
    Some(cause)
}

/// `MountVolume.SetUp failed for volume "keys" : references non-existent secret key: tls.key`: of a key of a volume, the
/// object is not named; the volume has its name.
fn missing_key(picture: &Picture, pod: &Pod, told: &str) -> Option<Cause> {
    let words = [("configmap", "non-existent config key: "), ("secret", "non-existent secret key: ")];
    let (kind, (before, rest)) =
        words.into_iter().find_map(|(kind, words)| Some((kind, told.split_once(words)?)))?;
    let key = rest.split_whitespace().next()?;
    let (id, fields) = of_kind(kind);
    let volumes: Vec<Value> = volumes(pod, before);
    let mut names = BTreeSet::new();
    volumes.iter().for_each(|volume| with_key(volume, fields, key, &mut names));
    if names.is_empty() {
        names.extend(volumes.iter().flat_map(|volume| references(volume, fields)));
    }
    let names: Vec<String> = names.into_iter().collect();
    let about = match names.as_slice() {
        [] => return None,
        [name] => format!("{kind}/{name}"),
        _ => format!("pod/{}", pod.name_any()),
    };
    let (set, listed) = (picture.name(), names.join(" or "));
    let seen = format!(
        "pod {} mounts key {key} of {kind} {listed}, which has no such key: {}",
        pod.name_any(),
        quote(told)
    );
    let describe = picture.kubectl(&format!("describe {kind} {}", names.join(" ")));
    let cause = Cause::new(id, about, seen)
        .advise(format!("see which keys it has: {describe}"))
        .advise(format!("add key {key} to {kind} {listed}; the kubelet tries again by itself"))
        .advise(format!("or correct the key in the items of the volume in statefulset {set}; optional: true there does without"));
    Some(cause)
}

/// The cause, and the fields that refer to objects of a kind.
fn of_kind(kind: &str) -> (&'static str, &'static [&'static str]) {
    match kind {
        "configmap" => (cause::CONFIG_MAP_MISSING, CONFIG_MAP_REFERENCES),
        _ => (cause::SECRET_MISSING, SECRET_REFERENCES),
    }
}

fn spec_of(pod: &Pod) -> Value {
    serde_json::to_value(spec(pod)).unwrap_or_default()
}

/// The volume of which a message speaks, or all where it speaks of none.
fn volumes(pod: &Pod, told: &str) -> Vec<Value> {
    let named = told.rsplit_once("volume \"").and_then(|(_, rest)| rest.split('"').next());
    let all = spec(pod).volumes.iter().flatten();
    let spoken_of = all.filter(|volume| named.is_none_or(|name| volume.name == name));
    spoken_of.map(|volume| serde_json::to_value(volume).unwrap_or_default()).collect()
}

/// The names of the objects of which a volume asks for this key.
fn with_key(value: &Value, fields: &[&str], key: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(field, value)| {
            let mut items = value["items"].as_array().into_iter().flatten();
            if fields.contains(&field.as_str()) && items.any(|item| item["key"] == key) {
                found.extend(name(value));
            }
            with_key(value, fields, key, found);
        }),
        Value::Array(all) => all.iter().for_each(|value| with_key(value, fields, key, found)),
        _ => {}
    }
}

/// The name in a reference.
fn name(reference: &Value) -> Option<String> {
    ["name", "secretName"].iter().find_map(|name| reference[*name].as_str()).map(str::to_owned)
}

/// `configmap "settings" not found`, `couldn't find key host in ConfigMap garage/settings`
fn absent(told: &str) -> Option<(&'static str, String)> {
    let lower = told.to_lowercase();
    for kind in ["configmap", "secret"] {
        if let Some((_, rest)) = lower.split_once(&format!("{kind} \""))
            && let Some((name, rest)) = rest.split_once('"')
            && rest.starts_with(" not found")
        {
            return Some((kind, name.to_owned()));
        }
        if lower.contains("couldn't find key")
            && let Some((_, place)) = lower.split_once(&format!(" in {kind} "))
        {
            let place = place.split_whitespace().next().unwrap_or_default();
            let name = place.rsplit('/').next().unwrap_or_default();
            return Some((kind, name.to_owned()));
        }
    }
    None
}

const CONFIG_MAP_REFERENCES: &[&str] = &["configMap", "configMapRef", "configMapKeyRef"];
const SECRET_REFERENCES: &[&str] = &["secret", "secretRef", "secretKeyRef"];

/// The names that a value has at these fields, wherever they are: in volumes, projected ones, environments.
fn references(value: &Value, fields: &[&str]) -> BTreeSet<String> {
    fn walk(value: &Value, fields: &[&str], found: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    if fields.contains(&key.as_str()) {
                        found.extend(name(value));
                    }
                    walk(value, fields, found);
                }
            }
            Value::Array(all) => all.iter().for_each(|value| walk(value, fields, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    walk(value, fields, &mut found);
    found
}
