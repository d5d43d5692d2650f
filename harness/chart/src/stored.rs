//! What Helm stores of a release in the cluster: how it was applied, and the defaults of its chart.

use std::{fs, io::Read};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use external::{
    api::objects,
    error::{Error, Result, exit},
};
use flate2::read::GzDecoder;
use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::{Client, ResourceExt};
use serde_json::Value;

use super::{Release, Way};

/// The label by which Flux knows what it made.
const FLUX: &str = "helm.toolkit.fluxcd.io/name";

/// An API server that nobody reaches has a code of its own: it is asked here first.
fn silence(error: Error) -> Error {
    match error.is_silence() {
        true => Error::trouble(exit::UNREACHABLE, format!("the API server does not answer: {error}")),
        false => error,
    }
}

/// What is stored of a release.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// Whether it was applied on the server's side: what Helm 4 does for releases that it made.
    pub server_side: bool,
    /// Whether Flux made it.
    pub by_flux: bool,
    /// `garage 1.0.0`
    pub chart: String,
    /// The defaults of its chart's values.
    pub defaults: Value,
    /// The files of its chart, where it has no dependencies: Helm does not store those.
    files: Option<Vec<(Utf8PathBuf, Vec<u8>)>>,
}

impl Stored {
    /// How it goes on as it was made.
    pub fn way(&self) -> Way {
        match (self.by_flux, self.server_side) {
            (true, _) => Way::Flux,
            (false, true) => Way::Helm4,
            (false, false) => Way::Helm3,
        }
    }

    /// Reads it; none where the release is stored elsewhere, or we may not see it.
    ///
    /// # Errors
    /// The API server does not answer.
    pub async fn read(client: &Client, release: &Release) -> Result<Option<Self>> {
        let labels = format!("owner=helm,name={},status=deployed", release.name);
        let found = objects::<Secret>(client, &release.namespace).list_labelled(&labels).await;
        let found = match found {
            Err(error) if error.is_refusal() => return Ok(None),
            found => found.map_err(silence)?,
        };
        let number =
            |secret: &Secret| secret.labels().get("version").and_then(|version| version.parse::<u32>().ok());
        let newest = found.into_iter().max_by_key(number);
        Ok(newest.and_then(|secret| Self::decode(&secret.data?.get("release")?.0)))
    }

    /// Base64 of gzipped JSON.
    fn decode(held: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(held).ok()?;
        let zipped: ByteString = serde_json::from_value(Value::String(text.to_owned())).ok()?;
        let mut json = String::new();
        GzDecoder::new(zipped.0.as_slice()).read_to_string(&mut json).ok()?;
        let release: Value = serde_json::from_str(&json).ok()?;
        let metadata = &release["chart"]["metadata"];
        let text = |field: &str| metadata[field].as_str().unwrap_or_default();
        Some(Self {
            server_side: release["apply_method"] == "ssa",
            by_flux: release["manifest"].as_str().is_some_and(|manifest| manifest.contains(FLUX)),
            chart: format!("{} {}", text("name"), text("version")),
            defaults: release["chart"]["values"].clone(),
            files: files(&release["chart"]),
        })
    }

    /// Writes its chart into a folder; whether it could.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn unpack(&self, folder: &Utf8Path) -> Result<bool> {
        let Some(files) = &self.files else { return Ok(false) };
        for (name, text) in files {
            let path = folder.join(name);
            let parent = path.parent().unwrap_or(folder);
            fs::create_dir_all(parent).map_err(Error::io(format!("making the folder {parent}")))?;
            fs::write(&path, text).map_err(Error::io(format!("writing {path}")))?;
        }
        Ok(true)
    }
}

/// The files of a stored chart; none where it has dependencies, or names that lead out of its folder.
fn files(chart: &Value) -> Option<Vec<(Utf8PathBuf, Vec<u8>)>> {
    if chart["metadata"]["dependencies"].as_array().is_some_and(|dependencies| !dependencies.is_empty()) {
        return None;
    }
    // JSON is YAML as well.
    let mut files = vec![
        ("Chart.yaml".into(), chart["metadata"].to_string().into_bytes()),
        ("values.yaml".into(), chart["values"].to_string().into_bytes()),
    ];
    for file in ["templates", "files"].iter().filter_map(|list| chart[*list].as_array()).flatten() {
        let name = Utf8PathBuf::from(file["name"].as_str()?);
        let within = name.components().all(|part| matches!(part, Utf8Component::Normal(_)));
        let data: ByteString = serde_json::from_value(file["data"].clone()).ok()?;
        within.then(|| files.push((name, data.0)))?;
    }
    Some(files)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_release_is_read_as_helm_stores_it() {
        let release = json!({"apply_method": "ssa", "chart": {"metadata": {"name": "garage", "version": "1.0.0"}, "values": {"a": 1}}});
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(release.to_string().as_bytes()).unwrap();
        let zipped = serde_json::to_value(ByteString(encoder.finish().unwrap())).unwrap();
        let stored = Stored::decode(zipped.as_str().unwrap().as_bytes()).unwrap();
        assert_eq!(
            (stored.way(), stored.chart.as_str(), &stored.defaults),
            (Way::Helm4, "garage 1.0.0", &json!({"a": 1}))
        );
        assert_eq!(Stored::decode(b"no release"), None);
    }

    #[test]
    fn a_chart_without_dependencies_is_unpacked_and_nothing_outside_its_folder() {
        let chart = |name: &str| json!({"metadata": {"name": "a", "version": "1"}, "values": {}, "templates": [{"name": name, "data": "eDogMQ=="}]});
        let found = files(&chart("templates/a.yaml")).unwrap();
        assert_eq!(found[2], ("templates/a.yaml".into(), b"x: 1".to_vec()));
        assert_eq!((files(&chart("../a")), files(&chart("/a"))), (None, None));
        let mut depends = chart("templates/a.yaml");
        depends["metadata"]["dependencies"] = json!([{"name": "b"}]);
        assert_eq!(files(&depends), None);
    }
}
