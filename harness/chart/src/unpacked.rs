//! A chart as a folder: its name, its versions, its files.

use std::{collections::BTreeSet, fs, time::Duration};

use camino::{Utf8Path, Utf8PathBuf};
use external::{
    Program,
    error::{Error, Result, exit},
};
use serde::Deserialize;
use serde_json::Value;

use super::{Reference, helm::Helm};

const UNPACKING: Duration = Duration::from_secs(60);

/// A chart, unpacked, with everything that it depends on.
#[derive(Debug, Clone)]
pub struct Chart {
    /// As the user wrote it.
    pub reference: String,
    /// Where its files are.
    pub folder: Utf8PathBuf,
    /// The values that the user gives, if any.
    pub values: Option<Utf8PathBuf>,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The names under which other charts take their values from it: dependencies, and `global`.
    pub parts: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Facts {
    name: String,
    version: String,
    #[serde(default)]
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    #[serde(default)]
    alias: Option<String>,
    #[serde(default)]
    repository: String,
}

impl Chart {
    /// Gets a chart; what has to be unpacked goes into `scratch`. Nothing of the user's is changed.
    ///
    /// # Errors
    /// There is no such chart, it is malformed, or its dependencies can't be had.
    pub async fn get(
        helm: &Helm,
        reference: &Reference,
        values: Option<&Utf8Path>,
        scratch: &Utf8Path,
    ) -> Result<Self> {
        if let Some(path) = values.filter(|path| !path.is_file()) {
            return Err(Error::trouble(exit::NO_CHART, format!("there is no file of values {path}")));
        }
        let folder = match reference {
            Reference::Folder(folder) => folder.clone(),
            other => unpack(helm, other, scratch).await?,
        };
        let facts = facts(&folder)?;
        let folder = if complete(&folder, &facts) {
            folder
        } else {
            let copy = scratch.join(format!("{}-{}", facts.name, facts.version));
            copy_folder(&folder, &copy)?;
            make_local_dependencies_absolute(&folder, &copy, &facts)?;
            helm.run(&["dependency", "update", "--skip-refresh", copy.as_str()]).await.map_err(|error| {
                Error::trouble(exit::NO_CHART, format!("getting what chart {reference} depends on: {error}"))
            })?;
            copy
        };
        let values = values.map(Utf8Path::to_owned);
        Ok(Self {
            reference: reference.to_string(),
            folder,
            values,
            parts: facts.parts(),
            name: facts.name,
            version: facts.version,
        })
    }

    /// The values that the user gives; empty where there are none.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn given(&self) -> Result<Value> {
        self.values.as_deref().map_or_else(|| Ok(Value::Null), read_values)
    }

    /// The defaults of its values.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn defaults(&self) -> Result<Value> {
        let path = self.folder.join("values.yaml");
        if path.is_file() { read_values(&path) } else { Ok(Value::Null) }
    }

    /// `garage 1.0.0`
    pub fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}

/// What Helm could not read either it says itself.
fn read_values(path: &Utf8Path) -> Result<Value> {
    let text = fs::read_to_string(path).map_err(Error::io(format!("reading {path}")))?;
    let documents = crate::documents(&text).unwrap_or_default();
    Ok(documents.into_iter().next().unwrap_or_default())
}

impl Facts {
    fn parts(&self) -> BTreeSet<String> {
        let named = self.dependencies.iter().map(|one| one.alias.clone().unwrap_or_else(|| one.name.clone()));
        named.chain(["global".to_owned()]).collect()
    }
}

async fn unpack(helm: &Helm, reference: &Reference, scratch: &Utf8Path) -> Result<Utf8PathBuf> {
    fs::create_dir_all(scratch).map_err(Error::io(format!("making the folder {scratch}")))?;
    let mut arguments = vec!["pull"];
    let (named, known);
    match reference {
        Reference::Folder(folder) => return Ok(folder.clone()),
        Reference::Archive(path) if !path.contains("://") => {
            let doing = format!("unpacking {path}");
            let tar =
                Program::new("tar", &["-xzf", path, "-C", scratch.as_str()], UNPACKING).finish().await?;
            if !tar.status.success() {
                return Err(Error::trouble(exit::NO_CHART, format!("{doing}: {}", tar.reason())));
            }
            return only_folder(scratch, &doing);
        }
        Reference::Archive(url) => arguments.push(url),
        Reference::Registry { chart, version } => arguments.extend([chart.as_str(), "--version", version]),
        Reference::Repository { repository, chart, version } if repository.contains("://") => {
            arguments.extend([chart.as_str(), "--repo", repository, "--version", version]);
        }
        Reference::Repository { repository, chart, version } => {
            known = format!("{repository}/{chart}");
            arguments.extend([known.as_str(), "--version", version]);
        }
    }
    named = scratch.to_string();
    arguments.extend(["--untar", "--untardir", &named]);
    helm.run(&arguments)
        .await
        .map_err(|error| Error::trouble(exit::NO_CHART, format!("getting chart {reference}: {error}")))?;
    only_folder(scratch, &format!("getting chart {reference}"))
}

