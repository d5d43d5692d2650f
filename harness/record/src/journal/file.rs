//! A journal's file, read.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    sync::Arc,
};

use camino::Utf8Path;

use super::{
    History, Reducer,
    entry::{Content, Line, SCHEMA},
};
use crate::error::{Error, Result};

/// Reads a recorded journal.
///
/// # Errors
/// When the file can't be read, is of another schema, is truncated, or its lines are not numbered 1, 2, 3 …
pub fn read(path: &Utf8Path) -> Result<History> {
    let file = File::open(path).map_err(Error::io(format!("reading the journal {path}")))?;
    let (mut reducer, mut entries) = (Reducer::default(), Vec::new());
    let mut lines = 0;
    for text in BufReader::new(file).lines() {
        lines += 1;
        let text = text.map_err(Error::io(format!("reading line {lines} of the journal {path}")))?;
        let line: Line = serde_json::from_str(&text).map_err(|error| {
            Error::environment(format!(
                "line {lines} of the journal {path} is truncated or malformed: {error}"
            ))
        })?;
        if line.line != lines {
            return Err(Error::environment(format!(
                "line {lines} of the journal {path} says that it is line {}: lines are missing or were changed",
                line.line
            )));
        }
        match (&line.content, lines) {
            (Content::Schema(SCHEMA), 1) => {}
            (Content::Schema(other), _) => {
                return Err(Error::environment(format!(
                    "the journal {path} has schema {other}, and this Steadfast reads {SCHEMA}; use the one that wrote it"
                )));
            }
            (_, 1) => {
                return Err(Error::environment(format!(
                    "{path} is no journal: its first line names no schema"
                )));
            }
            _ => {}
        }
        entries.extend(line.reduce(&mut reducer)?.map(Arc::new));
    }
    if lines == 0 {
        return Err(Error::environment(format!("the journal {path} is empty")));
    }
    Ok(History::new(entries))
}
