//! What keeps a record from being read or written, and whose fault it is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who has to act on an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The cluster or the workload broke a promise.
    Failed,
    /// The surroundings: an image, a disk, Docker, a setting.
    Environment,
    /// Our own bug.
    Error,
}

impl Class {
    /// The exit code of the command line for this class. `cargo test` always answers 101.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Error => 2,
            Self::Environment => 3,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Failed => "failed",
            Self::Environment => "environment",
            Self::Error => "error",
        })
    }
}

/// The result of reading or writing a record.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error with its class. The message says what was being done, to what, what was expected and found, and
/// what the user can do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The record says something that can't be, or not what it said before.
    #[error("{0}")]
    Failed(String),
    /// A file is missing, truncated, changed, or another version's.
    #[error("{0}")]
    Environment(String),
    /// Reading or writing a file failed.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done, to what.
        doing: String,
        /// What the system answered.
        #[source]
        source: std::io::Error,
    },
    /// A history of operations can't be read.
    #[error(transparent)]
    History(#[from] history::Error),
    /// A bug of ours.
    #[error("{0} (a bug of Steadfast: please report it)")]
    Bug(String),
}

impl Error {
    /// A record that contradicts itself.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    /// A file that can't be used.
    pub fn environment(message: impl Into<String>) -> Self {
        Self::Environment(message.into())
    }

    /// A bug of ours.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::Bug(message.into())
    }

    /// Turns an input/output error into ours: `.map_err(Error::io("reading run.json"))`.
    pub fn io(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    /// Whose fault it is.
    pub fn class(&self) -> Class {
        match self {
            Self::Failed(_) => Class::Failed,
            Self::Environment(_) | Self::Io { .. } | Self::History(_) => Class::Environment,
            Self::Bug(_) => Class::Error,
        }
    }
}
