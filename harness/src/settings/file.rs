//! `steadfast.toml`: keys and values with the line they stand in.

use toml::de::{DeTable, DeValue};

/// One entry of the file, its value as text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub key: String,
    pub value: String,
    pub line: usize,
}

/// The entries of a file, or its first mistake: the line, and what is wrong.
pub(super) fn entries(text: &str) -> Result<Vec<Entry>, (usize, String)> {
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let line = line_of(text, at);
        let quoted = text.lines().nth(line - 1).unwrap_or_default().trim();
        (line, format!("{}: {quoted}", error.message()))
    })?;
    let mut entries: Vec<Entry> = Vec::new();
    for (key, value) in table.get_ref() {
        let line = line_of(text, key.span().start);
        let key = key.get_ref().to_string();
        let value = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.as_str().to_owned(),
            DeValue::Float(number) => number.as_str().to_owned(),
            other => {
                let found = other.type_str();
                return Err((line, format!("{key}: expected text or a number, got a value of type {found}")));
            }
        };
        entries.push(Entry { key, value, line });
    }
    entries.sort_by_key(|entry| entry.line);
    Ok(entries)
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_know_their_lines() {
        let entries =
            entries("# comment\nnodes = 3\n\nkeep = \"always\"\nscenario_deadline_factor = 1.5\n").unwrap();
        let seen: Vec<_> = entries.iter().map(|e| (e.line, e.key.as_str(), e.value.as_str())).collect();
        assert_eq!(seen, [(2, "nodes", "3"), (4, "keep", "always"), (5, "scenario_deadline_factor", "1.5")]);
    }

    #[test]
    fn a_mistake_names_its_line() {
        for (text, line, part) in [
            ("nodes = 3\nkeep = always\n", 2, "keep = always"),
            ("\n\nnodes\n", 3, "nodes"),
            ("nodes = 1\nnodes = 2\n", 2, "duplicate key"),
            ("[cluster]\nnodes = 2\n", 1, "cluster"),
            ("keep = [1]\n", 1, "keep: expected text or a number, got a value of type array"),
        ] {
            let (found, message) = entries(text).unwrap_err();
            assert_eq!(found, line, "{text:?}: {message}");
            assert!(message.contains(part), "{message}");
        }
    }
}
