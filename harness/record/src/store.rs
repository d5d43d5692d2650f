//! The run's directory: `run.json`, and `results/` with one file a scenario. Files appear whole or not at all.

use std::{fs, io::Write as _};

use camino::Utf8Path;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    result::{RunFacts, SCHEMA, ScenarioResult},
    tally::Report,
};
use crate::error::{Error, Result};

/// The name of a scenario's file: `::` is no part of a file name on every system.
pub fn file_name(scenario: &str) -> String {
    format!("{}.json", scenario.replace("::", "__"))
}

/// The folder with a scenario's journal and evidence, relative to the run's directory.
pub fn evidence_folder(scenario: &str) -> String {
    format!("evidence/{}", scenario.replace("::", "__"))
}

/// Writes `run.json`, in place of the one that is there.
///
/// # Errors
/// [`Error::Io`] when the file can't be written, [`Error::Bug`] when it could not be read again.
pub fn save_run(dir: &Utf8Path, facts: &RunFacts) -> Result<()> {
    save(&dir.join("run.json"), facts)
}

/// Writes a scenario's result, in place of an earlier one.
///
/// # Errors
/// As [`save_run`], and [`Error::Bug`] for a scenario whose name can't be a file's.
pub fn save_result(dir: &Utf8Path, result: &ScenarioResult) -> Result<()> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-.:".contains(c);
    if result.scenario.is_empty() || result.scenario.starts_with('.') || !result.scenario.chars().all(fits) {
        return Err(Error::bug(format!("a result can't be stored under the name `{}`", result.scenario)));
    }
    save(&dir.join("results").join(file_name(&result.scenario)), result)
}

/// Reads a run's directory.
///
/// # Errors
/// One that names the file, when it is missing, truncated, malformed, of another schema version or of another run.
pub fn load(dir: &Utf8Path) -> Result<Report> {
    let facts: RunFacts = read(&dir.join("run.json"))?;
    let results_dir = dir.join("results");
    let mut results = Vec::new();
    if results_dir.is_dir() {
        let listing = format!("listing {results_dir}");
        for entry in results_dir.read_dir_utf8().map_err(Error::io(&listing))? {
            let entry = entry.map_err(Error::io(&listing))?;
            let path = entry.path();
            // What starts with a dot is a file that a killed run did not finish.
            if path.extension() != Some("json") || entry.file_name().starts_with('.') {
                continue;
            }
            let result: ScenarioResult = read(path)?;
            if result.run != facts.run {
                return Err(Error::environment(format!(
                    "{path} belongs to run `{}`, not to run `{}`; move it away",
                    result.run, facts.run
                )));
            }
            if entry.file_name() != file_name(&result.scenario) {
                return Err(Error::environment(format!(
                    "{path} holds the result of `{}`, which belongs into {}; move it away",
                    result.scenario,
                    file_name(&result.scenario)
                )));
            }
            results.push(result);
        }
    }
    Ok(Report::new(facts, results))
}

/// Writes a file so that a reader sees the old content or the new one, never a part.
///
/// # Errors
/// [`Error::Io`] when it can't be written.
pub fn write_whole(path: &Utf8Path, content: &[u8]) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let (folder, name) =
            (path.parent().unwrap_or(Utf8Path::new(".")), path.file_name().unwrap_or_default());
        fs::create_dir_all(folder)?;
        // Beside the file, as a rename does not cross file systems; with our process id, as another may write too.
        let part = folder.join(format!(".{name}.{}.part", std::process::id()));
        let written = fs::File::create(&part)
            .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&part, path));
        if written.is_err() {
            let _ = fs::remove_file(&part);
        }
        written
    };
    write().map_err(Error::io(format!("writing {path}")))
}

fn save<T: Serialize + DeserializeOwned>(path: &Utf8Path, value: &T) -> Result<()> {
    let bug = |error: serde_json::Error| Error::bug(format!("{path} could not be read again: {error}"));
    let mut text = serde_json::to_vec_pretty(value).map_err(bug)?;
    // JSON has no NaN: better to hear of it here than from a report that can't be made.
    serde_json::from_slice::<T>(&text).map_err(bug)?;
    text.push(b'\n');
    write_whole(path, &text)
}

