//! A store that speaks SQL: rows, accounts and lists, one transaction an operation.

mod answers;

use std::time::Duration;

use futures::TryStreamExt;
use history::{
    Action, Answer, Cause, Failure, How, Key, Outcome, Step, Value, check::Level, generate::Request,
};
use tokio_postgres::{Error as Refusal, error::SqlState, types::ToSql};

use self::answers::{failure, is_there_already, surely_refused, there};
use super::{
    Store,
    store::{silent, without_answer},
};
use crate::{
    error::Result,
    workload::postgres::{Session, reason},
};

/// Sizes on both sides of PostgreSQL's boundary: rows above 2 kB keep their payload in another table.
pub const SIZES: &[usize] = &[100, 1_900, 2_100, 8_192, 65_536];
/// How many accounts there are.
pub const ACCOUNTS: u32 = 5;
/// What all of them hold together.
pub const MONEY: i64 = 500;

/// Reading all rows takes longer than a single call.
const SCAN: Duration = Duration::from_secs(60);

const TABLES: &str = "
    create table if not exists entries (key text primary key, payload bytea not null);
    create table if not exists accounts (account int primary key, balance bigint not null);
    create table if not exists lists (list int primary key, elements bigint[] not null);
    insert into accounts select account, 100 from generate_series(0, 4) as account on conflict do nothing";
const PUT_OVER: &str = "insert into entries values ($1, $2)
    on conflict (key) do update set payload = excluded.payload";
// Two rows under one key are no value: the server says so itself (21000), where a client would count them.
const PAYLOAD: &str = "select (select payload from entries where key = $1)";
const ELEMENTS: &str = "select (select elements from lists where list = $1)";
const APPEND: &str = "insert into lists values ($1, array[$2::bigint])
    on conflict (list) do update set elements = array_append(lists.elements, $2)";

/// The tables over one connection.
#[derive(Debug)]
pub struct Sql {
    session: Session,
    level: Level,
}

/// How far a transaction came.
enum Ended {
    /// It was surely rolled back.
    Before(Refusal),
    /// The commit itself was not answered well.
    Committing(Refusal),
}

impl Sql {
    /// Acts over this connection; transactions over lists are serializable. The tables must be there: [`Sql::create_tables`].
    pub fn new(session: Session) -> Self {
        Self::isolated(session, Level::Serializable)
    }

    /// As [`Sql::new`], with transactions over lists of this level.
    pub fn isolated(session: Session, level: Level) -> Self {
        Self { session, level }
    }

