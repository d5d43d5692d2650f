//! `steadfast rights`.

use harness::{Error, Result, home};

use super::say;

pub fn rights() -> Result<()> {
    let path = home::root()?.join("manifests/rights/rights.yaml");
    let text = std::fs::read_to_string(&path).map_err(Error::io(format!("reading {path}")))?;
    say(text.trim_end());
    Ok(())
}
