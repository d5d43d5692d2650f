//! How the answer is written, and its exit code.

use std::process::ExitCode;

use harness::{Error, Result, chart::account::Account, error::exit};

use super::arguments::Format;
use crate::command::say;

pub(super) fn print(account: &Account, format: Format) -> Result<ExitCode> {
    match format {
        Format::Text => say(&account.text()),
        Format::Markdown => say(&account.markdown()),
        Format::Json => {
            let json = serde_json::to_string_pretty(account);
            say(&json.map_err(|error| Error::bug(format!("an answer as JSON: {error}")))?);
        }
    }
    Ok(ExitCode::from(account.answer.exit_code().unwrap_or(exit::OLD_NOT_READY)))
}
