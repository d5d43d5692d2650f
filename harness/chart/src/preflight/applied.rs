//! U1: can the new objects be applied over the old ones?

use serde_json::Value;

use super::{Picture, Trial};
use crate::{Forecast, Object, Severity, Way, forecast};

/// What the API server refuses, field by field.
pub(super) fn refused(picture: &Picture) -> Vec<Forecast> {
    let mut forecasts = Vec::new();
    for (key, object) in picture.new_objects() {
        let Some(Trial::Refused { message, causes }) = picture.trials.get(&key) else { continue };
        let live = picture.live(object);
        for (field, said) in fields(object, live, message, causes) {
            let values = live.map_or_else(String::new, |live| was_and_would_be(&field, live, object));
            let message = format!("the API server refuses {}{values}: {said}", name_of(&field));
            let known = ("immutable-field", "U1", Severity::Break);
            forecasts.push(forecast::about(
                known,
                &picture.to,
                object,
                &field,
                message,
                remedy(object, live, &field),
            ));
        }
    }
    forecasts
}

/// The fields that a refusal is about. Of a set the API names only `spec`: those that differ and may not are found by
/// comparing.
fn fields(
    object: &Object,
    live: Option<&Value>,
    message: &str,
    causes: &[(String, String)],
) -> Vec<(String, String)> {
    let short = |said: &str| said.split(" for fields other than ").next().unwrap_or(said).to_owned();
    let spec = causes.iter().find(|(field, said)| field == "spec" && said.contains("for fields other than"));
    if let (Some((_, said)), Some(live)) = (spec, live) {
        let allowed: Vec<&str> = said.split('\'').skip(1).step_by(2).collect();
        let names = object.value["spec"].as_object().map(|spec| spec.keys().cloned().collect::<Vec<_>>());
        let differs = |name: &String| {
            !allowed.contains(&name.as_str())
                && !says_the_same(&object.value["spec"][name], &live["spec"][name])
        };
        let found: Vec<_> = names
            .into_iter()
            .flatten()
            .filter(differs)
            .map(|name| (format!("/spec/{name}"), short(said)))
            .collect();
        if !found.is_empty() {
            return found;
        }
    }
    if causes.is_empty() {
        return vec![(String::new(), message.to_owned())];
    }
    let pointer = |field: &str| format!("/{}", field.replace(['.', '['], "/").replace(']', ""));
    let mut found: Vec<(String, String)> =
        causes.iter().map(|(field, said)| (pointer(field), short(said))).collect();
    // clusterIP and clusterIPs are one setting.
    found.dedup_by(|later, earlier| later.0.starts_with(&earlier.0) || earlier.0.starts_with(&later.0));
    found
}

/// Whether what a chart says of a field is there already: the API adds defaults to it.
pub fn says_the_same(new: &Value, live: &Value) -> bool {
    match (new, live) {
        (Value::Object(new), Value::Object(live)) => {
            new.iter().all(|(name, value)| says_the_same(value, live.get(name).unwrap_or(&Value::Null)))
                // A label that the chart has no more is a difference; a default that it never had is none.
                && ["labels", "matchLabels", "annotations"].iter().all(|map| {
                    let count = |of: &serde_json::Map<String, Value>| of.get(*map).and_then(Value::as_object).map_or(0, serde_json::Map::len);
                    count(new) == count(live)
                })
        }
        (Value::Array(new), Value::Array(live)) => {
            new.len() == live.len() && new.iter().zip(live).all(|(new, live)| says_the_same(new, live))
        }
        (Value::Null, _) => true,
        (new, live) => new == live,
    }
}

/// `spec.serviceName` of `/spec/serviceName`.
fn name_of(field: &str) -> String {
    if field.is_empty() {
        "it".to_owned()
    } else {
        format!("a change of {}", field.trim_start_matches('/').replace('/', "."))
    }
}

fn was_and_would_be(field: &str, live: &Value, object: &Object) -> String {
    let get = |value: &Value| match value.pointer(field) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Bool(_) | Value::Number(_)) => value.pointer(field).map(ToString::to_string),
        _ => None,
    };
    match (get(live), get(&object.value)) {
        (Some(old), Some(new)) => format!(" from {old} to {new}"),
        (Some(old), None) => format!(" from {old} to nothing"),
        (None, Some(new)) => format!(" to {new}"),
        (None, None) => String::new(),
    }
}

fn remedy(object: &Object, live: Option<&Value>, field: &str) -> String {
    let name = &object.key.name;
    match (object.key.kind.as_str(), live) {
        (_, None) => {
            "correct the template: the API server would not take this object on any cluster of this version"
                .to_owned()
        }
        ("StatefulSet", Some(_)) if field.starts_with("/spec/volumeClaimTemplates") => format!(
            "leave volumeClaimTemplates (labels and size included) as released; users who need the change must run `kubectl delete statefulset {name} --cascade=orphan` before the upgrade, and grow existing PVCs by hand"
        ),
        ("StatefulSet", Some(_)) => format!(
            "leave the field as released (no chart version in it); if it must change, tell users to run `kubectl delete statefulset {name} --cascade=orphan` before the upgrade: pods and PVCs stay and are adopted"
        ),
        ("Service", Some(_)) => format!(
            "keep the type and clusterIP of this service and add another one under another name; or tell users to run `kubectl delete service {name}` before the upgrade, which breaks its names for a moment"
        ),
        (kind, Some(_)) => format!(
            "leave the field as released, or give the object another name; or tell users to delete the {kind} before the upgrade"
        ),
    }
}

/// Kinds and versions that the cluster does not serve.
pub(super) fn not_served(picture: &Picture) -> Vec<Forecast> {
    let not_served = |(key, object): (crate::rendered::Key, &Object)| {
        (picture.trials.get(&key) == Some(&Trial::NotServed)).then(|| {
            let (version, kubernetes) = (&object.api_version, &picture.kubernetes);
            forecast::about(
                ("api-not-served", "U1", Severity::Break),
                &picture.to,
                object,
                "/apiVersion",
                format!("Kubernetes {kubernetes} does not serve {version} {}", key.kind),
                format!(
                    "use a version that it serves (`kubectl api-resources`), by .Capabilities.APIVersions where the chart serves older clusters too; if {} comes from another chart, install that one first",
                    key.kind
                ),
            )
        })
    };
    picture.new_objects().into_iter().filter_map(not_served).collect()
}

/// Objects that are there and belong to somebody else: Helm refuses to take them over.
pub(super) fn not_ours(picture: &Picture) -> Vec<Forecast> {
    let held = picture.held_objects();
    let strangers = picture.new_objects().into_iter().filter(|(key, object)| {
        picture.way == Way::Helm
            && !held.contains_key(key)
            && object.hooks().is_empty()
            && picture.live(object).is_some_and(|live| {
                live["metadata"]["annotations"]["meta.helm.sh/release-name"] != picture.release.name.as_str()
            })
    });
    strangers
        .filter(|(key, _)| key.kind != "CustomResourceDefinition")
        .map(|(_, object)| {
            forecast::about(
                ("owned-by-another", "U1", Severity::Break),
                &picture.to,
                object,
                "/metadata/name",
                "it is there already and is not the release's: Helm refuses to take it over",
                "give it another name, or annotate what is there for this release (meta.helm.sh/release-name, meta.helm.sh/release-namespace, label app.kubernetes.io/managed-by=Helm), or upgrade with --take-ownership",
            )
        })
        .collect()
}
