//! From results to what people read: console, JUnit, one HTML page. Knows only results.
//!
//! [`result`] is the schema, [`store`] its files, [`verdict`] what one result says, [`tally`] what they say
//! together, [`matrix`] what the controls did to the claims, [`correction`] what the document gets wrong. [`console`], [`junit`] and [`html`] render that; [`screen`] shows a run while it lasts.
//! [`nights`] hold runs on several Kubernetes versions against those of the night before; [`rig`] tells which claims turned red when
//! Kubernetes itself was broken.

pub mod console;
pub mod correction;
mod files;
pub mod html;
pub mod junit;
pub mod matrix;
pub mod nights;
pub mod picture;
pub mod rig;
pub mod screen;
mod templates;
pub mod upgrade;

#[cfg(test)]
mod example;
#[cfg(test)]
pub(crate) mod page;

pub use files::write_all;
#[cfg(test)]
pub(crate) use record::fixture;
pub use record::{floor, result, store, tally, tally::Report, terrain, verdict, words};
pub use screen::{Event, Screen};
