//! What a chart is when it is rendered: objects, each with the template that it comes from.

use std::{collections::BTreeMap, fmt};

use external::{
    ImageName,
    error::{Error, Result, exit},
};
use serde_json::Value;

/// An object of a rendered chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// What it is and where.
    pub key: Key,
    /// `apps/v1`
    pub api_version: String,
    /// `garage/templates/statefulset.yaml`; empty where Helm does not say.
    pub template: String,
    /// The object.
    pub value: Value,
}

/// An object's identity: two versions of one object have the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// `apps`; empty for the core group.
    pub group: String,
    /// `StatefulSet`
    pub kind: String,
    /// Where; none where the chart leaves it to the release.
    pub namespace: Option<String>,
    /// `garage`
    pub name: String,
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.kind, self.name)
    }
}

/// A rendered chart.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rendered {
    /// Its objects, in Helm's order.
    pub objects: Vec<Object>,
}

impl Rendered {
    /// Reads what Helm prints.
    ///
    /// # Errors
    /// A document is malformed; the template is named.
    pub fn parse(text: &str, chart: &str) -> Result<Self> {
        let mut rendered = Self::default();
        for (template, document) in documents(text) {
            let values: Vec<Value> = crate::documents(&document).map_err(|error| {
                let place = if template.is_empty() { chart } else { template };
                Error::trouble(exit::NO_CHART, format!("{place} renders to malformed YAML: {error}"))
            })?;
            for value in values.into_iter().filter(|value| !value.is_null()) {
                rendered.take(value, template);
            }
        }
        Ok(rendered)
    }

    fn take(&mut self, mut value: Value, template: &str) {
        let text = |value: &Value, pointer: &str| {
            value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let (api_version, kind) = (text(&value, "/apiVersion"), text(&value, "/kind"));
        if kind.ends_with("List")
            && let Some(items) = value["items"].as_array_mut()
        {
            std::mem::take(items).into_iter().for_each(|item| self.take(item, template));
            return;
        }
        let group = api_version.rsplit_once('/').map_or("", |(group, _)| group).to_owned();
        let namespace = Some(text(&value, "/metadata/namespace")).filter(|namespace| !namespace.is_empty());
        let key = Key { group, kind, namespace, name: text(&value, "/metadata/name") };
        self.objects.push(Object { key, api_version, template: template.to_owned(), value });
    }

    /// The objects by what they are; in `namespace`, where they name no other.
    pub fn by_key(&self, namespace: &str) -> BTreeMap<Key, &Object> {
        let placed = |object: &Object| {
            let namespace = object.key.namespace.clone().unwrap_or_else(|| namespace.to_owned());
            Key { namespace: Some(namespace), ..object.key.clone() }
        };
        self.objects.iter().map(|object| (placed(object), object)).collect()
    }

    /// The objects of a kind.
    pub fn of_kind<'rendered>(
        &'rendered self,
        kind: &'rendered str,
    ) -> impl Iterator<Item = &'rendered Object> {
        self.objects.iter().filter(move |object| object.key.kind == kind)
    }

    /// The objects that run pods.
    pub fn workloads(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter().filter(|object| object.pod().is_some())
    }
}

/// The documents of a text, each with the template that it comes from: one that does not say is from the one before.
fn documents(text: &str) -> Vec<(&str, String)> {
    let mut documents = vec![("", String::new())];
    let mut template = "";
    for line in text.lines() {
        if line.trim_end() == "---" {
            documents.push((template, String::new()));
            continue;
        }
        if let Some(source) = line.strip_prefix("# Source: ") {
            template = source.trim();
        }
        if let Some((from, document)) = documents.last_mut() {
            *from = template;
            document.push_str(line);
            document.push('\n');
        }
    }
    documents.retain(|(_, text)| text.lines().any(|line| !line.trim().is_empty() && !line.starts_with('#')));
    documents
}

