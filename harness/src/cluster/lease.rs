//! The lease: the right to use a cluster, as files with locks, so that processes share a cluster and none is lost.
//!
//! Each cluster has two files that are locked (flock): who makes, fills or removes the cluster holds an exclusive lock on the
//! one; who uses it, a shared lock on the other. Locks end with the process that holds them, however it ends. The record says
//! what the last one left.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions, TryLockError},
    time::Duration,
};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Reporter;
use crate::error::{Error, Result, exit};

/// What every name of our clusters begins with.
const PREFIX: &str = "steadfast-";
/// A holder that makes a cluster needs a minute or two; one that does not let go in this time is stuck.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// Between two looks at a lock; a lock sends no events.
const PACE: Duration = Duration::from_millis(100);

/// The files that are locked, by the names that they have always had: another version beside this one locks the same.
const EXCLUSIVE: &str = "door";
const SHARED: &str = "guests";

/// How far a cluster is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// Being made; half-made, when nobody holds the exclusive lock.
    Creating,
    Ready,
    /// Used by one alone, who may hurt its nodes; to be made anew, when nobody uses it.
    Alone,
    /// Being removed; half-gone, when nobody holds the exclusive lock.
    Removing,
}

/// What is known about a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub state: State,
    /// It stays when the last one that uses it is done.
    pub kept: bool,
    /// The images loaded: reference and id.
    pub images: BTreeMap<String, String>,
}

impl Record {
    pub fn new(state: State) -> Self {
        Self { state, kept: false, images: BTreeMap::new() }
    }
}

/// What to do with a cluster that one would like to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Remove what there may be, and make it.
    Make,
    /// Load images, then use it.
    Load,
    /// Use it as it is.
    Use,
    /// Others use it, and it is not as we need it: take another.
    Elsewhere,
}

/// Decides, from what is recorded and found.
pub(super) fn next(
    record: Option<&Record>,
    alive: bool,
    others: bool,
    wanted: &BTreeMap<String, String>,
    alone: bool,
) -> Next {
    match record {
        Some(record) if others && (alone || record.state == State::Alone) => Next::Elsewhere,
        Some(record) if record.state == State::Ready => match (alive, record.images == *wanted, others) {
            (true, true, _) => Next::Use,
            (_, _, true) => Next::Elsewhere,
            (true, false, false) => Next::Load,
            (false, _, false) => Next::Make,
        },
        _ => Next::Make,
    }
}

/// The name of the cluster with this configuration and node image, leased from this folder. A folder's clusters
/// are its own, so the folder is part of the name.
pub(super) fn name(folder: &Utf8Path, config: &str, node_image: &str, number: u32) -> String {
    let digest = Sha256::digest(format!("{folder}\n{config}\n{node_image}"));
    let hash: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    if number == 0 { format!("{PREFIX}{hash}") } else { format!("{PREFIX}{hash}-{number}") }
}

/// Whether a cluster's name is one that we give.
pub(super) fn is_ours(name: &str) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX) else { return false };
    let (hash, number) = rest.split_once('-').unwrap_or((rest, "0"));
    let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    hash.len() == 8 && hash.bytes().all(hexadecimal) && number.parse::<u32>().is_ok()
}

/// The files of one cluster.
#[derive(Debug, Clone)]
pub(super) struct LeaseFiles {
    folder: Utf8PathBuf,
    pub name: String,
}

impl LeaseFiles {
    pub fn new(cache: &Utf8Path, name: impl Into<String>) -> Result<Self> {
        let folder = cache.join("clusters");
        std::fs::create_dir_all(&folder).map_err(Error::io(format!("making the folder {folder}")))?;
        Ok(Self { folder, name: name.into() })
    }

    /// Those of the clusters that have a record.
    pub fn all(cache: &Utf8Path) -> Result<Vec<Self>> {
        let folder = Self::new(cache, "")?.folder;
        let listed = folder.read_dir_utf8().map_err(Error::io(format!("reading the folder {folder}")))?;
        let names =
            listed.flatten().filter_map(|file| file.file_name().strip_suffix(".json").map(str::to_owned));
        let mut names: Vec<String> = names.filter(|name| is_ours(name)).collect();
        names.sort();
        Ok(names.into_iter().map(|name| Self { folder: folder.clone(), name }).collect())
    }

