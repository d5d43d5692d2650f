//! Clusters of neutral grounds: `scripts/ground` makes them, and holds a lock for as long as it lives.

use std::fs::{File, TryLockError};

use camino::Utf8Path;

use crate::error::{Error, Result};

/// What their names begin with.
const PREFIX: &str = "steadfast-ground-";

/// Whether a cluster of this name is a ground.
pub(super) fn is_ground(cluster: &str) -> bool {
    cluster.strip_prefix(PREFIX).is_some_and(|ground| !ground.is_empty())
}

/// The lock of a ground whose script is no more; while it is held, no other takes it. None of one in use, and of one that was
/// made from another cache, whose lock we can't know.
pub(super) fn abandoned(cache: &Utf8Path, cluster: &str) -> Result<Option<File>> {
    let path = cache.join("locks").join(cluster);
    let Ok(file) = File::open(&path) else { return Ok(None) };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(Error::io(format!("locking {path}"))(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::lease::tests::folder, *};

    #[test]
    fn a_ground_is_abandoned_when_its_lock_is_free() {
        let (cache, name) = (folder(), "steadfast-ground-quotas");
        assert!(is_ground(name) && !is_ground("steadfast-0a1b2c3d") && !is_ground(PREFIX));
        assert!(abandoned(&cache, name).unwrap().is_none(), "it is of another cache");
        std::fs::create_dir_all(cache.join("locks")).unwrap();
        let script = File::create(cache.join("locks").join(name)).unwrap();
        script.lock().unwrap();
        assert!(abandoned(&cache, name).unwrap().is_none(), "it is in use");
        drop(script);
        assert!(abandoned(&cache, name).unwrap().is_some());
        std::fs::remove_dir_all(cache).unwrap();
    }
}
