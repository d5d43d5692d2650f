//! What differs between two versions of an object, field by field. What is secret is compared by hash and never shown.

use std::collections::{BTreeMap, BTreeSet};

pub use record::upgrade::Change;
use record::{redact, sha256::sha256, words};
use serde_json::{Value, json};

use super::Object;

/// Everything that differs between two versions of an object; at least one is there.
pub fn changes(object: &Object, old: Option<&Value>, new: Option<&Value>) -> Vec<Change> {
    let mut walk = Walk { object, changes: Vec::new() };
    walk.compare(String::new(), old, new, false);
    walk.changes
}

struct Walk<'a> {
    object: &'a Object,
    changes: Vec<Change>,
}

impl Walk<'_> {
    fn compare(&mut self, field: String, old: Option<&Value>, new: Option<&Value>, secret: bool) {
        if old == new {
            return;
        }
        match (old, new) {
            (Some(Value::Object(before)), Some(Value::Object(after))) => {
                let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
                names.sort();
                names.dedup();
                // A variable's value is as secret as its name says.
                let named = |fields: &serde_json::Map<String, Value>| {
                    field.contains("/env/")
                        && fields.get("name").and_then(Value::as_str).is_some_and(redact::names_a_secret)
                };
                let secret = secret || named(before) || named(after);
                for name in names {
                    let below = format!("{field}/{}", name.replace('~', "~0").replace('/', "~1"));
                    let secret = secret || redact::names_a_secret(name) || self.in_secret(&below);
                    self.compare(below, before.get(name), after.get(name), secret);
                }
            }
            (Some(Value::Array(before)), Some(Value::Array(after))) => {
                match (by_name(before), by_name(after)) {
                    (Some(before), Some(after)) => {
                        for (name, (number, old)) in &before {
                            let new = after.get(name);
                            let number = new.map_or(*number, |(number, _)| *number);
                            self.compare(
                                format!("{field}/{number}"),
                                Some(old),
                                new.map(|(_, new)| *new),
                                secret,
                            );
                        }
                        for (_, (number, new)) in after.iter().filter(|(name, _)| !before.contains_key(*name))
                        {
                            self.compare(format!("{field}/{number}"), None, Some(new), secret);
                        }
                    }
                    _ => {
                        for number in 0..before.len().max(after.len()) {
                            let told =
                                |items: &[Value]| number > 0 && redact::takes_a_secret(items.get(number - 1));
                            let secret = secret || told(before) || told(after);
                            self.compare(
                                format!("{field}/{number}"),
                                before.get(number),
                                after.get(number),
                                secret,
                            );
                        }
                    }
                }
            }
            _ => {
                let shown = |value: &Value| shown(&field, value, secret);
                let (old, new) = cut(old.map(shown), new.map(shown));
                self.add(field, old, new);
            }
        }
    }

    fn in_secret(&self, field: &str) -> bool {
        self.object.key.kind == "Secret" && (field.starts_with("/data") || field.starts_with("/stringData"))
    }

    fn add(&mut self, field: String, old: Option<Value>, new: Option<Value>) {
        let key = &self.object.key;
        self.changes.push(Change {
            api_version: self.object.api_version.clone(),
            kind: key.kind.clone(),
            namespace: key.namespace.clone(),
            name: key.name.clone(),
            field,
            old,
            new,
        });
    }
}

/// The items of a list by their names, where each has one of its own.
fn by_name(items: &[Value]) -> Option<BTreeMap<&str, (usize, &Value)>> {
    let mut named = BTreeMap::new();
    for (number, item) in items.iter().enumerate() {
        if named.insert(item["name"].as_str()?, (number, item)).is_some() {
            return None;
        }
    }
    Some(named)
}

/// A value as it may be shown.
fn shown(field: &str, value: &Value, secret: bool) -> Value {
    if field.is_empty() {
        return json!("the whole object");
    }
    if secret {
        return json!(hash(value));
    }
    // What comes or goes as a whole may hold variables.
    let mut held = match field.rsplit('/').nth(1) {
        Some("env") => json!({ "env": [value] }),
        _ => json!({ "held": value }),
    };
    redact::object(&mut held);
    match held {
        Value::Object(fields) => fields.into_iter().next().map_or(Value::Null, |(name, value)| match value {
            Value::Array(items) if name == "env" => items.into_iter().next().unwrap_or_default(),
            value => value,
        }),
        other => other,
    }
}

/// How long a text is shown whole.
const WHOLE: usize = 400;

