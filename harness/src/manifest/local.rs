//! What manifests take from the cluster that they go to: where its nodes find images, and by which Secrets; its storage class; which
//! of its nodes are for our images at all.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Manifest;

/// What is put into every manifest on a cluster, where that says nothing else itself.
#[derive(Debug, Clone, Default)]
pub struct Local {
    /// The images, by the repositories that manifests name.
    pub images: BTreeMap<&'static str, String>,
    /// The Secrets by which pods pull images.
    pub pull_secrets: Vec<String>,
    /// The storage class of claims; none for the cluster's default one.
    pub storage_class: Option<String>,
    /// Whether its nodes are of several operating systems, so that pods have to say that they are for Linux.
    pub several_systems: bool,
}

/// The label by which a kubelet tells its operating system.
const SYSTEM: &str = "kubernetes.io/os";

impl Local {
    /// The image that stands on this cluster for one that a manifest names.
    pub fn image<'image>(&'image self, named: &'image str) -> &'image str {
        named
            .rsplit_once(':')
            .and_then(|(repository, _)| self.images.get(repository))
            .map_or(named, |own| own)
    }

    /// Why a chart, which knows nothing of it, can't be installed as it is.
    pub fn bars_charts(&self) -> Option<String> {
        let own = |(repository, image): (&&str, &String)| !image.starts_with(&format!("{repository}:"));
        if let Some(class) = &self.storage_class {
            Some(format!("claims are to have the storage class {class}"))
        } else if self.images.iter().any(own) {
            Some("images are found under other names".to_owned())
        } else if !self.pull_secrets.is_empty() {
            Some("images are pulled by a Secret".to_owned())
        } else {
            self.several_systems.then(|| "nodes are of several operating systems".to_owned())
        }
    }
}

impl Manifest {
    /// Takes what is the cluster's own: images, pull Secrets, the storage class of claims that name none, the operating system of
    /// pods that name none.
    pub fn take(&mut self, local: &Local) {
        for object in &mut self.objects {
            match object["kind"].as_str() {
                Some("Pod") => pod(&mut object["spec"], local),
                Some("PersistentVolumeClaim") => volume_claim(&mut object["spec"], local),
                Some("StatefulSet" | "Deployment") => {
                    pod(&mut object["spec"]["template"]["spec"], local);
                    for template in each(&mut object["spec"], "volumeClaimTemplates") {
                        volume_claim(&mut template["spec"], local);
                    }
                }
                _ => {}
            }
        }
    }
}

fn pod(spec: &mut Value, local: &Local) {
    for kind in ["initContainers", "containers"] {
        for container in each(spec, kind) {
            if let Some(named) = container["image"].as_str() {
                container["image"] = json!(local.image(named));
            }
        }
    }
    if !local.pull_secrets.is_empty() {
        let named = spec["imagePullSecrets"].as_array().cloned().unwrap_or_default();
        let ours = local.pull_secrets.iter().map(|name| json!({ "name": name }));
        spec["imagePullSecrets"] = named.into_iter().chain(ours).collect();
    }
    if local.several_systems && spec["nodeSelector"][SYSTEM].is_null() {
        spec["nodeSelector"][SYSTEM] = json!("linux");
    }
    for volume in each(spec, "volumes") {
        if let Some(template) = volume.pointer_mut("/ephemeral/volumeClaimTemplate/spec") {
            volume_claim(template, local);
        }
    }
}

fn volume_claim(spec: &mut Value, local: &Local) {
    // An empty name says something: no class.
    if spec["storageClassName"].is_null()
        && let Some(class) = &local.storage_class
    {
        spec["storageClassName"] = json!(class);
    }
}

fn each<'list>(object: &'list mut Value, list: &str) -> impl Iterator<Item = &'list mut Value> {
    object.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local() -> Local {
        Local {
            images: [("postgres", "registry.example:5000/team/postgres:16".to_owned())].into(),
            pull_secrets: vec!["steadfast-pull".to_owned()],
            storage_class: Some("fast".to_owned()),
            several_systems: true,
        }
    }

    #[test]
    fn a_manifest_takes_what_is_the_clusters_own_and_keeps_what_it_says_itself() {
        let pod = json!({"initContainers": [{"image": "postgres:17"}],
            "containers": [{"image": "postgres:17"}, {"image": "other.example/postgres:1"}],
            "volumes": [{"name": "a", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}}]});
        let set = json!({"kind": "StatefulSet", "spec": {"template": {"spec": pod},
            "volumeClaimTemplates": [{"spec": {}}, {"spec": {"storageClassName": ""}}]}});
        let mut manifest =
            Manifest { objects: vec![set, json!({"kind": "PersistentVolumeClaim", "spec": {}})] };
        manifest.take(&local());
        let [set, volume_claim] = &manifest.objects[..] else { panic!() };
        let pod = &set["spec"]["template"]["spec"];
        let own = "registry.example:5000/team/postgres:16";
        assert_eq!(pod["initContainers"][0]["image"], own);
        assert_eq!(pod["containers"], json!([{"image": own}, {"image": "other.example/postgres:1"}]));
        assert_eq!(pod["imagePullSecrets"], json!([{"name": "steadfast-pull"}]));
        assert_eq!(pod["nodeSelector"], json!({"kubernetes.io/os": "linux"}));
        assert_eq!(pod["volumes"][0]["ephemeral"]["volumeClaimTemplate"]["spec"]["storageClassName"], "fast");
        let classes = set["spec"]["volumeClaimTemplates"].as_array().unwrap();
        assert_eq!(classes[0]["spec"]["storageClassName"], "fast");
        assert_eq!(classes[1]["spec"]["storageClassName"], "");
        assert_eq!(volume_claim["spec"]["storageClassName"], "fast");
    }

    #[test]
    fn a_pod_keeps_the_nodes_that_it_asks_for_itself() {
        let asks = |selector: Value| {
            let pod = json!({"kind": "Pod", "spec": {"nodeSelector": selector}});
            let mut manifest = Manifest { objects: vec![pod] };
            manifest.take(&local());
            manifest.objects[0]["spec"]["nodeSelector"].clone()
        };
        assert_eq!(asks(json!({"disk": "gold"})), json!({"disk": "gold", "kubernetes.io/os": "linux"}));
        assert_eq!(asks(json!({"kubernetes.io/os": "windows"})), json!({"kubernetes.io/os": "windows"}));
    }

    #[test]
    fn a_chart_can_be_installed_as_it_is_where_nothing_is_the_clusters_own() {
        let bars = |change: fn(&mut Local)| {
            let images = [("postgres", "postgres:16".to_owned())].into();
            let mut local = Local { images, ..Local::default() };
            change(&mut local);
            local.bars_charts()
        };
        assert_eq!(bars(|_| ()), None);
        assert!(bars(|local| local.storage_class = Some("fast".into())).unwrap().contains("fast"));
        assert!(bars(|local| local.pull_secrets = vec!["ours".into()]).is_some());
        assert!(bars(|local| local.several_systems = true).is_some());
        assert!(
            bars(|local| drop(local.images.insert("postgres", "r.example/postgres:16".into()))).is_some()
        );
    }

    #[test]
    fn a_cluster_without_anything_of_its_own_changes_nothing() {
        let pod = json!({"kind": "Pod", "spec": {"containers": [{"image": "postgres:17"}], "volumes": []}});
        let mut manifest = Manifest { objects: vec![pod.clone()] };
        manifest.take(&Local::default());
        assert_eq!(manifest.objects, [pod]);
    }
}
