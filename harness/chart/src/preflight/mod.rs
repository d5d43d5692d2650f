//! The preflight: what an upgrade would do, known without changing anything.
//!
//! [`read()`] looks once: it renders both charts, asks the API server to take the new objects as a dry run, and reads
//! what is there. The checks are pure functions from that picture to forecasts.

mod applied;
mod availability;
mod hooks;
mod identity;
mod images;
mod picture;
mod read;
mod secrets;
mod servers;
mod stores;

#[cfg(test)]
mod tests;

pub use applied::says_the_same;
pub use picture::{Picture, Trial};
pub use read::{Question, read};
pub use secrets::plain;
pub use servers::{Server, server_of};

use record::claim::{self, Claim};

use super::{
    Forecast, Severity,
    change::{Change, changes},
};

/// What is judged from a picture, each for the claims that it names in its forecasts.
const CHECKS: &[fn(&Picture) -> Vec<Forecast>] = &[
    applied::refused,
    applied::not_served,
    applied::not_ours,
    identity::sets_gone,
    identity::others_gone,
    identity::claims_left,
    secrets::changed,
    secrets::regenerated,
    servers::steps,
    stores::settings_moved,
    stores::directories_moved,
    images::missing,
    hooks::workloads_as_hooks,
    hooks::become_hooks,
    hooks::definitions_changed,
    hooks::rolls_held_back,
    availability::weakened,
    identity::claims_deleted,
];

/// The claims that the preflight judges.
pub const CLAIMS: [Claim; 6] = [claim::U1, claim::U2, claim::U4, claim::U5, claim::U7, claim::U8];

/// Everything that a picture tells, the worst first.
pub fn judge(picture: &Picture) -> Vec<Forecast> {
    let mut forecasts: Vec<Forecast> = CHECKS.iter().flat_map(|check| check(picture)).collect();
    forecasts.sort_by(|one, other| {
        (other.severity, &one.claim, &one.object).cmp(&(one.severity, &other.claim, &other.object))
    });
    forecasts.dedup();
    forecasts
}

/// What differs between what is there and what would be, object by object.
pub fn differences(picture: &Picture) -> Vec<Change> {
    let (old, new) = (picture.held_objects(), picture.new_objects());
    let mut keys: Vec<_> = old.keys().chain(new.keys()).collect();
    keys.sort();
    keys.dedup();
    let of = |key| {
        changes(key, old.get(key).map(|object| &object.value), new.get(key).map(|object| &object.value))
    };
    keys.into_iter().flat_map(of).collect()
}

/// The worst of some forecasts; none when there is none.
pub fn worst(forecasts: &[Forecast]) -> Option<Severity> {
    forecasts.iter().map(|forecast| forecast.severity).max()
}
