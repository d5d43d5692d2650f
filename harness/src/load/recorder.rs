//! Writes a history: one line before each operation is sent and one after its answer, so that even a `kill -9` of the harness
//! leaves the truth.

use std::{
    collections::HashMap,
    fmt,
    fs::{File, OpenOptions},
    io::Write as _,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use camino::{Utf8Path, Utf8PathBuf};
use history::{Action, Cause, Failure, How, Operation, Operations, Outcome, file::Line, generate::Request};
use jiff::Timestamp;
use tokio::sync::watch;

use super::{Counts, Store};
use crate::{
    clock::{self, Wall},
    error::{Error, Result},
};

/// Garage dates a copy by its node's clock alone, where any other write comes after what is there: such a copy it acknowledges, and
/// keeps what was there.
const DATED_BACK: &str =
    "the machine's clock was set back: a copy may be dated before what it was to replace";

/// Takes secrets out of what stores say.
type Redact = Box<dyn Fn(&str) -> String + Send + Sync>;

/// Writes a history. Clones write the same one.
#[derive(Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
}

struct Shared {
    run: String,
    seed: u64,
    path: Utf8PathBuf,
    redact: Redact,
    state: Mutex<State>,
    counts: watch::Sender<Counts>,
}

struct State {
    file: File,
    lines: u64,
    processes: u32,
    in_flight: HashMap<u32, InFlight>,
    wall: Wall,
}

struct InFlight {
    endpoint: Arc<str>,
    writes: bool,
    copies: bool,
}

impl Recorder {
    /// Begins a history. The run must be new to the store: its keys begin with it.
    ///
    /// # Errors
    /// The file can't be made, or is there already.
    pub fn create(
        path: &Utf8Path,
        run: &str,
        seed: u64,
        redact: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Result<Self> {
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(path)
            .map_err(Error::io(format!("creating the history {path}")))?;
        let state = State { file, lines: 0, processes: 0, in_flight: HashMap::new(), wall: Wall::default() };
        let recorder = Self {
            shared: Arc::new(Shared {
                run: run.to_owned(),
                seed,
                path: path.to_owned(),
                redact: Box::new(redact),
                state: Mutex::new(state),
                counts: watch::Sender::new(Counts::default()),
            }),
        };
        recorder.append(&mut recorder.lock(), &Line::History { run: run.to_owned(), seed })?;
        Ok(recorder)
    }

    /// Numbers for so many processes that nobody had before.
    pub fn processes(&self, many: usize) -> Range<u32> {
        let mut state = self.lock();
        let first = state.processes;
        state.processes += u32::try_from(many).unwrap_or(u32::MAX - first);
        first..state.processes
    }

    /// Lets a process try a request at a store, and notes it.
    ///
    /// # Errors
    /// The file can't be written: then nothing must be sent.
    pub async fn perform<S: Store>(
        &self,
        process: u32,
        endpoint: &Arc<str>,
        request: &Request,
        store: &mut S,
    ) -> Result<Outcome> {
        self.begin(process, endpoint, &request.action)?;
        let outcome = store.perform(request).await;
        self.end(process, outcome.clone())?;
        Ok(outcome)
    }

    /// Notes that an operation is about to be sent.
    pub(super) fn begin(&self, process: u32, endpoint: &Arc<str>, action: &Action) -> Result<()> {
        let mut state = self.lock();
        let (endpoint, writes) = (Arc::clone(endpoint), action.writes());
        let copies = matches!(action, Action::Put { how: How::Copy, .. });
        // A clock that was set back meanwhile is noticed by what it showed before.
        state.wall.shows_again();
        if state
            .in_flight
            .insert(process, InFlight { endpoint: Arc::clone(&endpoint), writes, copies })
            .is_some()
        {
            return Err(Error::bug(format!("process {process} began two operations at once")));
        }
        self.shared.counts.send_modify(|counts| counts.begun(process, &endpoint));
        let (action, at) = (action.clone(), clock::now());
        self.append(&mut state, &Line::Invoked { process, endpoint, action, at })
    }

    /// Notes how it ended.
    pub(super) fn end(&self, process: u32, mut outcome: Outcome) -> Result<()> {
        if let Outcome::Failed(failure) | Outcome::Unknown(failure) = &mut outcome {
            failure.text = (self.shared.redact)(&failure.text).into();
        }
        let mut state = self.lock();
        let began = state.in_flight.remove(&process);
        let InFlight { endpoint, writes, copies } =
            began.ok_or_else(|| Error::bug(format!("process {process} ends what it never began")))?;
        if state.wall.shows_again() && copies && matches!(outcome, Outcome::Ok(_)) {
            outcome = Outcome::Unknown(Failure::new(Cause::Doubted, DATED_BACK));
        }
        self.append(&mut state, &Line::Ended { process, outcome: outcome.clone(), at: clock::now() })?;
        let acknowledged = writes && matches!(outcome, Outcome::Ok(_));
        self.shared
            .counts
            .send_modify(|counts| counts.ended(process, &endpoint, acknowledged, outcome.failure()));
        Ok(())
    }

    /// Notes that in this time the store could keep nothing: what it acknowledged then may be there or not.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn doubt(&self, time: Range<Timestamp>) -> Result<()> {
        self.append(&mut self.lock(), &Line::Doubted { from: time.start, to: time.end })
    }

