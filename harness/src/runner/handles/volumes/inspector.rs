//! What lies on the volumes of a pod whose own program can't be asked for it. A container of ours joins the pod for a
//! moment: it asks for nothing and needs no room, so PVCs, nodes and order are as they were without it.

use std::{collections::BTreeMap, time::Duration};

use external::api::{self, objects};
use k8s_openapi::api::core::v1::{ContainerStateTerminated, Pod, VolumeMount};
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};

use super::Volumes;
use crate::{
    error::{Error, Result},
    wait::until_answered,
};

/// How long the container may take: its image is on every node.
const INSPECTED: Duration = Duration::from_secs(60);
/// Our program, in whatever version the cluster has.
const IMAGE: &str = "steadfast.invalid/sentinel:1";

impl Volumes {
    /// What lies where the workload keeps what its PVCs hold, by their template; none where nothing does. A mark is left
    /// there after that.
    ///
    /// # Errors
    /// When our container can't run in the pod, or can't read or write there.
    pub(super) async fn inspect(
        &self,
        pod: &str,
        leave: Option<&str>,
    ) -> Result<BTreeMap<String, Option<String>>> {
        let pods = objects::<Pod>(self.run.client(), self.run.namespace());
        let found = pods.get(pod).await?;
        let volumes = self.volumes_in(&found)?;

        let number = found.spec.iter().flat_map(|spec| spec.ephemeral_containers.iter().flatten()).count();
        let name = format!("inspector-{number}");
        let directory = |template: &str| format!("/volumes/{template}");
        let mounts = volumes
            .iter()
            .map(|(template, volume)| json!({"name": volume, "mountPath": directory(template)}));
        let mut arguments: Vec<String> = match leave {
            Some(mark) => vec!["mark".to_owned(), mark.to_owned()],
            None => vec!["marks".to_owned()],
        };
        arguments.extend(volumes.keys().map(|template| directory(template)));
        let container = json!({"name": name, "image": self.run.local().image(IMAGE),
            "imagePullPolicy": "IfNotPresent", "args": arguments, "volumeMounts": mounts.collect::<Vec<_>>(),
            "terminationMessagePolicy": "FallbackToLogsOnError",
            // As whom it runs, the pod says.
            "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}});

        let doing = format!(
            "pod {pod}: let {name} look at {}",
            volumes.keys().cloned().collect::<Vec<_>>().join(", ")
        );
        self.run.log().act("inspect", format!("pod/{pod}"), doing.clone());
        let (parameters, patch) =
            (PatchParams::default(), Patch::Strategic(json!({"spec": {"ephemeralContainers": [container]}})));
        let api: Api<Pod> = Api::namespaced(self.run.client().clone(), self.run.namespace());
        api::call(&doing, api.patch_ephemeral_containers(pod, &parameters, &patch)).await?;

        let ask = || async {
            let found = pods.get(pod).await?;
            // Late, or kept from being: it says nothing of the volumes.
            ended(&found, &name).ok_or_else(|| Error::environment(format!("{name} of {pod} has not ended")))
        };
        let ended = until_answered(&doing, self.run.stretch(INSPECTED), ask).await?;
        let said = ended.message.unwrap_or_default();
        if ended.exit_code != 0 {
            return Err(Error::failed(format!("{doing}: it could not: {}", said.trim())));
        }
        let said: BTreeMap<String, Option<String>> = serde_json::from_str(&said)
            .map_err(|error| Error::bug(format!("{doing}: it said {said:?}: {error}")))?;
        Ok(volumes
            .into_keys()
            .filter_map(|template| {
                let found = said.get(&directory(&template))?.clone();
                Some((template, found))
            })
            .collect())
    }

    /// The volumes that are mounted in a pod where the manifest, as shipped, mounts its PVCs: by template.
    fn volumes_in(&self, pod: &Pod) -> Result<BTreeMap<String, String>> {
        let workload = self.set.workload;
        let mut manifest = workload.manifest()?;
        let spec = &manifest.find("StatefulSet", workload.name)?["spec"];
        let container =
            pod.spec.iter().flat_map(|spec| &spec.containers).find(|one| one.name == workload.container);
        let mounted = container.and_then(|container| container.volume_mounts.as_deref()).unwrap_or_default();
        let volumes = by_template(spec, workload.container, mounted);
        match volumes.is_empty() {
            true => Err(Error::bug(format!("{} keeps nothing that could be looked at", workload.name))),
            false => Ok(volumes),
        }
    }
}

/// By template of PVCs: what is mounted where a set's spec has it in this container.
fn by_template(spec: &Value, container: &str, mounted: &[VolumeMount]) -> BTreeMap<String, String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let containers = list(&spec["template"]["spec"]["containers"]);
    let mounts = containers.iter().find(|one| one["name"] == container).map(|one| list(&one["volumeMounts"]));
    let mounts = mounts.unwrap_or_default();
    let volume = |template: &Value| {
        let template = template["metadata"]["name"].as_str()?;
        let path = mounts.iter().find(|mount| mount["name"] == template)?["mountPath"].as_str()?;
        let mount = mounted.iter().find(|mount| mount.mount_path == path)?;
        Some((template.to_owned(), mount.name.clone()))
    };
    list(&spec["volumeClaimTemplates"]).iter().filter_map(volume).collect()
}

fn ended(pod: &Pod, container: &str) -> Option<ContainerStateTerminated> {
    let statuses = pod.status.as_ref()?.ephemeral_container_statuses.as_ref()?;
    statuses.iter().find(|status| status.name == container)?.state.clone()?.terminated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_at_is_where_the_workload_keeps_its_claims() {
        let spec = json!({"volumeClaimTemplates": [{"metadata": {"name": "data"}}, {"metadata": {"name": "meta"}}],
            "template": {"spec": {"containers": [{"name": "proxy"}, {"name": "db", "volumeMounts": [
                {"name": "configuration", "mountPath": "/etc/db"}, {"name": "data", "mountPath": "/data"},
                {"name": "meta", "mountPath": "/meta"}]}]}}});
        let mount = |name: &str, path: &str| VolumeMount {
            name: name.to_owned(),
            mount_path: path.to_owned(),
            ..VolumeMount::default()
        };
        let looked_at =
            |mounted: &[VolumeMount]| by_template(&spec, "db", mounted).into_iter().collect::<Vec<_>>();
        let pair = |template: &str, volume: &str| (template.to_owned(), volume.to_owned());
        let shipped = [mount("data", "/data"), mount("meta", "/meta")];
        assert_eq!(looked_at(&shipped), [pair("data", "data"), pair("meta", "meta")]);
        // Whatever is mounted there is where the workload writes.
        let scratch = [mount("scratch", "/data"), mount("data", "/unused"), mount("meta", "/meta")];
        assert_eq!(looked_at(&scratch), [pair("data", "scratch"), pair("meta", "meta")]);
        assert_eq!(looked_at(&[]), []);
    }
}
