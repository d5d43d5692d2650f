//! The trial's own namespace, which may go before the trial is over.

use external::{
    api::{cluster_objects, objects},
    refusal,
};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::DeleteParams;
use serde_json::Value;

use super::{Run, broken_off::chain};
use crate::{
    error::{Error, Result},
    journal::Record,
    law::Obstacle,
    manifest::{Manifest, pod_of},
};

/// What becomes of a pod that is sent to the API server.
#[derive(Debug)]
pub enum Admitted {
    /// It is refused, for what it is.
    Refused(String),
    /// It is taken, and may be changed on its way in.
    Taken {
        /// The pod as it was sent.
        sent: Value,
        /// The pod as it would be made.
        made: Value,
    },
}

impl Run {
    /// Deletes the trial's namespace and what is in it; does not wait. What the trial made outside it stays.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete_namespace(&self) -> Result<()> {
        let name = self.namespace();
        let doing = format!("delete namespace {name}");
        self.log().act("delete", format!("namespace/{name}"), doing.clone());
        let namespaces = cluster_objects::<Namespace>(self.client()).doing(doing);
        namespaces.delete(name, &DeleteParams::background()).await.map(drop)
    }

    /// What would become of the pods of this StatefulSet here: by a dry run of one.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn admits_pods_of(&self, set: &Value) -> Result<Admitted> {
        let mut manifest = Manifest { objects: vec![set.clone()] };
        manifest.take(self.local());
        let pod = manifest.objects.first().map(pod_of).unwrap_or_default();
        let bug = |error: serde_json::Error| Error::bug(error.to_string());
        let pod: Pod = serde_json::from_value(pod).map_err(bug)?;
        let pods = objects::<Pod>(self.client(), self.namespace()).dry_run();
        match pods.create(&pod).await {
            Ok(made) => Ok(Admitted::Taken {
                sent: serde_json::to_value(&pod).map_err(bug)?,
                made: serde_json::to_value(&made).map_err(bug)?,
            }),
            Err(error) => match error.status() {
                Some(status)
                    if [403, 422].contains(&status.code) || refusal::behind(&status.message).is_some() =>
                {
                    Ok(Admitted::Refused(status.message.clone()))
                }
                _ => Err(error),
            },
        }
    }

    /// The error that ended the scenario; where somebody else takes its namespace away, that is why, and says nothing.
    pub(super) async fn unless_namespace_goes(&self, error: anyhow::Error) -> anyhow::Error {
        let name = self.namespace();
        let target = format!("namespace/{name}");
        let history = self.log().history();
        let by_us = |record: &Record| matches!(record, Record::Act(act) if act.target == target);
        if history.entries().iter().any(|entry| by_us(&entry.record)) {
            return error;
        }
        match cluster_objects::<Namespace>(self.client()).get_opt(name).await {
            Ok(found) if found.as_ref().is_none_or(|found| found.metadata.deletion_timestamp.is_some()) => {
                let message = format!("somebody deletes the namespace {name}: {}", chain(&error));
                Error::not_judged(Obstacle::Namespace, message).into()
            }
            // There, or not to be asked: then its own error says more.
            _ => error,
        }
    }
}
