//! What the journal tells of a pod that is gone, or of one that had to be asked for long.

use std::time::Duration;

use super::Run;
use crate::{
    claim::Claim,
    error::{Error, Result},
    journal::{Fact, Record, fact::Pod},
    wait::{Progress, until_answered, until_asked},
    workload::sentinel::Sentinel,
};

/// How a pod ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ending {
    /// Its first container's exit code.
    pub exit_code: Option<i32>,
    /// From the moment at which it was told to stop to that at which its container had ended.
    pub seconds: f64,
}

impl Run {
    /// The phases that a pod went through.
    pub fn phases(&self, uid: &str) -> Vec<String> {
        let mut phases = Vec::new();
        self.versions(uid, |_, pod| phases.push(pod.phase.to_string()));
        phases
    }

    /// How a pod ended.
    ///
    /// # Errors
    /// When it was not told to stop, or its end is not in the journal.
    pub fn ending(&self, uid: &str) -> Result<Ending> {
        let (mut told, mut ended, mut exit_code) = (None, None, None);
        self.versions(uid, |at, pod| {
            let Some(container) = pod.containers.first() else { return };
            if pod.meta.terminating {
                told.get_or_insert(at);
            }
            if !container.running && told.is_some() && ended.is_none() {
                ended = Some(at);
                exit_code = container.ended.as_ref().map(|(_, code)| *code);
            }
        });
        match (told, ended) {
            (Some(told), Some(ended)) => {
                Ok(Ending { exit_code, seconds: ended.duration_since(told).as_secs_f64() })
            }
            _ => Err(Error::failed(format!("the journal does not show how the pod with uid {uid} ended"))),
        }
    }

    fn versions(&self, uid: &str, mut visit: impl FnMut(jiff::Timestamp, &Pod)) {
        for entry in self.log().history().entries() {
            if let Record::Object { fact: Fact::Pod(pod), .. } = &entry.record
                && pod.meta.uid == uid
            {
                visit(entry.at, pod);
            }
        }
    }

    /// Judges that a figure is within its bounds.
    pub fn judge_between(&self, claim: Claim, what: &str, seconds: f64, least: f64, most: f64) {
        let out = !(least..=most).contains(&seconds);
        let against = out.then(|| format!("{what} {seconds:.1} s; expected {least:.1} s to {most:.1} s"));
        self.judge(claim, against);
        self.measure(what, seconds, "s");
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
