//! Reading what no object tells: the last lines of containers, and how full volumes are. Where rights forbid it, it is
//! left out.

use std::collections::{BTreeMap, BTreeSet};

use external::api::{objects, volumes_in_use};
use futures::future::join_all;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::{Client, ResourceExt};

use crate::{
    Picture, claim, log,
    picture::{Look, Usage, healthy, spec, status},
};

/// Lines that are read of each log.
const LINES: i64 = 60;
/// Containers whose logs are read, at most.
const MOST: usize = 12;
/// Nodes that are asked how full volumes are, at most.
const MOST_NODES: usize = 8;

/// The last lines of the set's containers that end or are not ready.
pub(crate) async fn read(client: &Client, picture: &Picture) -> BTreeMap<(String, String), String> {
    let pods = picture.pods_of_set().into_values();
    let wanted =
        pods.flat_map(|pod| wanted(pod).into_iter().map(move |(name, previous)| (pod, name, previous)));
    let logs = wanted.take(MOST).map(async |(pod, container, previous)| {
        let pods = objects::<Pod>(client, &picture.namespace());
        let text = pods.log(&pod.name_any(), &container, previous, LINES).await.ok()?;
        Some(((pod.name_any(), container), log::without_secrets(pod, &text)))
    });
    join_all(logs).await.into_iter().flatten().collect()
}

/// The containers of a pod whose logs tell something, and whether that of the last life does.
fn wanted(pod: &Pod) -> Vec<(String, bool)> {
    let status = status(pod);
    let all = status.init_container_statuses.iter().chain(&status.container_statuses).flatten();
    let ended = |container: &ContainerStatus| {
        let state = container.state.as_ref()?;
        let before = container.last_state.as_ref().is_some_and(|last| last.terminated.is_some());
        match (&state.terminated, &state.running) {
            (Some(end), _) => (end.exit_code != 0).then_some(false),
            (None, _) if before => Some(true),
            (None, Some(_)) => (!container.ready && !healthy(pod)).then_some(false),
            (None, None) => None,
        }
    };
    all.into_iter().filter_map(|container| Some((container.name.clone(), ended(container)?))).collect()
}

/// How full the volumes of the set's pods are, by their nodes' kubelets.
pub(crate) async fn usage(client: &Client, picture: &Picture) -> Look<Usage> {
    let pods = picture.pods_of_set();
    let mounting = pods.values().filter(|pod| !claim::mounted(pod).is_empty());
    let nodes: BTreeSet<&str> = mounting.filter_map(|pod| spec(pod).node_name.as_deref()).collect();
    let mut found = Vec::new();
    for node in nodes.into_iter().take(MOST_NODES) {
        let volumes = volumes_in_use(client, node).await.map_err(super::reason)?;
        let own = volumes.into_iter().filter(|volume| volume.namespace == picture.namespace());
        found.extend(own.map(|volume| Usage {
            claim: volume.claim,
            used: volume.used,
            has: volume.capacity,
        }));
    }
    Ok(found)
}
