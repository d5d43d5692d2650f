//! Who is told of a Secret's values.

use serde_json::Value;

use crate::{Object, Rendered};

/// Whether anything in a chart is told of a value of a Secret.
pub(super) fn used(chart: &Rendered, secret: &Object, key: &str) -> bool {
    let mut others = chart.objects.iter().filter(|object| object.key != secret.key);
    others.any(|object| {
        // An operator's resources have names of their own for what names a Secret.
        let group = &object.key.group;
        let operated = group.contains('.') && !group.ends_with(".k8s.io");
        tells(&object.value["spec"], &secret.key.name, key, operated)
            || tells_account(object, &secret.key.name)
    })
}

/// A service account's Secrets stand beside its metadata.
fn tells_account(object: &Object, secret: &str) -> bool {
    ["secrets", "imagePullSecrets"].iter().any(|list| tells(&object.value[*list], secret, "", true))
}

/// Whether something names a Secret as a whole, or this key of it. `within` is what speaks of Secrets.
fn tells(value: &Value, secret: &str, key: &str, within: bool) -> bool {
    match value {
        Value::String(text) => within && text == secret,
        Value::Array(items) => items.iter().any(|item| tells(item, secret, key, within)),
        Value::Object(fields) => {
            let named = within && ["name", "secretName"].iter().any(|name| value[*name] == secret);
            let items = value["items"].as_array().filter(|items| !items.is_empty());
            match (named, &value["key"], items) {
                (true, Value::String(one), _) => one == key,
                (true, _, Some(items)) => items.iter().any(|item| item["key"] == key),
                _ => fields.iter().any(|(field, value)| {
                    tells(value, secret, key, within || field.to_lowercase().contains("secret"))
                }),
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(spec: &str) -> bool {
        let text = format!(
            "{{apiVersion: v1, kind: Secret, metadata: {{name: db}}}}\n---\n{{apiVersion: apps/v1, kind: StatefulSet, metadata: {{name: db}}, spec: {spec}}}\n"
        );
        let chart = Rendered::parse(&text, "a").unwrap();
        used(&chart, &chart.objects[0], "password")
    }

    #[test]
    fn who_names_the_secret_or_the_key_is_told() {
        for (spec, expected) in [
            ("{serviceName: db}", false),
            ("{env: [{valueFrom: {secretKeyRef: {name: db, key: password}}}]}", true),
            ("{env: [{valueFrom: {secretKeyRef: {name: db, key: user}}}]}", false),
            ("{envFrom: [{secretRef: {name: db}}]}", true),
            ("{volumes: [{name: db, secret: {secretName: db}}]}", true),
            ("{volumes: [{name: db, secret: {secretName: db, items: [{key: user}]}}]}", false),
            ("{volumes: [{projected: {sources: [{secret: {name: db, items: [{key: password}]}}]}}]}", true),
            ("{volumes: [{name: db, configMap: {name: db}}]}", false),
        ] {
            assert_eq!(told(spec), expected, "{spec}");
        }
    }
}
