//! What a cluster may or may not offer, by its version and its feature gates. Asked of the API server, and concluded from
//! the version only where no answer tells.

use external::api::objects;
use k8s_openapi::api::apps::v1::StatefulSet;
use serde_json::{Value, json};

use super::{Cluster, version::release};
use crate::{
    error::{Error, Result},
    manifest::patch::merge,
    report::terrain::Terrain,
};

/// The last release that may drop a set's retention policy (feature gate StatefulSetAutoDeletePVC).
const LAST_WITHOUT_RETENTION: (u32, u32) = (1, 31);

/// Something that not every cluster offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// `updateStrategy.rollingUpdate.maxUnavailable` of a StatefulSet.
    MaxUnavailable,
    /// `updateStrategy.type: Recreate` of a StatefulSet.
    Recreate,
    /// A roll of a `Parallel` set that minds `minReadySeconds`.
    ParallelAvailability,
    /// `persistentVolumeClaimRetentionPolicy` of a StatefulSet.
    RetentionPolicy,
}

impl Capability {
    /// What it is.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::MaxUnavailable => "updateStrategy.rollingUpdate.maxUnavailable of a StatefulSet",
            Self::Recreate => "updateStrategy.type Recreate of a StatefulSet",
            Self::ParallelAvailability => "a roll of a Parallel set that minds minReadySeconds",
            Self::RetentionPolicy => "persistentVolumeClaimRetentionPolicy of a StatefulSet",
        }
    }

    /// Why the cluster does not offer it, asked in a namespace of ours with this set, which rules of the cluster take where they take
    /// any of ours; none when it does.
    ///
    /// # Errors
    /// When the API server does not answer, or something else than the API refuses what it is asked.
    pub async fn missing(
        self,
        cluster: &Cluster,
        terrain: &Terrain,
        namespace: &str,
        set: &Value,
    ) -> Result<Option<String>> {
        let dry_run = async |spec| dry_run(cluster, namespace, set, spec).await;
        match self {
            Self::MaxUnavailable => {
                let kept = "/spec/updateStrategy/rollingUpdate/maxUnavailable";
                let strategy = json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2}});
                let taken = dry_run(json!({"updateStrategy": strategy})).await?;
                let why = "not offered: the API server drops updateStrategy.rollingUpdate.maxUnavailable \
                           (feature gate MaxUnavailableStatefulSet is off)";
                let offered = taken.is_some_and(|set| set.pointer(kept).is_some());
                Ok((!offered).then(|| why.to_owned()))
            }
            Self::Recreate => {
                let why = "not offered: the API server refuses updateStrategy.type Recreate \
                           (feature gate StatefulSetRecreateStrategy is off, or there is none)";
                let strategy = json!({"type": "Recreate", "rollingUpdate": null});
                let taken = dry_run(json!({"updateStrategy": strategy})).await?;
                Ok(taken.is_none().then(|| why.to_owned()))
            }
            Self::ParallelAvailability => {
                let why = "not offered: before Kubernetes 1.34 a roll of a Parallel set does not mind \
                           minReadySeconds (kubernetes/kubernetes#119234)";
                let older = release(&cluster.facts.kubernetes).is_some_and(|release| release < (1, 34));
                Ok(older.then(|| why.to_owned()))
            }
            // A later one that drops it breaks what it promises.
            Self::RetentionPolicy if !terrain.may_lack(LAST_WITHOUT_RETENTION) => Ok(None),
            Self::RetentionPolicy => {
                let why = "not offered: the API server drops persistentVolumeClaimRetentionPolicy \
                           (feature gate StatefulSetAutoDeletePVC is off)";
                let policy = json!({"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete"}});
                let taken = dry_run(policy).await?;
                let kept = "/spec/persistentVolumeClaimRetentionPolicy/whenScaled";
                let offered = taken.is_some_and(|set| set.pointer(kept).is_some());
                Ok((!offered).then(|| why.to_owned()))
            }
        }
    }
}

/// What the API server makes of a StatefulSet with this in its spec, without making one; none when it calls it invalid.
async fn dry_run(cluster: &Cluster, namespace: &str, set: &Value, spec: Value) -> Result<Option<Value>> {
    let doing = "asking by a dry run what the API server offers";
    let bug = |error: serde_json::Error| Error::bug(error.to_string());
    let mut asked = set.clone();
    merge(&mut asked, &json!({"spec": spec}));
    let asked: StatefulSet = serde_json::from_value(asked).map_err(bug)?;
    // k8s-openapi's type knows the field, so what it lacks in the answer the API server has dropped.
    match objects::<StatefulSet>(&cluster.clients.plumbing, namespace)
        .dry_run()
        .doing(doing)
        .create(&asked)
        .await
    {
        Ok(answer) => serde_json::to_value(answer).map(Some).map_err(bug),
        Err(error) if error.is_own_refusal() && error.status().is_some_and(|status| status.code == 422) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
