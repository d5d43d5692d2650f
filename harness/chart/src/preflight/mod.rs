//! The preflight: what an upgrade would do, known without changing anything.
//!
//! [`read()`] looks once: it renders both charts, asks the API server to take the new objects as a dry run, and reads
//! what is there. The checks are pure functions from that picture to forecasts.

mod applied;
mod availability;
mod definitions;
mod difference;
mod directories;
mod distributions;
mod hidden;
mod hooks;
mod identity;
mod images;
mod look;
mod named;
mod operated;
mod picture;
mod placement;
mod read;
mod relief;
mod secrets;
mod served;
mod servers;
mod services;
mod stores;
mod templates;
mod three_way;
mod told;
mod used;
mod values;
mod variables;
mod withdrawn;

#[cfg(test)]
mod tests;

pub use picture::{Around, Conflict, Picture, Presence, Trial, Values};
pub use read::{Question, read};
pub use secrets::plain;

use hidden::Hidden;
use record::{
    claim::{self, Claim},
    words,
};
use serde_json::Value;

use super::{
    Forecast, Severity,
    change::{Change, changes},
};

/// What is judged from a picture, each for the claims that it names in its forecasts.
const CHECKS: &[fn(&Picture) -> Vec<Forecast>] = &[
    applied::not_rendered,
    applied::refused,
    applied::owned_fields,
    applied::not_ours,
    applied::deleted_by_hooks,
    applied::left_behind,
    served::not_served,
    served::held_not_served,
    served::going,
    identity::workloads_gone,
    identity::claims_gone,
    identity::claims_swapped,
    identity::others_gone,
    identity::claims_left,
    identity::claims_deleted,
    operated::gone,
    operated::steps,
    values::unknown,
    secrets::changed,
    variables::changed,
    variables::users_changed,
    secrets::moved,
    secrets::regenerated,
    servers::steps,
    distributions::changed,
    stores::settings_moved,
    directories::moved,
    directories::only_read,
    directories::emptied,
    templates::gone,
    stores::two_over_one_volume,
    stores::another_user,
    images::missing,
    hooks::workloads_as_hooks,
    hooks::become_hooks,
    definitions::not_upgraded,
    definitions::leave_the_release,
    hooks::rolls_held_back,
    availability::weakened,
    services::changed,
    services::shut,
    services::without_pods,
    named::absent,
    placement::nowhere,
];

/// The claims that the preflight judges.
pub const CLAIMS: [Claim; 6] = [claim::U1, claim::U2, claim::U4, claim::U5, claim::U7, claim::U8];

/// How much of a message is told: what an API server or a chart says can be long.
const TOLD: usize = 1_200;

/// Everything that a picture tells, the worst first. Nothing secret is in it.
pub fn judge(picture: &Picture) -> Vec<Forecast> {
    let mut forecasts: Vec<Forecast> = CHECKS.iter().flat_map(|check| check(picture)).collect();
    withdrawn::withdraw(&mut forecasts);
    forecasts.sort_by(|one, other| {
        (other.severity, &one.claim, &one.cause, &one.object).cmp(&(
            one.severity,
            &other.claim,
            &other.cause,
            &other.object,
        ))
    });
    forecasts.dedup();
    let hidden = Hidden::of(picture);
    for forecast in &mut forecasts {
        hidden.blacken_forecast(forecast);
        forecast.message = words::abridge(&forecast.message, TOLD);
    }
    forecasts
}

/// What differs between what is there and what would be, object by object: as the API server holds it and would hold it,
/// where it says so. Nothing secret is in it.
pub fn differences(picture: &Picture) -> Vec<Change> {
    let mut found = Vec::new();
    for (old, new) in picture.kept() {
        let (before, after) = (without_bookkeeping(&old.value), without_bookkeeping(&new.value));
        found.extend(changes(&new, Some(&before), Some(&after)));
    }
    for gone in picture.gone() {
        found.extend(changes(&gone, Some(&gone.value), None));
    }
    for new in picture.coming() {
        found.extend(changes(new, None, Some(&new.value)));
    }
    found.sort_by(|one, other| (&one.kind, &one.name).cmp(&(&other.kind, &other.name)));
    let hidden = Hidden::of(picture);
    for value in found.iter_mut().flat_map(|change| [&mut change.old, &mut change.new]).flatten() {
        hidden.blacken_value(value);
    }
    found
}

/// An object without what the API server and Helm write of their own.
fn without_bookkeeping(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(fields) = value.as_object_mut() {
        fields.remove("status");
    }
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in
            ["managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "namespace"]
        {
            metadata.remove(field);
        }
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.retain(|name, _| {
                !name.starts_with("meta.helm.sh/")
                    && !name.ends_with("/last-applied-configuration")
                    && name != "deployment.kubernetes.io/revision"
            });
        }
    }
    value
}

/// The worst of some forecasts; none when there is none.
pub fn worst(forecasts: &[Forecast]) -> Option<Severity> {
    forecasts.iter().map(|forecast| forecast.severity).max()
}
