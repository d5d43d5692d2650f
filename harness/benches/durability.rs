//! What it costs that a server waits for its disk before it acknowledges a write: real servers, with one disk of ours each.
//! Needs Docker and the images of `scripts/setup`: `cargo bench --workspace --profile dev --bench durability`

#![allow(clippy::unwrap_used, clippy::panic, reason = "the reference servers are those of tests")]

use std::io::Write;

use harness::{
    history::{check::Level, generate::Work},
    load::{Load, sql::Sql},
    workload::garage::initialise,
};

use book::{Book, LONG, plan, soon};
use disk::Disk;
use servers::{Garage, Postgres};

/// Acknowledged writes that are measured.
const WRITES: u64 = 1_000;
/// Clients that write beside each other.
const CLIENTS: usize = 3;
/// In bytes.
const SIZES: &[usize] = &[3072];

fn main() -> std::io::Result<()> {
    harness::cluster::install_crypto();
    tokio::runtime::Runtime::new()?.block_on(async {
        let mut out = std::io::stdout();
        for settings in [&[][..], &["synchronous_commit=off"], &["fsync=off"]] {
            writeln!(out, "PostgreSQL {settings:?}: {}", postgres(settings).await)?;
        }
        for fsync in [true, false] {
            writeln!(out, "one Garage, metadata_fsync and data_fsync {fsync}: {}", garage(fsync).await)?;
        }
        Ok(())
    })
}

async fn postgres(settings: &[&str]) -> String {
    let server = Postgres::start_on(Disk::make().await, settings).await;
    let session = soon(|| server.session()).await;
    Sql::create_tables(&session).await.unwrap();
    let book = Book::new("sql-speed");
    measure(server.load(&book.recorder, &plan([("server", works())]), Level::Serializable), &book).await
}

async fn garage(fsync: bool) -> String {
    let server = Garage::start_on(Disk::make().await, fsync).await;
    initialise(&[server.admin().await.unwrap()]).await.unwrap();
    server.bucket().await.unwrap();
    let book = Book::new("s3-speed");
    measure(server.load(&book.recorder, &plan([("server", works())])), &book).await
}

fn works() -> Vec<Work> {
    vec![Work::Writes { sizes: SIZES }; CLIENTS]
}

/// Lets the clients write so much, and tells how fast it was done.
async fn measure(mut load: Load, book: &Book) -> String {
    load.acknowledged(WRITES, LONG).await.unwrap();
    load.stop().await.unwrap();
    let writes = book.operations().all;
    let writes = writes.iter().filter(|one| one.is_ok()).filter_map(|one| Some((one.invoked, one.ended?)));
    let (begun, ended): (Vec<_>, Vec<_>) = writes.unzip();
    let span = ended.iter().max().unwrap().duration_since(*begun.iter().min().unwrap()).as_secs_f64();
    let took = begun.iter().zip(&ended).map(|(begun, ended)| ended.duration_since(*begun).as_secs_f64());
    let mut took: Vec<f64> = took.collect();
    took.sort_by(f64::total_cmp);
    let milliseconds = |part: f64| took[(took.len() as f64 * part) as usize] * 1000.0;
    format!(
        "{:.0} writes/s by {CLIENTS} clients; half of the writes take {:.1} ms or less, 99 % {:.1} ms",
        took.len() as f64 / span,
        milliseconds(0.5),
        milliseconds(0.99)
    )
}

#[allow(dead_code, reason = "tests use all of it")]
#[path = "../tests/reference_servers/book.rs"]
mod book;
#[allow(dead_code, reason = "tests use all of it")]
#[path = "../tests/reference_servers/disk.rs"]
mod disk;
#[allow(dead_code, reason = "tests use all of it")]
#[path = "../tests/reference_servers/servers.rs"]
mod servers;
