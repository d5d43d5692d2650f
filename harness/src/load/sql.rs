//! A store that speaks SQL: one row a write, one transaction a row.

use std::time::Duration;

use futures::TryStreamExt;
use tokio_postgres::error::SqlState;

use super::{
    attempt::{Outcome, Write, key, sha256},
    file::Ledger,
    load::Store,
    verdict::{Content, Held, Holdings},
};
use crate::{
    error::Result,
    workload::postgres::{Session, reason},
};

/// Sizes on both sides of PostgreSQL's boundary: rows above 2 kB keep their payload in another table.
pub const SIZES: &[usize] = &[100, 1_900, 2_100, 8_192, 65_536];

const TABLE: &str = "create table if not exists ledger (
    run text, client int, sequence bigint, sha256 bytea not null, payload bytea not null,
    primary key (run, client, sequence))";

const INSERT: &str = "insert into ledger (run, client, sequence, sha256, payload)
    values ($1, $2, $3, decode($4, 'hex'), $5)";

const SELECT: &str = "select client, sequence, encode(sha256, 'hex'), payload from ledger where run = $1";

/// A ledger's table over one connection.
#[derive(Debug)]
pub struct Sql {
    session: Session,
}

impl Sql {
    /// Writes and reads over this connection. The table must be there: [`Sql::create_table`].
    pub fn new(session: Session) -> Self {
        Self { session }
    }

    /// Makes the table. Once, before any load: PostgreSQL lets two at once collide.
    ///
    /// # Errors
    /// It can't be made, or there was no answer.
    pub async fn create_table(session: &Session) -> Result<()> {
        session.run("creating the ledger's table", session.client().batch_execute(TABLE)).await
    }

    /// The connection itself, for what a ledger does not do.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Tries a write.
    pub async fn put(&self, write: &Write) -> Outcome {
        let (Ok(client), Ok(sequence)) = (i32::try_from(write.client), i64::try_from(write.sequence)) else {
            return Outcome::Failed("the place does not fit into the table".to_owned());
        };
        let row: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
            [&write.run, &client, &sequence, &write.sha256, &write.payload];
        match tokio::time::timeout(self.session.deadline(), self.session.client().execute(INSERT, &row)).await
        {
            Ok(Ok(_)) => Outcome::Acknowledged,
            Ok(Err(error)) => outcome(&error),
            Err(_) => Outcome::Unknown(format!("no answer within {:?}", self.session.deadline())),
        }
    }

    /// Reads back all rows of a ledger's run, with their whole contents.
    ///
    /// # Errors
    /// No answer within the deadline, or a refusal.
    pub async fn read_back(&self, ledger: &Ledger, deadline: Duration) -> Result<Holdings> {
        let read = async {
            let rows = match self.session.client().query_raw(SELECT, [&ledger.run]).await {
                // Nothing is there, not even where to look: every acknowledged write is lost.
                Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => return Ok(Holdings::new()),
                rows => rows?,
            };
            let mut rows = std::pin::pin!(rows);
            let mut holdings = Holdings::new();
            while let Some(row) = rows.try_next().await? {
                let (client, sequence): (i32, i64) = (row.try_get(0)?, row.try_get(1)?);
                let (noted, payload): (String, &[u8]) = (row.try_get(2)?, row.try_get(3)?);
                let key = key(&ledger.run, client.unsigned_abs(), sequence.unsigned_abs());
                let content =
                    Content::Read { size: payload.len() as u64, sha256: content_hash(payload, noted) };
                holdings.insert(key, Held { listed: true, content });
            }
            Ok(holdings)
        };
        self.session.run_within(deadline, "reading the ledger's table", read).await
    }
}

impl Store for Sql {
    async fn put(&mut self, write: &Write) -> Outcome {
        Self::put(self, write).await
    }
}

/// The payload's hash; a row that contradicts itself has none that any write could have.
fn content_hash(payload: &[u8], noted: String) -> String {
    let found = sha256(payload);
    if found == noted { found } else { format!("{found} (the row says {noted})") }
}

/// How a write ended that was not acknowledged. Each insert is sent once and its key is new, so a key that is there
/// already was committed.
fn outcome(error: &tokio_postgres::Error) -> Outcome {
    let Some(answer) = error.as_db_error() else { return Outcome::Unknown(reason(error)) };
    if *answer.code() == SqlState::UNIQUE_VIOLATION {
        return Outcome::Acknowledged;
    }
    if surely_refused(answer.severity(), answer.code().code()) {
        Outcome::Failed(reason(error))
    } else {
        Outcome::Unknown(reason(error))
    }
}

/// Whether PostgreSQL surely rolled back. It did for an ERROR of these classes: data, constraint, transaction state,
/// authorization, names, rollback, syntax, resources, limits, object state, feature. It may have committed before a
/// FATAL or PANIC, when the connection broke (08), when an administrator ended it (57), and when it says so (40003).
fn surely_refused(severity: &str, code: &str) -> bool {
    const REFUSALS: [&str; 13] =
        ["0A", "22", "23", "25", "28", "3D", "3F", "40", "42", "44", "53", "54", "55"];
    severity == "ERROR" && code != "40003" && REFUSALS.iter().any(|class| code.starts_with(class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sure_rollback_counts_as_failed() {
        for code in ["23502", "42601", "42501", "25006", "53100", "40001", "0A000"] {
            assert!(surely_refused("ERROR", code), "{code}");
        }
        for code in ["57P01", "57P02", "57P03", "57014", "08006", "08003", "40003", "58030", "XX000"] {
            assert!(!surely_refused("ERROR", code), "{code}");
        }
        assert!(!surely_refused("FATAL", "53300"));
        assert!(!surely_refused("PANIC", "53100"));
    }

    #[test]
    fn a_row_that_contradicts_itself_matches_no_write() {
        assert_eq!(content_hash(b"a", sha256(b"a")), sha256(b"a"));
        assert!(content_hash(b"a", sha256(b"b")).contains("the row says"));
    }
}
