//! U4: secrets stay as they are unless somebody asks; also when the chart is rendered where nothing can be looked up.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use record::redact::names_a_secret;
use serde_json::Value;

use super::{
    Picture,
    difference::{Difference, difference},
    used::used,
};
use crate::{Forecast, Object, Rendered, Severity, change::hash, forecast, rendered::Key};

/// Values that the new chart sets to something else than what is there.
pub(super) fn changed(picture: &Picture) -> Vec<Forecast> {
    if picture.blind {
        return Vec::new();
    }
    let (again, kept) = (values(picture, &picture.again), values(picture, &picture.new));
    let mut forecasts = Vec::new();
    for (key, object) in picture.new_objects().into_iter().filter(|(key, _)| key.kind == "Secret") {
        let Some(live) = picture.live(object).map(plain) else { continue };
        let values = kept.get(&key).into_iter().flatten();
        let certified = values.clone().any(|(_, value)| contains(value, "-----BEGIN CERTIFICATE"));
        for (name, value) in values {
            let Some(old) = live.get(name).filter(|old| *old != value) else { continue };
            let random = again.get(&key).and_then(|again| again.get(name)) != Some(value);
            let mut said = told(picture, name, old, value, (random, certified));
            if said.severity == Severity::Break && !used(&picture.new, object, name) {
                // Who uses a password that is made anew may be outside the chart.
                let severity = match random && names_a_secret(name) {
                    true => Severity::Care,
                    false => Severity::Note,
                };
                said = Said { severity, what: "; nothing in the chart is told of it", ..said };
            }
            forecasts.push(forecast::about(
                (said.cause, "U4", said.severity),
                &picture.to,
                object,
                &format!("/data/{name}"),
                format!("{name} changes from {} to {}{}", shown(old), shown(value), said.what),
                said.remedy,
            ));
        }
    }
    forecasts
}

/// What is to be said of a value that changes.
pub(super) struct Said {
    pub cause: &'static str,
    pub severity: Severity,
    pub what: &'static str,
    pub remedy: &'static str,
}

pub(super) fn told(
    picture: &Picture,
    name: &str,
    old: &[u8],
    new: &[u8],
    (random, certified): (bool, bool),
) -> Said {
    let asked = || std::str::from_utf8(new).is_ok_and(|text| gives(&picture.values.given, text));
    let (cause, severity, what, remedy) = match difference(name, old, new, certified) {
        Difference::Salt => (
            "secret-salted",
            Severity::Note,
            ": the hash of a password with another salt; whoever knows the password is still let in",
            "nothing needs to be done; pods that watch the secret's checksum roll",
        ),
        Difference::Certificate if random => (
            "certificate-made-anew",
            Severity::Care,
            ": a certificate that the chart makes itself, anew at each rendering; clients that trust the old one do not trust the new one",
            "give it a certificate of your own, or one of cert-manager; or tell clients of the new one after each upgrade",
        ),
        Difference::Certificate => (
            "certificate-changed",
            Severity::Care,
            ": another certificate",
            "make sure that its clients trust the new one",
        ),
        _ if random => (
            "secret-regenerated",
            Severity::Break,
            ", and to another value at each rendering",
            "take the value that is there (`lookup`), or ask for it in values.yaml; clients and data on disk know only the old one",
        ),
        Difference::Password if !asked() => (
            "secret-changed",
            Severity::Break,
            ", and no value that is given asks for it; a server that has stored the old one does not take the new one",
            "keep the old default, or give the old value",
        ),
        Difference::Password | Difference::Setting => (
            "secret-changed",
            Severity::Care,
            "",
            "if nobody asked for it, keep the old default; a server that has stored the old one must be told of the new one as well",
        ),
        Difference::File => (
            "secret-changed",
            Severity::Note,
            ": settings, and no password among them",
            "look at the difference",
        ),
    };
    Said { cause, severity, what, remedy }
}

/// Whether the user's values hold this text.
pub(super) fn gives(values: &Value, text: &str) -> bool {
    match values {
        Value::String(given) => given == text,
        Value::Number(given) => given.to_string() == text,
        Value::Object(fields) => fields.values().any(|value| gives(value, text)),
        Value::Array(items) => items.iter().any(|value| gives(value, text)),
        Value::Null | Value::Bool(_) => false,
    }
}

