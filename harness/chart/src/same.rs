//! Whether what a chart says is there already: the API server writes it in its own way, and adds defaults.

use record::quantity;
use serde_json::{Map, Value};

/// Fields whose values are amounts: 1Gi and 1024Mi are the same in them.
const AMOUNTS: &[&str] =
    &["capacity", "cpu", "divisor", "hard", "limits", "memory", "requests", "sizeLimit", "storage"];

/// Maps in which every entry counts: a label that the chart has no more is a difference; elsewhere it is a default.
const WHOLE: &[&str] = &["annotations", "labels", "matchLabels"];

/// Whether what a chart says of a field is there already.
pub fn says_the_same(new: &Value, live: &Value) -> bool {
    same(new, live, false)
}

fn same(new: &Value, live: &Value, amount: bool) -> bool {
    match (new, live) {
        (Value::Object(new), Value::Object(live)) => {
            new.iter().all(|(name, value)| {
                let amount = amount || AMOUNTS.contains(&name.as_str());
                same(value, live.get(name).unwrap_or(&Value::Null), amount)
            }) && WHOLE.iter().all(|map| count(new, map) == count(live, map))
        }
        (Value::Array(new), Value::Array(live)) => {
            new.len() == live.len() && new.iter().zip(live).all(|(new, live)| same(new, live, amount))
        }
        (Value::Null, _) => true,
        // What is left empty gets its default.
        (Value::String(text), _) if text.is_empty() => true,
        (new, Value::Null) => is_empty(new),
        (new, live) if new == live => true,
        // 1 and "1": the API server keeps the one that its schema has.
        (new, live) => match (scalar(new), scalar(live)) {
            (Some(new), Some(live)) if new == live => true,
            (Some(new), Some(live)) if amount => amounts_equal(&new, &live),
            _ => false,
        },
    }
}

fn count(of: &Map<String, Value>, map: &str) -> usize {
    of.get(map).and_then(Value::as_object).map_or(0, Map::len)
}

/// What is not kept: nothing in it.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

fn amounts_equal(one: &str, other: &str) -> bool {
    match (quantity::parse(one), quantity::parse(other)) {
        (Some(one), Some(other)) => (one - other).abs() <= one.abs() * 1e-9,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_server_writes_otherwise_is_the_same() {
        for (new, live, same) in [
            (json!({"requests": {"storage": "1024Mi"}}), json!({"requests": {"storage": "1Gi"}}), true),
            (json!({"requests": {"cpu": 1}}), json!({"requests": {"cpu": "1"}}), true),
            (json!({"requests": {"cpu": "1000m"}}), json!({"requests": {"cpu": "1"}}), true),
            (json!({"requests": {"storage": "1Gi"}}), json!({"requests": {"storage": "2Gi"}}), false),
            (json!({"name": "1024Mi"}), json!({"name": "1Gi"}), false),
            (json!({"a": "", "b": {}, "c": [], "d": null}), json!({}), true),
            (json!({"a": {"b": {"c": ""}}}), json!({}), true),
            (json!({"port": "8080"}), json!({"port": 8080}), true),
            (json!({"a": 1}), json!({"a": 1, "default": true}), true),
            (json!({"podManagementPolicy": ""}), json!({"podManagementPolicy": "OrderedReady"}), true),
            (json!({"matchLabels": {"a": "b"}}), json!({"matchLabels": {"a": "b", "c": "d"}}), false),
            (json!({"a": false}), json!({}), false),
        ] {
            assert_eq!(says_the_same(&new, &live), same, "{new} {live}");
        }
    }
}
