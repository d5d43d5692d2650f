//! When a cluster can be used: its API answers, its nodes are Ready, its DNS is available, and volumes can be had.

use std::{collections::BTreeMap, time::Duration};

use futures::{StreamExt, TryFutureExt};
use k8s_openapi::api::{apps::v1::Deployment, core::v1::Node, storage::v1::StorageClass};
use kube::{
    Api, Client, Resource, ResourceExt,
    runtime::{
        WatchStreamExt,
        watcher::{Config, Event, watcher},
    },
};
use serde::de::DeserializeOwned;

use crate::error::{Error, Result, exit};

const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";

/// Waits until the cluster can be used.
pub(super) async fn everything(client: &Client, nodes: usize, deadline: Duration) -> Result<()> {
    api(client, deadline).await?;
    let nodes = all_nodes(client, nodes, deadline);
    tokio::try_join!(nodes, dns(client, deadline), storage(client, Duration::from_secs(20)))?;
    Ok(())
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

fn is_ready(node: &Node) -> bool {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

async fn dns(client: &Client, deadline: Duration) -> Result<()> {
    // Every distribution that we know labels its DNS so, whatever program it runs.
    let config = Config::default().labels("k8s-app=kube-dns");
    let deployments = Api::<Deployment>::namespaced(client.clone(), "kube-system");
    until(deployments, config, deadline, "the cluster's DNS available", |found| {
        if found.values().any(is_available) {
            Ok(())
        } else if found.is_empty() {
            Err("there is no Deployment labelled k8s-app=kube-dns in kube-system".to_owned())
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

async fn storage(client: &Client, deadline: Duration) -> Result<()> {
    let classes = Api::<StorageClass>::all(client.clone());
    let found = until(classes, Config::default(), deadline, "a default storage class", |classes| {
        let default = |class: &StorageClass| {
            class.annotations().get(DEFAULT_CLASS).is_some_and(|value| value == "true")
        };
        if classes.values().any(default) {
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
                // The watcher begins again by itself.
                Err(error) => {
                    missing = error.to_string();
                    continue;
                }
            }
            if !listing {
                match met(&objects) {
                    Ok(()) => return,
                    Err(reason) => missing = reason,
                }
            }
        }
    };
    match tokio::time::timeout(deadline, watch).await {
        Ok(()) => Ok(()),
        Err(_) => Err(Error::environment(format!("{what}: not within {deadline:?}: {missing}"))),
    }
}
