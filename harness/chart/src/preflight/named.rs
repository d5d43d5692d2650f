//! U6: what pods name and can't start without: it must be there before they are.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Picture, Presence};
use crate::{Forecast, Object, Rendered, Severity, forecast, rendered::Key};

/// Something that a pod names.
pub(super) struct Named<'a> {
    pub object: &'a Object,
    pub key: Key,
    /// Where it is named.
    pub field: String,
    /// Whether pods start without it all the same.
    pub soft: bool,
}

/// What pods of the new chart are the first to name, and nothing in that chart makes.
pub(super) fn wanted<'a>(held: &Rendered, new: &'a Rendered, namespace: &str) -> Vec<Named<'a>> {
    let before: BTreeSet<Key> =
        held.workloads().flat_map(|object| named(object, namespace)).map(|named| named.key).collect();
    let there = new.by_key(namespace);
    let made = |named: &Named| {
        there.contains_key(&named.key) || claim_of_set(new, &named.key) || made_by_another(new, &named.key)
    };
    let objects = new.workloads().filter(|object| runs(object));
    objects
        .flat_map(|object| named(object, namespace))
        .filter(|named| !before.contains(&named.key) && !made(named))
        .collect()
}

/// Whether an upgrade makes its pods: not tests, and no hooks of other moments.
fn runs(object: &Object) -> bool {
    let hooks = object.hooks();
    hooks.is_empty() || hooks.iter().any(|hook| hook.ends_with("-upgrade"))
}

/// What pods name for the first time and nobody has.
pub(super) fn absent(picture: &Picture) -> Vec<Forecast> {
    let (mut forecasts, mut told) = (Vec::new(), BTreeSet::new());
    let (mut silent, mut why) = (BTreeSet::new(), BTreeSet::new());
    for named in wanted(&picture.held, &picture.new, &picture.release.namespace) {
        match picture.around.named.get(&named.key) {
            Some(Presence::Absent) if told.insert((named.object.key.clone(), named.key.clone())) => {
                forecasts.push(lacks(picture, &named));
            }
            Some(Presence::NotJudged(words)) => {
                silent.insert(named.key.to_string());
                why.insert(words.as_str());
            }
            _ => {}
        }
    }
    if !silent.is_empty() {
        let join = |words: Vec<&str>| words.join(", ");
        forecasts.push(Forecast {
            cause: "name-not-looked-up".to_owned(),
            claim: "U6".to_owned(),
            severity: Severity::Note,
            object: format!("namespace {}", picture.release.namespace),
            message: format!(
                "not judged: whether it has {}: {}",
                join(silent.iter().map(String::as_str).collect()),
                join(why.into_iter().collect())
            ),
            place: None,
            remedy: "make sure that they are there, or ask again with the right to get them".to_owned(),
        });
    }
    forecasts
}

fn lacks(picture: &Picture, named: &Named) -> Forecast {
    let severity = match named.object.key.kind.as_str() {
        _ if named.soft => Severity::Note,
        "CronJob" => Severity::Care,
        _ => Severity::Break,
    };
    let what = match named.key.kind.as_str() {
        _ if named.soft => "images that need it are not pulled",
        "ServiceAccount" | "PriorityClass" | "RuntimeClass" => "no new pod is made",
        "PersistentVolumeClaim" => "new pods stay Pending",
        _ => "new pods do not start",
    };
    forecast::about(
        ("named-and-absent", "U6", severity),
        &picture.to,
        named.object,
        &named.field,
        format!("its pods name {}, which neither the new chart nor the cluster has: {what}", named.key),
        "make it in the chart; or say in the notes that it must be there before the upgrade",
    )
}

