//! `steadfast nights`.

use camino::Utf8Path;
use harness::{
    Error, Result,
    report::{
        nights::{compare, folder, html, markdown},
        store::write_whole,
        words,
    },
};

use super::say;

pub fn nights(directory: &Utf8Path) -> Result<()> {
    let nights = folder::read(directory)?;
    let Some((night, earlier)) = nights.split_last() else {
        return Err(Error::environment(format!("{directory} has no night in it: run scripts/nightly")));
    };
    let comparison = compare(night, earlier);
    let (page, text) = (html::render(&comparison)?, markdown::render(&comparison));
    let folder = directory.join(&night.name);
    write_whole(&folder.join("night.html"), page.as_bytes())?;
    write_whole(&folder.join("night.md"), text.as_bytes())?;
    say(text.trim_end());
    say(&format!("\n{}", folder.join("night.html")));
    match comparison.red().len() {
        0 => Ok(()),
        red => Err(Error::failed(format!(
            "the night is red: {} not as it should be",
            words::count(red, "thing")
        ))),
    }
}
