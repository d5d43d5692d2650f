//! U4: secrets stay as they are unless somebody asks; also when the chart is rendered where nothing can be looked up.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use serde_json::Value;

use super::Picture;
use crate::{Forecast, Object, Severity, Way, change::hash, forecast, rendered::Key};

/// Values that the new chart sets to something else than what is there.
pub(super) fn changed(picture: &Picture) -> Vec<Forecast> {
    if picture.blind {
        return Vec::new();
    }
    let (again, kept) = (secrets(picture, &picture.again), secrets(picture, &picture.new));
    let mut forecasts = Vec::new();
    for (key, object) in picture.new_objects().into_iter().filter(|(key, _)| key.kind == "Secret") {
        let Some(live) = picture.live(object).map(plain) else { continue };
        for (name, value) in kept.get(&key).into_iter().flatten() {
            let Some(old) = live.get(name).filter(|old| *old != value) else { continue };
            let random = again.get(&key).and_then(|again| again.get(name)) != Some(value);
            let hashes = format!("{} to {}", shown(old), shown(value));
            let (cause, severity, message, remedy) = if random {
                (
                    "secret-regenerated",
                    Severity::Break,
                    format!("{name} changes from {hashes}, and to another value at each rendering"),
                    "take the value that is there (`lookup`), or ask for it in values.yaml; clients and data on disk know only the old one",
                )
            } else {
                (
                    "secret-changed",
                    Severity::Care,
                    format!("{name} changes from {hashes}"),
                    "if nobody asked for it, keep the old default; a server that has stored the old one must be told of the new one as well",
                )
            };
            let field = format!("/data/{name}");
            forecasts.push(forecast::about(
                (cause, "U4", severity),
                &picture.to,
                object,
                &field,
                message,
                remedy,
            ));
        }
    }
    forecasts
}

/// Values that are kept only by looking them up: rendered elsewhere they would change.
pub(super) fn regenerated(picture: &Picture) -> Vec<Forecast> {
    if picture.way == Way::Apply || picture.blind {
        // What is applied was rendered so: `changed` tells.
        return Vec::new();
    }
    let (offline, new) = (secrets(picture, &picture.offline), secrets(picture, &picture.new));
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
fn secrets(picture: &Picture, rendered: &crate::Rendered) -> BTreeMap<Key, BTreeMap<String, Vec<u8>>> {
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

fn shown(value: &[u8]) -> String {
    hash(&Value::String(String::from_utf8_lossy(value).into_owned()))
}
