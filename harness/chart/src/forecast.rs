//! What the preflight foresees, with its place in the chart.

pub use record::upgrade::{Forecast, Severity};

use super::{Chart, Object, place};

/// A forecast about an object of a chart, at a field of it.
pub fn about(
    (cause, claim, severity): (&str, &str, Severity),
    chart: &Chart,
    object: &Object,
    field: &str,
    message: impl Into<String>,
    remedy: impl Into<String>,
) -> Forecast {
    Forecast {
        cause: cause.to_owned(),
        claim: claim.to_owned(),
        severity,
        object: object.key.to_string(),
        message: message.into(),
        place: place::find(chart, object, field),
        remedy: remedy.into(),
    }
}
