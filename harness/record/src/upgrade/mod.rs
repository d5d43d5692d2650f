//! What became of an upgrade of a chart, as results hold it.

pub mod availability;
pub mod facts;
pub mod forecast;

pub use availability::{Availability, Window};
pub use facts::{Change, Facts, Phase, Way};
pub use forecast::{Forecast, Severity};
