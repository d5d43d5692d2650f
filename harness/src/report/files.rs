//! The reports, as files.

use camino::Utf8Path;

use super::{Report, html, junit, store};
use crate::error::Result;

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