    pub fn kubeconfig(&self) -> Utf8PathBuf {
        self.file("kubeconfig")
    }

    pub fn config(&self) -> Utf8PathBuf {
        self.file("yaml")
    }

    pub fn scratch(&self) -> Utf8PathBuf {
        self.file("images")
    }

    fn file(&self, kind: &str) -> Utf8PathBuf {
        self.folder.join(format!("{}.{kind}", self.name))
    }

    fn lock_file(&self, kind: &str) -> Result<File> {
        let path = self.file(kind);
        let options = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
        options.map_err(Error::io(format!("opening the lock {path}")))
    }

    /// Waits for the exclusive lock, and takes it.
    pub async fn lock(&self, progress: &Reporter) -> Result<ExclusiveLease> {
        self.lock_within(PATIENCE, progress).await
    }

    pub async fn lock_within(&self, patience: Duration, progress: &Reporter) -> Result<ExclusiveLease> {
        let file = self.lock_file(EXCLUSIVE)?;
        let until = tokio::time::Instant::now() + patience;
        let mut told = false;
        while !try_exclusive(&file, &self.name)? {
            if !told {
                progress
                    .say(format!("waiting for another process that makes or removes cluster {}", self.name));
                told = true;
            }
            if tokio::time::Instant::now() >= until {
                let message =
                    format!("another process makes or removes cluster {} for {patience:?}", self.name);
                return Err(Error::trouble(exit::IN_USE, message));
            }
            crate::wait::pause(PACE).await;
        }
        Ok(ExclusiveLease { files: self.clone(), file })
    }
}

/// Being the only one who makes, fills or removes a cluster.
#[derive(Debug)]
pub(super) struct ExclusiveLease {
    pub files: LeaseFiles,
    pub file: File,
}

impl ExclusiveLease {
    /// What is recorded. A record that cannot be read is one of a half-made cluster.
    pub fn record(&self) -> Result<Option<Record>> {
        let path = self.files.file("json");
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                Ok(Some(serde_json::from_str(&text).unwrap_or_else(|_| Record::new(State::Creating))))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(format!("reading the lease {path}"))(error)),
        }
    }

    pub fn write(&self, record: &Record) -> Result<()> {
        let (path, partial) = (self.files.file("json"), self.files.file("json.partial"));
        let text = serde_json::to_string_pretty(record).map_err(|error| Error::bug(error.to_string()))?;
        std::fs::write(&partial, text + "\n")
            .and_then(|()| std::fs::rename(&partial, &path))
            .map_err(Error::io(format!("writing the lease {path}")))
    }

    /// Removes everything but the locks: who waits at them has them open.
    pub fn forget(&self) {
        drop(std::fs::remove_dir_all(self.files.scratch()));
        for kind in ["kubeconfig", "yaml", "json.partial", "json"] {
            // What is not there need not be removed; the record goes last.
            drop(std::fs::remove_file(self.files.file(kind)));
        }
    }

    /// Whether anybody uses the cluster.
    pub fn in_use(&self) -> Result<bool> {
        let file = self.files.lock_file(SHARED)?;
        Ok(!try_exclusive(&file, &self.files.name)?)
    }

    /// Takes a shared lock as well. Nobody can be about to remove the cluster: we hold the exclusive one.
    pub fn share(&self) -> Result<SharedLease> {
        let file = self.files.lock_file(SHARED)?;
        file.lock_shared().map_err(Error::io(format!("sharing the lease of {}", self.files.name)))?;
        Ok(SharedLease { files: self.files.clone(), _file: file })
    }
}

/// Using a cluster.
#[derive(Debug)]
pub(super) struct SharedLease {
    pub files: LeaseFiles,
    _file: File,
}

fn try_exclusive(file: &File, name: &str) -> Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(Error::io(format!("locking the lease of {name}"))(error)),
    }
}

#[cfg(test)]
pub(super) mod tests;
