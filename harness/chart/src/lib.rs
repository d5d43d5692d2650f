//! Charts: what an upgrade would change, before it changes it; and what it did, with clients writing throughout.

pub mod answer;
pub mod availability;
pub mod change;
pub mod finding;
pub mod helm;
pub mod live;
pub mod place;
pub mod preflight;
pub mod reference;
pub mod rendered;
pub mod store;
pub mod told;
pub mod unpacked;
pub mod upgrade;
pub mod writers;

pub use finding::{Finding, Severity};
pub use helm::{Helm, Release, Way};
pub use reference::Reference;
pub use rendered::{Object, Rendered};
pub use unpacked::Chart;
