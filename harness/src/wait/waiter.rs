//! Waits for expectations, driven by the journal.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Expectation, Progress};
use crate::{
    error::{Error, Result},
    journal::{Log, recorder::Recorder},
};

/// Waits on one journal.
#[derive(Debug, Clone)]
pub struct Waiter {
    recorder: Arc<Recorder>,
}

impl Waiter {
    /// Waits on what this recorder records.
    pub fn new(recorder: Arc<Recorder>) -> Self {
        Self { recorder }
    }

    /// Returns as soon as the expectation is met, with the time that took.
    ///
    /// # Errors
    /// [`Error::Failed`] when it can never be met, or was not met in time; the message names the last reason.
    pub async fn until(&self, expectation: &Expectation, deadline: Duration) -> Result<Duration> {
        let started = Instant::now();
        let _awaiting = self.recorder.awaiting();
        let log: &Log = self.recorder.log();
        let mut changed = log.subscribe();
        loop {
            changed.mark_unchanged();
            let missing = match log.now(|world| expectation.check(world)) {
                Progress::Met => return Ok(started.elapsed()),
                Progress::Never(why) => {
                    return Err(Error::failed(format!("{} can never be: {why}", expectation.sentence)));
                }
                Progress::Prevented(why) => {
                    return Err(Error::environment(format!("{} is prevented: {why}", expectation.sentence)));
                }
                Progress::NotYet(why) => why,
            };
            let left = deadline.saturating_sub(started.elapsed());
            if tokio::time::timeout(left, changed.changed()).await.is_err() {
                return Err(Error::failed(format!(
                    "waited {deadline:?} for this: {}; last seen: {missing}",
                    expectation.sentence
                )));
            }
        }
    }

    /// Watches that the expectation stays met for a whole window, and that nothing makes it otherwise.
    ///
    /// # Errors
    /// [`Error::Failed`] at the first moment at which it is not met.
    pub async fn hold(&self, expectation: &Expectation, window: Duration) -> Result<()> {
        let started = Instant::now();
        let _awaiting = self.recorder.awaiting();
        let log: &Log = self.recorder.log();
        let mut changed = log.subscribe();
        loop {
            changed.mark_unchanged();
            match log.now(|world| expectation.check(world)) {
                Progress::Met => {}
                Progress::NotYet(why) | Progress::Never(why) | Progress::Prevented(why) => {
                    let after = started.elapsed();
                    return Err(Error::failed(format!(
                        "{} had to stay so for {window:?}, and ended after {after:.1?}: {why}",
                        expectation.sentence
                    )));
                }
            }
            let left = window.saturating_sub(started.elapsed());
            if tokio::time::timeout(left, changed.changed()).await.is_err() {
                return Ok(());
            }
        }
    }
}
