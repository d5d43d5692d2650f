//! Pilots: before anything is judged on a cluster that is not ours, a pod of each image shows that the nodes of each
//! architecture can run it, and one that volumes can be had. What they can't is said once, and not by every scenario.

mod outcome;
mod verdict;

use std::{
    collections::BTreeSet,
    sync::Mutex,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use outcome::{Outcome, outcomes};
use verdict::verdict;

use crate::{
    cluster::{Cluster, RUN_LABEL, terrain::Scout},
    error::Result,
    manifest::{Manifest, apply::apply},
    report::terrain::Node,
    wait::until_answered,
    workload::{DAGSTER_POSTGRESQL, GARAGE, SENTINEL, Workload},
};

/// How long images may take to come.
const PULLED: Duration = Duration::from_secs(600);
const VOLUME: &str = "data";
/// The container that is ours: somebody may put others beside it.
const CONTAINER: &str = "pilot";

/// The workloads whose images are run, and how each shows that it can be.
const PILOTS: [(Workload, &[&str]); 3] = [
    (GARAGE, &["/garage", "--version"]),
    (DAGSTER_POSTGRESQL, &["postgres", "--version"]),
    (SENTINEL, &["/sentinel", "mark", "pilot", "/data"]),
];

/// A pod that is sent, and what it is to show.
struct Pilot {
    pod: String,
    image: String,
    architecture: Option<String>,
}

/// Lets a pod of each image run on a node of each architecture, and notes what the nodes know the images by.
///
/// # Errors
/// The nodes can't run one, or the storage class gives no volume: the message says which, why, and what to do.
pub(super) async fn send(cluster: &mut Cluster, scout: &Scout, nodes: &[Node]) -> Result<()> {
    let open = nodes.iter().filter(|node| node.closed.is_none());
    let architectures: BTreeSet<&str> = open.map(|node| node.architecture.as_str()).collect();
    // Who may not read the nodes sends one, to whichever takes it.
    let architectures: Vec<Option<&str>> = match architectures.is_empty() {
        true => vec![None],
        false => architectures.into_iter().map(Some).collect(),
    };
    let (mut manifest, mut pilots) = (Manifest::default(), Vec::new());
    for (workload, command) in &PILOTS {
        for architecture in &architectures {
            manifest.objects.push(pod(workload, command, *architecture)?);
        }
    }
    manifest.take(&cluster.local);
    for pod in &manifest.objects {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        pilots.push(Pilot {
            pod: text(&pod["metadata"]["name"]),
            image: text(&pod["spec"]["containers"][0]["image"]),
            architecture: pod["spec"]["nodeSelector"]["kubernetes.io/arch"].as_str().map(str::to_owned),
        });
    }
    apply(&cluster.clients.plumbing, &scout.namespace, &manifest, &[(RUN_LABEL, &scout.run)]).await?;
    let began = Instant::now();
    let sentence = "a pod of each image runs on the nodes";
    let known = Mutex::default();
    let outcomes =
        until_answered(sentence, PULLED, || outcomes(cluster, scout, &pilots, began, &known)).await?;
    for (pilot, outcome) in pilots.iter().zip(&outcomes) {
        if let Outcome::Ran(id) = outcome {
            let facts = cluster.facts.images.iter_mut();
            facts.filter(|facts| facts.reference == pilot.image).for_each(|facts| facts.id.clone_from(id));
        }
    }
    verdict(&pilots, &outcomes, cluster.local.storage_class.as_deref())
}

/// A pod of a workload's image that only shows that it runs.
fn pod(workload: &Workload, command: &[&str], architecture: Option<&str>) -> Result<Value> {
    let mut manifest = workload.manifest()?;
    let mut spec = manifest.find("StatefulSet", workload.name)?["spec"]["template"]["spec"].take();
    let shipped = workload.container_in(&mut spec)?;
    let with_volume = workload.kind == SENTINEL.kind;
    let mounts = if with_volume { json!([{"name": VOLUME, "mountPath": "/data"}]) } else { json!([]) };
    let container = json!({"name": CONTAINER, "image": shipped["image"], "command": command,
        "imagePullPolicy": shipped["imagePullPolicy"], "securityContext": shipped["securityContext"],
        "resources": shipped["resources"], "volumeMounts": mounts,
        "terminationMessagePolicy": "FallbackToLogsOnError"});
    let claim =
        json!({"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}});
    let volume = json!({"name": VOLUME, "ephemeral": {"volumeClaimTemplate": claim}});
    let name =
        format!("pilot-{}{}", workload.name, architecture.map(|name| format!("-{name}")).unwrap_or_default());
    let selector = architecture.map(|name| json!({"kubernetes.io/arch": name}));
    Ok(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {
        "automountServiceAccountToken": false,
        "restartPolicy": "Never",
        "nodeSelector": selector.unwrap_or_else(|| json!({})),
        "securityContext": spec["securityContext"],
        "containers": [container],
        "volumes": if with_volume { json!([volume]) } else { json!([]) },
    }}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_image_has_a_pilot_that_a_restricted_namespace_takes() {
        for (workload, command) in &PILOTS {
            let pod = pod(workload, command, Some("amd64")).unwrap();
            assert_eq!(pod["spec"]["securityContext"]["runAsNonRoot"], true, "{pod}");
            assert!(pod["spec"]["containers"][0]["resources"]["limits"]["memory"].is_string(), "{pod}");
        }
    }
}
