//! What the journal tells of a pod that is gone.

use std::sync::Arc;

use super::Ending;
use crate::{
    error::{Error, Result},
    journal::{
        Fact, Record,
        fact::{Ended, Pod},
    },
    runner::Run,
};

/// The life of one pod: of the object, not of its name.
#[derive(Debug, Clone)]
pub struct Life {
    run: Run,
    pod: Arc<Pod>,
}

impl Life {
    pub(in crate::runner) fn new(run: Run, pod: Arc<Pod>) -> Self {
        Self { run, pod }
    }

    /// The phases that it went through.
    pub fn phases(&self) -> Vec<String> {
        let mut phases = Vec::new();
        self.versions(|pod| phases.push(pod.phase.to_string()));
        phases
    }

    /// How it ended, where it was a sentinel; the pod that came after it has its volume, and tells what it saw. `instance` is
    /// which start of the program ran in it.
    ///
    /// # Errors
    /// When the journal does not show its end, or the pod after it does not answer.
    pub async fn ending(&self, instance: &str) -> Result<Ending> {
        let (name, Ended { code, at, .. }) = (&self.pod.meta.name, self.ended()?);
        let at =
            at.ok_or_else(|| Error::environment(format!("its kubelet does not tell when {name} ended")))?;
        let stamps = self.run.sentinel(name).stamps().await?;
        let stamps: Vec<_> = stamps.into_iter().filter(|stamp| stamp.instance == instance).collect();
        Ok(Ending::new(name, code, at, &stamps).with_patience(self.run.parts().patience))
    }

    /// The exit code with which the workload's container ended.
    ///
    /// # Errors
    /// When the journal does not show its end.
    pub fn exit_code(&self) -> Result<i32> {
        Ok(self.ended()?.code)
    }

    /// How the workload's container ended, as its kubelet told it last.
    fn ended(&self) -> Result<Ended> {
        let mut last = None;
        self.versions(|version| {
            let container = version.container(self.run.workload().container);
            last = container.filter(|container| !container.running).and_then(|one| one.ended.clone());
        });
        let (name, uid) = (&self.pod.meta.name, &self.pod.meta.uid);
        last.ok_or_else(|| {
            Error::failed(format!("the journal does not show how {name} with uid {uid} ended"))
        })
    }

    fn versions(&self, mut visit: impl FnMut(&Pod)) {
        for entry in self.run.log().history().entries() {
            if let Record::Object { fact: Fact::Pod(pod), .. } = &entry.record
                && pod.meta.uid == self.pod.meta.uid
            {
                visit(pod);
            }
        }
    }
}
