//! One plain line for each thing that happened.

use std::io::{Write, stderr, stdout};

/// Writes a line to the standard output. A log that nobody can read any more must not stop the program.
pub fn log(line: &str) {
    let _ = writeln!(stdout(), "{line}");
}

/// Writes a line to the standard error output.
pub fn complain(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}
