//! What a cluster may or may not offer, by its version and its feature gates. Asked of the API server, and concluded from
//! the version only where no answer tells.

use external::api::objects;
use k8s_openapi::api::apps::v1::StatefulSet;
use kube::Client;
use serde_json::{Value, json};

use super::{Cluster, version::release};
use crate::error::{Error, Result};

/// Something that not every cluster offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// `updateStrategy.rollingUpdate.maxUnavailable` of a StatefulSet.
    MaxUnavailable,
    /// `updateStrategy.type: Recreate` of a StatefulSet.
    Recreate,
    /// A roll of a `Parallel` set that minds `minReadySeconds`.
    ParallelAvailability,
}

impl Capability {
    /// What it is.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::MaxUnavailable => "updateStrategy.rollingUpdate.maxUnavailable of a StatefulSet",
            Self::Recreate => "updateStrategy.type Recreate of a StatefulSet",
            Self::ParallelAvailability => "a roll of a Parallel set that minds minReadySeconds",
        }
    }

    /// Why the cluster does not offer it, asked in a namespace of ours; none when it does.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn missing(self, cluster: &Cluster, namespace: &str) -> Result<Option<String>> {
        match self {
            Self::MaxUnavailable => {
                let kept = "/spec/updateStrategy/rollingUpdate/maxUnavailable";
                let strategy = json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2}});
                let taken = dry_run(&cluster.client, namespace, strategy).await?;
                let why = "not offered: the API server drops updateStrategy.rollingUpdate.maxUnavailable \
                           (feature gate MaxUnavailableStatefulSet is off)";
                let offered = taken.is_some_and(|set| set.pointer(kept).is_some());
                Ok((!offered).then(|| why.to_owned()))
            }
            Self::Recreate => {
                let why = "not offered: the API server refuses updateStrategy.type Recreate \
                           (feature gate StatefulSetRecreateStrategy is off, or there is none)";
                let taken = dry_run(&cluster.client, namespace, json!({"type": "Recreate"})).await?;
                Ok(taken.is_none().then(|| why.to_owned()))
            }
            Self::ParallelAvailability => {
                let why = "not offered: before Kubernetes 1.34 a roll of a Parallel set does not mind \
                           minReadySeconds (kubernetes/kubernetes#119234)";
                let older = release(&cluster.facts.kubernetes).is_some_and(|release| release < (1, 34));
                Ok(older.then(|| why.to_owned()))
            }
        }
    }
}

/// What the API server makes of a StatefulSet with this strategy, without making one; none when it calls it invalid.
async fn dry_run(client: &Client, namespace: &str, strategy: Value) -> Result<Option<Value>> {
    let doing = "asking by a dry run what the API server offers";
    let set = json!({"metadata": {"name": "offered"}, "spec": {
        "serviceName": "offered",
        "selector": {"matchLabels": {"app": "offered"}},
        "template": {
            "metadata": {"labels": {"app": "offered"}},
            "spec": {"containers": [{"name": "offered", "image": "offered"}]},
        },
        "updateStrategy": strategy,
    }});
    let set: StatefulSet = serde_json::from_value(set).map_err(|error| Error::bug(error.to_string()))?;
    // k8s-openapi's type knows the field, so what it lacks in the answer the API server has dropped.
    match objects::<StatefulSet>(client, namespace).dry_run().doing(doing).create(&set).await {
        Ok(answer) => serde_json::to_value(answer).map(Some).map_err(|error| Error::bug(error.to_string())),
        Err(error) if error.status().is_some_and(|status| status.code == 422) => Ok(None),
        Err(error) => Err(error),
    }
}
