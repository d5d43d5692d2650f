//! Charts as GitOps tools are told of them: an Application of Argo CD, a HelmRelease of Flux.

use camino::Utf8Path;
use external::error::{Error, Result, exit};
use serde_json::{Map, Value};

use super::{Reference, Way};

/// What a GitOps tool is told to install.
#[derive(Debug, Clone, PartialEq)]
pub struct Application {
    /// Which tool.
    pub way: Way,
    /// The release's name.
    pub release: String,
    /// Where it goes; none where the tool decides.
    pub namespace: Option<String>,
    /// The chart.
    pub chart: Reference,
    /// The values that it is given.
    pub values: Value,
    /// Where more values come from that are not read here.
    pub unread: Vec<String>,
}

impl Application {
    /// Reads a file, if it holds one; a chart that is named by a path is looked for beside the file and above it.
    ///
    /// # Errors
    /// The file can't be read, or tells of a chart that can't be found.
    pub fn read(path: &Utf8Path) -> Result<Option<Self>> {
        if !path.is_file() || !["yaml", "yml", "json"].contains(&path.extension().unwrap_or_default()) {
            return Ok(None);
        }
        let text = std::fs::read_to_string(path).map_err(Error::io(format!("reading {path}")))?;
        let documents = crate::documents(&text)
            .map_err(|error| Error::trouble(exit::NO_CHART, format!("{path} is malformed: {error}")))?;
        let is = |kind: &str, group: &str| {
            documents.iter().find(|document| {
                document["kind"] == kind && text_of(document, "/apiVersion").starts_with(group)
            })
        };
        let found = match (is("Application", "argoproj.io/"), is("HelmRelease", "helm.toolkit.fluxcd.io/")) {
            (Some(application), _) => argo(application, path)?,
            (None, Some(release)) => flux(release, &documents, path)?,
            (None, None) => return Ok(None),
        };
        Ok(Some(found))
    }
}

fn argo(application: &Value, path: &Utf8Path) -> Result<Application> {
    let spec = &application["spec"];
    let sources = spec["sources"].as_array().into_iter().flatten();
    let source = sources
        .chain(std::iter::once(&spec["source"]))
        .find(|source| !source["chart"].is_null() || !source["path"].is_null())
        .ok_or_else(|| without_chart(path, "spec.source names no chart and no path"))?;
    let repository = text_of(source, "/repoURL");
    let version = text_of(source, "/targetRevision");
    let chart = match source["chart"].as_str() {
        Some(chart) => packaged(&repository, chart, &version),
        None => folder(path, &text_of(source, "/path"), &repository)?,
    };
    let helm = &source["helm"];
    let mut values = Value::Object(Map::new());
    let mut unread = Vec::new();
    for file in helm["valueFiles"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        match &chart {
            Reference::Folder(folder) if folder.join(file).is_file() => {
                let text = std::fs::read_to_string(folder.join(file))
                    .map_err(Error::io(format!("reading {file}")))?;
                merge(&mut values, first(&text));
            }
            _ => unread.push(format!("the file {file}")),
        }
    }
    // Argo CD takes one of the two.
    match &helm["valuesObject"] {
        Value::Object(_) => merge(&mut values, helm["valuesObject"].clone()),
        _ => merge(&mut values, first(&text_of(helm, "/values"))),
    }
    for parameter in helm["parameters"].as_array().into_iter().flatten() {
        set(&mut values, &text_of(parameter, "/name"), scalar(parameter));
    }
    if helm["fileParameters"].as_array().is_some_and(|files| !files.is_empty()) {
        unread.push("fileParameters".to_owned());
    }
    let name = text_of(application, "/metadata/name");
    Ok(Application {
        way: Way::Argo,
        release: helm["releaseName"].as_str().map_or(name, str::to_owned),
        namespace: spec["destination"]["namespace"].as_str().map(str::to_owned),
        chart,
        values,
        unread,
    })
}

