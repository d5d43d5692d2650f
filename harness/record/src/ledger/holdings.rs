//! What a reader held, on disk beside the ledger: a line a key, hashes instead of contents.

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use super::verdict::{Held, Holdings};
use crate::{
    error::{Error, Result},
    store::write_whole,
};

#[derive(Serialize, Deserialize)]
struct Line {
    key: String,
    #[serde(flatten)]
    held: Held,
}

/// Writes what a reader held.
///
/// # Errors
/// [`Error::Io`] when the file can't be written.
pub fn write(path: &Utf8Path, holdings: &Holdings) -> Result<()> {
    let mut text = Vec::new();
    for (key, held) in holdings {
        let line = Line { key: key.clone(), held: held.clone() };
        serde_json::to_writer(&mut text, &line).map_err(|error| Error::bug(format!("{path}: {error}")))?;
        text.push(b'\n');
    }
    write_whole(path, &text)
}

/// Reads what a reader held.
///
/// # Errors
/// When the file can't be read, or is none of ours.
pub fn read(path: &Utf8Path) -> Result<Holdings> {
    let text = std::fs::read_to_string(path).map_err(Error::io(format!("reading {path}")))?;
    let line = |(number, line): (usize, &str)| match serde_json::from_str::<Line>(line) {
        Ok(Line { key, held }) => Ok((key, held)),
        Err(error) => Err(Error::environment(format!("{path}, line {}: {error}", number + 1))),
    };
    text.lines().enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Content;

    #[test]
    fn what_is_written_is_read_again() {
        let path = camino::Utf8PathBuf::from_path_buf(std::env::temp_dir()).unwrap();
        let path = path.join(format!("steadfast-holdings-{}.jsonl", std::process::id()));
        let read = Content::Read { size: 40, sha256: "ab".into() };
        let holdings: Holdings = [
            ("a", Held { listed: true, content: read }),
            ("b", Held { listed: false, content: Content::Unreadable("500".into()) }),
            ("c", Held { listed: true, content: Content::Absent }),
        ]
        .map(|(key, held)| (key.to_owned(), held))
        .into();
        write(&path, &holdings).unwrap();
        assert_eq!(super::read(&path).unwrap(), holdings);
        std::fs::remove_file(path).unwrap();
    }
}
