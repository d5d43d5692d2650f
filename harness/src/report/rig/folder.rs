//! Reads what `scripts/broken-clusters` leaves: `<folder>/<change>/`, with `done.json` when the change is off again, and the run
//! that it met.

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use super::{Row, Seen, table};
use crate::{
    error::{Error, Result},
    report::store,
};

/// What is left beside a run when it is over.
#[derive(Deserialize)]
struct Done {
    /// Whether a program came to where the change is.
    reached: bool,
}

/// The rows of every change of the table, and when and on what the last of them ran: `2026-11-29, Kubernetes 1.34.4`.
///
/// # Errors
/// When the table is wrong, or a change that is done left nothing that can be read.
pub fn read(folder: &Utf8Path) -> Result<(Vec<Row>, Option<String>)> {
    let mut last = None;
    let mut rows = Vec::new();
    for change in table()? {
        let seen = seen(&folder.join(&change.name), &mut last)?;
        rows.push(Row { change, seen });
    }
    Ok((rows, last))
}

fn seen(folder: &Utf8Path, last: &mut Option<String>) -> Result<Seen> {
    let done = folder.join("done.json");
    if !done.is_file() {
        return Ok(Seen::Missing);
    }
    let text = std::fs::read(&done).map_err(Error::io(format!("reading {done}")))?;
    let Done { reached } = serde_json::from_slice(&text).map_err(|error| {
        Error::environment(format!("{done} can't be read: {error}; remove {folder} and run the rig again"))
    })?;
    let Some(run) = run(folder) else { return Ok(Seen::Unjudged("the run left no result".to_owned())) };
    let report = store::load(&run)?;
    let version =
        report.facts.cluster.as_ref().map_or("unknown", |cluster| cluster.kubernetes.trim_start_matches('v'));
    let on = format!("{}, Kubernetes {version}", report.facts.started.strftime("%Y-%m-%d"));
    *last = last.take().max(Some(on));
    Ok(Seen::of(&report, reached))
}

/// The one run of a change.
fn run(folder: &Utf8Path) -> Option<Utf8PathBuf> {
    let entries = folder.read_dir_utf8().ok()?.flatten();
    entries.map(|entry| entry.into_path()).find(|path| !path.is_symlink() && path.join("run.json").is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        fixture::{Folder, facts, scenario},
        rig::State,
    };

    #[test]
    fn a_change_is_done_when_it_is_off_again() {
        let folder = Folder::new("rig");
        let change = table().unwrap().into_iter().find(|change| change.is_fault()).unwrap();
        let run = folder.path.join(&change.name).join("r1");
        store::save_run(&run, &facts(&["a::b"])).unwrap();
        store::save_result(&run, &scenario("a::b").proves("S1")).unwrap();
        let state = || {
            let (rows, _) = read(&folder.path).unwrap();
            rows.iter().find(|row| row.change == change).unwrap().state()
        };
        assert_eq!(state(), State::Missing);
        let done = folder.path.join(&change.name).join("done.json");
        store::write_whole(&done, br#"{"reached": true}"#).unwrap();
        assert_eq!(state(), State::Survived);
        store::write_whole(&done, b"{").unwrap();
        assert!(read(&folder.path).unwrap_err().to_string().contains("run the rig again"));
    }
}
