//! A folder for what is unpacked and written down for a while: it may hold secrets, and is gone afterwards.

use std::{
    fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    sync::atomic::{AtomicU32, Ordering},
};

use camino::{Utf8Path, Utf8PathBuf};
use external::error::{Error, Result};

/// A folder that only we may read, for as long as it is held.
#[derive(Debug)]
pub struct Scratch(Utf8PathBuf);

impl Scratch {
    /// Makes one in this folder.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn new(parent: &Utf8Path) -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = parent.join(format!("charts-{}-{number}", std::process::id()));
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.map_err(Error::io(format!("making the folder {folder}")))?;
        Ok(Self(folder))
    }

    /// Where something in it is.
    pub fn path(&self, name: &str) -> Utf8PathBuf {
        self.0.join(name)
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
        drop(fs::remove_dir_all(&self.0));
    }
}
