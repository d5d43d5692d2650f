//! What is there after a change: whether it came to its end, what runs, and whether it is still the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chart::{Object, Rendered, says_the_same};
use explain::explain;
use external::api::objects;
use futures::{FutureExt, future::try_join_all};
use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::Pod,
};
use kube::ResourceExt;
use serde_json::Value;

use super::writers::Writers;
use crate::{
    error::{Error, Result},
    journal::Promise,
    runner::Run,
    wait::{Progress, expectations, until_asked},
};

/// The images of a rendered chart, without those of its tests.
pub fn images(rendered: &Rendered) -> Vec<String> {
    let objects = rendered.workloads().filter(|object| !object.is_test());
    let images: BTreeSet<String> = objects
        .flat_map(|object| object.containers())
        .filter_map(|(_, container)| container["image"].as_str().map(str::to_owned))
        .collect();
    images.into_iter().collect()
}

/// Waits until a set's first pod is there, and with it its claims.
///
/// # Errors
/// When it does not come in time.
pub async fn first_pod(run: &Run, set: &Object, patience: Duration) -> Result<()> {
    let promise = Promise::of(&set.value);
    if set.replicas() > 0 {
        run.wait(&expectations::pod_exists(&promise.pod(promise.start)), patience).await?;
    }
    Ok(())
}

/// Waits until every set and every Deployment of a chart has rolled as far as it does by itself, and all pods are
/// ready.
///
/// # Errors
/// When one does not in time, or can't; the message says which pod, and why.
pub async fn settled(run: &Run, rendered: &Rendered, patience: Duration) -> Result<()> {
    let mut settling = Vec::new();
    for set in rendered.of_kind("StatefulSet") {
        let settled = async move {
            match set_settled(run, set, patience).await {
                Err(Error::Failed(why)) => Err(Error::failed(with_cause(run, set, why).await)),
                other => other,
            }
        };
        settling.push(settled.boxed());
    }
    for deployment in rendered.of_kind("Deployment") {
        settling.push(deployment_settled(run, deployment, patience).boxed());
    }
    try_join_all(settling).await.map(drop)
}

async fn set_settled(run: &Run, set: &Object, patience: Duration) -> Result<()> {
    let live = set_of(run, &set.key.name).await?;
    let promise = Promise::of(&serde_json::to_value(&live).unwrap_or_default());
    let replicas = live.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    let replicas = u32::try_from(replicas).unwrap_or(0);
    // The journal may still show the set as it was before the change.
    let generation = live.metadata.generation.unwrap_or(0);
    run.wait(&expectations::set_generation(&promise, generation), patience).await?;
    let held_back = promise.on_delete || promise.partition > 0;
    if !held_back {
        run.wait(&expectations::rolled(&promise, replicas), patience).await?;
    }
    run.wait(&expectations::set_ready(&promise, replicas), patience).await.map(drop)
}

/// Why a set is stuck, where that can be told, and what to do.
async fn with_cause(run: &Run, set: &Object, why: String) -> String {
    let Ok(diagnosis) = explain(run.client(), run.namespace(), &set.key.name).await else { return why };
    let causes =
        diagnosis.causes.iter().map(|cause| format!("{}; do: {}", cause.seen, cause.advice.join("; ")));
    std::iter::once(why).chain(causes).collect::<Vec<_>>().join("\n")
}

async fn deployment_settled(run: &Run, object: &Object, patience: Duration) -> Result<()> {
    let name = &object.key.name;
    let deployments = objects::<Deployment>(run.client(), run.namespace());
    let asking = || async {
        let found = deployments.get(name).await?;
        let wanted = found.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
        let status = found.status.unwrap_or_default();
        let seen = status.observed_generation >= found.metadata.generation;
        let (updated, available) =
            (status.updated_replicas.unwrap_or(0), status.available_replicas.unwrap_or(0));
        let done = seen && updated == wanted && available == wanted && status.replicas.unwrap_or(0) == wanted;
        Ok(if done {
            Progress::Met
        } else {
            Progress::NotYet(format!("{updated} of {wanted} pods are new, {available} available"))
        })
    };
    until_asked(&format!("deployment {name} is rolled out"), run.stretch(patience), asking).await.map(drop)
}

