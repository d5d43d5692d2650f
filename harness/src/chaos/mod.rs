//! Faults from a seed, one after the other, for as long as somebody has time: what was not thought of is tried as well.
//!
//! A [`Schedule`] follows from its seed alone, and knows no cluster; [`Chaos::unleash`] plays it.

mod deed;
mod play;
mod schedule;

pub use deed::{Deed, PROGRAMS};
pub use play::{Chaos, Stage};
pub use schedule::{Planned, Schedule};