impl Object {
    /// The text at a pointer; empty where there is none.
    pub fn text(&self, pointer: &str) -> &str {
        self.value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// The number at a pointer.
    pub fn number(&self, pointer: &str) -> Option<u64> {
        self.value.pointer(pointer).and_then(Value::as_u64)
    }

    /// The items at a pointer.
    pub fn items(&self, pointer: &str) -> &[Value] {
        self.value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// An annotation; empty where there is none.
    pub fn annotation(&self, name: &str) -> &str {
        self.value["metadata"]["annotations"][name].as_str().unwrap_or_default()
    }

    /// The moments at which Helm makes it as a hook; empty when it is none.
    pub fn hooks(&self) -> Vec<&str> {
        self.annotation("helm.sh/hook").split(',').map(str::trim).filter(|hook| !hook.is_empty()).collect()
    }

    /// Whether it belongs to the release only as one of Helm's tests.
    pub fn is_test(&self) -> bool {
        let hooks = self.hooks();
        !hooks.is_empty() && hooks.iter().all(|hook| hook.starts_with("test"))
    }

    /// Whether it stands in crds/ of its chart: Helm installs that with a release, and then leaves it alone.
    pub fn only_installed(&self) -> bool {
        let has = |name: &str| self.template.split('/').any(|folder| folder == name);
        has("crds") && !has("templates")
    }

    /// Where its pods are described: a pointer into it.
    pub fn pod(&self) -> Option<&'static str> {
        match self.key.kind.as_str() {
            "StatefulSet" | "Deployment" | "DaemonSet" | "Job" | "ReplicaSet" => Some("/spec/template/spec"),
            "CronJob" => Some("/spec/jobTemplate/spec/template/spec"),
            "Pod" => Some("/spec"),
            _ => None,
        }
    }

    /// Its containers, those that prepare a pod included, with the pointer to each.
    pub fn containers(&self) -> Vec<(String, &Value)> {
        let Some(pod) = self.pod() else { return Vec::new() };
        let of = |list: &str| {
            let pointer = format!("{pod}/{list}");
            let number = |(number, container)| (format!("{pointer}/{number}"), container);
            self.items(&pointer).iter().enumerate().map(number).collect::<Vec<_>>()
        };
        [of("initContainers"), of("containers")].concat()
    }

    /// The container of this name.
    pub fn container(&self, name: &Value) -> Option<&Value> {
        self.containers()
            .into_iter()
            .map(|(_, container)| container)
            .find(|container| container["name"] == *name)
    }

    /// The container that another version's container takes the place of: the one of its name, or else the one with its
    /// image, or the only one.
    pub fn predecessor(&self, container: &Value) -> Option<&Value> {
        let repository =
            |container: &Value| Some(ImageName::parse(container["image"].as_str()?).repository());
        let servers = self.servers();
        let alike = || servers.iter().find(|(_, old)| repository(old) == repository(container));
        let only = || servers.first().filter(|_| servers.len() == 1);
        self.container(&container["name"]).or_else(|| alike().or_else(only).map(|(_, old)| *old))
    }

    /// The names of its claim templates.
    pub fn templates(&self) -> Vec<&str> {
        let templates = self.items("/spec/volumeClaimTemplates").iter();
        templates.filter_map(|template| template["metadata"]["name"].as_str()).collect()
    }

    /// Whether a claim is one that this template of the set makes: `data-db-0`.
    pub fn makes(&self, template: &str, claim: &str) -> bool {
        let ordinal = claim.strip_prefix(&format!("{template}-{}-", self.key.name));
        ordinal.is_some_and(|ordinal| ordinal.parse::<u32>().is_ok())
    }

    /// The claims that its pods' volumes name.
    pub fn claim_names(&self) -> Vec<&str> {
        let Some(pod) = self.pod() else { return Vec::new() };
        let volumes = self.items(&format!("{pod}/volumes")).iter();
        volumes.filter_map(|volume| volume["persistentVolumeClaim"]["claimName"].as_str()).collect()
    }

    /// The containers that serve, with the pointer to each: not those that prepare a pod.
    pub fn servers(&self) -> Vec<(String, &Value)> {
        let prepares = |pointer: &str| pointer.contains("/initContainers/");
        self.containers().into_iter().filter(|(pointer, _)| !prepares(pointer)).collect()
    }

    /// Whether a container of it keeps something in a volume that outlives its pod.
    pub fn keeps_data(&self, container: &Value) -> bool {
        let templates = self.templates();
        let pod = self.pod().unwrap_or_default();
        let volumes = self.items(&format!("{pod}/volumes"));
        let lasting = |name: &str| {
            templates.contains(&name)
                || volumes.iter().any(|volume| {
                    volume["name"] == name
                        && (!volume["persistentVolumeClaim"].is_null()
                            || !volume["hostPath"].is_null()
                            || !volume["nfs"].is_null())
                })
        };
        let mounts = container["volumeMounts"].as_array().into_iter().flatten();
        mounts.filter_map(|mount| mount["name"].as_str()).any(lasting)
    }

    /// How many pods it asks for.
    pub fn replicas(&self) -> u64 {
        self.number("/spec/replicas").unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "---
# Source: a/templates/set.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: a, annotations: {helm.sh/hook: 'pre-install, pre-upgrade'}}
spec: {template: {spec: {initContainers: [{image: x}], containers: [{image: y}]}}}
---
# Source: a/templates/nothing.yaml
---
# Source: a/templates/list.yaml
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Secret, metadata: {name: s, namespace: other}}
";

    #[test]
    fn objects_know_their_templates() {
        let rendered = Rendered::parse(TEXT, "a").unwrap();
        let found: Vec<_> = rendered
            .objects
            .iter()
            .map(|object| (object.key.to_string(), object.template.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("StatefulSet a".to_owned(), "a/templates/set.yaml"),
                ("Secret s".to_owned(), "a/templates/list.yaml")
            ]
        );
        let set = &rendered.objects[0];
        assert_eq!(set.hooks(), ["pre-install", "pre-upgrade"]);
        assert!(!set.is_test());
        assert_eq!(set.containers()[0].0, "/spec/template/spec/initContainers/0");
        let keys: Vec<_> = rendered.by_key("here").into_keys().filter_map(|key| key.namespace).collect();
        assert_eq!(keys, ["other", "here"]);
    }

    #[test]
    fn a_file_of_several_documents_is_one_template() {
        let text = "---\n# Source: a/crds/x.yaml\n# from elsewhere\n---\napiVersion: v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\n---\n# Source: a/templates/y.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: y}\n";
        let found = Rendered::parse(text, "a").unwrap();
        let templates: Vec<_> = found.objects.iter().map(|object| object.template.as_str()).collect();
        assert_eq!(templates, ["a/crds/x.yaml", "a/templates/y.yaml"]);
        assert!(found.objects[0].only_installed() && !found.objects[1].only_installed());
    }

    #[test]
    fn a_malformed_document_names_its_template() {
        let error = Rendered::parse("---\n# Source: a/templates/set.yaml\na: [\n", "a").unwrap_err();
        assert!(error.to_string().starts_with("a/templates/set.yaml renders to malformed YAML"), "{error}");
    }
}
