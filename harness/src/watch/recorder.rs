//! Records a namespace: one watch a kind, from before the first object exists until the scenario ends.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::try_join_all;
use kube::Client;
use record::{
    journal::{Kind, entry::END},
    law::Obstacle,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::{
    Log,
    watch_kind::{Inquirer, Watch},
};
use crate::error::{Error, Result};

/// How long the watches have to end.
const STOP_DEADLINE: Duration = Duration::from_secs(15);
/// How long the API server may take to show that everything is recorded.
const BARRIER: Duration = Duration::from_secs(60);

/// What no law lives on: with events and nodes it is only easier to say why.
const EXPLAINING: [Kind; 3] = [Kind::Event, Kind::PersistentVolume, Kind::Node];

/// A running recording.
#[derive(Debug)]
pub struct Recorder {
    log: Arc<Log>,
    stop: CancellationToken,
    watches: Mutex<JoinSet<()>>,
    ask: Vec<mpsc::UnboundedSender<Inquirer>>,
}

impl Recorder {
    /// Begins to record; returns when every kind was listed and is watched. Kinds that only help to explain are left out
    /// where we may not list them.
    ///
    /// # Errors
    /// When a kind can't be listed.
    pub async fn start(client: &Client, namespace: &str, log: Arc<Log>) -> Result<Self> {
        let stop = CancellationToken::new();
        let mut watches = JoinSet::new();
        let (mut begun, mut ask) = (Vec::new(), Vec::new());
        for kind in Kind::RECORDED {
            let (tell, told) = oneshot::channel();
            let (asks, inquirers) = mpsc::unbounded_channel();
            ask.push(asks);
            let watch = Watch::new(client.clone(), namespace, kind, Arc::clone(&log), inquirers);
            watches.spawn(watch.run(stop.clone(), tell));
            begun.push(async move {
                let told = told.await;
                match told
                    .map_err(|_| Error::bug(format!("the watch of {} ended at its start", kind.name())))?
                {
                    Err(error) if error.is_forbidden() && EXPLAINING.contains(&kind) => Ok(()),
                    listed => listed,
                }
            });
        }
        try_join_all(begun).await?;
        Ok(Self { log, stop, watches: Mutex::new(watches), ask })
    }

    /// One that records nothing by itself: what is written to its log is all that there is.
    #[cfg(test)]
    pub(crate) fn idle(log: Arc<Log>) -> Self {
        Self { log, stop: CancellationToken::new(), watches: Mutex::default(), ask: Vec::new() }
    }

    /// The log that is recorded to.
    pub fn log(&self) -> &Arc<Log> {
        &self.log
    }

    /// Returns when everything that had happened before the call is in the journal, and says so there: what is not in it
    /// then has not happened.
    ///
    /// # Errors
    /// [`Error::NotJudged`] when that can't be known: the API server does not answer, or a watch has not told what a list shows.
    pub async fn barrier(&self) -> Result<()> {
        let told = self.ask.iter().map(|ask| async {
            let (tell, told) = oneshot::channel();
            let ended = |_| Error::not_judged(Obstacle::Recording, "the recording has ended");
            ask.send(tell).map_err(|_| ended(()))?;
            told.await.map_err(|_| ended(()))?
        });
        tokio::time::timeout(BARRIER, try_join_all(told)).await.map_err(|_| {
            let message = format!("for {BARRIER:?} the API server did not say what the journal should hold");
            Error::not_judged(Obstacle::ApiAway, message)
        })??;
        self.log.barrier();
        Ok(())
    }

    /// Ends the recording and writes everything to disk.
    ///
    /// # Errors
    /// When the disk refused a line, or a watch did not end.
    pub async fn stop(&self) -> Result<()> {
        self.stop.cancel();
        let mut watches = std::mem::take(&mut *self.watches.lock().unwrap_or_else(PoisonError::into_inner));
        let ended = async { while watches.join_next().await.is_some() {} };
        tokio::time::timeout(STOP_DEADLINE, ended)
            .await
            .map_err(|_| Error::bug("a watch did not end when it was told to"))?;
        self.log.act(END, "scenario", "the scenario is over");
        self.log.close()
    }
}