/// What a workload's pods name.
fn named<'a>(object: &'a Object, namespace: &str) -> Vec<Named<'a>> {
    let Some(pod) = object.pod().filter(|_| !object.is_test()) else { return Vec::new() };
    let namespace = object.key.namespace.as_deref().unwrap_or(namespace);
    let mut found = Vec::new();
    let mut add = |group: &str, kind: &str, name: &Value, field: String, soft: bool| {
        let Some(name) = name.as_str().filter(|name| !name.is_empty()) else { return };
        let always = match kind {
            "ServiceAccount" => name == "default",
            "PriorityClass" => name.starts_with("system-"),
            _ => false,
        };
        if !always {
            let (group, kind, name) = (group.to_owned(), kind.to_owned(), name.to_owned());
            let key = Key { group, kind, namespace: Some(namespace.to_owned()), name };
            found.push(Named { object, key, field, soft });
        }
    };
    let spec = object.value.pointer(pod).unwrap_or(&Value::Null);
    for (group, kind, field) in [
        ("", "ServiceAccount", "serviceAccountName"),
        ("scheduling.k8s.io", "PriorityClass", "priorityClassName"),
        ("node.k8s.io", "RuntimeClass", "runtimeClassName"),
    ] {
        add(group, kind, &spec[field], format!("{pod}/{field}"), false);
    }
    for secret in items(&spec["imagePullSecrets"]) {
        add("", "Secret", &secret["name"], format!("{pod}/imagePullSecrets"), true);
    }
    let mut sources = Vec::new();
    for volume in items(&spec["volumes"]) {
        let field = format!("{pod}/volumes");
        let claim = &volume["persistentVolumeClaim"]["claimName"];
        add("", "PersistentVolumeClaim", claim, field.clone(), false);
        sources.push((volume, "secret", "secretName", field.clone()));
        sources.push((volume, "configMap", "name", field.clone()));
        for source in items(&volume["projected"]["sources"]) {
            sources.push((source, "secret", "name", field.clone()));
            sources.push((source, "configMap", "name", field.clone()));
        }
    }
    for (pointer, container) in object.containers() {
        for source in items(&container["envFrom"]) {
            sources.push((source, "secretRef", "name", format!("{pointer}/envFrom")));
            sources.push((source, "configMapRef", "name", format!("{pointer}/envFrom")));
        }
        for variable in items(&container["env"]) {
            let source = &variable["valueFrom"];
            sources.push((source, "secretKeyRef", "name", format!("{pointer}/env")));
            sources.push((source, "configMapKeyRef", "name", format!("{pointer}/env")));
        }
    }
    for (source, how, name, field) in sources {
        if source[how]["optional"] != true {
            let kind = if how.starts_with("secret") { "Secret" } else { "ConfigMap" };
            add("", kind, &source[how][name], field, false);
        }
    }
    found
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Whether a set of the chart makes this claim.
fn claim_of_set(new: &Rendered, key: &Key) -> bool {
    let mut sets = new.of_kind("StatefulSet");
    key.kind == "PersistentVolumeClaim"
        && sets.any(|set| set.templates().into_iter().any(|template| set.makes(template, &key.name)))
}

/// Whether a Job of the chart may make it by a command, or an operator for a resource of its own.
fn made_by_another(new: &Rendered, key: &Key) -> bool {
    let name = key.name.as_str();
    if !["Secret", "ConfigMap", "PersistentVolumeClaim"].contains(&key.kind.as_str()) {
        return false;
    }
    new.objects.iter().any(|object| match object.key.kind.as_str() {
        "Job" => words(object).iter().any(|word| word.contains(name)),
        "ConfigMap" => {
            let texts = object.value["data"].as_object().into_iter().flatten();
            let mut texts = texts.filter_map(|(_, text)| text.as_str());
            texts.any(|text| text.contains("kubectl") && text.contains(name))
        }
        _ if object.pod().is_some() => {
            words(object).iter().any(|word| word.contains("secret") && word.contains(name))
        }
        _ => {
            let own = &object.key.name;
            let group = object.key.group.as_str();
            let operated = group.contains('.') && !group.ends_with("k8s.io") && !group.contains("monitoring");
            // What an annotation names is made for it: a certificate of a service.
            holds(&object.value["metadata"]["annotations"], name)
                || operated
                    && (name == own
                        || name.strip_prefix(own.as_str()).is_some_and(|rest| rest.starts_with('-'))
                        || holds(&object.value, name))
        }
    })
}

/// The words of a workload's command lines, and the values of its variables.
fn words(object: &Object) -> Vec<&str> {
    let mut found = Vec::new();
    for (_, container) in object.containers() {
        let lists = ["command", "args"].into_iter().flat_map(|field| items(&container[field]));
        found.extend(lists.filter_map(Value::as_str));
        found.extend(items(&container["env"]).iter().filter_map(|variable| variable["value"].as_str()));
    }
    found
}

/// Whether a text stands somewhere in a value.
fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(held) => held == text,
        Value::Array(items) => items.iter().any(|item| holds(item, text)),
        Value::Object(fields) => fields.values().any(|value| holds(value, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
