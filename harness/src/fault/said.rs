//! What scripts on nodes say: a line for each thing, its word first.

use std::str::FromStr;

use jiff::Timestamp;

use crate::{
    clock,
    error::{Error, Result},
};

/// A number, by the word before it.
pub(super) fn number<T: FromStr>(word: &str, said: &str) -> Result<T> {
    let found = said.lines().find_map(|line| line.strip_prefix(word)?.strip_prefix(' ')?.parse().ok());
    found.ok_or_else(|| Error::bug(format!("a node's script does not tell {word:?}: {said:?}")))
}

/// A time, which scripts say in nanoseconds of their node's clock; nodes of ours share the machine's, and it is told by the clock of
/// what is recorded.
pub(super) fn moment(word: &str, said: &str) -> Result<Timestamp> {
    Timestamp::from_nanosecond(number(word, said)?)
        .map(clock::of_wall)
        .map_err(|error| Error::bug(format!("a node's script tells no time by {word:?}: {error}")))
}
