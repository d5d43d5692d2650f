//! Writes a ledger: one line before each write is sent and one after its answer, so that even a `kill -9` of the
//! harness leaves the truth.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{File, OpenOptions},
    io::Write as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use tokio::sync::watch;

use super::{
    attempt::{Attempt, Outcome, Write},
    file::{Ledger, Line, file_name, in_flight},
};
use crate::error::{Error, Result};

/// How many attempts ended how, so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Sent, whatever came of it.
    pub sent: u64,
    /// The store said that it has it.
    pub acknowledged: u64,
    /// The store surely refused it.
    pub failed: u64,
    /// Nobody knows.
    pub unknown: u64,
}

/// Writes a ledger. Clones write the same one.
#[derive(Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
}

struct Shared {
    run: String,
    path: Utf8PathBuf,
    state: Mutex<State>,
    tally: watch::Sender<Tally>,
}

struct State {
    file: File,
    attempts: Vec<Attempt>,
    lines: u64,
    // Where an attempt is in the list, and the next sequence of each client.
    places: HashMap<(u32, u64), usize>,
    next: BTreeMap<u32, u64>,
}

impl Recorder {
    /// Begins a ledger. The run must be new to the store: keys are never written twice.
    ///
    /// # Errors
    /// The file can't be made, or is there already.
    pub fn create(path: &Utf8Path, run: &str) -> Result<Self> {
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(path)
            .map_err(Error::io(format!("creating the ledger {path}")))?;
        let (places, next) = (HashMap::new(), BTreeMap::new());
        let state = State { file, attempts: Vec::new(), lines: 0, places, next };
        let recorder = Self {
            shared: Arc::new(Shared {
                run: run.to_owned(),
                path: path.to_owned(),
                state: Mutex::new(state),
                tally: watch::Sender::new(Tally::default()),
            }),
        };
        recorder.append(&mut recorder.lock(), &Line::Run { run: run.to_owned() })?;
        Ok(recorder)
    }

    /// Gives a client its next write, and notes that it is about to be sent.
    ///
    /// # Errors
    /// The file can't be written: then nothing must be sent.
    pub fn begin(&self, client: u32, size: usize) -> Result<Write> {
        let sequence = self.lock().next.get(&client).copied().unwrap_or(0);
        // Outside the lock: a megabyte takes its time, and a client has one write in flight.
        let write = Write::derive(&self.shared.run, client, sequence, size);
        let sent = Timestamp::now();
        let mut state = self.lock();
        if state.places.contains_key(&(client, sequence)) {
            return Err(Error::bug(format!("client {client} began two writes at once")));
        }
        let (key, sha256, size) = (write.key.clone(), write.sha256.clone(), write.size());
        self.append(&mut state, &Line::Sent { client, sequence, key, size, sha256, sent })?;
        let place = state.attempts.len();
        state.attempts.push(Attempt {
            client,
            sequence,
            key: write.key.clone(),
            size,
            sha256: write.sha256.clone(),
            sent,
            outcome: in_flight(),
            answered: None,
        });
        state.places.insert((client, sequence), place);
        state.next.insert(client, sequence + 1);
        self.shared.tally.send_modify(|tally| tally.sent += 1);
        Ok(write)
    }

    /// Notes how a write ended.
    ///
    /// # Errors
    /// The file can't be written, or the write was never begun.
    pub fn answer(&self, write: &Write, outcome: Outcome) -> Result<()> {
        let (client, sequence, answered) = (write.client, write.sequence, Timestamp::now());
        let mut state = self.lock();
        self.append(&mut state, &Line::Answered { client, sequence, outcome: outcome.clone(), answered })?;
        let place = state.places.get(&(client, sequence)).copied();
        let attempt = place
            .and_then(|place| state.attempts.get_mut(place))
            .ok_or_else(|| Error::bug(format!("an answer to {write:?}, which was never sent")))?;
        self.shared.tally.send_modify(|tally| match outcome {
            Outcome::Acknowledged => tally.acknowledged += 1,
            Outcome::Failed(_) => tally.failed += 1,
            Outcome::Unknown(_) => tally.unknown += 1,
        });
        attempt.outcome = outcome;
        attempt.answered = Some(answered);
        Ok(())
    }

    /// The ledger as it is now. A write in flight is unknown.
    pub fn ledger(&self) -> Ledger {
        let state = self.lock();
        Ledger {
            run: self.shared.run.clone(),
            attempts: state.attempts.clone(),
            file: file_name(&self.shared.path),
            lines: state.lines,
        }
    }

    /// The counts, now and at every change.
    pub fn tally(&self) -> watch::Receiver<Tally> {
        self.shared.tally.subscribe()
    }

    // Unbuffered: what is handed to the system survives our death. Its own death would end the cluster as well.
    fn append(&self, state: &mut State, line: &Line) -> Result<()> {
        let writing = || format!("writing the ledger {}", self.shared.path);
        let mut text =
            serde_json::to_vec(line).map_err(|error| Error::bug(format!("{}: {error}", writing())))?;
        text.push(b'\n');
        state.file.write_all(&text).map_err(Error::io(writing()))?;
        state.lines += 1;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> Utf8PathBuf {
        let path = Utf8PathBuf::from_path_buf(std::env::temp_dir()).unwrap();
        let path = path.join(format!("steadfast-ledger-{}-{name}.jsonl", std::process::id()));
        let _ = std::fs::remove_file(&path);
        path
    }

    #[test]
    fn the_file_holds_what_memory_holds() {
        let path = file("whole");
        let recorder = Recorder::create(&path, "run").unwrap();
        for outcome in [Outcome::Acknowledged, Outcome::Failed("403".into()), Outcome::Unknown("gone".into())]
        {
            let write = recorder.begin(3, 40).unwrap();
            recorder.answer(&write, outcome).unwrap();
        }
        recorder.begin(4, 40).unwrap();
        assert_eq!(Ledger::read(&path).unwrap(), recorder.ledger());
        let earlier = Ledger::read_until(&path, 3).unwrap();
        assert_eq!((earlier.attempts.len(), earlier.lines, recorder.ledger().lines), (1, 3, 8));
        assert_eq!(Some(earlier.file.as_str()), path.file_name());
        assert_eq!(*recorder.tally().borrow(), Tally { sent: 4, acknowledged: 1, failed: 1, unknown: 1 });
        let places: Vec<_> =
            recorder.ledger().attempts.iter().map(|one| (one.client, one.sequence)).collect();
        assert_eq!(places, [(3, 0), (3, 1), (3, 2), (4, 0)]);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_killed_harness_leaves_the_truth() {
        let path = file("torn");
        let recorder = Recorder::create(&path, "run").unwrap();
        let first = recorder.begin(0, 40).unwrap();
        recorder.answer(&first, Outcome::Acknowledged).unwrap();
        recorder.begin(0, 40).unwrap();
        let mut torn = OpenOptions::new().append(true).open(&path).unwrap();
        torn.write_all(br#"{"answered":{"client":0,"seq"#).unwrap();
        let ledger = Ledger::read(&path).unwrap();
        assert_eq!(ledger.attempts[0].outcome, Outcome::Acknowledged);
        assert_eq!(ledger.attempts[1].outcome, in_flight());
        assert_eq!(ledger.attempts[1].answered, None);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_ledger_is_never_written_over() {
        let path = file("twice");
        Recorder::create(&path, "run").unwrap();
        assert!(Recorder::create(&path, "run").is_err());
        std::fs::remove_file(path).unwrap();
    }
}
