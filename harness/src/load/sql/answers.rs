//! What PostgreSQL's answers mean.

use history::{Cause, Failure};
use tokio_postgres::{
    Error as Refusal,
    error::{Severity, SqlState},
};

use crate::workload::postgres::reason;

/// How PostgreSQL calls the constraint that a row's key is its own.
const PRIMARY_KEY: &str = "entries_pkey";

/// How an answer is called that is whole and makes no sense.
const MALFORMED: &str = "malformed";

/// What a query found; none where there is not even where to look.
pub(super) fn there<T>(found: Result<T, Refusal>) -> Result<Option<T>, Refusal> {
    match found {
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(None),
        found => found.map(Some),
    }
}

pub(super) fn failure(error: &Refusal) -> Failure {
    let cause = match error.code() {
        Some(code) => Cause::Answered(code.code().into()),
        None if error.is_closed() || broke(error) => Cause::Broken,
        None => Cause::Answered(MALFORMED.into()),
    };
    Failure::new(cause, reason(error))
}

/// Whether it is of the connection.
fn broke(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source())
        .any(<dyn std::error::Error>::is::<std::io::Error>)
}

/// Whether a key is there already, which is what the primary key says: another constraint is none of ours.
pub(super) fn is_there_already(error: &Refusal) -> bool {
    error.code() == Some(&SqlState::UNIQUE_VIOLATION)
        && error.as_db_error().and_then(|answer| answer.constraint()) == Some(PRIMARY_KEY)
}

pub(super) fn surely_refused(error: &Refusal) -> bool {
    // The other one is in the language of the server; a server that does not tell this one is older than any we know.
    error.as_db_error().is_some_and(|answer| {
        answer.parsed_severity().is_some_and(|severity| surely_rolled_back(severity, answer.code().code()))
    })
}

/// Whether PostgreSQL surely rolled back. It did for an ERROR of these classes: data, constraint, transaction state,
/// authorization, names, rollback, syntax, resources, limits, object state, feature. It may have committed before a
/// FATAL or PANIC, when the connection broke (08), when an administrator ended it (57), and when it says so (40003).
fn surely_rolled_back(severity: Severity, code: &str) -> bool {
    const REFUSALS: [&str; 13] =
        ["0A", "22", "23", "25", "28", "3D", "3F", "40", "42", "44", "53", "54", "55"];
    severity == Severity::Error && code != "40003" && REFUSALS.iter().any(|class| code.starts_with(class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sure_rollback_counts_as_failed() {
        for code in ["23502", "42601", "42501", "25006", "53100", "40001", "0A000"] {
            assert!(surely_rolled_back(Severity::Error, code), "{code}");
        }
        for code in ["57P01", "57P02", "57P03", "57014", "08006", "08003", "40003", "58030", "XX000"] {
            assert!(!surely_rolled_back(Severity::Error, code), "{code}");
        }
        assert!(!surely_rolled_back(Severity::Fatal, "53300"));
        assert!(!surely_rolled_back(Severity::Panic, "53100"));
    }
}
