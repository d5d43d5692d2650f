//! One real PostgreSQL.

use harness::{
    history::{
        Action, Cause, Checker, Outcome, Step,
        check::{Copies, Kind, Level},
        generate::{Request, Work, content},
    },
    load::{
        Load, read_back,
        sql::{self, Sql},
    },
};

use crate::{
    book::{Book, LONG, count, kinds, plan, soon},
    servers::{DEADLINE, Postgres},
};

const SET: Checker = Checker::Set(Copies::Same);
const BANK: Checker = Checker::Bank { total: sql::MONEY };

async fn started() -> Postgres {
    started_with(&[]).await
}

async fn started_with(settings: &[&str]) -> Postgres {
    let server = Postgres::start(settings).await;
    let session = soon(|| server.session()).await;
    Sql::create_tables(&session).await.unwrap();
    // The control's server forgets what is not on the disk; the tables must not be among it.
    session.run("checkpoint", session.client().batch_execute("checkpoint")).await.unwrap();
    server
}

/// Clients that do these works, with transactions over lists of this level.
fn load(server: &Postgres, book: &Book, works: Vec<Work>, level: Level) -> Load {
    server.load(&book.recorder, &plan([("postgresql", works)]), level)
}

fn rows(sizes: &'static [usize]) -> Vec<Work> {
    vec![Work::Writes { sizes }, Work::Writes { sizes }, Work::Reads { of: 0..2 }]
}

async fn written(server: &Postgres, book: &Book, works: Vec<Work>, level: Level) {
    let mut load = load(server, book, works, level);
    load.acknowledged(200, LONG).await.unwrap();
    load.stop().await.unwrap();
}

