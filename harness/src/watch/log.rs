//! The append-only log behind a journal: in memory for those who wait and judge, on disk for those who come later.

use std::{
    fs::File,
    io::{BufWriter, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use camino::Utf8Path;
use record::journal::{
    Act, Answered, Checked, Entry, History, Judged, Kind, Promise, Reducer, World,
    entry::{Change, Content, Line, REFUSED, SCHEMA},
};
use record::{redact, terrain::Terrain};
use tokio::sync::watch;

use crate::{
    clock,
    error::{Error, Result},
};

/// An open journal. Cheap to share; appending is quick and never waits for a network.
#[derive(Debug)]
pub struct Log {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    file: BufWriter<File>,
    reducer: Reducer,
    entries: Vec<Arc<Entry>>,
    world: World,
    lines: u64,
    trouble: Option<String>,
    closed: bool,
}

impl Log {
    /// Opens a new journal at `path`.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn create(path: &Utf8Path) -> Result<Self> {
        let file = File::create(path).map_err(Error::io(format!("writing the journal {path}")))?;
        let state = State {
            file: BufWriter::new(file),
            reducer: Reducer::default(),
            entries: Vec::new(),
            world: World::default(),
            lines: 0,
            trouble: None,
            closed: false,
        };
        let log = Self { state: Mutex::new(state), changed: watch::Sender::new(0) };
        log.append(Content::Schema(SCHEMA));
        Ok(log)
    }

    /// Records a version of an object, without what may be secret in it: a journal is shown to others.
    pub fn object(&self, change: Change, kind: Kind, mut object: serde_json::Value) {
        redact::object(&mut object);
        self.append(Content::Object { change, kind, object });
    }

    /// Records what the cluster is like.
    pub fn terrain(&self, terrain: Terrain) {
        self.append(Content::Terrain(Box::new(terrain)));
    }

    /// Records that versions of a kind may have been missed; `bridged` when a list then showed every object
    /// unchanged, or what there was in between was read and recorded before.
    pub fn gap(&self, kind: Kind, reason: impl Into<String>, bridged: bool) {
        self.append(Content::Gap { kind, reason: reason.into(), bridged });
    }

    /// Records that everything until now is in the journal.
    pub fn barrier(&self) {
        self.append(Content::Barrier);
    }

    /// Records something the scenario is about to do; gives its line.
    pub fn act(&self, verb: &str, target: impl Into<String>, text: impl Into<String>) -> u64 {
        self.append(Content::Act(Act { verb: verb.to_owned(), target: target.into(), text: text.into() }))
    }

    /// Records the version of the object with which the API server answered an act.
    pub fn answered(&self, act: u64, version: Option<&str>) {
        if let Some(revision) = version.and_then(|version| version.parse().ok()) {
            self.append(Content::Answered(Answered { act, revision }));
        }
    }

    /// Records what became of the last act on a target: one that was refused explains nothing that happens after it.
    pub fn outcome<T>(&self, target: &str, outcome: Result<T>) -> Result<T> {
        if let Err(error) = &outcome
            && error.is_refusal()
        {
            self.act(REFUSED, target, error.to_string());
        }
        outcome
    }

    /// Records what a set is held to.
    pub fn promise(&self, promise: Promise) {
        self.append(Content::Promise(promise));
    }

    /// Records what the scenario judged by itself.
    pub fn judged(&self, judged: Judged) {
        self.append(Content::Judged(judged));
    }

    /// Records that a history is held to something.
    pub fn checked(&self, checked: Checked) {
        self.append(Content::Checked(checked));
    }

    /// Asks something of the world of this moment.
    pub fn now<T>(&self, ask: impl FnOnce(&World) -> T) -> T {
        ask(&self.lock().world)
    }

    /// Everything so far, ordered for judging.
    pub fn history(&self) -> History {
        History::new(self.lock().entries.iter().cloned())
    }

    /// Tells each time that something was appended.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Writes what is still in memory to disk. What comes later is not recorded: the verdict is drawn from this.
    ///
    /// # Errors
    /// When the disk refused any line since the start: the recording is then incomplete.
    pub fn close(&self) -> Result<()> {
        let mut state = self.lock();
        state.closed = true;
        state.file.flush().map_err(Error::io("writing the journal"))?;
        match state.trouble.take() {
            Some(trouble) => Err(Error::environment(format!("writing the journal: {trouble}"))),
            None => Ok(()),
        }
    }

    fn append(&self, content: Content) -> u64 {
        let mut guard = self.lock();
        let state = &mut *guard;
        if state.closed {
            return state.lines;
        }
        state.lines += 1;
        let line = Line { line: state.lines, at: clock::now(), content };
        // A full disk must not stop the scenario in the middle; the flush at its end tells.
        let written = serde_json::to_writer(&mut state.file, &line)
            .map_err(|error| error.to_string())
            .and_then(|()| state.file.write_all(b"\n").map_err(|error| error.to_string()));
        if let Err(error) = written {
            state.trouble.get_or_insert(error);
        }
        match line.reduce(&mut state.reducer) {
            Ok(Some(entry)) => {
                state.world.apply(&entry);
                state.entries.push(Arc::new(entry));
            }
            Ok(None) => {}
            Err(error) => {
                state.trouble.get_or_insert(error.to_string());
            }
        }
        let lines = state.lines;
        drop(guard);
        self.changed.send_replace(lines);
        lines
    }

    // A panic while appending leaves a whole state: every change above is complete before the next begins.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;
    use serde_json::json;

    use super::*;

    #[test]
    fn no_secret_of_an_object_reaches_the_disk() {
        let folder = Utf8PathBuf::from_path_buf(std::env::temp_dir()).unwrap();
        let path = folder.join(format!("steadfast-log-{}.jsonl", std::process::id()));
        let log = Log::create(&path).unwrap();
        let meta = json!({"name": "a-0", "namespace": "n", "uid": "u", "resourceVersion": "7"});
        let spec = json!({"containers": [{"name": "a", "image": "a:1", "env": [{"name": "ANY", "value": "hunter2-canary"}]}]});
        log.object(Change::Added, Kind::Pod, json!({"metadata": meta, "spec": spec}));
        let data = json!({"spec": {"template": {"spec": spec}}});
        log.object(
            Change::Added,
            Kind::ControllerRevision,
            json!({"metadata": meta, "revision": 1, "data": data}),
        );
        log.close().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(
            text.contains("a-0") && text.matches("[redacted]").count() == 2 && !text.contains("canary"),
            "{text}"
        );
    }
}
