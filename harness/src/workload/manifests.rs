//! The manifests of a workload, and how scenarios have them changed.

use camino::Utf8PathBuf;
use serde_json::{Value, json};

use super::{Workload, set};
use crate::{
    error::{Error, Result},
    home,
    manifest::Manifest,
};

impl Workload {
    /// Its manifests, as shipped.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn manifest(&self) -> Result<Manifest> {
        Manifest::load(&folder(self.name)?)
    }

    /// A secret's value from its manifests.
    ///
    /// # Errors
    /// When they can't be read, or have no such value.
    pub fn secret(&self, secret: &str, key: &str) -> Result<String> {
        let mut manifest = self.manifest()?;
        let value = manifest.find("Secret", secret)?["stringData"][key].as_str().map(str::to_owned);
        value.ok_or_else(|| Error::bug(format!("the secret {secret} has no {key}")))
    }

    /// Asks for this many replicas.
    ///
    /// # Errors
    /// When the manifest has no such set.
    pub fn with_replicas(&self, manifest: &mut Manifest, replicas: u32) -> Result<()> {
        manifest.merge("StatefulSet", self.name, &json!({"spec": {"replicas": replicas}}))
    }

    /// Gives each pod a readiness gate: it is not Ready until [`Pod::open_gate`](crate::runner::Pod::open_gate) is asked.
    ///
    /// # Errors
    /// When the manifest has no such set.
    pub fn with_gate(&self, manifest: &mut Manifest) -> Result<()> {
        let gates = json!([{"conditionType": set::GATE}]);
        manifest.merge(
            "StatefulSet",
            self.name,
            &json!({"spec": {"template": {"spec": {"readinessGates": gates}}}}),
        )
    }

    /// Asks for PVCs of this storage class.
    ///
    /// # Errors
    /// When the manifest has no such set.
    pub fn with_class(&self, manifest: &mut Manifest, class: &str) -> Result<()> {
        let set = manifest.find("StatefulSet", self.name)?;
        for template in set["spec"]["volumeClaimTemplates"].as_array_mut().into_iter().flatten() {
            template["spec"]["storageClassName"] = json!(class);
        }
        Ok(())
    }

    /// Asks the scheduler to spread the pods over nodes, as far as it can.
    ///
    /// # Errors
    /// When the manifest has no such set.
    pub fn with_spread(&self, manifest: &mut Manifest) -> Result<()> {
        let selector = manifest.find("StatefulSet", self.name)?["spec"]["selector"].clone();
        let spread = json!([{"topologyKey": "kubernetes.io/hostname", "maxSkew": 1,
            "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": selector}]);
        let patch = json!({"spec": {"template": {"spec": {"topologySpreadConstraints": spread}}}});
        manifest.merge("StatefulSet", self.name, &patch)
    }

    /// A pod as its set makes them, which belongs to none: its volume is a folder of its own.
    ///
    /// # Errors
    /// When the manifest has no such set.
    pub fn lone_pod(&self, manifest: &mut Manifest, name: &str) -> Result<Value> {
        let template = &manifest.find("StatefulSet", self.name)?["spec"]["template"];
        let metadata = json!({"name": name, "labels": template["metadata"]["labels"]});
        let mut pod =
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]});
        pod["spec"]["volumes"] = json!([{"name": "data", "emptyDir": {}}]);
        Ok(pod)
    }

    /// The container that is the workload, of its set.
    ///
    /// # Errors
    /// When the manifest has no such set, or the set no such container.
    pub fn container<'manifest>(&self, manifest: &'manifest mut Manifest) -> Result<&'manifest mut Value> {
        self.container_in(&mut manifest.find("StatefulSet", self.name)?["spec"]["template"]["spec"])
    }

    /// The container that is the workload, of this pod's spec: somebody may have put others before it.
    ///
    /// # Errors
    /// When there is none of its name.
    pub fn container_in<'pod>(&self, pod: &'pod mut Value) -> Result<&'pod mut Value> {
        let containers = pod["containers"].as_array_mut().into_iter().flatten();
        let found = containers.into_iter().find(|container| container["name"] == self.container);
        found.ok_or_else(|| Error::bug(format!("{} has no container {}", self.name, self.container)))
    }

    /// Sets an environment variable that the manifest has.
    ///
    /// # Errors
    /// When it has not.
    pub fn with_variable(&self, manifest: &mut Manifest, name: &str, value: &str) -> Result<()> {
        let variables = self.container(manifest)?["env"].as_array_mut();
        let variable = variables.into_iter().flatten().find(|variable| variable["name"] == name);
        let variable =
            variable.ok_or_else(|| Error::bug(format!("{} has no variable {name} to set", self.name)))?;
        variable["value"] = json!(value);
        Ok(())
    }
}

/// A folder under manifests/.
pub(crate) fn folder(name: &str) -> Result<Utf8PathBuf> {
    Ok(home::root()?.join("manifests").join(name))
}
