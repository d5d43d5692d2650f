//! U1: can the new objects be applied over the old ones?

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Picture, Trial, relief::Relief};
use crate::{
    Forecast, Object, Severity, Way, forecast,
    same::{is_empty, says_the_same},
};

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

/// What the API server refuses, field by field.
pub(super) fn refused(picture: &Picture) -> Vec<Forecast> {
    let (reliefs, held) = (picture.reliefs(), picture.held_objects());
    let mut forecasts = Vec::new();
    for (key, object) in picture.new_objects() {
        let Some(Trial::Refused { message, causes }) = picture.trials.get(&key) else { continue };
        let live = picture.live(object);
        let was = held.get(&key).copied();
        let fields = fields(object, was, live, message, causes);
        let relief = reliefs.iter().find(|relief| live.is_some() && relief.deletes(object, live));
        if let Some(relief) = relief {
            forecasts.push(relieved(picture, object, live, &fields, relief));
            continue;
        }
        for (field, said) in fields {
            let values = live.map_or_else(String::new, |live| was_and_would_be(&field, live, object));
            forecasts.push(forecast::about(
                ("immutable-field", "U1", Severity::Break),
                &picture.to,
                object,
                &field,
                format!("the API server refuses {}{values}: {said}", name_of(&field)),
                remedy(object, live, &field),
            ));
        }
    }
    forecasts
}

/// What would be refused, if a hook did not delete it first.
fn relieved(
    picture: &Picture,
    object: &Object,
    live: Option<&Value>,
    fields: &[(String, String)],
    relief: &Relief,
) -> Forecast {
    let names: Vec<String> = fields.iter().map(|(field, _)| name_of(field)).collect();
    let field = fields.first().map_or("", |(field, _)| field.as_str());
    let known = |severity| ("deleted-by-hook", "U1", severity);
    if relief.orphans && !selects(object, live) {
        return forecast::about(
            known(Severity::Break),
            &picture.to,
            object,
            "/spec/selector",
            format!(
                "{} deletes it before the upgrade and leaves its pods, but the new selector does not match their labels: nobody adopts them, and their names stay taken",
                relief.hook
            ),
            "leave the selector as released",
        );
    }
    let pods = if relief.orphans { "its pods stay and are adopted" } else { "its pods all go at once" };
    let back = if picture.held.objects.iter().any(|held| held.hooks().contains(&"pre-rollback")) {
        ""
    } else {
        "; there is no way back by a rollback: the old chart has no such hook"
    };
    forecast::about(
        known(Severity::Care),
        &picture.to,
        object,
        field,
        format!(
            "the API server would refuse {}; {} deletes the object before the upgrade, so it gets through: {pods}{back}",
            names.join(", "),
            relief.hook
        ),
        "make sure that the hook's image can be had and that it may delete; `kubectl apply` runs no hooks: there the object must be deleted by hand first",
    )
}

/// Whether the new selector matches the labels of the pods that are there.
fn selects(object: &Object, live: Option<&Value>) -> bool {
    let labels = live.map(|live| &live["spec"]["template"]["metadata"]["labels"]);
    let wanted = object.value["spec"]["selector"]["matchLabels"].as_object();
    match (wanted, labels) {
        (Some(wanted), Some(labels)) => wanted.iter().all(|(label, value)| &labels[label] == value),
        _ => true,
    }
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

/// The fields that a refusal is about. Of a set the API names only `spec`: those that differ and may not are found by
/// comparing.
fn fields(
    object: &Object,
    held: Option<&Object>,
    live: Option<&Value>,
    message: &str,
    causes: &[(String, String)],
) -> Vec<(String, String)> {
    let short = |said: &str| without_value(said.split(" for fields other than ").next().unwrap_or(said));
    let spec = causes.iter().find(|(field, said)| field == "spec" && said.contains("for fields other than"));
    if let (Some((_, said)), Some(live)) = (spec, live) {
        let allowed: Vec<&str> = said.split('\'').skip(1).step_by(2).collect();
        let names = |object: &Object| {
            object.value["spec"].as_object().map(|spec| spec.keys().cloned().collect::<BTreeSet<_>>())
        };
        let mut names_of_both = names(object).unwrap_or_default();
        names_of_both.extend(held.and_then(names).unwrap_or_default());
        let differs = |name: &String| {
            let (is, was) = (&object.value["spec"][name], &live["spec"][name]);
            !allowed.contains(&name.as_str())
                && match object.value["spec"].get(name) {
                    Some(_) => !says_the_same(is, was),
                    // What the chart says no more falls back to its default.
                    None => !is_empty(was) && was != "OrderedReady",
                }
        };
        let found: Vec<_> = names_of_both
            .into_iter()
            .filter(differs)
            .map(|name| (format!("/spec/{name}"), short(said)))
            .collect();
        if !found.is_empty() {
            return found;
        }
    }
    if causes.is_empty() {
        return vec![(String::new(), without_value(message))];
    }
    let mut found: Vec<(String, String)> =
        causes.iter().map(|(field, said)| (pointer(field), short(said))).collect();
    // One setting under two names.
    for (field, _) in &mut found {
        if field.starts_with("/spec/clusterIPs") {
            "/spec/clusterIP".clone_into(field);
        }
    }
    found.dedup_by(|later, earlier| later.0.starts_with(&earlier.0) || earlier.0.starts_with(&later.0));
    found
}

/// A refusal without the whole object that it quotes: `Invalid value: {…}: field is immutable`.
fn without_value(said: &str) -> String {
    const BEGIN: &str = "Invalid value: ";
    let quoted =
        said.split_once(BEGIN).filter(|(_, value)| value.starts_with(['{', '[']) || value.contains('{'));
    match quoted.and_then(|(before, value)| Some((before, value.rsplit_once("}: ")?.1))) {
        Some((before, why)) => format!("{before}{BEGIN}…: {why}"),
        None => said.to_owned(),
    }
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
        (kind, Some(_)) if field.starts_with("/spec/selector") => format!(
            "leave the selector as released (no chart version in it): a new one selects no pod that is there, so the {kind} and its pods must be deleted before the upgrade, which takes it away for a while; its PVCs stay"
        ),
        ("StatefulSet", Some(_)) => format!(
            "leave the field as released (no chart version in it); if it must change, tell users to run `kubectl delete statefulset {name} --cascade=orphan` before the upgrade: pods and PVCs stay and are adopted"
        ),
        ("PersistentVolumeClaim", Some(_)) => {
            "leave the claim as released: only its size may change, and only upwards, where the storage class allows it"
                .to_owned()
        }
        ("Service", Some(_)) => format!(
            "keep the type and clusterIP of this service and add another one under another name; or tell users to run `kubectl delete service {name}` before the upgrade, which breaks its names for a moment"
        ),
        (kind, Some(_)) => format!(
            "leave the field as released, or give the object another name; or tell users to delete the {kind} before the upgrade"
        ),
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

#[cfg(test)]
mod tests {
    use super::without_value;

    #[test]
    fn a_refusal_does_not_quote_a_whole_object() {
        let said = "Invalid value: {\"Spec\":{\"a\":\"b: c\"}}: field is immutable";
        assert_eq!(without_value(said), "Invalid value: …: field is immutable");
        let said = "Invalid value: core.PodTemplateSpec{ObjectMeta: {}}: field is immutable";
        assert_eq!(without_value(said), "Invalid value: …: field is immutable");
        let short = "Invalid value: \"x\": may not change once set";
        assert_eq!(without_value(short), short);
    }
}
