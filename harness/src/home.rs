//! Where manifests and scripts are: in the repository, or, where a program stands alone, in a folder of the cache into which
//! it has unpacked what it carries.

use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};
use flate2::read::GzDecoder;

use crate::error::{Error, Result};

/// What a program carries of the repository.
#[derive(Debug, Clone, Copy)]
pub struct Carried {
    /// A tar archive, compressed by gzip, of `manifests/`, `scripts/` and what these need.
    pub archive: &'static [u8],
    /// Says what is in it: another content has another digest.
    pub digest: &'static str,
}

/// A program that stands alone: what it carries, and the cache into which that is unpacked.
static ALONE: OnceLock<(Carried, Utf8PathBuf)> = OnceLock::new();

/// Says, before anything else is done, that this program uses nothing of the repository but what it carries.
pub fn stand_alone(carried: Carried, cache: Utf8PathBuf) {
    // What was said first holds.
    drop(ALONE.set((carried, cache)));
}

/// Whether this program stands alone.
pub fn alone() -> bool {
    ALONE.get().is_some()
}

/// The root of the repository in which this was built.
pub fn repository() -> &'static Utf8Path {
    let package = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// The folder in which `manifests/` and `scripts/` are.
///
/// # Errors
/// What the program carries can't be unpacked.
pub fn root() -> Result<Utf8PathBuf> {
    match ALONE.get() {
        Some((carried, cache)) => carried.unpacked(cache),
        None => Ok(repository().to_owned()),
    }
}

impl Carried {
    /// The folder of the cache that has it, which is filled where it is not there.
    fn unpacked(&self, cache: &Utf8Path) -> Result<Utf8PathBuf> {
        let folder = cache.join("carried").join(self.digest);
        if folder.is_dir() {
            return Ok(folder);
        }
        // Under its name there is only what is whole, whoever else unpacks it at the same time.
        let partial = cache.join(format!("carried/.{}-{}", self.digest, std::process::id()));
        let unpacked = std::fs::create_dir_all(&partial)
            .and_then(|()| tar::Archive::new(GzDecoder::new(self.archive)).unpack(&partial))
            .and_then(|()| std::fs::rename(&partial, &folder));
        match unpacked {
            Err(_) if folder.is_dir() => drop(std::fs::remove_dir_all(&partial)),
            outcome => outcome.map_err(Error::io(format!(
                "unpacking what this program carries into {folder} (the setting cache chooses another place)"
            )))?,
        }
        Ok(folder)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn carried() -> Carried {
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let mut file = tar::Header::new_gnu();
        file.set_size(5);
        file.set_mode(0o755);
        archive.append_data(&mut file, "scripts/setup", &b"setup"[..]).unwrap();
        let mut link = tar::Header::new_gnu();
        link.set_entry_type(tar::EntryType::Symlink);
        link.set_size(0);
        archive.append_link(&mut link, "manifests/same", "../scripts").unwrap();
        let archive = archive.into_inner().unwrap().finish().unwrap();
        Carried { archive: archive.leak(), digest: "0123" }
    }

    fn cache(name: &str) -> Utf8PathBuf {
        let folder = std::env::temp_dir().join(format!("steadfast-{name}-{}", std::process::id()));
        Utf8PathBuf::from_path_buf(folder).unwrap()
    }

    #[test]
    fn it_is_unpacked_once_and_whole() {
        let cache = cache("unpacked");
        let folder = carried().unpacked(&cache).unwrap();
        let mode = std::fs::metadata(folder.join("scripts/setup")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
        assert_eq!(std::fs::read_to_string(folder.join("manifests/same/setup")).unwrap(), "setup");
        std::fs::write(folder.join("scripts/setup"), "kept").unwrap();
        assert_eq!(carried().unpacked(&cache).unwrap(), folder);
        assert_eq!(std::fs::read_to_string(folder.join("scripts/setup")).unwrap(), "kept");
        assert_eq!(std::fs::read_dir(cache.join("carried")).unwrap().count(), 1, "nothing partial is left");
        std::fs::remove_dir_all(&cache).unwrap();
    }

    #[test]
    fn a_cache_that_can_not_be_written_is_named() {
        let cache = cache("no-folder");
        std::fs::write(&cache, "a file").unwrap();
        let error = carried().unpacked(&cache).unwrap_err().to_string();
        std::fs::remove_file(&cache).unwrap();
        assert!(error.contains(cache.as_str()) && error.contains("setting cache"), "{error}");
    }
}
