//! What the journal tells of a pod that is gone, or of one that had to be asked for long.

use std::time::Duration;

use super::Run;
use crate::{
    error::{Error, Result},
    journal::{Fact, Record, fact::Pod},
    wait::{Progress, until_answered, until_asked},
    workload::sentinel::Sentinel,
};

impl Run {
    /// The phases that a pod went through.
    pub fn phases(&self, uid: &str) -> Vec<String> {
        let mut phases = Vec::new();
        self.versions(uid, |_, pod| phases.push(pod.phase.to_string()));
        phases
    }

    pub(super) fn versions(&self, uid: &str, mut visit: impl FnMut(jiff::Timestamp, &Pod)) {
        for entry in self.log().history().entries() {
            if let Record::Object { fact: Fact::Pod(pod), .. } = &entry.record
                && pod.meta.uid == uid
            {
                visit(entry.at, pod);
            }
        }
    }

    /// Evicts a pod as soon as its budget allows it; the controller that counts for the budget may lag.
    ///
    /// # Errors
    /// When it is not allowed in time.
    pub async fn evict_when_allowed(&self, pod: &str, deadline: Duration) -> Result<()> {
        let ask = || async {
            match self.evict(pod).await {
                Ok(()) => Ok(Progress::Met),
                Err(Error::Api { source, .. }) if matches!(&*source, kube::Error::Api(status) if status.code == 429) => {
                    Ok(Progress::NotYet(source.to_string()))
                }
                Err(error) => Err(error),
            }
        };
        until_asked(&format!("{pod} may be evicted"), self.stretch(deadline), ask).await.map(drop)
    }

    /// The status that Garage's /health answers with at a pod, once it answers.
    ///
    /// # Errors
    /// When it does not answer in time.
    pub async fn answered_health(&self, pod: &str, deadline: Duration) -> Result<u16> {
        let admin = self.garage(pod).await?;
        let ask = || async { Ok(admin.probe().await?.status) };
        until_answered(&format!("{pod} answers at /health"), self.stretch(deadline), ask).await
    }

    /// How many of one connection from a pod to a port come about.
    ///
    /// # Errors
    /// When the pod does not answer.
    pub async fn reached(&self, asker: &Sentinel, host: &str, port: u16) -> Result<u32> {
        Ok(asker.reach(host, port).await?.answers.values().sum())
    }
}
