//! The hashes of the files that a verdict was drawn from, so that a change after the fact is seen.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;

use crate::{
    error::{Error, Result},
    journal::{History, Record},
    sha256::sha256,
};

/// The journal's name in a trial's folder.
pub const JOURNAL: &str = "journal.jsonl";

/// What to do about a record that can't be judged.
pub const ADVICE: &str = "copy the run's whole directory again, or run the scenario again";

/// The SHA-256 of each file that the verdict is drawn from.
///
/// # Errors
/// When one can't be read.
pub fn fingerprints(history: &History, folder: &Utf8Path) -> Result<BTreeMap<String, String>> {
    needed(history).into_iter().map(|name| Ok((name.to_owned(), fingerprint(folder, name)?))).collect()
}

/// Checks that the files are there and are the ones of the result, whatever is in them.
///
/// # Errors
/// One that names the first file that is missing or differs.
pub fn verify(fingerprints: &BTreeMap<String, String>, folder: &Utf8Path) -> Result<()> {
    for (name, recorded) in fingerprints {
        if Utf8Path::new(name).file_name() != Some(name) {
            return Err(Error::environment(format!("{name} can't be evidence: it is outside {folder}")));
        }
        let path = folder.join(name);
        if !path.is_file() {
            return Err(Error::environment(format!("{path} is missing: {ADVICE}")));
        }
        if fingerprint(folder, name)? != *recorded {
            return Err(Error::environment(format!(
                "{path} was changed after the run: its SHA-256 is not the one in the result; {ADVICE}"
            )));
        }
    }
    Ok(())
}

/// Checks that nothing is needed that the result does not vouch for.
///
/// # Errors
/// One that names the first such file.
pub fn vouched(fingerprints: &BTreeMap<String, String>, history: &History) -> Result<()> {
    match needed(history).into_iter().find(|name| !fingerprints.contains_key(*name)) {
        None => Ok(()),
        Some(name) => Err(Error::environment(format!("the result has no SHA-256 of {name}: {ADVICE}"))),
    }
}

fn needed(history: &History) -> BTreeSet<&str> {
    let checked = history.entries().iter().filter_map(|entry| match &entry.record {
        Record::Checked(checked) => Some(checked.history.as_str()),
        _ => None,
    });
    checked.chain([JOURNAL]).collect()
}

fn fingerprint(folder: &Utf8Path, name: &str) -> Result<String> {
    let path = folder.join(name);
    std::fs::read(&path).map(|bytes| sha256(&bytes)).map_err(Error::io(format!("reading {path}")))
}
