//! Whether images can be had.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
};

use camino::Utf8PathBuf;
use serde_json::{Value, json};

use crate::{
    ImageName,
    docker::{QUICK, docker},
    error::{Error, Result, exit},
};

/// An image that is not to be had from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// Why.
    pub why: String,
    /// Whether its registry says so; otherwise nobody answers here, and a cluster elsewhere may have more luck.
    pub sure: bool,
}

/// Of some images those that can't be had: neither our engine has them, nor does a registry give them. Registries are
/// asked with these credentials, each in the form of `.dockerconfigjson`; one that does not answer is asked once.
///
/// # Errors
/// The credentials can't be written where the command line of Docker reads them.
pub async fn missing(images: &BTreeSet<String>, credentials: &[Value]) -> Result<BTreeMap<String, Absence>> {
    // Without any, those that the user has.
    let configuration = (!credentials.is_empty()).then(|| Configuration::new(credentials)).transpose()?;
    let mut silent: BTreeMap<String, String> = BTreeMap::new();
    let mut missing = BTreeMap::new();
    for image in images {
        if docker(&["image", "inspect", "--format", "{{.Id}}", image], QUICK).await.is_ok() {
            continue;
        }
        let registry = ImageName::parse(image).registry;
        if let Some(why) = silent.get(&registry) {
            missing.insert(image.clone(), Absence { why: why.clone(), sure: false });
            continue;
        }
        let given = configuration.iter().flat_map(|given| ["--config", given.folder.as_str()]);
        let asked: Vec<&str> = given.chain(["manifest", "inspect", image]).collect();
        if let Err(error) = docker(&asked, QUICK).await {
            let absence = absence(&error);
            // Asked without credentials, a registry says the same of what is not there and of what is not shown.
            let hidden = is_hidden(&absence.why);
            let absence = Absence { sure: absence.sure && !hidden, ..absence };
            if !absence.sure && !hidden {
                silent.insert(registry, absence.why.clone());
            }
            missing.insert(image.clone(), absence);
        }
    }
    Ok(missing)
}

/// What the engine says of an image that it can't get.
pub fn absence(error: &Error) -> Absence {
    if error.exit_code() == exit::NO_ENGINE {
        return Absence { why: "there is no docker here to ask registries with".to_owned(), sure: false };
    }
    let said = error.to_string();
    let line = said.lines().last().unwrap_or_default();
    let why = line.rsplit_once("exit status: 1: ").map_or(line, |(_, why)| why).trim().to_owned();
    let known = ["manifest unknown", "no such manifest", "not found", "denied", "unauthorized"];
    // A registry whose name is not found says nothing of its images.
    let unreached = ["no such host", "server misbehaving", "lookup ", "dial tcp", "i/o timeout"];
    let says = |words: &[&str]| words.iter().any(|words| why.contains(words));
    Absence { sure: says(&known) && !says(&unreached), why }
}

fn is_hidden(why: &str) -> bool {
    why.contains("denied") || why.contains("unauthorized")
}

/// A folder with the credentials, as the command line of Docker reads them, for as long as it is needed.
struct Configuration {
    folder: Utf8PathBuf,
}

impl Configuration {
    fn new(credentials: &[Value]) -> Result<Self> {
        let temporary = Utf8PathBuf::from_path_buf(std::env::temp_dir()).unwrap_or_else(|_| "/tmp".into());
        let folder = temporary.join(format!("steadfast-registries-{}", std::process::id()));
        let doing = || Error::io(format!("writing the pods' pull secrets to {folder}"));
        drop(fs::remove_dir_all(&folder));
        fs::DirBuilder::new().mode(0o700).create(&folder).map_err(doing())?;
        let made = Self { folder: folder.clone() };
        let text = json!({ "auths": merged(credentials) }).to_string();
        let mut options = fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(folder.join("config.json"));
        file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(doing())?;
        Ok(made)
    }
}

impl Drop for Configuration {
    fn drop(&mut self) {
        // It holds secrets and nothing that is needed again.
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// All entries for registries; the first of a registry counts, as the kubelet tries them in order.
fn merged(credentials: &[Value]) -> Value {
    let mut auths = serde_json::Map::new();
    for (registry, entry) in credentials.iter().filter_map(|one| one["auths"].as_object()).flatten() {
        auths.entry(registry.clone()).or_insert_with(|| entry.clone());
    }
    Value::Object(auths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_that_does_not_answer_says_nothing_of_an_image() {
        let sure = |said: &str| absence(&Error::environment(format!("docker: exit status: 1: {said}"))).sure;
        assert!(sure("no such manifest: docker.io/library/postgres:99"));
        assert!(sure("manifest unknown: manifest unknown"));
        assert!(!sure("Get \"https://r/v2/\": dial tcp: lookup r: no such host"));
        assert!(!sure("dial tcp: lookup r on 10.0.0.1:53: not found"));
        assert!(is_hidden("denied: requested access to the resource is denied"));
    }

    #[test]
    fn credentials_are_merged_and_their_folder_goes() {
        let one = json!({"auths": {"a.example": {"auth": "eDp5"}}});
        let other = json!({"auths": {"a.example": {"auth": "other"}, "b.example": {"auth": "ejp6"}}});
        let configuration = Configuration::new(&[one, other]).unwrap();
        let text = fs::read_to_string(configuration.folder.join("config.json")).unwrap();
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["auths"]["a.example"]["auth"], "eDp5");
        assert_eq!(read["auths"]["b.example"]["auth"], "ejp6");
        let folder = configuration.folder.clone();
        drop(configuration);
        assert!(!folder.exists());
    }
}