    /// Makes the tables. Once, before any load: PostgreSQL lets two at once collide. A standby makes none, and has those of its
    /// primary: it can be read, and says itself that it takes no writes.
    ///
    /// # Errors
    /// They can't be made, or there was no answer.
    pub async fn create_tables(session: &Session) -> Result<()> {
        let made = async {
            match session.client().batch_execute(TABLES).await {
                Err(error) if error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION) => Ok(()),
                made => made,
            }
        };
        session.run("creating the tables of a history", made).await
    }

    /// The connection itself, for what a history does not do.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Tries a request, once.
    pub async fn perform(&self, request: &Request) -> Outcome {
        let deadline = match request.action {
            Action::List { .. } | Action::Scan { .. } => SCAN.max(self.session.deadline()),
            _ => self.session.deadline(),
        };
        let call = async {
            match &request.action {
                Action::Put { key, how: How::Over, .. } => self.put_over(key, request).await,
                Action::Put { key, .. } => self.insert(key, request).await,
                Action::Get { key } => self.one(request, self.get(key).await),
                Action::Head { .. } | Action::Range { .. } => {
                    Outcome::Failed(Failure::new(Cause::Unreachable, "rows are read whole"))
                }
                Action::Delete { key } => {
                    let deleted = self.execute("delete from entries where key = $1", &[&&**key]).await;
                    self.one(request, deleted.map(|_| Answer::Done))
                }
                Action::List { prefix } => self.many(request, Level::ReadCommitted, self.list(prefix)).await,
                Action::Scan { prefix } => self.many(request, Level::ReadCommitted, self.scan(prefix)).await,
                Action::Transfer { from, to, amount } => {
                    self.many(request, Level::ReadCommitted, self.transfer(*from, *to, *amount)).await
                }
                Action::Balances => self.many(request, Level::Snapshot, self.balances()).await,
                Action::Transaction(steps) if is_taken_back(steps) => self.taken_back(steps).await,
                Action::Transaction(steps) => self.many(request, self.level, self.steps(steps)).await,
            }
        };
        tokio::time::timeout(deadline, call).await.unwrap_or_else(|_| silent(request, deadline))
    }

    async fn execute(&self, statement: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64, Refusal> {
        self.session.client().execute(statement, values).await
    }

    async fn put_over(&self, key: &Key, request: &Request) -> Outcome {
        let put = self.execute(PUT_OVER, &[&&**key, &request.payload]).await;
        self.one(request, put.map(|_| Answer::Done))
    }

    /// Each insert is sent once and its key is new, so a key that is there already was committed.
    async fn insert(&self, key: &Key, request: &Request) -> Outcome {
        let inserted =
            self.execute("insert into entries values ($1, $2)", &[&&**key, &request.payload]).await;
        match inserted {
            Err(error) if is_there_already(&error) => Outcome::DONE,
            inserted => self.one(request, inserted.map(|_| Answer::Done)),
        }
    }

    async fn get(&self, key: &Key) -> Result<Answer, Refusal> {
        let row = self.session.client().query_one(PAYLOAD, &[&&**key]).await?;
        let payload: Option<&[u8]> = row.try_get(0)?;
        Ok(payload.map_or(Answer::Absent, |payload| Answer::Found(Value::of(payload))))
    }

    /// As the index of the keys has them: what a scan finds may be missing there. In the order of their bytes, which is not the index's.
    async fn list(&self, prefix: &Key) -> Result<Answer, Refusal> {
        let by_index =
            "set local enable_seqscan = off; set local enable_bitmapscan = off; set local enable_sort = off";
        self.session.client().batch_execute(by_index).await?;
        let statement = "select key from entries where starts_with(key, $1) order by key";
        let Some(rows) = there(self.session.client().query(statement, &[&&**prefix]).await)? else {
            return Ok(Answer::Keys(Vec::new()));
        };
        let keys: Result<Vec<Key>, Refusal> =
            rows.iter().map(|row| Ok(Key::from(row.try_get::<_, &str>(0)?))).collect();
        let mut keys = keys?;
        keys.sort_unstable();
        Ok(Answer::Keys(keys))
    }

    /// As the table itself has them.
    async fn scan(&self, prefix: &Key) -> Result<Answer, Refusal> {
        let by_table = "set local enable_indexscan = off; set local enable_indexonlyscan = off; set local enable_bitmapscan = off";
        self.session.client().batch_execute(by_table).await?;
        let statement = "select key, payload from entries where starts_with(key, $1)";
        let Some(rows) = there(self.session.client().query_raw(statement, [&**prefix]).await)? else {
            return Ok(Answer::Rows(Vec::new()));
        };
        let row = |row: tokio_postgres::Row| {
            Ok((Key::from(row.try_get::<_, &str>(0)?), Value::of(row.try_get(1)?)))
        };
        let rows: Vec<tokio_postgres::Row> = rows.try_collect().await?;
        rows.into_iter().map(row).collect::<Result<_, Refusal>>().map(Answer::Rows)
    }

    async fn transfer(&self, from: u32, to: u32, amount: i64) -> Result<Answer, Refusal> {
        let update = "update accounts set balance = balance + $2 where account = $1";
        // Always in the same order: two that meet must not wait for each other.
        let mut both = [(from, -amount), (to, amount)];
        both.sort_unstable();
        for (account, amount) in both {
            self.execute(update, &[&account.cast_signed(), &amount]).await?;
        }
        Ok(Answer::Done)
    }

    /// In two statements: only one moment for both gives the right total.
    async fn balances(&self) -> Result<Answer, Refusal> {
        let mut balances: Vec<(i32, i64)> = Vec::new();
        for part in 0..2 {
            let select = "select account, balance from accounts where account % 2 = $1";
            for row in self.session.client().query(select, &[&part]).await? {
                balances.push((row.try_get(0)?, row.try_get(1)?));
            }
        }
        balances.sort_unstable();
        Ok(Answer::Balances(balances.into_iter().map(|(_, balance)| balance).collect()))
    }

    async fn steps(&self, steps: &[Step]) -> Result<Answer, Refusal> {
        let mut lists = Vec::new();
        for step in steps {
            match step {
                Step::Append { list, element } => {
                    self.execute(APPEND, &[&list.cast_signed(), &element.cast_signed()]).await?;
                }
                Step::Undone { list, element } => {
                    self.session.client().batch_execute("savepoint undone").await?;
                    self.execute(APPEND, &[&list.cast_signed(), &element.cast_signed()]).await?;
                    self.session.client().batch_execute("rollback to savepoint undone").await?;
                }
                Step::Read { list } => {
                    let row = self.session.client().query_one(ELEMENTS, &[&list.cast_signed()]).await?;
                    let elements: Option<Vec<i64>> = row.try_get(0)?;
                    let elements = elements.unwrap_or_default().into_iter().map(i64::cast_unsigned);
                    lists.push(elements.collect::<Vec<u64>>().into());
                }
            }
        }
        Ok(Answer::Lists(lists))
    }

    /// Does all, and then thinks better of it: who commits that nevertheless shows what was never to be seen.
    async fn taken_back(&self, steps: &[Step]) -> Outcome {
        let done = async {
            self.begin(self.level).await?;
            self.steps(steps).await.map(drop)
        };
        let done = done.await;
        let rolled_back = self.session.client().batch_execute("rollback").await;
        Outcome::Failed(match done.and(rolled_back) {
            Ok(()) => Failure::new(Cause::TakenBack, "it was rolled back, as was asked"),
            Err(error) => failure(&error),
        })
    }

    async fn begin(&self, level: Level) -> Result<(), Refusal> {
        self.session.client().batch_execute(&format!("begin isolation level {}", name(level))).await
    }

    /// How an operation of one statement ended.
    fn one(&self, request: &Request, result: Result<Answer, Refusal>) -> Outcome {
        match result {
            Ok(answer) => Outcome::Ok(answer),
            Err(error) => without_answer(request, surely_refused(&error), failure(&error)),
        }
    }

    /// Runs an operation of several statements in one transaction.
    async fn many(
        &self,
        request: &Request,
        level: Level,
        statements: impl Future<Output = Result<Answer, Refusal>>,
    ) -> Outcome {
        let transaction = async {
            self.begin(level).await.map_err(Ended::Before)?;
            let answer = statements.await.map_err(Ended::Before)?;
            self.session.client().batch_execute("commit").await.map_err(Ended::Committing)?;
            Ok(answer)
        };
        match transaction.await {
            Ok(answer) => Outcome::Ok(answer),
            Err(Ended::Before(error)) => {
                // Where this fails too, the connection goes, and the transaction with it.
                if let Err(error) = self.session.client().batch_execute("rollback").await {
                    tracing::debug!(error = reason(&error), "a rollback");
                }
                Outcome::Failed(failure(&error))
            }
            Err(Ended::Committing(error)) => without_answer(request, surely_refused(&error), failure(&error)),
        }
    }
}

impl Store for Sql {
    async fn perform(&mut self, request: &Request) -> Outcome {
        Self::perform(self, request).await
    }
}

/// Whether a transaction ends with a rollback: one in sixteen does, by its number, which is in its elements.
fn is_taken_back(steps: &[Step]) -> bool {
    let element = steps.iter().find_map(|step| match step {
        Step::Append { element, .. } | Step::Undone { element, .. } => Some(*element),
        Step::Read { .. } => None,
    });
    element.is_some_and(|element| (element >> 4) % 16 == 0)
}

/// How PostgreSQL calls a level.
fn name(level: Level) -> &'static str {
    match level {
        Level::ReadCommitted => "read committed",
        Level::Snapshot => "repeatable read",
        Level::Serializable => "serializable",
    }
}

#[cfg(test)]
mod tests;
