//! One real PostgreSQL.

use harness::ledger::{
    Audit, Ledger, Load, LoadPlan, Outcome, Write, judge,
    sql::{self, Sql},
    verdict::Kind,
};

use crate::servers::{Book, DEADLINE, LONG, Postgres, soon};

const PLAN: LoadPlan =
    LoadPlan { clients: 0..2, writes_per_client: 20, sizes: sql::SIZES, pace: std::time::Duration::ZERO };

async fn started() -> Postgres {
    started_with(&[]).await
}

async fn started_with(settings: &[&str]) -> Postgres {
    let server = Postgres::start(settings).await;
    let session = soon(|| server.session()).await;
    Sql::create_table(&session).await.unwrap();
    // The control's server forgets what is not on the disk; the table must not be among it.
    session.run("checkpoint", session.client().batch_execute("checkpoint")).await.unwrap();
    server
}

async fn written(server: &Postgres, book: &Book, plan: &LoadPlan) -> Ledger {
    let server = server.clone();
    let connect = move |_| {
        let server = server.clone();
        async move { server.sql().await }
    };
    Load::start(&book.recorder, plan, connect).finish(LONG).await.unwrap()
}

async fn judged(server: &Postgres, ledger: &Ledger) -> Audit {
    let holdings = soon(|| server.sql()).await.read_back(ledger, LONG).await.unwrap();
    judge(ledger, &holdings)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_fault_nothing_is_lost() {
    let (server, book) = (started().await, Book::new("sql-quiet"));
    let ledger = written(&server, &book, &PLAN).await;
    let judgement = judged(&server, &ledger).await;
    assert_eq!(judgement.flaws, []);
    assert_eq!((judgement.statistics.acknowledged, judgement.statistics.judged()), (40, 40));
    assert_eq!(Ledger::read(book.path()).unwrap(), ledger);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_behind_the_ledgers_back_is_found() {
    let (server, book) = (started().await, Book::new("sql-back"));
    let ledger = written(&server, &book, &PLAN).await;
    let session = server.session().await.unwrap();
    let run = &ledger.run;
    for change in [
        format!("delete from ledger where run = '{run}' and client = 0 and sequence = 3"),
        format!(
            "update ledger set payload = payload || '!' where run = '{run}' and client = 0 and sequence = 4"
        ),
        format!("update ledger set sha256 = 'x' where run = '{run}' and client = 1 and sequence = 5"),
        format!("insert into ledger values ('{run}', 7, 8, sha256('foreign'), 'foreign')"),
    ] {
        session.run(&change, session.client().execute(&change, &[])).await.unwrap();
    }
    let mut found: Vec<_> =
        judged(&server, &ledger).await.flaws.into_iter().map(|flaw| (flaw.kind, flaw.key)).collect();
    let key = |place: &str| format!("{run}/{place}");
    // Flaws come in the order of sending, and two clients send in any.
    let mut expected = vec![
        (Kind::Lost, key("0/000003")),
        (Kind::Diverged, key("0/000004")),
        (Kind::Diverged, key("1/000005")),
        (Kind::Phantom, key("7/000008")),
    ];
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

/// SIGKILL under load, and as many writes after it as before.
async fn killed_in_mid_write(server: &Postgres, book: &Book, sizes: &'static [usize]) -> Ledger {
    let mut load = {
        let server = server.clone();
        let connect = move |_| {
            let server = server.clone();
            async move { server.sql().await }
        };
        Load::start(
            &book.recorder,
            &LoadPlan { clients: 0..4, writes_per_client: 100_000, sizes, pace: std::time::Duration::ZERO },
            connect,
        )
    };
    load.acknowledged(50, LONG).await.unwrap();
    server.kill().await;
    server.restart().await;
    load.acknowledged(50, LONG).await.unwrap();
    load.stop().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_commits_survive_sigkill_in_mid_write() {
    let (server, book) = (started().await, Book::new("sql-kill"));
    let before = server.session().await.unwrap();
    let (identifier, first_start) =
        (before.system_identifier().await.unwrap(), before.started().await.unwrap());

    let ledger = killed_in_mid_write(&server, &book, sql::SIZES).await;
    let judgement = judged(&server, &ledger).await;
    assert_eq!(judgement.flaws, []);
    assert!(judgement.statistics.acknowledged >= 100, "{:?}", judgement.statistics);
    let unknown = judgement.statistics.unknown_present + judgement.statistics.unknown_absent;
    assert!(unknown > 0, "no write was in flight when the server was killed: {:?}", judgement.statistics);
    assert_eq!(judgement.statistics.failed, 0);

    let after = server.session().await.unwrap();
    assert_eq!(after.system_identifier().await.unwrap(), identifier);
    assert!(after.started().await.unwrap() > first_start, "the postmaster was not restarted");
}

/// The control: a server that acknowledges before it writes must be caught.
#[tokio::test(flavor = "multi_thread")]
async fn commits_that_were_acknowledged_too_early_are_found_lost() {
    let server = started_with(&["synchronous_commit=off", "wal_writer_delay=10s"]).await;
    let book = Book::new("sql-early");
    // Small rows: large ones fill the buffers, and a full buffer is written.
    let ledger = killed_in_mid_write(&server, &book, &[100]).await;
    let judgement = judged(&server, &ledger).await;
    assert!(!judgement.flaws.is_empty(), "nothing was lost: {:?}", judgement.statistics);
    assert!(judgement.flaws.iter().all(|flaw| flaw.kind == Kind::Lost), "{:?}", judgement.flaws);
    let findings = judgement.findings("S23", "SQL");
    assert!(findings[0].message.contains("acknowledged writes are lost"), "{findings:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_are_told_apart() {
    let server = started().await;
    let store = server.sql().await.unwrap();
    let write = Write::derive("outcomes", 0, 0, 100);
    assert_eq!(store.put(&write).await, Outcome::Acknowledged);
    assert_eq!(store.put(&write).await, Outcome::Acknowledged, "a key that is there was committed");

    let set = "set default_transaction_read_only = on";
    store.session().run(set, store.session().client().batch_execute(set)).await.unwrap();
    let refused = store.put(&Write::derive("outcomes", 0, 1, 100)).await;
    assert!(matches!(&refused, Outcome::Failed(why) if why.contains("25006")), "{refused:?}");

    // An administrator ends the session: it may have committed.
    let number: i32 =
        store.session().client().query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
    let other = server.session().await.unwrap();
    other.client().execute("select pg_terminate_backend($1)", &[&number]).await.unwrap();
    let cut = store.put(&Write::derive("outcomes", 0, 2, 100)).await;
    assert!(matches!(cut, Outcome::Unknown(_)), "{cut:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_answers_what_a_scenario_asks() {
    let server = started().await;
    let session = server.session().await.unwrap();
    assert!(session.server_version().await.unwrap().starts_with("17."));
    assert_eq!(session.data_directory().await.unwrap(), "/var/lib/postgresql/data");
    assert_eq!(session.show("synchronous_commit").await.unwrap(), "on");
    assert!(session.system_identifier().await.unwrap().parse::<u64>().unwrap() > 0);
    session.write_works().await.unwrap();
    session.write_works().await.unwrap();

    let error = session.show("no_such_setting").await.unwrap_err().to_string();
    assert!(error.contains("42704"), "{error}");
    let set = "set default_transaction_read_only = on";
    session.run(set, session.client().batch_execute(set)).await.unwrap();
    let error = session.write_works().await.unwrap_err().to_string();
    assert!(error.contains("25006"), "{error}");
    session.show("fsync").await.unwrap();

    let mut login = server.login().await.unwrap();
    login.password = harness::Secret::new("wrong");
    let error = harness::workload::postgres::Session::connect(&login, DEADLINE).await.unwrap_err();
    assert!(error.to_string().contains("28P01") && !error.to_string().contains("wrong"), "{error}");
}
