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

    /// Why the API server would refuse the pods of this StatefulSet here, for what they are: by a dry run.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn refuses_pods_of(&self, set: &Value) -> Result<Option<String>> {
        let mut manifest = Manifest { objects: vec![set.clone()] };
        manifest.take(self.local());
        let pod = manifest.objects.first().map(pod_of).unwrap_or_default();
        let pod: Pod = serde_json::from_value(pod).map_err(|error| Error::bug(error.to_string()))?;
        let pods = objects::<Pod>(self.client(), self.namespace()).dry_run();
        match pods.create(&pod).await {
            Ok(_) => Ok(None),
            Err(error) => match error.status() {
                Some(status)
                    if [403, 422].contains(&status.code) || refusal::behind(&status.message).is_some() =>
                {
                    Ok(Some(status.message.clone()))
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
