//! What the API server refuses of the new objects, field by field, and what helps.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{name_of, pointer, was_and_would_be};
use crate::{
    Forecast, Object, Severity, forecast,
    preflight::{Picture, Trial, relief::Relief},
    same::{is_empty, says_the_same},
};

/// What the API server refuses, field by field.
pub(in crate::preflight) fn refused(picture: &Picture) -> Vec<Forecast> {
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
