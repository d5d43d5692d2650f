//! A connection to PostgreSQL, and the questions that a scenario has.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage, types::FromSqlOwned};

use crate::{
    Secret,
    error::{Error, Result, within},
};

/// Where a database is, and who may use it.
#[derive(Debug, Clone)]
pub struct Login {
    /// A name or an address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The user.
    pub user: String,
    /// The user's password.
    pub password: Secret,
    /// The database.
    pub database: String,
}

/// One connection. Dropped, it is cut.
pub struct Session {
    client: Client,
    driver: JoinHandle<()>,
    address: String,
    deadline: Duration,
}

impl Session {
    /// Logs in, over TCP and without TLS. Each call has the deadline.
    ///
    /// # Errors
    /// The server refused the login ([`Error::Failed`]), could not be reached, or did not answer.
    pub async fn connect(login: &Login, deadline: Duration) -> Result<Self> {
        let Login { host, port, user, password, database } = login;
        let address = format!("{host}:{port}/{database}");
        let doing = format!("logging in to PostgreSQL at {address} as {user}");
        let mut config = Config::new();
        config.host(host).port(*port).user(user).password(password.reveal()).dbname(database);
        config.application_name("steadfast");
        let (client, connection) =
            within(deadline, &doing, config.connect(NoTls), |error| broken(&doing, &error)).await?;
        let driver = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = reason(&error), "a PostgreSQL connection ended");
            }
        });
        Ok(Self { client, driver, address, deadline })
    }

    /// The client itself.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// `host:port/database`
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The time that each call has.
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Runs a call of the client under the deadline.
    ///
    /// # Errors
    /// The call's own, or no answer.
    pub async fn run<T>(
        &self,
        doing: &str,
        call: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
    ) -> Result<T> {
        self.run_within(self.deadline, doing, call).await
    }

    /// Runs a long call of the client under a deadline of its own.
    ///
    /// # Errors
    /// The call's own, or no answer.
    pub async fn run_within<T>(
        &self,
        deadline: Duration,
        doing: &str,
        call: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
    ) -> Result<T> {
        let doing = format!("{doing} at {}", self.address);
        within(deadline, &doing, call, |error| broken(&doing, &error)).await
    }

    /// Writes everything that was committed so far to the disk.
    ///
    /// # Errors
    /// The server's own, or no answer.
    pub async fn checkpoint(&self) -> Result<()> {
        self.run("a checkpoint", self.client.batch_execute("checkpoint")).await
    }

    /// What initdb gave this cluster: another one means another data directory.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn system_identifier(&self) -> Result<String> {
        self.ask(
            "asking for the system identifier",
            "select system_identifier::text from pg_control_system()",
        )
        .await
    }

    /// How far its log of changes has come, in bytes: it never goes back.
    ///
    /// # Errors
    /// No answer, or a refusal, as while it recovers.
    pub async fn log_position(&self) -> Result<i64> {
        self.ask(
            "asking for the position of the log",
            "select (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint",
        )
        .await
    }

    /// Writes something, and begins a new file of its log of changes with what follows.
    ///
    /// # Errors
    /// No answer, or a refusal: there may be no room for it.
    pub async fn switch_log(&self) -> Result<()> {
        let statements = "select txid_current(); select pg_switch_wal(); select txid_current()";
        for statement in statements.split("; ") {
            self.run("switching the log", self.client.batch_execute(statement)).await?;
        }
        Ok(())
    }

    /// Where the server keeps its data.
    ///
    /// # Errors
    /// No answer, or a refusal: it takes a superuser or `pg_read_all_settings`.
    pub async fn data_directory(&self) -> Result<String> {
        self.show("data_directory").await
    }

    /// The value of a setting, with its unit.
    ///
    /// # Errors
    /// No answer, or no such setting.
    pub async fn show(&self, setting: &str) -> Result<String> {
        let doing = format!("asking for the setting {setting}");
        let question = "select current_setting($1)";
        self.run(&doing, async { self.client.query_one(question, &[&setting]).await?.try_get(0) }).await
    }

    /// When the postmaster started: it changes with every crash and every restart.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn started(&self) -> Result<Timestamp> {
        self.ask("asking for the postmaster's start", "select pg_postmaster_start_time()").await
    }

    /// Gives the user of this session another password.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn change_password(&self, password: &Secret) -> Result<()> {
        let quoted = password.reveal().replace('\'', "''");
        let statement = format!("alter role current_user password '{quoted}'");
        self.run("changing the password", self.client.batch_execute(&statement)).await
    }

    /// How many pages the server found spoiled by their checksums since it began to count, in all databases.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn checksum_failures(&self) -> Result<i64> {
        let question = "select coalesce(sum(checksum_failures), 0)::bigint from pg_stat_database";
        self.ask("asking for failed checksums", question).await
    }

    /// The file that holds a table's rows, below the data directory.
    ///
    /// # Errors
    /// No answer, or no such table.
    pub async fn file_of(&self, table: &str) -> Result<String> {
        let doing = format!("asking for the file of {table}");
        let question = "select pg_relation_filepath($1::text::regclass)";
        self.run(&doing, async { self.client.query_one(question, &[&table]).await?.try_get(0) }).await
    }

    /// Rewrites a table so that nobody has a reason to write to its pages again, and writes all to the disk.
    ///
    /// # Errors
    /// The server's own, or no answer.
    pub async fn freeze(&self, table: &str) -> Result<()> {
        let statement = format!("vacuum (freeze) {table}");
        self.run("freezing a table", self.client.batch_execute(&statement)).await?;
        self.checkpoint().await
    }

    /// Proves that a write works: a table of its own is made, written, read and dropped in one committed transaction.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn write_works(&self) -> Result<()> {
        let doing = "writing to a table of our own";
        // The backend's number is unique among the living, so two probes never meet.
        let number: i32 = self.ask(doing, "select pg_backend_pid()").await?;
        let table = format!("steadfast_probe_{number}");
        // Sent as one text it is one transaction, also when a part of it fails.
        let probe = format!(
            "create table {table} (number int); insert into {table} values ({number}) returning number; drop table {table}"
        );
        let answers = self.run(doing, self.client.simple_query(&probe)).await?;
        let read = answers.iter().find_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        if read == Some(number.to_string().as_str()) {
            Ok(())
        } else {
            Err(Error::failed(format!("{doing} at {}: wrote {number} and read {read:?}", self.address)))
        }
    }

    async fn ask<T: FromSqlOwned>(&self, doing: &str, question: &str) -> Result<T> {
        let call = self.client.query_one(question, &[]);
        self.run(doing, async { call.await?.try_get(0) }).await
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Session({})", self.address)
    }
}

/// What PostgreSQL said, with the SQLSTATE; its own `Display` says only "db error".
pub fn reason(error: &tokio_postgres::Error) -> String {
    if let Some(answer) = error.as_db_error() {
        return format!("{} {}: {}", answer.severity(), answer.code().code(), answer.message());
    }
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn broken(doing: &str, error: &tokio_postgres::Error) -> Error {
    let message = format!("{doing}: {}", reason(error));
    if error.as_db_error().is_some() { Error::failed(message) } else { Error::environment(message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_without_a_server_is_said_without_the_password() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let login = Login {
            host: "127.0.0.1".to_owned(),
            port,
            user: "dagster".to_owned(),
            password: Secret::new("hunter2"),
            database: "dagster".to_owned(),
        };
        assert!(!format!("{login:?}").contains("hunter2"));
        let error = Session::connect(&login, Duration::from_secs(5)).await.unwrap_err();
        let message = error.to_string();
        assert!(message.contains(&format!("127.0.0.1:{port}/dagster as dagster")), "{message}");
        assert!(message.contains("refused") && !message.contains("hunter2"), "{message}");
        assert!(matches!(error, Error::Environment { .. }));
    }
}
