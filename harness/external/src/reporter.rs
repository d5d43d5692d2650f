//! Where slow work says what it is doing.

use std::{fmt, io::Write, sync::Arc};

/// A sink for lines about what is being done.
#[derive(Clone)]
pub struct Reporter(Arc<dyn Fn(&str) + Send + Sync>);

impl Reporter {
    /// Hands each line to `sink`.
    pub fn new(sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    /// Says nothing.
    pub fn silent() -> Self {
        Self::new(|_| {})
    }

    /// Writes to standard error.
    pub fn stderr() -> Self {
        // Nobody can be told that standard error is closed.
        Self::new(|line| drop(writeln!(std::io::stderr().lock(), "{line}")))
    }

    /// Passes a line on.
    pub fn say(&self, line: impl AsRef<str>) {
        (self.0)(line.as_ref());
    }
}

impl fmt::Debug for Reporter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Reporter")
    }
}
