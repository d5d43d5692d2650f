//! Ways around a refusal, where the refusal is what keeps the data.

use std::collections::BTreeSet;

use crate::{Forecast, Severity};

/// No way around a refusal is told for an object that would lose data behind it.
pub(super) fn withdraw(forecasts: &mut [Forecast]) {
    let losing = forecasts.iter().filter(|forecast| forecast.severity == Severity::Loss);
    let losing: BTreeSet<String> = losing.map(|forecast| forecast.object.clone()).collect();
    let refused =
        |forecast: &&mut Forecast| ["immutable-field", "deleted-by-hook"].contains(&forecast.cause.as_str());
    let refusals = forecasts.iter_mut().filter(refused);
    for refusal in refusals.filter(|refusal| losing.contains(&refusal.object)) {
        refusal.remedy =
            "leave the field as released: the refusal keeps the data, and what gets around it would lose it"
                .to_owned();
    }
}
