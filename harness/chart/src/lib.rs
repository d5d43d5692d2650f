//! Charts: what an upgrade would change, before it changes it, and how its answer is told.
//!
//! It renders with the real Helm and asks the API server for dry runs. It knows no run and no scenario: what plays an
//! upgrade on a cluster is the harness's.

pub mod account;
pub mod answer;
pub mod application;
pub mod change;
mod documents;
pub mod forecast;
pub mod helm;
pub mod place;
pub mod preflight;
pub mod reference;
pub mod rendered;
mod same;
mod scratch;
pub mod server;
pub mod store;
pub mod stored;
pub mod unpacked;

pub use application::Application;
pub use documents::documents;
pub use forecast::{Forecast, Severity};
pub use helm::{Helm, Release};
pub use record::upgrade::Way;
pub use reference::Reference;
pub use rendered::{Object, Rendered};
pub use same::says_the_same;
pub use scratch::Scratch;
pub use stored::Stored;
pub use unpacked::Chart;
