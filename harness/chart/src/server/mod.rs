//! The servers that stateful charts run: which image holds which, and which step from one version to another is allowed.

mod distribution;
mod garage;
mod known;
mod name;
mod postgres;
mod rules;
mod series;
mod step;
mod version;

pub use distribution::{Distribution, are_apart, default_folder, distribution_of};
pub use known::server_of;
pub use name::Server;
pub use step::{Step, step};
pub use version::Version;
