//! U4: secrets that stand in the variables of containers, or are named there.

use std::collections::BTreeMap;

use record::redact::names_a_secret;
use serde_json::Value;

use super::{
    Picture,
    secrets::{gives, plain, shown, told, values},
};
use crate::{Forecast, Object, Rendered, Severity, forecast, rendered::Key};

/// A variable that a server has in both versions.
struct Kept<'a> {
    workload: &'a Object,
    pointer: &'a str,
    name: &'a str,
    /// Its container and itself, of the old version.
    old: (&'a Value, &'a Value),
    /// Of the new one.
    new: (&'a Value, &'a Value),
}

impl Kept<'_> {
    fn about(
        &self,
        picture: &Picture,
        (cause, severity): (&str, Severity),
        message: String,
        remedy: &str,
    ) -> Forecast {
        let field = format!("{}/env/{}", self.pointer, self.name);
        forecast::about((cause, "U4", severity), &picture.to, self.workload, &field, message, remedy)
    }
}

/// What is to be said of variables that servers keep.
fn kept(picture: &Picture, say: impl Fn(&Kept<'_>) -> Option<Forecast>) -> Vec<Forecast> {
    let mut forecasts = Vec::new();
    for (held, workload) in picture.kept() {
        for (pointer, container) in workload.servers() {
            let Some(before) = held.predecessor(container) else { continue };
            for variable in container["env"].as_array().into_iter().flatten() {
                let name = variable["name"].as_str().unwrap_or_default();
                let mut known = before["env"].as_array().into_iter().flatten();
                let Some(known) = known.find(|old| old["name"] == name) else { continue };
                let (old, new) = ((before, known), (container, variable));
                forecasts.extend(say(&Kept { workload: &workload, pointer: &pointer, name, old, new }));
            }
        }
    }
    forecasts
}

/// Variables of workloads that are named so: their value changes, or the place that it comes from holds another.
pub(super) fn changed(picture: &Picture) -> Vec<Forecast> {
    if picture.blind {
        return Vec::new();
    }
    let (rendered, again) = (values(picture, &picture.new), variables(&picture.again));
    kept(picture, |kept| {
        let (name, (container, variable)) = (kept.name, kept.new);
        if !names_a_secret(name) {
            return None;
        }
        let (was, place) = whole(picture, kept.old.0, kept.old.1, None)?;
        let (is, now) = whole(picture, container, variable, Some(&rendered))?;
        // A value that changes in its place is told of the Secret.
        if was == is || (place == now && place != Place::Here) {
            return None;
        }
        let container = container["name"].as_str().unwrap_or_default().to_owned();
        let at = (kept.workload.key.clone(), container, name.to_owned());
        let random =
            now == Place::Here && again.get(&at).is_some_and(|again| variable["value"] != again.as_str());
        let said = told(picture, name, &was, &is, (random, false));
        let message = format!("{name} changes from {} to {}{}", shown(&was), shown(&is), said.what);
        Some(kept.about(picture, (said.cause, said.severity), message, said.remedy))
    })
}

/// Users and databases that servers make only when they start without data: another name is one that is not there.
pub(super) fn users_changed(picture: &Picture) -> Vec<Forecast> {
    kept(picture, |kept| {
        let name = kept.name;
        let what = made_at_first(name)?;
        let (was, is) = (kept.old.1["value"].as_str()?, kept.new.1["value"].as_str()?);
        // What names another variable is compared where that stands.
        if was == is || was.is_empty() || is.is_empty() || is.contains("$(") || was.contains("$(") {
            return None;
        }
        let (severity, asked) = match gives(&picture.values.given, is) {
            true => (Severity::Care, ""),
            false => (Severity::Break, ", and no value that is given asks for it"),
        };
        let message = format!(
            "{name} goes from {was} to {is}{asked}: a server that has data already has no such {what}"
        );
        let remedy = "keep the old name as the default; or make the new one by hand before the upgrade, and say so in the notes";
        Some(kept.about(picture, ("user-changed", severity), message, remedy))
    })
}

/// What a variable of this name names, that a server makes at its first start alone.
fn made_at_first(name: &str) -> Option<&'static str> {
    match name.rsplit_once('_') {
        Some((before, "USER" | "USERNAME")) if !before.ends_with("RUN") && !before.ends_with("RUN_AS") => {
            Some("user")
        }
        Some((_, "DATABASE" | "DB" | "DBNAME")) => Some("database"),
        _ => None,
    }
}

/// Where a variable's value is.
#[derive(PartialEq, Eq)]
enum Place {
    Here,
    In(String, String),
}

/// The values of rendered Secrets.
type Secrets = BTreeMap<Key, BTreeMap<String, Vec<u8>>>;

/// A variable's value, with the other variables of its container that it names as `$(NAME)`.
fn whole(
    picture: &Picture,
    container: &Value,
    variable: &Value,
    rendered: Option<&Secrets>,
) -> Option<(Vec<u8>, Place)> {
    let (value, place) = value_of(picture, variable, rendered)?;
    let Some(mut text) = String::from_utf8(value.clone()).ok().filter(|_| place == Place::Here) else {
        return Some((value, place));
    };
    for other in container["env"].as_array().into_iter().flatten() {
        let named = format!("$({})", other["name"].as_str().unwrap_or_default());
        if text.contains(&named)
            && let Some((value, _)) = value_of(picture, other, rendered)
        {
            text = text.replace(&named, &String::from_utf8_lossy(&value));
        }
    }
    Some((text.into_bytes(), place))
}

/// A variable's value, where it can be known: from the live Secrets, or those of a rendering first.
fn value_of(picture: &Picture, variable: &Value, rendered: Option<&Secrets>) -> Option<(Vec<u8>, Place)> {
    if let Some(text) = variable["value"].as_str() {
        return Some((text.as_bytes().to_vec(), Place::Here));
    }
    let reference = &variable["valueFrom"]["secretKeyRef"];
    let (name, key) = (reference["name"].as_str()?, reference["key"].as_str()?);
    let secret = Key {
        group: String::new(),
        kind: "Secret".to_owned(),
        namespace: Some(picture.release.namespace.clone()),
        name: name.to_owned(),
    };
    let new = rendered.and_then(|rendered| rendered.get(&secret)?.get(key).cloned());
    let value = new.or_else(|| plain(picture.live.get(&secret)?).remove(key))?;
    Some((value, Place::In(name.to_owned(), key.to_owned())))
}

/// A workload, a container of it and a variable.
type Variable = (Key, String, String);

/// The values that stand in the variables of a rendering.
fn variables(rendered: &Rendered) -> BTreeMap<Variable, String> {
    let mut found = BTreeMap::new();
    for object in rendered.workloads() {
        for (_, container) in object.servers() {
            for variable in container["env"].as_array().into_iter().flatten() {
                if let (Some(name), Some(value)) = (variable["name"].as_str(), variable["value"].as_str()) {
                    let at = (
                        object.key.clone(),
                        container["name"].as_str().unwrap_or_default().to_owned(),
                        name.to_owned(),
                    );
                    found.insert(at, value.to_owned());
                }
            }
        }
    }
    found
}
