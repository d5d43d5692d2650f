//! `steadfast report`.

use camino::Utf8Path;
use harness::{Result, report};

use super::say;

pub fn report(directory: &Utf8Path) -> Result<()> {
    let report = report::write_all(directory)?;
    say(&report::console::closing(&report));
    say(&format!("{}", directory.join("report.html")));
    Ok(())
}
