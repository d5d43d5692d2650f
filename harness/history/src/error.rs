//! What keeps a history from being read.

use camino::Utf8PathBuf;

/// The result of reading a history.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a history can't be read. The message names the file and the line.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file can't be read.
    #[error("reading the history {path}: {source}")]
    Io {
        /// Which.
        path: Utf8PathBuf,
        /// What the system answered.
        #[source]
        source: std::io::Error,
    },
    /// A line is none of a history's.
    #[error("{path}, line {line}: {why}")]
    Malformed {
        /// Which file.
        path: Utf8PathBuf,
        /// The line's number, from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
}