/// Secrets that are called otherwise in the new chart, and hold other passwords.
pub(super) fn moved(picture: &Picture) -> Vec<Forecast> {
    if picture.blind {
        return Vec::new();
    }
    let again = values(picture, &picture.again);
    let gone = picture.gone();
    let gone: Vec<_> = gone.iter().filter(|object| object.key.kind == "Secret").collect();
    let coming: Vec<_> = picture.coming().into_iter().filter(|object| object.key.kind == "Secret").collect();
    let mut forecasts = Vec::new();
    for old in gone {
        let held = plain(&old.value);
        let named = |object: &Object| {
            plain(&object.value).into_keys().filter(|name| names_a_secret(name)).collect::<Vec<_>>()
        };
        let heirs: Vec<_> =
            coming.iter().filter(|new| named(new) == named(old) && !named(old).is_empty()).collect();
        let [new] = heirs.as_slice() else { continue };
        for (name, value) in plain(&new.value) {
            let Some(was) = held.get(&name).filter(|was| **was != value && names_a_secret(&name)) else {
                continue;
            };
            let random = again.get(&picture.key(new)).and_then(|again| again.get(&name)) != Some(&value);
            let said = told(picture, &name, was, &value, (random, false));
            forecasts.push(forecast::about(
                (said.cause, "U4", said.severity),
                &picture.to,
                new,
                &format!("/data/{name}"),
                format!(
                    "it takes the place of {}, and {name} changes from {} to {}{}",
                    old.key,
                    shown(was),
                    shown(&value),
                    said.what
                ),
                said.remedy,
            ));
        }
    }
    forecasts
}

/// Values that are kept only by looking them up: rendered elsewhere they would change.
pub(super) fn regenerated(picture: &Picture) -> Vec<Forecast> {
    if !picture.way.looks_up() || picture.blind {
        // What is applied was rendered so: `changed` tells.
        return Vec::new();
    }
    let (offline, new) = (values(picture, &picture.offline), values(picture, &picture.new));
    let objects = picture.new_objects();
    let mut forecasts = Vec::new();
    for (key, values) in &new {
        let Some((object, live)) =
            objects.get(key).and_then(|object| Some((*object, plain(picture.live(object)?))))
        else {
            continue;
        };
        let lost = values.iter().filter(|(name, value)| {
            live.get(*name) == Some(value)
                && offline
                    .get(key)
                    .and_then(|offline| offline.get(*name))
                    .is_some_and(|offline| offline != *value)
        });
        for (name, _) in lost {
            forecasts.push(forecast::about(
                ("secret-kept-by-lookup", "U4", Severity::Note),
                &picture.to,
                object,
                &format!("/data/{name}"),
                format!("{name} is kept only because Helm can look it up: `helm template` and GitOps tools would change it"),
                "users who render on the client's side must give the value, or an existing secret: say so in the notes",
            ));
        }
    }
    forecasts
}

/// The values of all secrets of a rendering.
pub(super) fn values(picture: &Picture, rendered: &Rendered) -> BTreeMap<Key, BTreeMap<String, Vec<u8>>> {
    let secrets =
        rendered.by_key(&picture.release.namespace).into_iter().filter(|(key, _)| key.kind == "Secret");
    secrets.map(|(key, object): (Key, &Object)| (key, plain(&object.value))).collect()
}

/// A secret's values as bytes, however they are written.
pub fn plain(secret: &Value) -> BTreeMap<String, Vec<u8>> {
    let mut values = BTreeMap::new();
    for (name, value) in secret["data"].as_object().into_iter().flatten() {
        let bytes: ByteString = serde_json::from_value(value.clone()).unwrap_or_default();
        values.insert(name.clone(), bytes.0);
    }
    for (name, value) in secret["stringData"].as_object().into_iter().flatten() {
        values.insert(name.clone(), value.as_str().unwrap_or_default().as_bytes().to_vec());
    }
    values
}

fn contains(value: &[u8], words: &str) -> bool {
    value.windows(words.len()).any(|window| window == words.as_bytes())
}

pub(super) fn shown(value: &[u8]) -> String {
    hash(&Value::String(String::from_utf8_lossy(value).into_owned()))
}