/// Long texts as the lines that differ, and these abridged.
fn cut(old: Option<Value>, new: Option<Value>) -> (Option<Value>, Option<Value>) {
    let text = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
    let (before, after) = (text(&old), text(&new));
    let only = |one: &str, other: &str| {
        let there: BTreeSet<&str> = other.lines().collect();
        let lines = one.lines().filter(|line| !there.contains(line));
        words::abridge(&lines.collect::<Vec<_>>().join("\n"), WHOLE)
    };
    let shown = |value: Option<Value>, one: &str, other: &str| match value {
        Some(Value::String(text)) if text.chars().count() > WHOLE => Some(json!(only(one, other))),
        // What comes or goes as a whole.
        Some(value @ (Value::Object(_) | Value::Array(_))) if value.to_string().len() > WHOLE => {
            Some(json!(words::abridge(&value.to_string(), WHOLE)))
        }
        value => value,
    };
    (shown(old, &before, &after), shown(new, &after, &before))
}

/// A secret value, so that it can be compared by eye and not read.
pub fn hash(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    format!("sha256:{}…", &sha256(text.as_bytes())[..12])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rendered::Key;

    fn object(kind: &str) -> Object {
        let key = Key { group: String::new(), kind: kind.into(), namespace: None, name: "a".into() };
        Object { key, api_version: "v1".into(), template: String::new(), value: Value::Null }
    }

    #[test]
    fn what_differs_is_named_and_nothing_else() {
        let (old, new) = (
            json!({"spec": {"a": 1, "b": [1, 2], "l": [{"name": "x", "v": 1}, {"name": "y", "v": 1}]}}),
            json!({"spec": {"a": 1, "b": [1, 3], "c": "x", "l": [{"name": "y", "v": 2}]}}),
        );
        let found = changes(&object("Service"), Some(&old), Some(&new));
        let found: Vec<_> = found
            .iter()
            .map(|change| (change.field.as_str(), change.old.clone(), change.new.clone()))
            .collect();
        assert_eq!(
            found,
            [
                ("/spec/b/1", Some(json!(2)), Some(json!(3))),
                ("/spec/c", None, Some(json!("x"))),
                ("/spec/l/0", Some(json!({"name": "x", "v": 1})), None),
                ("/spec/l/0/v", Some(json!(1)), Some(json!(2))),
            ]
        );
        let gone = &changes(&object("Service"), Some(&old), None)[0];
        assert_eq!(
            (gone.old.clone(), gone.object()),
            (Some(json!("the whole object")), "Service a".to_owned())
        );
    }

    #[test]
    fn a_long_text_is_shown_by_what_differs() {
        let (old, new) = ("same\n".repeat(200), format!("{}other\n", "same\n".repeat(200)));
        let of = |text: &str| json!({"spec": {"text": text}});
        let found = &changes(&object("X"), Some(&of(&old)), Some(&of(&new)))[0];
        assert_eq!((found.old.clone(), found.new.clone()), (Some(json!("")), Some(json!("other"))));
        let (old, new) = ("x".repeat(5000), "y".repeat(5000));
        let found = &changes(&object("X"), Some(&of(&old)), Some(&of(&new)))[0];
        assert!(found.new.as_ref().unwrap().as_str().unwrap().chars().count() <= WHOLE + 1);
    }

    #[test]
    fn a_secret_is_never_shown() {
        for (kind, old, new) in [
            (
                "Secret",
                json!({"data": {"p": "hunter2"}}),
                json!({"data": {"p": "hunter3"}, "stringData": {"q": "hunter4"}}),
            ),
            (
                "Pod",
                json!({"env": [{"name": "DB_PASSWORD", "value": "hunter2"}]}),
                json!({"env": [{"name": "DB_PASSWORD", "value": "hunter3"}, {"name": "TOKEN", "value": "hunter4"}]}),
            ),
            (
                "ConfigMap",
                json!({"data": {"a": "password = hunter2"}}),
                json!({"data": {"a": "password = hunter3"}}),
            ),
            (
                "Pod",
                json!({"args": ["--admin-password", "hunter2", "-a", "hunter5"]}),
                json!({"args": ["--admin-password", "hunter3", "-a", "hunter6"]}),
            ),
            (
                "Pod",
                json!({"command": ["sh", "-c", "curl -u me:hunter2 x; curl -H 'Authorization: Bearer hunter4' y"]}),
                json!({"command": ["sh", "-c", "redis-cli -a hunter2; mysqladmin -uroot -phunter3 ping"]}),
            ),
            (
                "Cluster",
                json!({"spec": {"adminPassword": "hunter2"}}),
                json!({"spec": {"adminPassword": "hunter3"}}),
            ),
        ] {
            let text = format!("{:?}", changes(&object(kind), Some(&old), Some(&new)));
            assert!(!text.contains("hunter") && text.contains("field"), "{text}");
        }
    }
}