async fn read(server: &Postgres, book: &Book) {
    soon(|| server.sql()).await;
    read_back::scan(&book.recorder, "postgresql", || server.sql()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_fault_nothing_is_lost_made_or_torn() {
    let (server, book) = (started().await, Book::new("sql-quiet"));
    let money = Work::Bank { accounts: sql::ACCOUNTS };
    let works = [rows(sql::SIZES), vec![money.clone(), money]].concat();
    written(&server, &book, works, Level::Serializable).await;
    read(&server, &book).await;
    let judgement = book.judged(&SET);
    assert_eq!((kinds(&judgement), judgement.judged), (vec![], count(&judgement, "acknowledged writes")));
    let (bank, reads) = (book.judged(&BANK), book.judged(&Checker::ReadAfterWrite));
    assert_eq!((kinds(&bank), kinds(&reads)), (vec![], vec![]));
    assert!(bank.judged > 0 && reads.judged > 0);
}

/// REPEATABLE READ lets write skew through, and nothing worse; SERIALIZABLE lets nothing through.
#[tokio::test(flavor = "multi_thread")]
async fn each_level_keeps_what_it_promises_and_no_more() {
    let server = started().await;
    let tangles = async |name: &str, level: Level| {
        let book = Book::new(name);
        written(&server, &book, vec![Work::Lists { lists: 3 }; 6], level).await;
        let judgement = book.judged(&Checker::Isolation(Level::Serializable));
        assert!(judgement.judged >= 200, "{judgement:?}");
        kinds(&judgement)
    };
    assert_eq!(tangles("sql-serializable", Level::Serializable).await, []);
    let clear = "truncate lists";
    let session = server.session().await.unwrap();
    session.run(clear, session.client().batch_execute(clear)).await.unwrap();
    let found = tangles("sql-snapshot", Level::Snapshot).await;
    assert!(!found.is_empty() && found.iter().all(|kind| *kind == Kind::G2Item), "{found:?}");
}

/// One that commits it nevertheless, as a pooler may that loses a word, is found.
#[tokio::test(flavor = "multi_thread")]
async fn what_its_client_rolls_back_is_never_seen() {
    let (server, book) = (started().await, Book::new("sql-rolled-back"));
    let (mut store, process) = (server.sql().await.unwrap(), book.recorder.processes(1).start);
    let steps = vec![Step::Append { list: 0, element: 16 << 4 }, Step::Read { list: 0 }];
    let append = Request { action: Action::Transaction(steps), payload: Vec::new() };
    let endpoint = "postgresql".into();
    let outcome = book.recorder.perform(process, &endpoint, &append, &mut store).await.unwrap();
    assert!(matches!(&outcome, Outcome::Failed(why) if why.cause == Cause::TakenBack), "{outcome:?}");
    let isolation = Checker::Isolation(Level::Serializable);
    book.recorder.perform(process, &endpoint, &Request::lists(&[0]), &mut store).await.unwrap();
    assert_eq!(kinds(&book.judged(&isolation)), []);
    let commit = "insert into lists values (0, array[256])";
    let session = server.session().await.unwrap();
    session.run(commit, session.client().batch_execute(commit)).await.unwrap();
    book.recorder.perform(process, &endpoint, &Request::lists(&[0]), &mut store).await.unwrap();
    assert_eq!(kinds(&book.judged(&isolation)), [Kind::G1a]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_behind_the_clients_back_is_found() {
    let (server, book) = (started().await, Book::new("sql-back"));
    written(&server, &book, rows(sql::SIZES), Level::Serializable).await;
    let session = server.session().await.unwrap();
    let key = |place: &str| format!("{}/{place}", book.recorder.run());
    for change in [
        format!("delete from entries where key = '{}'", key("0/000003")),
        format!("update entries set payload = payload || '!' where key = '{}'", key("0/000004")),
        format!("insert into entries values ('{}', 'foreign')", key("77/000008")),
        "alter table entries drop constraint entries_pkey".to_owned(),
        format!("insert into entries select * from entries where key = '{}'", key("1/000005")),
        "update accounts set balance = balance + 1 where account = 2".to_owned(),
    ] {
        session.run(&change, session.client().execute(&change, &[])).await.unwrap();
    }
    read(&server, &book).await;
    let mut store = server.sql().await.unwrap();
    let process = book.recorder.processes(1).start;
    book.recorder.perform(process, &"postgresql".into(), &Request::balances(), &mut store).await.unwrap();
    let twice = store.perform(&Request::get(key("1/000005"))).await;
    assert!(
        matches!(&twice, Outcome::Failed(why) if why.cause == Cause::Answered("21000".into())),
        "{twice:?}"
    );
    let mut found = kinds(&book.judged(&SET));
    found.sort();
    assert_eq!(found, [Kind::Lost, Kind::Diverged, Kind::Duplicated, Kind::Phantom]);
    assert_eq!(kinds(&book.judged(&BANK)), [Kind::TotalChanged]);
}

/// SIGKILL under load, and as many writes after it as before.
async fn killed_in_mid_write(server: &Postgres, book: &Book, works: Vec<Work>) {
    let mut load = load(server, book, works, Level::Serializable);
    load.acknowledged(100, LONG).await.unwrap();
    server.kill().await;
    server.restart().await;
    load.acknowledged(100, LONG).await.unwrap();
    load.stop().await.unwrap();
    read(server, book).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_commits_survive_sigkill_in_mid_write() {
    let (server, book) = (started().await, Book::new("sql-kill"));
    let before = server.session().await.unwrap();
    let (identifier, first_start) =
        (before.system_identifier().await.unwrap(), before.started().await.unwrap());

    let (money, lists) = (Work::Bank { accounts: sql::ACCOUNTS }, Work::Lists { lists: 3 });
    let over = Work::Registers { keys: 3, sizes: sql::SIZES };
    let deletes = Work::Deletes { sizes: sql::SIZES };
    let works = [rows(sql::SIZES), vec![over.clone(), over, deletes, money, lists.clone(), lists]].concat();
    killed_in_mid_write(&server, &book, works).await;
    let isolation = Checker::Isolation(Level::Serializable);
    for checker in [SET, BANK, Checker::ReadAfterWrite, Checker::Agreement, Checker::Register, isolation] {
        let judgement = book.judged(&checker);
        assert_eq!(kinds(&judgement), [], "{}", checker.name());
        assert!(judgement.judged > 0, "{}", checker.name());
    }
    let unknown = book.operations().all.into_iter().filter(|one| matches!(one.outcome, Outcome::Unknown(_)));
    assert!(unknown.count() > 0, "no write was in flight when the server was killed");

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
    killed_in_mid_write(&server, &book, vec![Work::Writes { sizes: &[100] }; 4]).await;
    let found = kinds(&book.judged(&SET));
    assert!(!found.is_empty() && found.iter().all(|kind| *kind == Kind::Lost), "{found:?}");
}

/// A server that says it wrote over a row, and did not always.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_keep_what_was_written_over_are_not_linearizable() {
    let (server, book) = (started().await, Book::new("sql-over"));
    let session = server.session().await.unwrap();
    let does = async |what: &str| session.run(what, session.client().batch_execute(what)).await.unwrap();
    does(
        "create function sometimes() returns trigger language plpgsql as
          'begin if random() < 0.2 then return old; end if; return new; end'",
    )
    .await;
    does("create trigger sometimes before update on entries for each row execute function sometimes()").await;
    written(&server, &book, vec![Work::Registers { keys: 3, sizes: &[100] }; 2], Level::Serializable).await;
    read(&server, &book).await;
    for (checker, kind) in
        [(Checker::Register, Kind::NotLinearizable), (Checker::ReadAfterWrite, Kind::Stale)]
    {
        let found = kinds(&book.judged(&checker));
        assert!(!found.is_empty() && found.iter().all(|one| *one == kind), "{}: {found:?}", checker.name());
    }
}

/// Tables that nobody logs are emptied by a crash, and a set-up that is run again fills the accounts as they were at first.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_logged_is_found_lost_after_a_crash() {
    let (server, book) = (started().await, Book::new("sql-unlogged"));
    let unlogged = ["entries", "accounts", "lists"].map(|table| format!("alter table {table} set unlogged"));
    let session = server.session().await.unwrap();
    session.run("unlogged tables", session.client().batch_execute(&unlogged.join("; "))).await.unwrap();
    let works = vec![
        Work::Writes { sizes: &[100] },
        Work::Bank { accounts: sql::ACCOUNTS },
        Work::Lists { lists: 3 },
    ];
    written(&server, &book, works, Level::Serializable).await;
    read(&server, &book).await;
    for checker in [SET, BANK, Checker::ReadAfterWrite] {
        assert_eq!(kinds(&book.judged(&checker)), [], "{}", checker.name());
    }
    server.kill().await;
    server.restart().await;
    let session = soon(|| server.session()).await;
    Sql::create_tables(&session).await.unwrap();
    read(&server, &book).await;
    for (checker, kind) in
        [(SET, Kind::Lost), (BANK, Kind::Misplaced), (Checker::ReadAfterWrite, Kind::Stale)]
    {
        let found = kinds(&book.judged(&checker));
        assert!(!found.is_empty() && found.iter().all(|one| *one == kind), "{}: {found:?}", checker.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_misses_rows_and_money_that_moves_twice_are_found() {
    let (server, book) = (started().await, Book::new("sql-index"));
    let session = server.session().await.unwrap();
    let does = async |what: &str| session.run(what, session.client().batch_execute(what)).await.unwrap();
    let ready = |is: bool| {
        format!("update pg_index set indisready = {is} where indexrelid = 'entries_pkey'::regclass")
    };
    does(&ready(false)).await;
    does(
        "create function twice() returns trigger language plpgsql as
          'begin new.balance := 2 * new.balance - old.balance; return new; end'",
    )
    .await;
    does("create trigger twice before update on accounts for each row execute function twice()").await;
    let works = vec![Work::Writes { sizes: &[100] }, Work::Bank { accounts: sql::ACCOUNTS }];
    written(&server, &book, works, Level::Serializable).await;
    does(&ready(true)).await;
    read(&server, &book).await;
    for (checker, kind) in [(SET, Kind::Unlisted), (BANK, Kind::Misplaced)] {
        let found = kinds(&book.judged(&checker));
        assert!(!found.is_empty() && found.iter().all(|one| *one == kind), "{}: {found:?}", checker.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_are_told_apart() {
    let server = started().await;
    let store = server.sql().await.unwrap();
    let put = |key: &str| Request::put(key, content(key, 100));
    assert_eq!(store.perform(&put("outcomes/0")).await, Outcome::DONE);
    assert_eq!(store.perform(&put("outcomes/0")).await, Outcome::DONE, "a key that is there was committed");

    let set = "set default_transaction_read_only = on";
    store.session().run(set, store.session().client().batch_execute(set)).await.unwrap();
    let refused = store.perform(&put("outcomes/1")).await;
    assert!(matches!(&refused, Outcome::Failed(why) if why.text.contains("25006")), "{refused:?}");

    // An administrator ends the session: it may have committed.
    let number: i32 =
        store.session().client().query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
    let other = server.session().await.unwrap();
    other.client().execute("select pg_terminate_backend($1)", &[&number]).await.unwrap();
    let cut = store.perform(&put("outcomes/2")).await;
    assert!(matches!(cut, Outcome::Unknown(_)), "{cut:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_answers_what_a_scenario_asks() {
    let server = started().await;
    let session = server.session().await.unwrap();
    assert!(session.show("server_version").await.unwrap().starts_with("17."));
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
