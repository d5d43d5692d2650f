//! A folder for what is unpacked and written down for a while: it may hold secrets, and is gone afterwards.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    sync::atomic::{AtomicU32, Ordering},
};

use camino::{Utf8Path, Utf8PathBuf};
use external::error::{Error, Result};

const PREFIX: &str = "charts-";
const LOCK: &str = ".lock";

/// A folder that only we may read, for as long as it is held.
#[derive(Debug)]
pub struct Scratch {
    folder: Utf8PathBuf,
    /// Tells others that somebody holds it; it ends with the process, however that ends.
    _lock: File,
}

impl Scratch {
    /// Makes one in this folder, and removes those that killed processes left there.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn new(parent: &Utf8Path) -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        remove_left(parent);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = parent.join(format!("{PREFIX}{}-{number}", std::process::id()));
        let doing = || format!("making the folder {folder}");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(Error::io(doing()))?;
        // It is seen when it is held, and not before: others take what nobody holds for left.
        let making = folder.join(".making");
        let lock = File::create(&making).map_err(Error::io(doing()))?;
        lock.lock().map_err(Error::io(doing()))?;
        fs::rename(making, folder.join(LOCK)).map_err(Error::io(doing()))?;
        Ok(Self { folder, _lock: lock })
    }

    /// Where something in it is.
    pub fn path(&self, name: &str) -> Utf8PathBuf {
        self.folder.join(name)
    }

    /// Writes a file that only we may read.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write(&self, name: &str, text: &str) -> Result<Utf8PathBuf> {
        let path = self.path(name);
        let file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
        let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(Error::io(format!("writing {path}")))?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It is a copy of what the user has.
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// Removes the folders that nobody holds any more. One without a lock is being made just now.
fn remove_left(parent: &Utf8Path) {
    let Ok(listing) = parent.read_dir_utf8() else { return };
    for entry in listing.flatten().filter(|entry| entry.file_name().starts_with(PREFIX)) {
        let Ok(lock) = File::open(entry.path().join(LOCK)) else { continue };
        if lock.try_lock().is_ok() {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

#[cfg(test)]
mod tests {
    use record::fixture::Folder;

    use super::*;

    #[test]
    fn what_a_killed_process_left_goes_and_what_is_held_stays() {
        let folder = Folder::new("scratch");
        let parent = &folder.path;
        let left = parent.join("charts-1-0");
        fs::create_dir_all(&left).unwrap();
        File::create(left.join(LOCK)).unwrap();
        fs::write(left.join("values.yaml"), "password: secret").unwrap();
        let being_made = parent.join("charts-1-1");
        fs::create_dir(&being_made).unwrap();
        fs::create_dir(parent.join("clusters")).unwrap();

        let held = Scratch::new(parent).unwrap();
        let other = Scratch::new(parent).unwrap();

        assert!(!left.exists());
        assert!(held.folder.exists() && other.folder.exists() && being_made.exists());
        assert!(parent.join("clusters").exists());
        drop(held);
        assert_eq!(fs::read_dir(parent).unwrap().count(), 3);
    }
}