fn flux(release: &Value, documents: &[Value], path: &Utf8Path) -> Result<Application> {
    let spec = &release["spec"];
    let named = |kind: &str, name: &str| {
        documents.iter().find(|document| document["kind"] == kind && document["metadata"]["name"] == name)
    };
    let missing = |kind: &str, name: &str| {
        without_chart(path, &format!("it names {kind} {name}: put that into the same file as well"))
    };
    let chart = &spec["chart"]["spec"];
    let (kind, name) = match spec["chartRef"].is_object() {
        true => (text_of(spec, "/chartRef/kind"), text_of(spec, "/chartRef/name")),
        false => (text_of(chart, "/sourceRef/kind"), text_of(chart, "/sourceRef/name")),
    };
    let reference = match kind.as_str() {
        "OCIRepository" => {
            let source = named(&kind, &name).ok_or_else(|| missing(&kind, &name))?;
            let version = ["/spec/ref/tag", "/spec/ref/semver"].map(|field| text_of(source, field));
            let version = version.into_iter().find(|version| !version.is_empty()).unwrap_or_default();
            Reference::Registry { chart: text_of(source, "/spec/url"), version }
        }
        "HelmRepository" => {
            let source = named(&kind, &name).ok_or_else(|| missing(&kind, &name))?;
            packaged(&text_of(source, "/spec/url"), &text_of(chart, "/chart"), &text_of(chart, "/version"))
        }
        _ => folder(path, &text_of(chart, "/chart"), &format!("{kind} {name}"))?,
    };
    let mut values = Value::Object(Map::new());
    let mut unread = Vec::new();
    for from in spec["valuesFrom"].as_array().into_iter().flatten() {
        let (kind, name) = (text_of(from, "/kind"), text_of(from, "/name"));
        let key = from["valuesKey"].as_str().unwrap_or("values.yaml");
        let text =
            named(&kind, &name).and_then(|map| map["data"][key].as_str().or(map["stringData"][key].as_str()));
        match text.filter(|_| from["targetPath"].is_null()) {
            Some(text) => merge(&mut values, first(text)),
            None => unread.push(format!("{kind} {name}")),
        }
    }
    merge(&mut values, spec["values"].clone());
    let name = text_of(release, "/metadata/name");
    let target = spec["targetNamespace"].as_str();
    let made = target.map_or_else(|| name.clone(), |target| format!("{target}-{name}"));
    Ok(Application {
        way: Way::Flux,
        release: spec["releaseName"].as_str().map_or(made, str::to_owned),
        namespace: target.or(release["metadata"]["namespace"].as_str()).map(str::to_owned),
        chart: reference,
        values,
        unread,
    })
}

fn without_chart(path: &Utf8Path, why: &str) -> Error {
    Error::trouble(exit::NO_CHART, format!("{path}: its chart is not found: {why}"))
}

/// A chart in a repository; one without a scheme is an OCI registry to Argo CD.
fn packaged(repository: &str, chart: &str, version: &str) -> Reference {
    let repository = repository.trim_end_matches('/');
    let (chart, version) = (chart.to_owned(), version.to_owned());
    match repository.strip_prefix("oci://") {
        Some(place) => Reference::Registry { chart: format!("oci://{place}/{chart}"), version },
        None if repository.contains("://") => {
            Reference::Repository { repository: repository.to_owned(), chart, version }
        }
        None => Reference::Registry { chart: format!("oci://{repository}/{chart}"), version },
    }
}

/// A chart in the repository that the file is in: beside the file or above it.
fn folder(file: &Utf8Path, path: &str, repository: &str) -> Result<Reference> {
    let file = file.canonicalize_utf8().unwrap_or_else(|_| file.to_owned());
    let found = file
        .ancestors()
        .skip(1)
        .map(|parent| parent.join(path))
        .find(|folder| folder.join("Chart.yaml").is_file());
    found.map(Reference::Folder).ok_or_else(|| {
        without_chart(
            &file,
            &format!("it is {path} in {repository}: give this file where that is checked out"),
        )
    })
}

