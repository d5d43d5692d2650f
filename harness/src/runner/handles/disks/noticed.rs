//! What clients notice of disks that fail: a fault that nobody noticed proves nothing.

use std::time::Duration;

use history::Operation;
use jiff::Timestamp;

use super::Disks;
use crate::{
    error::{Error, Result},
    fault::disk::NO_ROOM,
    load::Recorder,
    wait::{Progress, until_asked_every},
};

/// How long it may take until a client notices.
const NOTICED: Duration = Duration::from_secs(90);
/// Each look reads the whole history.
const BETWEEN: Duration = Duration::from_secs(1);

impl Disks {
    /// Waits until a client is told that there is no room.
    ///
    /// # Errors
    /// When none is in time, or the history can't be read.
    pub async fn until_no_room(&self, history: &Recorder, since: Timestamp) -> Result<()> {
        let told = |one: &Operation| one.outcome.failure().is_some_and(|why| why.text.contains(NO_ROOM));
        self.until_noticed(history, since, told).await
    }

    /// Waits until a client's write comes to nothing.
    ///
    /// # Errors
    /// When none does in time, or the history can't be read.
    pub async fn until_refused(&self, history: &Recorder, since: Timestamp) -> Result<()> {
        let refused = |one: &Operation| one.action.writes() && one.outcome.failure().is_some();
        self.until_noticed(history, since, refused).await
    }

    async fn until_noticed(
        &self,
        history: &Recorder,
        since: Timestamp,
        notices: impl Fn(&Operation) -> bool,
    ) -> Result<()> {
        let ask = || async {
            let operations = history.operations()?.all;
            let mut later = operations.iter().filter(|one| one.invoked >= since);
            Ok(if later.any(&notices) { Progress::Met } else { Progress::NotYet("nobody did".to_owned()) })
        };
        let sentence = "a client notices the fault";
        match until_asked_every(BETWEEN, sentence, self.run.stretch(NOTICED), ask).await {
            Err(Error::Failed(words)) => Err(Error::environment(words)),
            outcome => outcome.map(drop),
        }
    }
}
