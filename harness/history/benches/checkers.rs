//! What checking costs: a history of a million operations for each checker, in its own process's time and memory.
//! Needs no Docker: `cargo bench -p history --bench checkers`

use std::{io::Write, time::Instant};

use anyhow::Result;
use camino::Utf8PathBuf;
use history::{
    Checker, Operations,
    check::{Copies, Level, Members, Up},
    file::Line,
    generate::{Generator, Work},
};
use jiff::{Timestamp, ToSpan};

const OPERATIONS: u64 = 1_000_000;
const PROCESSES: u32 = 10;

fn main() -> Result<()> {
    let objects = || Work::Objects { keys: 100, sizes: &[40], deletes: false };
    let members = || {
        let up = ["a", "b", "c"].map(|node| Up { node: node.into(), from: Timestamp::UNIX_EPOCH, to: None });
        Members { quorum: 2, up: up.into() }
    };
    measure(&Checker::Set(Copies::Same), |process| {
        if process < 5 { Work::Writes { sizes: &[40] } } else { Work::Reads { of: process - 5..process - 4 } }
    })?;
    measure(&Checker::ReadAfterWrite, |_| objects())?;
    measure(&Checker::Agreement, |_| objects())?;
    measure(&Checker::Register, |_| objects())?;
    measure(&Checker::Bank { total: 500 }, |_| Work::Bank { accounts: 5 })?;
    measure(&Checker::Isolation(Level::Serializable), |_| Work::Lists { lists: 5 })?;
    measure(&Checker::ReadAfterWrite, |_| Work::Lists { lists: 5 })?;
    let deleted = || Work::Objects { keys: 100, sizes: &[40], deletes: true };
    measure(&Checker::Listings, |_| deleted())?;
    measure(&Checker::Conditional, |_| deleted())?;
    measure(&Checker::Ranges, |process| {
        let sizes: &'static [usize] = &[40];
        if process < 5 {
            Work::Writes { sizes }
        } else {
            Work::Ranges { of: process - 5..process - 4, sizes }
        }
    })?;
    measure(&Checker::Honesty(members()), |_| objects())?;
    measure(&Checker::Quorum(members()), |_| objects())
}

/// Writes a history of a store that does one thing after the other, reads it, and checks it.
fn measure(checker: &Checker, work: impl Fn(u32) -> Work) -> Result<()> {
    let path = Utf8PathBuf::from_path_buf(std::env::temp_dir()).unwrap_or_default();
    let path = path.join(format!("steadfast-checkers-{}.jsonl", std::process::id()));
    write(&path, work)?;
    reset_peak()?;
    let before = processor()?;
    let operations = Operations::read(&path)?;
    let read = processor()? - before;
    let held = memory("VmRSS")?;
    let (started, before) = (Instant::now(), processor()?);
    let judgement = checker.judge(&operations);
    let (took, worked) = (started.elapsed().as_secs_f64(), processor()? - before);
    std::fs::remove_file(&path)?;
    writeln!(
        std::io::stdout(),
        "{}: {} operations, {took:.2} s, {worked:.2} s of a processor, after {read:.2} s of it for reading them; they hold {held} MB, the peak is {} MB; {} judged, {} wrong",
        checker.name(),
        operations.all.len(),
        memory("VmHWM")?,
        judgement.judged,
        judgement.anomalies.len()
    )?;
    Ok(())
}

fn write(path: &camino::Utf8Path, work: impl Fn(u32) -> Work) -> Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    let mut generators: Vec<_> =
        (0..PROCESSES).map(|process| Generator::new("run", 1, process, work(process))).collect();
    let mut store = store::Store::default();
    let mut line = |line: &Line| -> Result<()> {
        serde_json::to_writer(&mut file, line)?;
        Ok(file.write_all(b"\n")?)
    };
    line(&Line::History { run: "run".to_owned(), seed: 1 })?;
    let mut at = Timestamp::UNIX_EPOCH;
    for number in 0..OPERATIONS {
        let process = u32::try_from(number % u64::from(PROCESSES))?;
        let Some(request) = generators[process as usize].next() else { continue };
        let outcome = store.answer(&request.action);
        line(&Line::Invoked {
            process,
            endpoint: format!("store-{}", process % 3).into(),
            action: request.action,
            at,
        })?;
        at += 100.microseconds();
        line(&Line::Ended { process, outcome, at })?;
        at += 100.microseconds();
    }
    Ok(file.flush()?)
}

/// The seconds that a processor worked for this thread: on a busy machine, less than what a clock shows.
fn processor() -> Result<f64> {
    let figures = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = figures.split_whitespace().next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e9)
}

/// From here on the peak is what is measured; where the system does not allow it, the peak of all before.
fn reset_peak() -> Result<()> {
    Ok(std::fs::write("/proc/self/clear_refs", "5")?)
}

/// A figure of this process in MB, as Linux tells it.
fn memory(figure: &str) -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(figure)).unwrap_or_default();
    let kilobytes: String = line.chars().filter(char::is_ascii_digit).collect();
    Ok(kilobytes.parse::<u64>()? / 1024)
}

#[path = "../tests/laws/store.rs"]
mod store;
