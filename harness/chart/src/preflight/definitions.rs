//! U7 and U2: definitions of kinds, which Helm treats otherwise when they stand in crds/.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Picture;
use crate::{Forecast, Object, Severity, change::changes, forecast};

/// Definitions in crds/ that the cluster does not get: Helm installs what is there with a release, and then never again.
pub(super) fn not_upgraded(picture: &Picture) -> Vec<Forecast> {
    if !picture.way.has_release() {
        return Vec::new();
    }
    let definitions = picture.new.objects.iter().filter(|object| object.only_installed());
    let mut forecasts = Vec::new();
    for new in definitions {
        let (severity, what) = match picture.live(new) {
            None => (Severity::Break, "the definition is new".to_owned()),
            Some(live) => match difference(new, live) {
                Some(said) => said,
                None => continue,
            },
        };
        forecasts.push(forecast::about(
            ("definition-not-upgraded", "U7", severity),
            &picture.to,
            new,
            "/spec/versions",
            format!("{what}, and an upgrade by Helm leaves out what is in crds/: the cluster does not get it"),
            "tell users to run `kubectl apply --server-side -f crds/` before the upgrade, or ship definitions in a chart of their own",
        ));
    }
    forecasts
}

/// What is new in a definition, and how bad it is to miss.
fn difference(new: &Object, live: &Value) -> Option<(Severity, String)> {
    let missing: Vec<String> = served(&new.value).difference(&served(live)).cloned().collect();
    if !missing.is_empty() {
        return Some((Severity::Break, format!("the new definition serves {} as well", missing.join(", "))));
    }
    let differs = ["/spec/versions", "/spec/names"].iter().any(|field| {
        let of = |definition: &Value| definition.pointer(field).map(without_descriptions);
        // Defaults that the API adds are no change.
        changes(new, of(live).as_ref(), of(&new.value).as_ref()).iter().any(|change| change.new.is_some())
    });
    differs.then(|| (Severity::Care, "the definition changes".to_owned()))
}

/// The versions that a definition serves.
fn served(definition: &Value) -> BTreeSet<String> {
    let versions = definition.pointer("/spec/versions").and_then(Value::as_array).into_iter().flatten();
    let served = versions.filter(|version| version["served"] != false);
    served.filter_map(|version| version["name"].as_str().map(str::to_owned)).collect()
}

/// A schema without what it tells people.
fn without_descriptions(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            // A field that is called so is an object.
            let fields = fields.iter().filter(|(name, value)| *name != "description" || !value.is_string());
            fields.map(|(name, value)| (name.clone(), without_descriptions(value))).collect()
        }
        Value::Array(items) => items.iter().map(without_descriptions).collect(),
        other => other.clone(),
    }
}

/// Definitions that were the release's own and go to crds/: they leave the release, and Helm deletes them.
pub(super) fn leave_the_release(picture: &Picture) -> Vec<Forecast> {
    let leaving = picture.kept().into_iter().filter(|(old, new)| {
        picture.way.has_release()
            && new.only_installed()
            && !old.only_installed()
            && old.annotation("helm.sh/resource-policy") != "keep"
    });
    leaving
        .map(|(_, new)| {
            forecast::about(
                ("definition-gone", "U2", Severity::Loss),
                &picture.to,
                &new,
                "/metadata/name",
                format!(
                    "it moves into crds/, which is no part of the release: {} deletes it, and with it every object of its kind in the whole cluster",
                    picture.way.text()
                ),
                "leave it among the templates, or annotate it with helm.sh/resource-policy: keep in a release before this one",
            )
        })
        .collect()
}