    /// All operations so far.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn operations(&self) -> Result<Operations> {
        let lines = self.lock().lines;
        Ok(Operations::read_until(&self.shared.path, lines).map_err(record::Error::from)?)
    }

    /// What speaks against it that nothing was acknowledged in this time, in which nothing could be written; none where nothing was.
    ///
    /// # Errors
    /// As for [`operations`](Self::operations).
    pub fn against_acknowledged(&self, time: Range<Timestamp>, when: &str) -> Result<Option<String>> {
        let operations = self.operations()?.all;
        // Who deletes what is not there has nothing to write.
        let needs_disk =
            |one: &&Operation| one.action.writes() && !matches!(one.action, Action::Delete { .. });
        let writes: Vec<&Operation> = operations
            .iter()
            .filter(needs_disk)
            .filter(|one| one.is_ok() && time.contains(&one.invoked))
            .filter(|one| one.ended.is_some_and(|ended| time.contains(&ended)))
            .collect();
        let words = |first: &&Operation| {
            let first = first.action.key().map_or("a transaction", |key| &**key);
            format!("{} writes were acknowledged {when}, {first} the first", writes.len())
        };
        Ok(writes.first().map(words))
    }

    /// What became of the operations, now and at every change.
    pub fn counts(&self) -> watch::Receiver<Counts> {
        self.shared.counts.subscribe()
    }

    /// What every key begins with.
    pub fn run(&self) -> &str {
        &self.shared.run
    }

    /// What the operations follow from.
    pub fn seed(&self) -> u64 {
        self.shared.seed
    }

    /// The name of its file, and how many lines it has now.
    pub fn file(&self) -> (String, u64) {
        (self.shared.path.file_name().unwrap_or_default().to_owned(), self.lock().lines)
    }

    // Unbuffered: what is handed to the system survives our death. Its own death would end the cluster as well.
    fn append(&self, state: &mut State, line: &Line) -> Result<()> {
        let writing = || format!("writing the history {}", self.shared.path);
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

impl fmt::Debug for Recorder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Recorder({})", self.shared.path)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use history::{Cause, Failure};

    use super::*;

    /// A recorder in the temporary directory, and its file, which the test removes.
    pub(in crate::load) fn recorder(name: &str) -> (Utf8PathBuf, Recorder) {
        let path = Utf8PathBuf::from_path_buf(std::env::temp_dir()).unwrap();
        let path = path.join(format!("steadfast-load-{}-{name}.jsonl", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let recorder = Recorder::create(&path, "run", 7, |text| text.replace("hunter2", "[redacted]"));
        (path, recorder.unwrap())
    }

    #[test]
    fn what_needs_a_disk_speaks_against_who_acknowledged_it_without() {
        let transfer = Action::Transfer { from: 0, to: 1, amount: 1 };
        for (name, action, speaks) in [
            ("put", Request::put("run/k", vec![1]).action, true),
            ("delete", Request::delete("run/k").action, false),
            ("transfer", transfer, true),
            ("get", Request::get("run/k").action, false),
        ] {
            let (path, recorder) = recorder(&format!("against-{name}"));
            let from = clock::now();
            recorder.begin(0, &"a-0".into(), &action).unwrap();
            recorder.end(0, Outcome::DONE).unwrap();
            let to = clock::now() + std::time::Duration::from_secs(1);
            assert_eq!(recorder.against_acknowledged(from..to, "then").unwrap().is_some(), speaks, "{name}");
            assert_eq!(recorder.against_acknowledged(to..to, "later").unwrap(), None);
            std::fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn the_file_holds_what_was_done_and_no_secret() {
        let (path, recorder) = recorder("whole");
        let (one, other): (Arc<str>, Arc<str>) = ("a-0".into(), "a-1".into());
        let (put, get) = (Request::put("run/k", vec![1; 40]), Request::get("run/k"));
        let said = Failure::new(Cause::Answered("403".into()), "no hunter2 here");
        for (process, endpoint, request, outcome) in [
            (0, &one, &put, Outcome::DONE),
            (0, &one, &put, Outcome::Unknown(said.clone())),
            (1, &other, &get, Outcome::Failed(said)),
        ] {
            recorder.begin(process, endpoint, &request.action).unwrap();
            recorder.end(process, outcome).unwrap();
        }
        recorder.begin(1, &other, &get.action).unwrap();
        assert!(recorder.begin(1, &other, &get.action).is_err());
        let operations = recorder.operations().unwrap();
        assert_eq!((operations.all.len(), operations.seed, recorder.file().1), (4, 7, 8));
        assert!(!std::fs::read_to_string(&path).unwrap().contains("hunter2"));
        let counts = recorder.counts().borrow().clone();
        let of = |endpoint: &str| {
            let count = counts.at(endpoint);
            (count.tried, count.acknowledged)
        };
        assert_eq!((of("a-0"), of("a-1")), ((2, 1), (2, 0)));
        assert!(Recorder::create(&path, "run", 7, str::to_owned).is_err(), "a history is never written over");
        assert_eq!((recorder.processes(3), recorder.processes(2)), (0..3, 3..5));
        std::fs::remove_file(path).unwrap();
    }
}
