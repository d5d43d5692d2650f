//! What became of an upgrade of a chart, as results hold it.

pub mod availability;
pub mod change;
pub mod facts;
pub mod forecast;
pub mod way;

pub use availability::{Availability, Window};
pub use change::Change;
pub use facts::{Facts, Phase};
pub use forecast::{Forecast, Severity};
pub use way::Way;
