//! Settings: `STEADFAST_*` environment variables over an optional `steadfast.toml`.

mod file;
mod sources;
mod table;
mod values;

pub use record::gates::FeatureGates;
pub use sources::{CONFIG, PREFIX};
pub use table::{Setting, table};
pub use values::{ImageSource, Keep, Profile, Settings};
