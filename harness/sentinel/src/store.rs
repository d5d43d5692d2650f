//! Files on the volume, written so that what is acknowledged is on the disk.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context, Result};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::identity::random;

#[derive(Clone, Debug)]
pub struct Store {
    directory: PathBuf,
    /// Of this store alone: another program may write into the same directory, where several pods have one volume.
    id: String,
    /// Gives every write a temporary file of its own.
    writes: Arc<AtomicU64>,
}

/// What a file holds, without its bytes.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Content {
    pub sha256: String,
    pub size: usize,
}

impl Content {
    fn of(bytes: &[u8]) -> Self {
        let sha256 = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { sha256, size: bytes.len() }
    }
}

/// A file's name that can be no path: one component, and none of our temporary files.
#[derive(Clone, Debug)]
pub struct Name(String);

impl Name {
    pub fn parse(name: &str) -> Option<Self> {
        let plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
        plain.then(|| Self(name.to_owned()))
    }
}

impl Store {
    pub fn open(directory: PathBuf) -> Result<Self> {
        fs::read_dir(&directory).with_context(|| format!("cannot use {}", directory.display()))?;
        Ok(Self { directory, id: random(), writes: Arc::default() })
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Writes a file whole or not at all; on the disk, and so is its name, when this returns.
    pub fn write(&self, name: &Name, bytes: &[u8]) -> io::Result<Content> {
        let temporary = self.temporary();
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, self.directory.join(&name.0))?;
        File::open(&self.directory)?.sync_all()?;
        Ok(Content::of(bytes))
    }

    /// A file that no other write has, here or anywhere else.
    fn temporary(&self) -> PathBuf {
        let number = self.writes.fetch_add(1, Ordering::Relaxed);
        self.directory.join(format!(".{}.{number}.part", self.id))
    }

    /// Adds a line to a file of our own; on the disk, and so is the file's name, when this returns.
    pub fn append(&self, file: &'static str, line: &str) -> io::Result<()> {
        let mut file = File::options().create(true).append(true).open(self.directory.join(file))?;
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_all()?;
        File::open(&self.directory)?.sync_all()
    }

    /// The bytes of a file, or none if there is no such file.
    pub fn read(&self, name: &Name) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.directory.join(&name.0)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All files; other things on the volume (`lost+found`) are passed over.
    pub fn list(&self) -> io::Result<BTreeMap<String, Content>> {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            let Some(name) = entry.file_name().to_str().and_then(Name::parse) else { continue };
            if entry.file_type()?.is_file()
                && let Some(bytes) = self.read(&name)?
            {
                files.insert(name.0, Content::of(&bytes));
            }
        }
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A directory that goes away with its test.
    struct Temporary(PathBuf);

    impl Temporary {
        fn new(name: &str) -> Result<Self> {
            let path = std::env::temp_dir().join(format!("sentinel-{name}-{}", std::process::id()));
            fs::create_dir_all(&path)?;
            Ok(Self(path))
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_name_is_one_component() {
        for name in ["marker", "run-1.txt", "ü"] {
            assert!(Name::parse(name).is_some(), "{name}");
        }
        for name in ["", ".", "..", ".00ff.0.part", "a/b", "/etc/passwd", "a\\b", "a\0"] {
            assert!(Name::parse(name).is_none(), "{name}");
        }
    }

    #[test]
    fn what_is_written_is_read_and_listed() -> Result<()> {
        let temporary = Temporary::new("store")?;
        let store = Store::open(temporary.0.clone())?;
        let name = Name::parse("marker").context("a plain name")?;
        assert_eq!(store.read(&name)?, None);

        store.write(&name, b"first")?;
        let content = store.write(&name, b"abc")?;
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(content, Content { sha256: sha256.to_owned(), size: 3 });
        assert_eq!(store.read(&name)?.as_deref(), Some(&b"abc"[..]));

        fs::create_dir(temporary.0.join("lost+found"))?;
        fs::write(temporary.0.join(".00ff.9.part"), b"left behind")?;
        assert_eq!(store.list()?, BTreeMap::from([("marker".to_owned(), content)]));
        Ok(())
    }

    #[test]
    fn no_two_writes_have_a_temporary_file_in_common() -> Result<()> {
        let directory = Temporary::new("temporary")?;
        let (one, other) = (Store::open(directory.0.clone())?, Store::open(directory.0.clone())?);
        let files = BTreeSet::from([&one, &one.clone(), &other].map(Store::temporary));
        assert_eq!(files.len(), 3, "{files:?}");
        Ok(())
    }

    #[test]
    fn lines_are_added_at_the_end() -> Result<()> {
        let temporary = Temporary::new("append")?;
        let store = Store::open(temporary.0.clone())?;
        store.append("lines", "first")?;
        store.append("lines", "second")?;
        let name = Name::parse("lines").context("a plain name")?;
        assert_eq!(store.read(&name)?.as_deref(), Some(&b"first\nsecond\n"[..]));
        Ok(())
    }

    #[test]
    fn a_store_needs_its_directory() {
        let error = Store::open(PathBuf::from("/nowhere/at/all")).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("cannot use /nowhere/at/all"));
    }
}
