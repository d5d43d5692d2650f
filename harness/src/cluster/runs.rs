//! Which runs are alive. What a dead run left in a cluster is known by its label, and by its file here.

use std::fs::{File, OpenOptions, TryLockError};

use camino::{Utf8Path, Utf8PathBuf};

use crate::error::{Error, Result};

/// Held for as long as a run lives. A run whose lock is free, and whose file is there, was killed.
#[derive(Debug)]
pub struct RunLock {
    path: Utf8PathBuf,
    _file: File,
}

impl RunLock {
    /// Records that this run lives, and on which cluster; an empty name stands for none.
    ///
    /// # Errors
    /// The file cannot be written, or another process has this run's id.
    pub fn take(cache: &Utf8Path, run: &str, cluster: &str) -> Result<Self> {
        let path = folder(cache)?.join(run);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(Error::io(format!("writing {path}")))?;
        file.try_lock().map_err(|error| Error::bug(format!("run {run} is alive already: {error}")))?;
        std::fs::write(&path, cluster).map_err(Error::io(format!("writing {path}")))?;
        Ok(Self { path, _file: file })
    }

    /// Ends the run in order: what it left, it left on purpose, and nobody will sweep it.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn end(self) -> Result<()> {
        std::fs::remove_file(&self.path).map_err(Error::io(format!("removing {}", self.path)))
    }
}

/// A run that was killed. While this is held, nobody else sweeps after it.
pub(super) struct Dead {
    pub run: String,
    pub cluster: String,
    path: Utf8PathBuf,
    _file: File,
}

impl Dead {
    /// Nothing is left of it.
    pub fn forget(self) {
        // One that stays is swept again, and found to have left nothing.
        drop(std::fs::remove_file(&self.path));
    }
}

/// The runs that were killed.
pub(super) fn dead(cache: &Utf8Path) -> Result<Vec<Dead>> {
    let folder = folder(cache)?;
    let listed = folder.read_dir_utf8().map_err(Error::io(format!("reading the folder {folder}")))?;
    let mut found = Vec::new();
    for entry in listed.flatten() {
        let path = entry.path().to_owned();
        // One that has just ended is no longer there.
        let Ok(file) = File::open(&path) else { continue };
        match file.try_lock() {
            Ok(()) => {
                let cluster = std::fs::read_to_string(&path).unwrap_or_default();
                found.push(Dead { run: entry.file_name().to_owned(), cluster, path, _file: file });
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(Error::io(format!("locking {path}"))(error)),
        }
    }
    found.sort_by(|a, b| a.run.cmp(&b.run));
    Ok(found)
}

/// The runs that are at work.
pub(super) fn alive(cache: &Utf8Path) -> Result<Vec<String>> {
    let folder = folder(cache)?;
    let listed = folder.read_dir_utf8().map_err(Error::io(format!("reading the folder {folder}")))?;
    let dead: Vec<String> = dead(cache)?.into_iter().map(|dead| dead.run).collect();
    let all = listed.flatten().map(|entry| entry.file_name().to_owned());
    Ok(all.filter(|run| !dead.contains(run)).collect())
}

/// Forgets the dead runs of a cluster that is removed: what they left goes with it.
pub(super) fn forget(cache: &Utf8Path, cluster: &str) -> Result<()> {
    dead(cache)?.into_iter().filter(|run| run.cluster == cluster).for_each(Dead::forget);
    Ok(())
}

fn folder(cache: &Utf8Path) -> Result<Utf8PathBuf> {
    let folder = cache.join("runs");
    std::fs::create_dir_all(&folder).map_err(Error::io(format!("making the folder {folder}")))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::{super::lease::tests::folder as cache, *};

    #[test]
    fn only_killed_runs_are_dead() {
        let cache = cache();
        let living = RunLock::take(&cache, "living", "a").unwrap();
        drop(RunLock::take(&cache, "killed", "a").unwrap());
        RunLock::take(&cache, "ended", "a").unwrap().end().unwrap();
        assert!(RunLock::take(&cache, "living", "a").is_err());
        let names = |dead: &[Dead]| dead.iter().map(|run| run.run.clone()).collect::<Vec<_>>();
        let found = dead(&cache).unwrap();
        assert_eq!((names(&found), found[0].cluster.as_str()), (vec!["killed".to_owned()], "a"));
        assert!(dead(&cache).unwrap().is_empty(), "another sweeps it");
        drop(found);
        assert_eq!(alive(&cache).unwrap(), ["living"]);
        forget(&cache, "b").unwrap();
        assert_eq!(dead(&cache).unwrap().len(), 1);
        forget(&cache, "a").unwrap();
        assert!(dead(&cache).unwrap().is_empty());
        living.end().unwrap();
        std::fs::remove_dir_all(cache).unwrap();
    }
}
