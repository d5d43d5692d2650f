//! The preflight: what an upgrade would do, known without changing anything.
//!
//! [`read()`] looks once: it renders both charts, asks the API server to take the new objects as a dry run, and reads
//! what is there. The checks are pure functions from that picture to forecasts.

mod applied;
mod availability;
mod definitions;
mod difference;
mod directories;
mod distributions;
mod fields;
mod hidden;
mod hooks;
mod identity;
mod images;
mod judged;
mod look;
mod named;
mod operated;
mod picture;
mod placement;
mod read;
mod relief;
mod secrets;
mod served;
mod servers;
mod services;
mod stores;
mod templates;
mod three_way;
mod told;
mod used;
mod values;
mod variables;
mod withdrawn;

#[cfg(test)]
mod tests;

pub use fields::differences;
pub use judged::{CLAIMS, judge, worst};
pub use picture::{Around, Conflict, Picture, Presence, Trial, Values};
pub use read::{Question, read};
pub use secrets::plain;
