//! When a cluster can be used: its API answers, its nodes are Ready, its DNS is available, and volumes can be had.

use std::{collections::BTreeMap, time::Duration};

use external::api::cluster_objects;
use futures::{StreamExt, TryFutureExt};
use k8s_openapi::api::{apps::v1::Deployment, core::v1::Node, storage::v1::StorageClass};
use kube::{
    Api, Client, Resource, ResourceExt,
    runtime::{
        WatchStreamExt,
        watcher::{self, Config, Event, watcher},
    },
};
use serde::de::DeserializeOwned;

use super::terrain::{DEFAULT_CLASS, closed, is_default};
use crate::{
    error::{Error, Result, exit},
    report::terrain::Closed,
};

/// Where what a cluster needs itself runs.
pub const SYSTEM: &str = "kube-system";
/// Every distribution that we know labels its DNS so, whatever program it runs.
pub const DNS_LABEL: &str = "k8s-app=kube-dns";
/// How long a default storage class may be waited for: it is there or not.
const STORAGE: Duration = Duration::from_secs(20);

/// Waits until a cluster of ours can be used: all of it.
pub(super) async fn everything(client: &Client, nodes: usize, deadline: Duration) -> Result<()> {
    api(client, deadline).await?;
    let nodes = all_nodes(client, nodes, deadline);
    tokio::try_join!(nodes, dns(client, deadline), storage(client, STORAGE))?;
    Ok(())
}

/// Waits until something can be run on a cluster that is not ours. Nodes that are not well are left alone, and whose
/// DNS it is, and where, is its own affair. What may not be read is not waited for.
pub(super) async fn something(client: &Client, class: Option<&str>, deadline: Duration) -> Result<()> {
    let storage = async {
        match class {
            Some(class) => chosen(client, class).await,
            None => storage(client, STORAGE).await,
        }
    };
    tokio::try_join!(unless_hidden(one_node(client, deadline)), unless_hidden(storage))?;
    Ok(())
}

/// What was waited for, unless it may not be read.
async fn unless_hidden(waited: impl Future<Output = Result<()>>) -> Result<()> {
    match waited.await {
        Err(error) if error.is_forbidden() => Ok(()),
        waited => waited,
    }
}

/// Waits until the API server says that it is ready.
///
/// # Errors
/// When it does not in time.
pub async fn api(client: &Client, deadline: Duration) -> Result<()> {
    let ask = async {
        loop {
            let request = http::Request::get("/readyz").body(Vec::new()).map_err(kube::Error::HttpError)?;
            let answer = tokio::time::timeout(Duration::from_secs(5), client.request_text(request));
            match answer.await {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(kube::Error::Api(status))) if status.code == 401 => {
                    return Err(kube::Error::Api(status));
                }
                // Nothing can be watched yet.
                _ => crate::wait::pause(Duration::from_millis(200)).await,
            }
        }
    };
    let doing = "waiting for the API server to be ready";
    crate::error::within(deadline, doing, ask, Error::api(doing)).await
}

/// Waits until there are so many nodes, and all are Ready.
///
/// # Errors
/// When they are not in time.
pub async fn all_nodes(client: &Client, least: usize, deadline: Duration) -> Result<()> {
    until(Api::<Node>::all(client.clone()), Config::default(), deadline, "all nodes Ready", |nodes| {
        let unready: Vec<&str> =
            nodes.iter().filter(|(_, node)| !is_ready(node)).map(|(name, _)| name.as_str()).collect();
        match (nodes.len() >= least, unready.is_empty()) {
            (true, true) => Ok(()),
            (false, _) => Err(format!("{} of {least} nodes have joined", nodes.len())),
            (true, false) => Err(format!("not Ready: {}", unready.join(", "))),
        }
    })
    .await
}

/// Waits until there is a node that takes pods.
async fn one_node(client: &Client, deadline: Duration) -> Result<()> {
    until(Api::<Node>::all(client.clone()), Config::default(), deadline, "a node that takes pods", |nodes| {
        let closed: Vec<String> =
            nodes.iter().filter_map(|(name, node)| Some(format!("{name} is {}", closed(node)?))).collect();
        if closed.len() < nodes.len() { Ok(()) } else { Err(closed.join(", ")) }
    })
    .await
}

