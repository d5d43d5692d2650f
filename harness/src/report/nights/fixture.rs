//! Nights for tests, built in a line.

use super::night::{Column, Night, Ran};
use crate::report::{fixture::report, result::ScenarioResult};

/// A night with what ran in each column.
pub fn night(name: &str, columns: Vec<(&str, Ran)>) -> Night {
    let columns = columns.into_iter().map(|(name, ran)| Column { name: name.to_owned(), ran }).collect();
    Night { name: name.to_owned(), columns }
}

/// A run with these results.
pub fn ran(results: Vec<ScenarioResult>) -> Ran {
    Ran::of(&report(results), "1.34.4/r1/report.html".to_owned())
}
