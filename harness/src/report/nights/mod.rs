//! Nights: the suites on several Kubernetes versions and neutral grounds, and what changed since the night before.
//!
//! [`night`] is what a night left, [`folder`] reads it, [`mod@compare`] holds it against earlier ones; [`markdown`] and
//! [`html`] render the comparison.

pub mod compare;
pub mod folder;
pub mod html;
pub mod markdown;
pub mod night;

#[cfg(test)]
mod fixture;

pub use compare::{Comparison, compare};
pub use night::{Cell, Column, Judged, Night, Ran};
