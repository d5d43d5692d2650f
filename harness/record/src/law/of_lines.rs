//! Histories of lines that a test makes up.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::journal::{History, Reducer, entry::Line};

/// The history of lines with these contents, numbered from 1.
pub fn history<'line>(contents: impl IntoIterator<Item = &'line Value>) -> History {
    let mut reducer = Reducer::default();
    let entry = |(number, content): (u64, &Value)| {
        let mut line = content.clone();
        (line["line"], line["at"]) = (json!(number), json!("2026-11-30T10:00:00Z"));
        let line: Line = serde_json::from_value(line).unwrap();
        line.reduce(&mut reducer).unwrap().map(Arc::new)
    };
    History::new((1..).zip(contents).filter_map(entry))
}