fn only_folder(scratch: &Utf8Path, doing: &str) -> Result<Utf8PathBuf> {
    let listing = scratch.read_dir_utf8().map_err(Error::io(doing.to_owned()))?;
    let folders = listing.filter_map(|entry| entry.ok().map(|entry| entry.into_path()));
    folders.filter(|path| path.join("Chart.yaml").is_file()).min().ok_or_else(|| {
        Error::trouble(exit::NO_CHART, format!("{doing}: it holds no folder with a Chart.yaml"))
    })
}

fn facts(folder: &Utf8Path) -> Result<Facts> {
    let path = folder.join("Chart.yaml");
    let text = fs::read_to_string(&path).map_err(Error::io(format!("reading {path}")))?;
    serde_saphyr::from_str(&text)
        .map_err(|error| Error::trouble(exit::NO_CHART, format!("{path} is malformed: {error}")))
}

/// Whether everything that a chart depends on is in it, as a folder or packaged.
fn complete(folder: &Utf8Path, facts: &Facts) -> bool {
    let Ok(listing) = folder.join("charts").read_dir_utf8() else { return facts.dependencies.is_empty() };
    let there: Vec<String> = listing.filter_map(|entry| Some(entry.ok()?.file_name().to_owned())).collect();
    facts.dependencies.iter().all(|dependency| {
        let packaged = format!("{}-", dependency.name);
        let is = |name: &String| {
            *name == dependency.name
                || dependency.alias.as_ref() == Some(name)
                || (name.starts_with(&packaged) && name.ends_with(".tgz"))
        };
        there.iter().any(is)
    })
}

/// A copy in which symbolic links are what they point to: the copy stands elsewhere.
fn copy_folder(from: &Utf8Path, to: &Utf8Path) -> Result<()> {
    let doing = format!("copying {from} to {to}");
    fs::create_dir_all(to).map_err(Error::io(doing.clone()))?;
    for entry in from.read_dir_utf8().map_err(Error::io(doing.clone()))? {
        let entry = entry.map_err(Error::io(doing.clone()))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_folder(source, &target)?;
        } else {
            fs::copy(source, &target).map_err(Error::io(doing.clone()))?;
        }
    }
    Ok(())
}

/// Dependencies that are folders beside the chart are named from where the chart was.
fn make_local_dependencies_absolute(from: &Utf8Path, copy: &Utf8Path, facts: &Facts) -> Result<()> {
    let relative: Vec<&str> = facts
        .dependencies
        .iter()
        .filter_map(|dependency| dependency.repository.strip_prefix("file://"))
        .filter(|path| !path.starts_with('/'))
        .collect();
    if relative.is_empty() {
        return Ok(());
    }
    let from = from.canonicalize_utf8().map_err(Error::io(format!("finding {from}")))?;
    let path = copy.join("Chart.yaml");
    let mut text = fs::read_to_string(&path).map_err(Error::io(format!("reading {path}")))?;
    for folder in relative {
        text = text.replace(&format!("file://{folder}"), &format!("file://{from}/{folder}"));
    }
    fs::write(&path, text).map_err(Error::io(format!("writing {path}")))?;
    // It locks the folders as they were named before.
    drop(fs::remove_file(copy.join("Chart.lock")));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(dependencies: &[&str]) -> Facts {
        let dependency =
            |name: &&str| Dependency { name: (*name).to_owned(), alias: None, repository: String::new() };
        Facts {
            name: "a".into(),
            version: "1".into(),
            dependencies: dependencies.iter().map(dependency).collect(),
        }
    }

    #[test]
    fn a_dependency_is_there_as_a_folder_or_packaged() {
        let folder = Utf8PathBuf::from_path_buf(std::env::temp_dir()).unwrap();
        let folder = folder.join(format!("steadfast-chart-{}", std::process::id()));
        fs::create_dir_all(folder.join("charts/garage")).unwrap();
        fs::write(folder.join("charts/postgresql-1.0.0.tgz"), "").unwrap();
        assert!(complete(&folder, &chart(&[])) && complete(&folder, &chart(&["garage", "postgresql"])));
        assert!(!complete(&folder, &chart(&["postgres"])));
        assert!(!complete(&folder.join("none"), &chart(&["garage"])));
        fs::remove_dir_all(folder).unwrap();
    }
}
