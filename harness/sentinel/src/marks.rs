//! A mark on each of several volumes, left or found by a process that stays no longer than that. It says what it found as a
//! container says its last words, where the kubelet reads them.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result};

use crate::{
    log::log,
    store::{Name, Store},
};

/// The file that a mark is; none of a workload's own.
const FILE: &str = "steadfast-mark";
/// Where the kubelet looks for a container's last words.
const LAST_WORDS: &str = "/dev/termination-log";

/// What lies on each volume, by its directory: `null` where nothing does. Where there is a mark to leave, it is left after
/// that.
pub fn marks(directories: &[&str], leave: Option<&str>) -> Result<()> {
    let found = on_each(directories, leave)?;
    let found = serde_json::to_string(&found)?;
    log(&found);
    fs::write(LAST_WORDS, found).with_context(|| format!("cannot write {LAST_WORDS}"))
}

fn on_each(directories: &[&str], leave: Option<&str>) -> Result<BTreeMap<String, Option<String>>> {
    let name = Name::parse(FILE).context("a file of this name")?;
    let mut found = BTreeMap::new();
    for directory in directories {
        let store = Store::open(Path::new(directory).to_owned())?;
        let before = store.read(&name).with_context(|| format!("cannot read {FILE} in {directory}"))?;
        let before = before.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        found.insert((*directory).to_owned(), before);
        if let Some(mark) = leave {
            let written = store.write(&name, mark.as_bytes());
            written.with_context(|| format!("cannot write {FILE} in {directory}"))?;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_left_on_each_and_found_again() -> Result<()> {
        let folder = std::env::temp_dir().join(format!("sentinel-marks-{}", std::process::id()));
        let directories = ["data", "meta"].map(|name| folder.join(name));
        for directory in &directories {
            fs::create_dir_all(directory)?;
        }
        let names: Vec<_> = directories.iter().filter_map(|directory| directory.to_str()).collect();
        let found = |mark: Option<&str>| {
            let found = on_each(&names, mark)?;
            anyhow::Ok(found.into_values().collect::<Vec<_>>())
        };
        assert_eq!(found(Some("one"))?, [None, None]);
        fs::remove_file(directories[1].join(FILE))?;
        assert_eq!(found(None)?, [Some("one".to_owned()), None]);
        assert!(on_each(&["/nowhere/at/all"], None).is_err());
        fs::remove_dir_all(folder)?;
        Ok(())
    }
}