fn is_ready(node: &Node) -> bool {
    closed(node) != Some(Closed::NotReady)
}

async fn dns(client: &Client, deadline: Duration) -> Result<()> {
    let config = Config::default().labels(DNS_LABEL);
    let deployments = Api::<Deployment>::namespaced(client.clone(), SYSTEM);
    until(deployments, config, deadline, "the cluster's DNS available", |found| {
        if found.values().any(is_available) {
            Ok(())
        } else if found.is_empty() {
            Err(format!("there is no Deployment labelled {DNS_LABEL} in {SYSTEM}"))
        } else {
            Err(format!("{} is not available", found.keys().cloned().collect::<Vec<_>>().join(", ")))
        }
    })
    .await
}

fn is_available(deployment: &Deployment) -> bool {
    let conditions = deployment.status.as_ref().and_then(|status| status.conditions.as_deref());
    let available = |condition: &k8s_openapi::api::apps::v1::DeploymentCondition| {
        condition.type_ == "Available" && condition.status == "True"
    };
    conditions.unwrap_or_default().iter().any(available)
}

/// A storage class that somebody chose is there or not.
async fn chosen(client: &Client, name: &str) -> Result<()> {
    let classes =
        cluster_objects::<StorageClass>(client).doing("looking for the storage class").list().await?;
    let known: Vec<String> = classes.iter().map(ResourceExt::name_any).collect();
    if known.iter().any(|class| class == name) {
        return Ok(());
    }
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Err(Error::trouble(
        exit::NO_STORAGE_CLASS,
        format!(
            "the cluster has no storage class {name}, which the setting storage_class names; it has: {known}"
        ),
    ))
}

async fn storage(client: &Client, deadline: Duration) -> Result<()> {
    let classes = Api::<StorageClass>::all(client.clone());
    let found = until(classes, Config::default(), deadline, "a default storage class", |classes| {
        if classes.values().any(is_default) {
            Ok(())
        } else if classes.is_empty() {
            Err("there is no storage class at all".to_owned())
        } else {
            Err(format!("none of {} is the default", classes.keys().cloned().collect::<Vec<_>>().join(", ")))
        }
    });
    found
        .map_err(|error| match error {
            Error::Environment { message, .. } => Error::trouble(
                exit::NO_STORAGE_CLASS,
                format!("{message}: annotate a storage class with {DEFAULT_CLASS}=true"),
            ),
            error => error,
        })
        .await
}

/// Watches a kind until its objects are as they should be; `met` says what is still missing.
pub(super) async fn until<K>(
    api: Api<K>,
    config: Config,
    deadline: Duration,
    what: &str,
    met: impl Fn(&BTreeMap<String, K>) -> Result<(), String>,
) -> Result<()>
where
    K: Resource + Clone + std::fmt::Debug + DeserializeOwned + Send + 'static,
{
    let mut objects = BTreeMap::new();
    let mut missing = "the API server has not answered".to_owned();
    let mut listing = true;
    let watch = async {
        let mut events = std::pin::pin!(watcher(api, config).default_backoff());
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Init) => {
                    objects.clear();
                    listing = true;
                }
                Ok(Event::InitApply(object) | Event::Apply(object)) => {
                    objects.insert(object.name_any(), object);
                }
                Ok(Event::Delete(object)) => {
                    objects.remove(&object.name_any());
                }
                Ok(Event::InitDone) => listing = false,
                // Who may not see it will not see it later.
                Err(watcher::Error::InitialListFailed(error @ kube::Error::Api(_))) => {
                    let error = Error::api(what)(error);
                    if error.is_forbidden() {
                        return Err(error);
                    }
                    missing = error.to_string();
                    continue;
                }
                // The watcher begins again by itself.
                Err(error) => {
                    missing = error.to_string();
                    continue;
                }
            }
            if !listing {
                match met(&objects) {
                    Ok(()) => return Ok(()),
                    Err(reason) => missing = reason,
                }
            }
        }
        Err(Error::bug("a watch ended by itself"))
    };
    match tokio::time::timeout(deadline, watch).await {
        Ok(ended) => ended,
        Err(_) => Err(Error::environment(format!("{what}: not within {deadline:?}: {missing}"))),
    }
}
