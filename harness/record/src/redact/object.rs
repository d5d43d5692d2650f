//! Secrets within an object of the API.

use serde_json::{Map, Value, json};

use super::{REDACTED, names_a_secret, text};

/// The object as it was applied, as a text of its own.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Takes out of an object what may hold a secret: values of variables, Secrets and ConfigMaps, fields and arguments that
/// are named so, passwords in addresses. Of a ConfigMap's files only their sizes stay: whole configurations, with
/// passwords in them, are kept there.
pub fn object(object: &mut Value) {
    let kind = object["kind"].as_str().unwrap_or_default().to_owned();
    if ["ConfigMap", "Secret"].contains(&kind.as_str()) {
        for field in ["data", "binaryData", "stringData"] {
            for value in object[field].as_object_mut().into_iter().flat_map(Map::values_mut) {
                let size = value.as_str().map_or(0, str::len);
                *value = json!(format!("{REDACTED} {size} bytes"));
            }
        }
        // Indexing has made what was not there.
        if let Some(fields) = object.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
    }
    walk(object);
}

fn walk(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove(LAST_APPLIED);
            for (name, value) in fields.iter_mut() {
                match (name.as_str(), &mut *value) {
                    ("env", Value::Array(variables)) => variables.iter_mut().for_each(variable),
                    ("args" | "command", Value::Array(arguments)) => list(arguments),
                    (name, Value::String(text)) if names_a_secret(name) && !text.is_empty() => {
                        *text = REDACTED.to_owned();
                    }
                    _ => walk(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(walk),
        Value::String(held) => *held = text(held),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Any variable may hold a secret, whatever its name.
fn variable(variable: &mut Value) {
    match variable.get_mut("value") {
        Some(value) if variable_is_set(value) => *value = json!(REDACTED),
        _ => walk(variable),
    }
}

fn variable_is_set(value: &Value) -> bool {
    value.as_str().is_none_or(|text| !text.is_empty())
}

/// `--password hunter2` is two arguments.
fn list(arguments: &mut [Value]) {
    let mut secret = false;
    for argument in arguments {
        let flag = takes_a_secret(Some(argument));
        let Value::String(told) = argument else { continue };
        *told = if secret && !told.starts_with('-') { REDACTED.to_owned() } else { text(told) };
        secret = flag;
    }
}

/// Whether the argument after this one is secret: `--password`; `-a` is that of redis-cli.
pub fn takes_a_secret(argument: Option<&Value>) -> bool {
    let Some(name) = argument.and_then(Value::as_str).and_then(|word| word.strip_prefix('-')) else {
        return false;
    };
    name == "a" || (!name.contains('=') && names_a_secret(name.trim_start_matches('-')))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: &str = "hunter2-canary";

    #[test]
    fn a_canary_is_found_in_no_place() {
        let pod = json!({"containers": [{"name": "a", "image": "a:1",
            "env": [{"name": "HARMLESS", "value": CANARY}, {"name": "FROM", "valueFrom": {"secretKeyRef": {"name": "s", "key": "password"}}}],
            "args": ["--password", CANARY, format!("--token={CANARY}"), "--port=1"],
            "command": ["sh", "-c", format!("psql postgres://u:{CANARY}@h/d")],
            "livenessProbe": {"exec": {"command": ["redis-cli", "--pass", CANARY]}}}]});
        for mut given in [
            json!({"kind": "StatefulSet", "spec": {"template": {"spec": pod}}}),
            json!({"kind": "ControllerRevision", "data": {"spec": {"template": {"spec": pod}}}}),
            json!({"kind": "Pod", "metadata": {"annotations": {LAST_APPLIED: pod.to_string(), "token": CANARY}}, "spec": pod}),
            json!({"kind": "ConfigMap", "data": {"a.conf": CANARY}, "binaryData": {"b": CANARY}}),
            json!({"kind": "Secret", "data": {"a": CANARY}, "stringData": {"b": CANARY}}),
            json!({"kind": "Event", "message": format!("connecting to redis://:{CANARY}@h")}),
            json!({"kind": "Database", "spec": {"auth": {"password": CANARY}, "url": format!("mysql://a:{CANARY}@b")}}),
        ] {
            assert!(given.to_string().contains(CANARY));
            object(&mut given);
            assert!(!given.to_string().contains(CANARY), "{given}");
        }
    }

    #[test]
    fn what_laws_read_stays() {
        let given = json!({"kind": "Pod", "metadata": {"name": "a-0", "uid": "u", "resourceVersion": "7",
            "labels": {"controller-revision-hash": "a-1"}}, "spec": {"nodeName": "n", "containers": [{"name": "a", "image": "r:5000/a:1",
            "env": [{"name": "EMPTY", "value": ""}, {"name": "P", "valueFrom": {"secretKeyRef": {"name": "s", "key": "password"}}}]}],
            "volumes": [{"name": "v", "secret": {"secretName": "s"}}], "automountServiceAccountToken": false}});
        let mut told = given.clone();
        object(&mut told);
        assert_eq!(told, given);
    }
}
