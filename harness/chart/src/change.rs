//! What differs between two versions of an object, field by field. Secrets are compared by hash and never shown.

use record::sha256::sha256;
pub use record::upgrade::Change;
use serde_json::Value;

use super::rendered::Key;

/// Everything that differs between two versions of an object.
pub fn changes(key: &Key, old: Option<&Value>, new: Option<&Value>) -> Vec<Change> {
    let mut changes = Vec::new();
    walk(key, String::new(), old, new, &mut changes);
    changes
}

fn walk(key: &Key, field: String, old: Option<&Value>, new: Option<&Value>, into: &mut Vec<Change>) {
    if old == new {
        return;
    }
    match (old, new) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                walk(key, format!("{field}/{name}"), before.get(name), after.get(name), into);
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => {
            for number in 0..before.len().max(after.len()) {
                walk(key, format!("{field}/{number}"), before.get(number), after.get(number), into);
            }
        }
        _ => {
            let shown = |value: &Value| shown(key, &field, value);
            into.push(Change { object: key.to_string(), old: old.map(shown), new: new.map(shown), field });
        }
    }
}

/// A value as it may be shown.
fn shown(key: &Key, field: &str, value: &Value) -> String {
    if field.is_empty() {
        return "the whole object".to_owned();
    }
    let secret = key.kind == "Secret" && (field.starts_with("/data") || field.starts_with("/stringData"));
    match value {
        value if secret => hash(value),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A secret value, so that it can be compared by eye and not read.
pub fn hash(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    format!("sha256:{}…", &sha256(text.as_bytes())[..12])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn key(kind: &str) -> Key {
        Key { group: String::new(), kind: kind.into(), namespace: None, name: "a".into() }
    }

    #[test]
    fn what_differs_is_named_and_nothing_else() {
        let (old, new) =
            (json!({"spec": {"a": 1, "b": [1, 2]}}), json!({"spec": {"a": 1, "b": [1, 3], "c": "x"}}));
        let found = changes(&key("Service"), Some(&old), Some(&new));
        let found: Vec<_> = found
            .iter()
            .map(|change| (change.field.as_str(), change.old.as_deref(), change.new.as_deref()))
            .collect();
        assert_eq!(found, [("/spec/b/1", Some("2"), Some("3")), ("/spec/c", None, Some("x"))]);
        assert_eq!(changes(&key("Service"), Some(&old), None)[0].old.as_deref(), Some("the whole object"));
    }

    #[test]
    fn a_secret_is_never_shown() {
        let (old, new) = (
            json!({"data": {"p": "aHVudGVyMg=="}}),
            json!({"data": {"p": "b3RoZXI="}, "stringData": {"q": "plain"}}),
        );
        let text = format!("{:?}", changes(&key("Secret"), Some(&old), Some(&new)));
        assert!(
            text.contains("sha256:")
                && !["aHVudGVy", "b3RoZXI", "plain"].iter().any(|word| text.contains(word)),
            "{text}"
        );
    }
}
