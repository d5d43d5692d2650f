//! Reads nights: `<folder>/<night>/<version or ground>/<run>`, as `scripts/nightly` leaves them.

use camino::{Utf8Path, Utf8PathBuf};

use super::night::{Column, Night, Ran};
use crate::{
    error::{Error, Result},
    report::{store, words},
};

/// What a column's set-up and run said, beside its runs.
const LOG: &str = "nightly.log";

/// Every night of a folder, oldest first.
///
/// # Errors
/// When a folder can't be listed. What can't be read of one column is that column's reason.
pub fn read(folder: &Utf8Path) -> Result<Vec<Night>> {
    let night = |path: Utf8PathBuf| {
        let mut columns = folders(&path)?;
        columns.sort_by(|one, other| order(name(one)).cmp(&order(name(other))));
        let column = |path: &Utf8PathBuf| Ok(Column { name: name(path).to_owned(), ran: ran(path)? });
        Ok(Night {
            name: name(&path).to_owned(),
            columns: columns.iter().map(column).collect::<Result<_>>()?,
        })
    };
    folders(folder)?.into_iter().map(night).collect()
}

/// 1.9 comes before 1.10, a version before the same with feature gates, and grounds come last.
fn order(column: &str) -> (Vec<u64>, &str) {
    let (version, _) = column.split_once('+').unwrap_or((column, ""));
    (version.split('.').map(|part| part.parse().unwrap_or(u64::MAX)).collect(), column)
}

fn ran(column: &Utf8Path) -> Result<Ran> {
    let runs: Vec<_> = folders(column)?.into_iter().filter(|run| run.join("run.json").is_file()).collect();
    let Some(run) = runs.last() else { return Ok(Ran::Nothing(reason(column))) };
    let page = format!("{}/{}/report.html", name(column), name(run));
    Ok(match store::load(run) {
        Ok(report) => Ran::of(&report, page),
        Err(error) => Ran::Nothing(error.to_string()),
    })
}

/// The last error in the log, or its last line.
fn reason(column: &Utf8Path) -> String {
    let Ok(bytes) = std::fs::read(column.join(LOG)) else {
        return format!("it left neither a run nor a {LOG}");
    };
    let text = words::plain(&String::from_utf8_lossy(&bytes));
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let error = lines().rfind(|line| line.starts_with("error:") || line.starts_with("steadfast:"));
    let line = error.or_else(|| lines().next_back()).unwrap_or("its log is empty");
    line.trim_start_matches("error: ").trim_start_matches("steadfast: ").to_owned()
}

fn name(path: &Utf8Path) -> &str {
    path.file_name().unwrap_or_default()
}

/// The folders in a folder by name; links such as `latest` are none.
fn folders(folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>> {
    let listing = format!("listing {folder}");
    let mut found = Vec::new();
    for entry in folder.read_dir_utf8().map_err(Error::io(&listing))? {
        let entry = entry.map_err(Error::io(&listing))?;
        if entry.file_type().map_err(Error::io(&listing))?.is_dir() && !entry.file_name().starts_with('.') {
            found.push(entry.into_path());
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{Folder, facts, scenario};

    #[test]
    fn columns_are_in_the_order_of_versions_and_grounds_come_last() {
        let mut columns = [
            "one-node",
            "dual-stack",
            "1.37.10",
            "1.37.2+B=true",
            "1.37.2",
            "1.9.1",
            "1.37.2+A=true,B=true",
            "1.37.9",
        ];
        columns.sort_by_key(|column| order(column));
        assert_eq!(
            columns,
            [
                "1.9.1",
                "1.37.2",
                "1.37.2+A=true,B=true",
                "1.37.2+B=true",
                "1.37.9",
                "1.37.10",
                "dual-stack",
                "one-node"
            ]
        );
    }

    #[test]
    fn a_night_is_read_with_its_newest_runs_and_with_reasons_where_there_is_none() {
        let folder = Folder::new("nights");
        let night = folder.path.join("20261122");
        for run in ["1.34.4/r1", "1.34.4/r2", "1.9.1/r1"] {
            let run = night.join(run);
            store::save_run(&run, &facts(&["a::b"])).unwrap();
            store::save_result(&run, &scenario("a::b").proves("S9")).unwrap();
        }
        std::os::unix::fs::symlink("r1", night.join("1.34.4/latest")).unwrap();
        std::os::unix::fs::symlink("20261122", folder.path.join("latest")).unwrap();
        for (version, log) in
            [("1.35.4", "==> images\nerror: no registry answers\n    cleaned up\n"), ("1.36.3", "oh\n\n")]
        {
            std::fs::create_dir_all(night.join(version)).unwrap();
            std::fs::write(night.join(version).join(LOG), log).unwrap();
        }
        std::fs::create_dir_all(night.join("1.37.2")).unwrap();
        std::fs::create_dir_all(night.join("1.38.0/r1")).unwrap();
        std::fs::write(night.join("1.38.0/r1/run.json"), "{\"schema\": 1}").unwrap();
        let nights = read(&folder.path).unwrap();
        assert_eq!(nights.len(), 1);
        let told: Vec<_> = nights[0]
            .columns
            .iter()
            .map(|column| match &column.ran {
                Ran::Judged(judged) => (column.name.as_str(), judged.page.as_str()),
                Ran::Nothing(why) => (column.name.as_str(), why.as_str()),
            })
            .collect();
        assert_eq!(
            told[..5],
            [
                ("1.9.1", "1.9.1/r1/report.html"),
                ("1.34.4", "1.34.4/r2/report.html"),
                ("1.35.4", "no registry answers"),
                ("1.36.3", "oh"),
                ("1.37.2", "it left neither a run nor a nightly.log"),
            ]
        );
        assert!(told[5].1.contains("schema version 1"), "{told:?}");
    }
}