/// What keeps pods from being what a chart says, in words.
///
/// # Errors
/// The API server does not answer.
pub async fn not_revised(run: &Run, rendered: &Rendered) -> Result<Vec<String>> {
    let pods = objects::<Pod>(run.client(), run.namespace()).doing("listing the pods of the release");
    let pods = pods.list().await?;
    let mut against = Vec::new();
    for set in rendered.of_kind("StatefulSet") {
        let name = &set.key.name;
        let live = match set_of(run, name).await {
            Ok(live) => live,
            Err(Error::Failed(why)) => {
                against.push(why);
                continue;
            }
            Err(error) => return Err(error),
        };
        let update =
            live.status.as_ref().and_then(|status| status.update_revision.clone()).unwrap_or_default();
        let live = serde_json::to_value(&live).unwrap_or_default();
        let template = "/spec/template/spec";
        if let (Some(wanted), Some(there)) = (set.value.pointer(template), live.pointer(template))
            && !says_the_same(wanted, there)
        {
            against.push(format!(
                "StatefulSet {name} does not have the chart's pod template{}",
                differing(wanted, there)
            ));
        }
        let promise = Promise::of(&live);
        for pod in pods.iter().filter(|pod| promise.ordinal(&pod.name_any()).is_some()) {
            let revision = pod.labels().get("controller-revision-hash").map_or("", String::as_str);
            if revision != update {
                against.push(format!(
                    "{} runs revision {revision}; the set's newest is {update}",
                    pod.name_any()
                ));
            }
        }
    }
    Ok(against)
}

/// Which images differ, where it is they.
fn differing(wanted: &Value, there: &Value) -> String {
    let images = |pod: &Value| {
        let containers = pod["containers"].as_array().into_iter().flatten();
        containers.filter_map(|container| container["image"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let (wanted, there) = (images(wanted), images(there));
    if wanted == there {
        String::new()
    } else {
        format!(": its images are {}, the chart's {}", there.join(", "), wanted.join(", "))
    }
}

async fn set_of(run: &Run, name: &str) -> Result<StatefulSet> {
    let found = objects::<StatefulSet>(run.client(), run.namespace()).get_opt(name).await?;
    found.ok_or_else(|| Error::failed(format!("there is no StatefulSet {name}")))
}

/// What must be the same before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pods: BTreeSet<String>,
    /// Claims with their UIDs.
    claims: BTreeMap<String, String>,
    /// What each server calls itself.
    servers: BTreeMap<String, String>,
}

impl Identity {
    /// Reads it.
    ///
    /// # Errors
    /// A store does not answer.
    pub async fn read(run: &Run, writers: &Writers) -> Result<Self> {
        let servers = writers.identities(run).await?;
        let owned = |pod: &crate::journal::fact::Pod| {
            pod.meta.owner().is_some_and(|owner| &*owner.kind == "StatefulSet")
        };
        Ok(run.log().now(|world| Self {
            pods: world.pods.values().filter(|pod| owned(pod)).map(|pod| pod.meta.name.clone()).collect(),
            claims: world
                .volume_claims
                .iter()
                .map(|(name, claim)| (name.clone(), claim.meta.uid.clone()))
                .collect(),
            servers,
        }))
    }

    /// What is not as it was, in words.
    pub fn against(&self, after: &Self) -> Vec<String> {
        let mut against = Vec::new();
        for pod in self.pods.difference(&after.pods) {
            against.push(format!("the pod {pod} is not there any more"));
        }
        for (claim, uid) in &self.claims {
            match after.claims.get(claim) {
                Some(now) if now == uid => {}
                Some(now) => {
                    against.push(format!("the PVC {claim} is another: its UID was {uid} and is {now}"));
                }
                None => against.push(format!("the PVC {claim} is gone")),
            }
        }
        for (server, identity) in &self.servers {
            match after.servers.get(server) {
                Some(now) if now == identity => {}
                Some(now) => {
                    against
                        .push(format!("the server in {server} is another: it was {identity} and is {now}"));
                }
                None => against.push(format!("the server in {server} does not say who it is")),
            }
        }
        against
    }
}