fn read<T: DeserializeOwned>(path: &Utf8Path) -> Result<T> {
    #[derive(Deserialize)]
    struct Version {
        schema: u32,
    }
    let text = fs::read(path).map_err(Error::io(format!("reading {path}")))?;
    let broken = |error: serde_json::Error| {
        let what = if error.is_eof() { "is truncated" } else { "is not a result of Steadfast" };
        Error::environment(format!("{path} {what}: {error}"))
    };
    // The version first: a file of another one may well lack what ours has.
    let Version { schema } = serde_json::from_slice(&text).map_err(broken)?;
    if schema != SCHEMA {
        return Err(Error::environment(format!(
            "{path} has schema version {schema}, and this Steadfast reads {SCHEMA}; use the one that wrote it"
        )));
    }
    serde_json::from_slice(&text).map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Folder, facts, scenario};
    use super::*;

    fn refusal(folder: &Folder) -> String {
        let error = load(&folder.path).expect_err("refused");
        assert_eq!(error.class().exit_code(), 3);
        error.to_string()
    }

    #[test]
    fn results_come_back_in_the_order_of_the_catalogue_and_missing_ones_are_named() {
        let folder = Folder::new("store-order");
        save_run(&folder.path, &facts(&["b::two", "a::one", "c::three"])).unwrap();
        save_result(&folder.path, &scenario("a::one")).unwrap();
        save_result(&folder.path, &scenario("b::two")).unwrap();
        let report = load(&folder.path).unwrap();
        let names: Vec<_> = report.results.iter().map(|result| result.scenario.as_str()).collect();
        assert_eq!(names, ["b::two", "a::one"]);
        assert_eq!(report.missing, ["c::three"]);
    }

    #[test]
    fn a_truncated_a_malformed_and_an_older_file_are_refused_by_name() {
        let folder = Folder::new("store-refuse");
        save_run(&folder.path, &facts(&["a::one"])).unwrap();
        save_result(&folder.path, &scenario("a::one")).unwrap();
        let path = folder.path.join("results/a__one.json");
        let whole = fs::read_to_string(&path).unwrap();

        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let message = refusal(&folder);
        assert!(message.contains("a__one.json is truncated"), "{message}");

        fs::write(&path, whole.replace("\"passed\"", "\"splendid\"")).unwrap();
        let message = refusal(&folder);
        assert!(message.contains("a__one.json") && message.contains("splendid"), "{message}");

        fs::write(&path, whole.replace("\"schema\": 2", "\"schema\": 7")).unwrap();
        let message = refusal(&folder);
        assert!(message.contains("a__one.json has schema version 7"), "{message}");

        fs::write(&path, whole.replace("\"run\": \"r1\"", "\"run\": \"r0\"")).unwrap();
        assert!(refusal(&folder).contains("belongs to run `r0`"));

        fs::write(&path, &whole).unwrap();
        fs::rename(&path, folder.path.join("results/a__other.json")).unwrap();
        assert!(refusal(&folder).contains("a__other.json holds the result of `a::one`"));
    }

    #[test]
    fn a_run_without_run_json_is_refused_by_name() {
        let folder = Folder::new("store-none");
        assert!(refusal(&folder).contains("run.json"));
    }

    #[test]
    fn what_could_not_be_read_again_is_not_written() {
        let folder = Folder::new("store-nan");
        let mut result = scenario("a::one");
        result.seconds = f64::NAN;
        assert!(matches!(save_result(&folder.path, &result), Err(Error::Bug(_))));
        result.seconds = 1.0;
        result.scenario = "../escaped".into();
        assert!(matches!(save_result(&folder.path, &result), Err(Error::Bug(_))));
        assert!(!folder.path.join("results").exists());
    }

    #[test]
    fn nothing_but_the_file_is_left_and_a_leftover_part_does_no_harm() {
        let folder = Folder::new("store-whole");
        save_run(&folder.path, &facts(&["a::one"])).unwrap();
        save_result(&folder.path, &scenario("a::one")).unwrap();
        save_result(&folder.path, &scenario("a::one")).unwrap();
        fs::write(folder.path.join("results/.b__two.json.1.part"), "{").unwrap();
        fs::write(folder.path.join("results/.b__two.json"), "{").unwrap();
        assert_eq!(load(&folder.path).unwrap().results.len(), 1);
        assert_eq!(fs::read_dir(folder.path.join("results")).unwrap().count(), 3);
    }
}
