//! U1: can the new objects be applied over the old ones?

mod refusals;

use serde_json::Value;

pub(super) use refusals::refused;

use super::Picture;
use crate::{Forecast, Object, Severity, Way, forecast};

/// The chart does not render as an upgrade: its own words are the finding.
pub(super) fn not_rendered(picture: &Picture) -> Vec<Forecast> {
    let refusal = picture.refusal.iter();
    refusal
        .map(|words| Forecast {
            cause: "not-rendered".to_owned(),
            claim: "U1".to_owned(),
            severity: Severity::Break,
            object: format!("chart {}", picture.to.title()),
            message: format!("it refuses to be rendered as an upgrade: {words}"),
            place: None,
            remedy: "give the values that it asks for, and say in the notes of the new version that they are needed"
                .to_owned(),
        })
        .collect()
}

/// Fields that another manager owns: a server-side apply without force is refused as a whole.
pub(super) fn owned_fields(picture: &Picture) -> Vec<Forecast> {
    let mut forecasts = Vec::new();
    for (key, object) in picture.new_objects() {
        for conflict in picture.conflicts.get(&key).into_iter().flatten() {
            let field = pointer(&conflict.field);
            let values =
                picture.live(object).map_or_else(String::new, |live| was_and_would_be(&field, live, object));
            forecasts.push(forecast::about(
                ("owned-field", "U1", Severity::Break),
                &picture.to,
                object,
                &field,
                format!("Helm's server-side apply fails at {}{values}: {}", name_of(&field), conflict.said),
                "take the field out of the chart where another sets it on purpose; otherwise let the other manager give it up, or upgrade with --force-conflicts, which takes its value back",
            ));
        }
    }
    forecasts
}

/// `/spec/ports/0` of `spec.ports[0]` and `.spec.ports[0]`.
fn pointer(field: &str) -> String {
    format!("/{}", field.trim_start_matches('.').replace(['.', '['], "/").replace(']', ""))
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

/// Objects that are there and belong to somebody else: Helm refuses to take them over.
pub(super) fn not_ours(picture: &Picture) -> Vec<Forecast> {
    let held = picture.held_objects();
    let strangers = picture.new_objects().into_iter().filter(|(key, object)| {
        picture.way.has_release()
            // What a hook has made is not the release's either.
            && held.get(key).is_none_or(|old| !old.hooks().is_empty())
            && object.hooks().is_empty()
            && key.kind != "CustomResourceDefinition"
            && picture.live(object).is_some_and(|live| {
                live["metadata"]["annotations"]["meta.helm.sh/release-name"] != picture.release.name.as_str()
            })
    });
    strangers
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

/// Pods and claims that a hook deletes: what is in them goes.
pub(super) fn deleted_by_hooks(picture: &Picture) -> Vec<Forecast> {
    let held = picture.held_objects();
    let mut forecasts = Vec::new();
    for relief in picture.reliefs().into_iter().filter(|relief| relief.kind == "PersistentVolumeClaim") {
        let theirs = held.values().filter(|object| relief.deletes(object, picture.live(object)));
        let named: Vec<String> = theirs
            .map(|object| object.key.name.clone())
            .chain(
                picture
                    .claims
                    .iter()
                    .filter(|claim| relief.which == super::relief::Which::Named((*claim).clone()))
                    .cloned(),
            )
            .collect();
        let what = match (&relief.which, named.is_empty()) {
            (_, false) => named.join(", "),
            (super::relief::Which::Named(_), true) => continue,
            _ => "the PVCs that it selects".to_owned(),
        };
        forecasts.push(Forecast {
            cause: "claim-deleted-by-hook".to_owned(),
            claim: "U2".to_owned(),
            severity: Severity::Loss,
            object: relief.hook.clone(),
            message: format!("this hook deletes {what} before the upgrade, with the data"),
            place: None,
            remedy: "leave the PVCs alone: a set that is deleted with --cascade=orphan finds them again"
                .to_owned(),
        });
    }
    forecasts
}

/// The way's own rules, where it asks otherwise than Helm.
pub(super) fn left_behind(picture: &Picture) -> Vec<Forecast> {
    if picture.way != Way::Apply {
        return Vec::new();
    }
    let hooks = picture.new.objects.iter().filter(|object| {
        object.hooks().iter().any(|hook| hook.ends_with("-upgrade"))
            && object.key.kind == "Job"
            && !object.is_test()
    });
    hooks
        .map(|object| {
            forecast::about(
                ("hook-not-run", "U1", Severity::Note),
                &picture.to,
                object,
                "/metadata/annotations/helm.sh/hook",
                "kubectl applies this hook as a plain object, beside all others and not before them",
                "run by hand what must happen before the upgrade",
            )
        })
        .collect()
}
