//! U1: the values that a user gives mean in the new chart what they meant in the old one.

use record::words;
use serde_json::Value;

use super::Picture;
use crate::{Forecast, Severity};

/// How many names are told.
const TOLD: usize = 8;

/// Values that are given and that the new chart does not know: they are ignored without a word.
pub(super) fn unknown(picture: &Picture) -> Vec<Forecast> {
    let values = &picture.values;
    let mut names = Vec::new();
    walk(String::new(), &values.given, &values.new, &mut names);
    names.retain(|name| !values.parts.contains(name.split('.').next().unwrap_or_default()));
    // What the old chart did not know either is nothing that the upgrade changes.
    let lost: Vec<&String> =
        names.iter().filter(|name| values.old.as_ref().is_none_or(|old| has(old, name))).collect();
    if lost.is_empty() {
        return Vec::new();
    }
    let sure = values.old.is_some();
    let shown: Vec<String> = lost.iter().take(TOLD).map(|name| format!("`{name}`")).collect();
    let more = if lost.len() > TOLD { format!(" and {} more", lost.len() - TOLD) } else { String::new() };
    let message = format!(
        "{} that {} given {} not among its values{}: {}{more}",
        words::count(lost.len(), "value"),
        if lost.len() == 1 { "is" } else { "are" },
        if lost.len() == 1 { "is" } else { "are" },
        if sure { " any more, and the old chart had them" } else { "" },
        shown.join(", ")
    );
    vec![Forecast {
        cause: "value-not-known".to_owned(),
        claim: "U1".to_owned(),
        severity: if sure { Severity::Care } else { Severity::Note },
        object: format!("chart {}", picture.to.title()),
        message,
        place: None,
        remedy: "find their new names in the notes and the values.yaml of the new version, and give them under these".to_owned(),
    }]
}

/// The names of values that are given and have no place among some defaults. A default of nothing takes anything.
fn walk(name: String, given: &Value, defaults: &Value, names: &mut Vec<String>) {
    let (Value::Object(given), Value::Object(known)) = (given, defaults) else { return };
    if known.is_empty() {
        return;
    }
    for (field, value) in given {
        let name = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
        match known.get(field) {
            Some(known) => walk(name, value, known, names),
            None => names.push(name),
        }
    }
}

fn has(defaults: &Value, name: &str) -> bool {
    let mut at = defaults;
    for field in name.split('.') {
        match at.get(field) {
            Some(next) => at = next,
            None => return false,
        }
    }
    true
}
