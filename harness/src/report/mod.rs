//! From results to what people read: console, JUnit, one HTML page. Knows only results.
//!
//! [`result`] is the schema, [`store`] its files, [`verdict`] what one result says, [`tally`] what they say
//! together, [`matrix`] what the controls did to the claims, [`correction`] what the document gets wrong. [`console`], [`junit`] and [`html`] render that; [`screen`] shows a run while it lasts.
//! [`nights`] hold runs on several Kubernetes versions against those of the night before; [`rig`] tells which claims turned red when
//! Kubernetes itself was broken.

pub mod console;
pub mod correction;
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

use camino::Utf8Path;

use crate::error::Result;

#[cfg(test)]
pub(crate) use record::fixture;
pub use record::{floor, result, store, tally, tally::Report, terrain, verdict, words};
pub use screen::{Event, Screen};

/// Renders `junit.xml` and `report.html` into a run's directory, from the files in it, and returns what it read.
///
/// # Errors
/// When the directory's files can't be read (see [`store::load`]) or the reports can't be written.
pub fn write_all(dir: &Utf8Path) -> Result<Report> {
    let report = store::load(dir)?;
    let (mut xml, mut page) = (Vec::new(), Vec::new());
    junit::write(&mut xml, &report)?;
    html::write(&mut page, &report)?;
    store::write_whole(&dir.join("junit.xml"), &xml)?;
    store::write_whole(&dir.join("report.html"), &page)?;
    Ok(report)
}
