//! The power of one real server is cut in mid-write: what each acknowledged, and what its disk had.

use std::ops::Range;

use harness::{
    history::{
        Checker, Judgement,
        check::{Copies, Kind, Level},
        generate::Work,
    },
    load::{Load, Plan, read_back, sql::Sql},
    settings::{Profile, Settings},
    workload::garage::initialise,
};

use jiff::Timestamp;

use crate::{
    book::{Book, LONG, count, kinds, plan, soon},
    disk::Disk,
    servers::{Garage, Postgres},
};

const SET: Checker = Checker::Set(Copies::Same);
/// Acknowledged writes before each cut.
const ENOUGH: u64 = 30;

/// How often the power of a server is cut that is to lose nothing.
fn often() -> usize {
    let settings = Settings::load(harness::home::repository()).unwrap();
    if settings.profile == Profile::Full { 100 } else { 3 }
}

/// Clients that go on for as long as so many cuts take.
fn lasting(cuts: usize, clients: [(&'static str, Vec<Work>); 1]) -> Plan {
    Plan { budget: LONG * (1 + cuts as u32), ..plan(clients) }
}

/// Cuts the power so often under a load, each time after enough was acknowledged, and lets it end well.
async fn under(mut load: Load, book: &Book, cuts: usize, cut: impl AsyncFn() -> Range<Timestamp>) {
    for _ in 0..cuts {
        load.acknowledged(ENOUGH, LONG).await.unwrap();
        book.recorder.doubt(cut().await).unwrap();
    }
    load.acknowledged(ENOUGH, LONG).await.unwrap();
    load.stop().await.unwrap();
}

/// Demands that nothing is wrong after so many cuts.
fn kept(judgement: &Judgement, cuts: usize) {
    let acknowledged = count(judgement, "acknowledged writes");
    assert_eq!(judgement.anomalies, [], "of {acknowledged} acknowledged writes, in {cuts} power cuts");
    assert!(acknowledged > ENOUGH * cuts as u64);
}

/// Demands that acknowledged writes are lost, and nothing else is wrong.
fn lost(judgement: &Judgement) {
    let found = kinds(judgement);
    assert!(!found.is_empty() && found.iter().all(|kind| *kind == Kind::Lost), "{judgement:?}");
}

/// What is found of a PostgreSQL with these settings whose power is cut so often.
async fn postgres(name: &str, settings: &[&str], cuts: usize) -> Judgement {
    let server = Postgres::start_on(Disk::make().await, settings).await;
    let session = soon(|| server.session()).await;
    Sql::create_tables(&session).await.unwrap();
    session.run("checkpoint", session.client().batch_execute("checkpoint")).await.unwrap();
    server.sync().await;

    let book = Book::new(name);
    let writes = vec![Work::Writes { sizes: &[100, 3000] }; 3];
    let plan = lasting(cuts, [("postgresql", writes)]);
    let load = server.load(&book.recorder, &plan, Level::Serializable);
    let cut = async || {
        let without_disk = server.cut_power().await;
        soon(|| server.session()).await;
        without_disk
    };
    under(load, &book, cuts, cut).await;
    read_back::scan(&book.recorder, "postgresql", || server.sql()).await.unwrap();
    book.judged(&SET)
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_as_shipped_loses_nothing() {
    let cuts = often();
    kept(&postgres("sql-power", &[], cuts).await, cuts);
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_that_acknowledges_before_the_disk_has_it_is_found_out() {
    for setting in ["synchronous_commit=off", "fsync=off"] {
        lost(&postgres("sql-power-early", &[setting, "wal_writer_delay=10s"], 1).await);
    }
}

/// What is found of one Garage whose power is cut so often.
async fn garage(name: &str, fsync: bool, cuts: usize) -> Judgement {
    let server = Garage::start_on(Disk::make().await, fsync).await;
    initialise(&[server.admin().await.unwrap()]).await.unwrap();
    server.bucket().await.unwrap();
    server.sync().await;

    let book = Book::new(name);
    let writes = vec![Work::Writes { sizes: &[100, 3072, 20_000] }; 3];
    let load = server.load(&book.recorder, &lasting(cuts, [("garage", writes)]));
    let cut = async || {
        let without_disk = server.cut_power().await;
        soon(async || server.bucket().await).await;
        without_disk
    };
    under(load, &book, cuts, cut).await;
    read_back::list_and_get(&book.recorder, "garage", || server.s3()).await.unwrap();
    book.judged(&SET)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_garage_that_writes_through_loses_nothing() {
    let cuts = often();
    kept(&garage("s3-power", true, cuts).await, cuts);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_garage_with_its_defaults_loses_what_it_acknowledged() {
    lost(&garage("s3-power-defaults", false, 1).await);
}
