//! The patch that Helm 3 and `kubectl apply` send: what the new manifest says, and without what only the old one said.
//! What others have set beside it stays.

use serde_json::{Map, Value, json};

/// The patch from what was applied last to what is to be applied. A strategic one merges lists by the names of their
/// items, as the API's own kinds do; of other kinds a list is replaced.
pub fn patch(applied: &Value, new: &Value, strategic: bool) -> Value {
    merge("", applied, new, strategic)
}

fn merge(field: &str, applied: &Value, new: &Value, strategic: bool) -> Value {
    match (applied, new) {
        (Value::Object(before), Value::Object(after)) => {
            let mut merged: Map<String, Value> = after
                .iter()
                .map(|(name, value)| {
                    let before = before.get(name).unwrap_or(&Value::Null);
                    (name.clone(), merge(name, before, value, strategic))
                })
                .collect();
            for name in before.keys().filter(|name| !after.contains_key(*name)) {
                merged.insert(name.clone(), Value::Null);
            }
            Value::Object(merged)
        }
        (Value::Array(before), Value::Array(after)) if strategic => match key_of(field, before, after) {
            Some(key) => list(key, before, after),
            None => new.clone(),
        },
        _ => new.clone(),
    }
}

fn list(key: &str, before: &[Value], after: &[Value]) -> Value {
    let find = |items: &[Value], item: &Value| items.iter().find(|other| other[key] == item[key]).cloned();
    let mut items: Vec<Value> =
        after.iter().map(|item| merge("", &find(before, item).unwrap_or_default(), item, true)).collect();
    let gone = before.iter().filter(|item| find(after, item).is_none());
    items.extend(gone.map(|item| json!({"$patch": "delete", key: item[key]})));
    Value::Array(items)
}

/// By which field the API merges the items of a list; none where it replaces the list.
fn key_of(field: &str, before: &[Value], after: &[Value]) -> Option<&'static str> {
    let key = match field {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "volumes"
        | "env"
        | "imagePullSecrets"
        | "secrets" => "name",
        "volumeMounts" => "mountPath",
        "volumeDevices" => "devicePath",
        "hostAliases" => "ip",
        "topologySpreadConstraints" => "topologyKey",
        "ports" if after.iter().chain(before).any(|port| !port["containerPort"].is_null()) => "containerPort",
        "ports" => "port",
        _ => return None,
    };
    before.iter().chain(after).all(|item| !item[key].is_null()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_the_old_manifest_said_is_taken_back_and_the_rest_left() {
        let applied = json!({"spec": {"a": 1, "b": 2, "template": {"spec": {"containers": [
            {"name": "x", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]}, {"name": "y"}], "tolerations": [{"key": "k"}]}}}});
        let new = json!({"spec": {"a": 3, "template": {"spec": {"containers": [
            {"name": "x", "env": [{"name": "A", "value": "2"}]}], "tolerations": []}}}});
        assert_eq!(
            patch(&applied, &new, true),
            json!({"spec": {"a": 3, "b": null, "template": {"spec": {"containers": [
                {"name": "x", "env": [{"name": "A", "value": "2"}, {"$patch": "delete", "name": "B"}]},
                {"$patch": "delete", "name": "y"}], "tolerations": []}}}})
        );
        assert_eq!(
            patch(&applied, &new, false)["spec"]["template"]["spec"]["containers"],
            new["spec"]["template"]["spec"]["containers"]
        );
    }
}
