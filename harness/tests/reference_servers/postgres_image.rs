//! The PostgreSQL image, the one that we build or the official one, against what the official one documents
//! (https://hub.docker.com/_/postgres): charts rely on it.

use std::{process::Command, time::Duration};

use harness::{Result, cluster::docker};

use crate::book::{LONG, soon};

const IMAGE: &str = "postgres:17";
const QUICK: Duration = Duration::from_secs(60);
const PASSWORD: &str = "test-only-password";

/// A container of the image; it goes with its handle.
struct Container(String);

impl Container {
    /// Starts the image with these settings, and what is under `initdb` as its scripts.
    async fn start(settings: &[&str]) -> Self {
        let made = docker(&[&["create"], settings, &[IMAGE]].concat(), QUICK).await.unwrap();
        let container = Self(made.trim().to_owned());
        let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference_servers/initdb/.");
        docker(&["cp", scripts, &format!("{}:/docker-entrypoint-initdb.d/", container.0)], QUICK)
            .await
            .unwrap();
        docker(&["start", &container.0], QUICK).await.unwrap();
        container
    }

    /// What a query answers; tried until the server that initialises has made place for the one that stays.
    async fn asks(&self, login: (&str, &str), query: &str) -> String {
        let (user, database) = login;
        let address = format!("postgresql://{user}:{PASSWORD}@127.0.0.1/{database}");
        let asked = ["exec", &self.0, "psql", "--no-psqlrc", "-At", "-c", query, &address];
        soon(|| async {
            self.running().await?;
            docker(&asked, QUICK).await
        })
        .await
        .trim()
        .to_owned()
    }

    async fn running(&self) -> Result<()> {
        let state = docker(&["inspect", "--format", "{{.State.Running}}", &self.0], QUICK).await?;
        let logs = Command::new("docker").args(["logs", &self.0]).output().unwrap();
        assert!(state.trim() == "true", "it ended: {}", String::from_utf8_lossy(&logs.stderr));
        Ok(())
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        drop(Command::new("docker").args(["rm", "--force", "--volumes", &self.0]).output());
    }
}

/// What a shell in the image says.
async fn shell(script: &str) -> String {
    docker(&["run", "--rm", "--entrypoint", "sh", IMAGE, "-c", script], LONG).await.unwrap()
}

const SCRIPTS: &str = "executed gz sourced xz zst";

#[tokio::test(flavor = "multi_thread")]
async fn users_paths_and_variables_are_the_documented_ones() {
    let said = shell(
        "id -u postgres; id -g postgres; echo \"$PGDATA $PG_MAJOR $LANG\"; locale -a | tr '\\n' ' '; echo; \
         for program in docker-entrypoint.sh gosu psql pg_isready pg_dump initdb gzip xz zstd; do command -v $program >/dev/null || echo \"no $program\"; done; \
         stat -c '%u %a' /var/lib/postgresql/data; getent passwd postgres | cut -d: -f6; ls /usr/share/postgresql/postgresql.conf.sample",
    )
    .await;
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[..3], ["999", "999", "/var/lib/postgresql/data 17 en_US.utf8"], "{said}");
    assert!(lines[3].contains("en_US.utf8") && lines[3].contains("C.utf8"), "{said}");
    assert_eq!(
        lines[4..],
        ["999 1777", "/var/lib/postgresql", "/usr/share/postgresql/postgresql.conf.sample"],
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_takes_every_setting_and_runs_every_script() {
    let password = format!("POSTGRES_PASSWORD={PASSWORD}");
    let container = Container::start(&[
        "-e",
        "POSTGRES_USER=app",
        "-e",
        "POSTGRES_DB=store",
        "-e",
        &password,
        "-e",
        "POSTGRES_INITDB_ARGS=--data-checksums --locale=en_US.utf8",
        "-e",
        "POSTGRES_INITDB_WALDIR=/var/lib/postgresql/wal",
        "-e",
        "PGDATA=/var/lib/postgresql/data/pgdata",
    ])
    .await;
    let login = ("app", "store");
    let ran = "select string_agg(what, ' ' order by what collate \"C\") from ran";
    assert_eq!(container.asks(login, ran).await, SCRIPTS);
    for (query, answer) in [
        ("show data_checksums", "on"),
        ("show data_directory", "/var/lib/postgresql/data/pgdata"),
        ("select datcollate from pg_database where datname = 'store'", "en_US.utf8"),
        ("select count(*) > 0 from pg_ls_dir('/var/lib/postgresql/wal')", "t"),
        ("select auth_method from pg_hba_file_rules where address = 'all'", "scram-sha-256"),
        ("select setting from pg_settings where name = 'listen_addresses'", "*"),
    ] {
        assert_eq!(container.asks(login, query).await, answer, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_user_may_run_it_and_trust_needs_no_password() {
    let container = Container::start(&[
        "--user",
        "1234:1234",
        "-e",
        "POSTGRES_HOST_AUTH_METHOD=trust",
        "-e",
        "PGDATA=/tmp/data",
    ])
    .await;
    assert_eq!(container.asks(("postgres", "postgres"), "select count(*) from ran").await, "5");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_password_it_refuses_to_start() {
    let refused = docker(&["run", "--rm", IMAGE], LONG).await.unwrap_err().to_string();
    assert!(refused.contains("superuser password is not specified"), "{refused}");
    let version = docker(&["run", "--rm", IMAGE, "--version"], LONG).await.unwrap();
    assert!(version.starts_with("postgres (PostgreSQL) 17"), "{version}");
}
