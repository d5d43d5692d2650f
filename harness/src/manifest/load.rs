//! Reading the YAML of a workload's folder.

use camino::Utf8Path;
use chart::documents;
use serde_json::Value;

use crate::error::{Error, Result};

/// The objects of a workload, as a user could `kubectl apply` them.
#[derive(Debug, Clone, Default)]
pub struct Manifest {
    /// The objects, in the order of the files' names.
    pub objects: Vec<Value>,
}

impl Manifest {
    /// Reads every `.yaml` file of a folder.
    ///
    /// # Errors
    /// When the folder or a file can't be read, a document is malformed (file, line and column are named), or it is no
    /// Kubernetes object.
    pub fn load(folder: &Utf8Path) -> Result<Self> {
        let listing =
            folder.read_dir_utf8().map_err(Error::io(format!("reading the manifests in {folder}")))?;
        let mut files = Vec::new();
        for file in listing {
            let path = file.map_err(Error::io(format!("reading the manifests in {folder}")))?.into_path();
            if matches!(path.extension(), Some("yaml" | "yml")) {
                files.push(path);
            }
        }
        files.sort();
        let mut manifest = Self::default();
        for path in files {
            let text = std::fs::read_to_string(&path).map_err(Error::io(format!("reading {path}")))?;
            manifest.objects.extend(parse(&path, &text)?);
        }
        if manifest.objects.is_empty() {
            return Err(Error::environment(format!(
                "no manifest in {folder}: expected at least one .yaml file"
            )));
        }
        Ok(manifest)
    }
}

fn parse(path: &Utf8Path, text: &str) -> Result<Vec<Value>> {
    let documents =
        documents(text).map_err(|error| Error::environment(format!("{path} is malformed YAML: {error}")))?;
    documents
        .into_iter()
        .filter(|document| !document.is_null())
        .map(|document| {
            for field in ["/apiVersion", "/kind", "/metadata/name"] {
                if document.pointer(field).and_then(Value::as_str).is_none_or(str::is_empty) {
                    return Err(Error::environment(format!(
                        "{path} is no Kubernetes object: it has no {field}"
                    )));
                }
            }
            Ok(document)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_file_is_named_with_its_line() {
        let error = parse(Utf8Path::new("web.yaml"), "kind: Pod\nmetadata: [\n").unwrap_err().to_string();
        assert!(error.contains("web.yaml") && error.contains("line"), "{error}");
        let error = parse(Utf8Path::new("web.yaml"), "kind: Pod\n").unwrap_err().to_string();
        assert!(error.contains("/apiVersion"), "{error}");
    }

    #[test]
    fn every_document_is_read_and_empty_ones_are_not() {
        let text = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: b}\n";
        assert_eq!(parse(Utf8Path::new("two.yaml"), text).unwrap().len(), 2);
    }

    /// What Pod Security's level "restricted" asks, and what a LimitRange or a quota may.
    fn admitted(pod: &Value) -> bool {
        let all = |containers: &Value| containers.as_array().cloned().unwrap_or_default();
        let container = |container: &Value| {
            let security = &container["securityContext"];
            security["allowPrivilegeEscalation"] == false
                && security["capabilities"]["drop"][0] == "ALL"
                && ["requests", "limits"].iter().all(|kind| {
                    let of = |resource| container["resources"][kind][resource].is_string();
                    of("cpu") && of("memory")
                })
        };
        let security = &pod["securityContext"];
        security["runAsNonRoot"] == true
            && security["runAsUser"].as_u64().is_some_and(|user| user > 0)
            && security["seccompProfile"]["type"] == "RuntimeDefault"
            && all(&pod["initContainers"]).iter().chain(&all(&pod["containers"])).all(container)
            && all(&pod["volumes"]).iter().all(|volume| volume["hostPath"].is_null())
    }

    #[test]
    fn restricted_namespaces_admit_the_shipped_pods() {
        let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests");
        for folder in ["sentinel", "garage", "dagster-postgresql", "airbyte-db", "probe"] {
            let manifest = Manifest::load(&root.join(folder)).unwrap();
            let pods = manifest.objects.iter().filter_map(|object| match object["kind"].as_str() {
                Some("Pod") => Some(&object["spec"]),
                Some("StatefulSet") => Some(&object["spec"]["template"]["spec"]),
                _ => None,
            });
            let pods: Vec<_> = pods.collect();
            assert!(!pods.is_empty() && pods.iter().all(|pod| admitted(pod)), "{folder}: {pods:?}");
        }
    }

    #[test]
    fn the_shipped_manifests_load() {
        let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests");
        for workload in ["sentinel", "garage", "dagster-postgresql", "airbyte-db"] {
            let manifest = Manifest::load(&root.join(workload)).unwrap();
            assert!(manifest.objects.iter().any(|object| object["kind"] == "StatefulSet"), "{workload}");
        }
    }
}
