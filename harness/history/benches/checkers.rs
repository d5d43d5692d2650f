//! What checking costs: a history of a million operations for each checker, in its own process's time and memory.
//! Needs no Docker: `cargo bench -p history --bench checkers`

use std::{collections::BTreeSet, io::Write, time::Instant};

use anyhow::Result;
use camino::Utf8PathBuf;
use history::{
    Action, Cause, Checker, Failure, Operations, Outcome,
    check::{Copies, Level, Members, Up},
    file::Line,
    generate::{Generator, Noise, Work},
};
use jiff::{Timestamp, ToSpan};

const OPERATIONS: u64 = 1_000_000;
const PROCESSES: u32 = 10;

/// Pods, and a service.
const ENDPOINTS: u32 = 4;

/// A history to be made.
struct Made {
    /// What is said of it.
    name: &'static str,
    work: fn(u32) -> Work,
    /// How many operations its load has.
    load: u64,
    /// Whether nobody knows the outcome of one write in a hundred.
    unknown: bool,
    /// Whether everything is listed and read at the end, everywhere.
    read_back: bool,
}

impl Made {
    const fn of(name: &'static str, work: fn(u32) -> Work) -> Self {
        Self { name, work, load: OPERATIONS, unknown: false, read_back: false }
    }
}

fn main() -> Result<()> {
    const WRITTEN: Made = Made::of("written once", |process| match process {
        0..5 => Work::Writes { sizes: &[40] },
        _ => Work::Reads { of: process - 5..process - 4 },
    });
    const PARTS: Made = Made::of("read in parts", |process| match process {
        0..5 => Work::Writes { sizes: &[40] },
        _ => Work::Ranges { of: process - 5..process - 4, sizes: &[40] },
    });
    const OBJECTS: Made = Made::of("objects", |_| Work::Objects { keys: 100, sizes: &[40], deletes: false });
    const DELETED: Made =
        Made::of("objects, deleted and listed", |_| Work::Objects { keys: 100, sizes: &[40], deletes: true });
    const REGISTERS: Made = Made::of("registers", |_| Work::Registers { keys: 3, sizes: &[40] });
    const BANK: Made = Made::of("bank", |_| Work::Bank { accounts: 5 });
    const UNSURE: Made = Made { name: "bank, 1 % unknown", unknown: true, ..BANK };
    const LISTS: Made = Made::of("lists", |_| Work::Lists { lists: 5 });
    let survival = Made {
        load: OPERATIONS * 2 / 5,
        read_back: true,
        ..Made::of("survival", |process| match process {
            0..4 => Work::Writes { sizes: &[40] },
            4..7 => Work::Reads { of: process - 4..process - 3 },
            _ => Work::Objects { keys: 4, sizes: &[40], deletes: true },
        })
    };
    let up = ["a", "b", "c"].map(|node| Up { node: node.into(), from: Timestamp::UNIX_EPOCH, to: None });
    let members = Members { quorum: 2, up: up.into() };
    let set = Checker::Set(Copies::Same);
    // `cargo bench -- survival` measures what has this in its name.
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with("--")).unwrap_or_default();
    for (checker, made) in [
        (&set, &WRITTEN),
        (&set, &survival),
        (&Checker::ReadAfterWrite, &survival),
        (&Checker::Listings, &survival),
        (&Checker::ReadAfterWrite, &OBJECTS),
        (&Checker::Agreement, &OBJECTS),
        (&Checker::Register, &OBJECTS),
        (&Checker::Register, &REGISTERS),
        (&Checker::Bank { total: 500 }, &BANK),
        (&Checker::Bank { total: 500 }, &UNSURE),
        (&Checker::Isolation(Level::Serializable), &LISTS),
        (&Checker::ReadAfterWrite, &LISTS),
        (&Checker::Listings, &DELETED),
        (&Checker::Conditional, &DELETED),
        (&Checker::Ranges, &PARTS),
        (&Checker::Honesty(members.clone()), &OBJECTS),
        (&Checker::Quorum(members), &OBJECTS),
    ] {
        if format!("{}: {}", checker.name(), made.name).contains(&only) {
            measure(checker, made)?;
        }
    }
    Ok(())
}

/// Writes a history of a store that does one thing after the other, reads it, and checks it.
fn measure(checker: &Checker, made: &Made) -> Result<()> {
    let path = Utf8PathBuf::from_path_buf(std::env::temp_dir()).unwrap_or_default();
    let path = path.join(format!("steadfast-checkers-{}.jsonl", std::process::id()));
    Writing::new(&path)?.all(made)?;
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
        "{}, {}: {} operations, {took:.2} s, {worked:.2} s of a processor, after {read:.2} s of it for reading them; they hold {held} MB, the peak is {} MB; {} judged, {} wrong",
        checker.name(),
        made.name,
        operations.all.len(),
        memory("VmHWM")?,
        judgement.judged,
        judgement.anomalies.len()
    )?;
    Ok(())
}

/// A history that is being written.
struct Writing {
    file: std::io::BufWriter<std::fs::File>,
    store: store::Store,
    at: Timestamp,
}

impl Writing {
    fn new(path: &camino::Utf8Path) -> Result<Self> {
        let file = std::io::BufWriter::new(std::fs::File::create(path)?);
        Ok(Self { file, store: store::Store::default(), at: Timestamp::UNIX_EPOCH })
    }

    fn all(mut self, made: &Made) -> Result<()> {
        let mut generators: Vec<_> =
            (0..PROCESSES).map(|process| Generator::new("run", 1, process, (made.work)(process))).collect();
        self.line(&Line::History { run: "run".to_owned(), seed: 1 })?;
        let (mut noise, mut keys) = (Noise::new(1, PROCESSES), BTreeSet::new());
        for number in 0..made.load {
            let process = u32::try_from(number % u64::from(PROCESSES))?;
            let Some(request) = generators[process as usize].next() else { continue };
            if let (true, Action::Put { key, .. }) = (made.read_back, &request.action) {
                keys.insert(key.clone());
            }
            let unknown = made.unknown && request.action.writes() && noise.below(100) == 0;
            self.one(process, process % ENDPOINTS, request.action, unknown.then(|| noise.below(2) == 0))?;
        }
        for endpoint in (0..ENDPOINTS).filter(|_| made.read_back) {
            let gets = keys.iter().map(|key| Action::Get { key: key.clone() });
            for action in std::iter::once(Action::List { prefix: "run/".into() }).chain(gets) {
                self.one(PROCESSES + endpoint, endpoint, action, None)?;
            }
        }
        Ok(self.file.flush()?)
    }

    /// Does one thing; where nobody knows its outcome, maybe.
    fn one(&mut self, process: u32, endpoint: u32, action: Action, unknown: Option<bool>) -> Result<()> {
        let silent = || Outcome::Unknown(Failure::new(Cause::Silent, "no answer"));
        let outcome = match unknown {
            Some(false) => silent(),
            known => Some(self.store.answer(&action)).filter(|_| known.is_none()).unwrap_or_else(silent),
        };
        let endpoint = format!("store-{endpoint}").into();
        self.line(&Line::Invoked { process, endpoint, action, at: self.at })?;
        self.at += 100.microseconds();
        self.line(&Line::Ended { process, outcome, at: self.at })?;
        self.at += 100.microseconds();
        Ok(())
    }

    fn line(&mut self, line: &Line) -> Result<()> {
        serde_json::to_writer(&mut self.file, line)?;
        Ok(self.file.write_all(b"\n")?)
    }
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
