//! What a picture tells: every check, the worst first.

use record::{
    claim::{self, Claim},
    words,
};

use super::{
    Picture, applied, availability, definitions, directories, distributions, hidden::Hidden, hooks, identity,
    images, named, operated, placement, secrets, served, servers, services, stores, templates, values,
    variables, withdrawn,
};
use crate::{Forecast, Severity};

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

/// The worst of some forecasts; none when there is none.
pub fn worst(forecasts: &[Forecast]) -> Option<Severity> {
    forecasts.iter().map(|forecast| forecast.severity).max()
}