fn text_of(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn first(text: &str) -> Value {
    crate::documents(text).ok().and_then(|documents| documents.into_iter().next()).unwrap_or_default()
}

/// A parameter's value, as `--set` reads it, or `--set-string`.
fn scalar(parameter: &Value) -> Value {
    let text = text_of(parameter, "/value");
    match text.as_str() {
        _ if parameter["forceString"] == true => Value::String(text),
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        number => number.parse::<i64>().map_or_else(|_| Value::String(number.to_owned()), Value::from),
    }
}

/// Lays values over others, as Helm does: maps are merged, all else is replaced.
fn merge(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (name, value) in over {
                merge(under.entry(name).or_insert(Value::Null), value);
            }
        }
        (_, Value::Null) => {}
        (under, over) => *under = over,
    }
}

/// Sets `auth.password`.
fn set(values: &mut Value, name: &str, value: Value) {
    let nested =
        name.rsplit('.').fold(value, |inner, part| Value::Object(Map::from_iter([(part.to_owned(), inner)])));
    merge(values, nested);
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;
    use serde_json::json;

    use super::*;

    fn read(name: &str, text: &str) -> Result<Option<Application>> {
        let folder = Utf8PathBuf::from_path_buf(std::env::temp_dir()).unwrap();
        let path = folder.join(format!("steadfast-{name}-{}.yaml", std::process::id()));
        std::fs::write(&path, text).unwrap();
        let read = Application::read(&path);
        std::fs::remove_file(path).unwrap();
        read
    }

    #[test]
    fn an_application_of_argo_is_read() {
        let text = "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: db, namespace: argocd}
spec:
  destination: {namespace: data}
  source:
    repoURL: https://charts.example
    chart: postgresql
    targetRevision: 1.2.3
    helm:
      values: |
        auth: {user: a, password: x}
      parameters: [{name: auth.password, value: z}, {name: replicas, value: '2'}]
      valueFiles: [$values/db.yaml]
";
        let found = read("argo", text).unwrap().unwrap();
        assert_eq!(
            (found.way, found.release.as_str(), found.namespace.as_deref()),
            (Way::Argo, "db", Some("data"))
        );
        assert_eq!(found.chart.to_string(), "https://charts.example/postgresql@1.2.3");
        assert_eq!(found.values, json!({"auth": {"user": "a", "password": "z"}, "replicas": 2}));
        assert_eq!(found.unread, ["the file $values/db.yaml"]);
    }

    #[test]
    fn a_release_of_flux_is_read_with_its_repository() {
        let release = "apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: db, namespace: data}
spec:
  chart: {spec: {chart: postgresql, version: 1.2.3, sourceRef: {kind: HelmRepository, name: mine}}}
  valuesFrom: [{kind: Secret, name: elsewhere}]
  values: {a: 1}
";
        let repository = "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: mine}\nspec: {url: 'oci://r.example/charts'}\n";
        let found = read("flux", &format!("{release}{repository}")).unwrap().unwrap();
        assert_eq!(
            (found.way, found.release.as_str(), found.namespace.as_deref()),
            (Way::Flux, "db", Some("data"))
        );
        assert_eq!(found.chart.to_string(), "oci://r.example/charts/postgresql:1.2.3");
        assert_eq!((found.values, found.unread), (json!({"a": 1}), vec!["Secret elsewhere".to_owned()]));
        let error = read("alone", release).unwrap_err().to_string();
        assert!(error.contains("HelmRepository mine"), "{error}");
    }

    #[test]
    fn other_files_are_none() {
        assert_eq!(read("other", "kind: ConfigMap\napiVersion: v1\n").unwrap(), None);
        assert_eq!(Application::read("/nowhere.yaml".into()).unwrap(), None);
    }
}
