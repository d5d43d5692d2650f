//! Writers in the background: each sends one write after another, until it is told to stop.

use std::{sync::Arc, time::Duration};

use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::{
    attempt::{Outcome, Write},
    file::Ledger,
    recorder::Recorder,
};
use crate::{
    error::{Error, Result, within},
    wait::pause,
};

/// A connection that takes writes.
pub trait Store: Send + 'static {
    /// Tries a write. It always ends, within the store's own deadline, and says how.
    fn put(&mut self, write: &Write) -> impl Future<Output = Outcome> + Send;
}

/// How much is written.
#[derive(Debug, Clone)]
pub struct LoadPlan {
    /// The clients' numbers. Two loads of one recorder may share a number only one after the other.
    pub clients: std::ops::Range<u32>,
    /// A client sends no more than this.
    pub writes_per_client: u64,
    /// The contents' sizes, in turn.
    pub sizes: &'static [usize],
    /// How long a client rests between two writes; zero for a store that is to be kept busy.
    pub pace: Duration,
}

/// A load that runs. Dropped, it ends at once: what was in flight stays unknown.
pub struct Load {
    recorder: Recorder,
    stop: CancellationToken,
    writers: JoinSet<Result<()>>,
}

impl Load {
    /// Starts the writers. `connect` is asked for a connection at first, and again after every write that was not
    /// acknowledged; it is asked on when it fails, so it is the place to wait, and to choose a pod by the client's
    /// number.
    pub fn start<S, F, C>(recorder: &Recorder, plan: &LoadPlan, connect: F) -> Self
    where
        S: Store,
        F: Fn(u32) -> C + Send + Sync + 'static,
        C: Future<Output = Result<S>> + Send,
    {
        let (stop, connect) = (CancellationToken::new(), Arc::new(connect));
        let mut writers = JoinSet::new();
        for client in plan.clients.clone() {
            let (recorder, plan, stop, connect) =
                (recorder.clone(), plan.clone(), stop.clone(), connect.clone());
            writers.spawn(async move { write_on(client, &recorder, &plan, &stop, &*connect).await });
        }
        Self { recorder: recorder.clone(), stop, writers }
    }

    /// Waits until so many more writes are acknowledged.
    ///
    /// # Errors
    /// They are not, within the deadline or before every client has sent all that the plan allows; or a writer broke.
    pub async fn acknowledged(&mut self, more: u64, deadline: Duration) -> Result<()> {
        let mut tally = self.recorder.tally();
        let wanted = tally.borrow_and_update().acknowledged + more;
        let doing = format!("waiting for {more} more acknowledged writes under load");
        let waiting = async {
            let mut reached = std::pin::pin!(tally.wait_for(|tally| tally.acknowledged >= wanted));
            loop {
                tokio::select! {
                    biased;
                    reached = &mut reached => return reached.map(drop).map_err(|error| Error::bug(error.to_string())),
                    ended = self.writers.join_next() => match ended {
                        Some(ended) => well(ended)?,
                        None => return Err(Error::failed(format!("{doing}: all writes of the plan are sent"))),
                    },
                }
            }
        };
        within(deadline, &doing, waiting, std::convert::identity).await
    }

    /// Ends the load: writes in flight get their answer, then the ledger is complete.
    ///
    /// # Errors
    /// The ledger could not be written.
    pub async fn stop(self) -> Result<Ledger> {
        self.stop.cancel();
        self.join().await
    }

    /// Waits until every client has sent all that the plan allows.
    ///
    /// # Errors
    /// They have not within the deadline, or the ledger could not be written.
    pub async fn finish(self, deadline: Duration) -> Result<Ledger> {
        within(deadline, "waiting for the end of a load", self.join(), std::convert::identity).await
    }

    async fn join(mut self) -> Result<Ledger> {
        while let Some(ended) = self.writers.join_next().await {
            well(ended)?;
        }
        Ok(self.recorder.ledger())
    }
}

fn well(ended: std::result::Result<Result<()>, JoinError>) -> Result<()> {
    ended.map_err(|error| Error::bug(format!("a writer broke: {error}")))?
}

async fn write_on<S, F, C>(
    client: u32,
    recorder: &Recorder,
    plan: &LoadPlan,
    stop: &CancellationToken,
    connect: &F,
) -> Result<()>
where
    S: Store,
    F: Fn(u32) -> C,
    C: Future<Output = Result<S>>,
{
    let mut connection = None;
    for (_, size) in (0..plan.writes_per_client).zip(plan.sizes.iter().cycle()) {
        let connecting = async {
            match connection.take() {
                Some(open) => open,
                None => connected(client, connect).await,
            }
        };
        let Some(mut open) = stop.run_until_cancelled(connecting).await else { break };
        let write = recorder.begin(client, *size)?;
        let outcome = open.put(&write).await;
        // What has not answered well may be a dead tunnel: the next write gets a new one.
        if outcome == Outcome::Acknowledged {
            connection = Some(open);
        } else {
            tracing::debug!(client, key = write.key, ?outcome, "a write was not acknowledged");
        }
        recorder.answer(&write, outcome)?;
        // A store that answers at once must not keep the thread.
        tokio::task::yield_now().await;
        if !plan.pace.is_zero() {
            stop.run_until_cancelled(pause(plan.pace)).await;
        }
    }
    Ok(())
}

async fn connected<S, C: Future<Output = Result<S>>>(client: u32, connect: &impl Fn(u32) -> C) -> S {
    loop {
        match connect(client).await {
            Ok(connection) => return connection,
            Err(error) => tracing::debug!(client, %error, "no connection for a write"),
        }
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use camino::Utf8PathBuf;

    use super::*;

    /// Acknowledges, but loses the connection at every third write.
    struct Shaky(u64);

    impl Store for Shaky {
        async fn put(&mut self, _: &Write) -> Outcome {
            self.0 += 1;
            if self.0 == 3 { Outcome::Unknown("connection lost".to_owned()) } else { Outcome::Acknowledged }
        }
    }

    fn recorder(name: &str) -> (Utf8PathBuf, Recorder) {
        let path = Utf8PathBuf::from_path_buf(std::env::temp_dir()).unwrap();
        let path = path.join(format!("steadfast-load-{}-{name}.jsonl", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let recorder = Recorder::create(&path, "run").unwrap();
        (path, recorder)
    }

    #[tokio::test]
    async fn a_lost_connection_is_made_again_and_failing_to_connect_is_no_attempt() {
        let (path, recorder) = recorder("shaky");
        let asked = Arc::new(AtomicU64::new(0));
        let connect = {
            let asked = asked.clone();
            move |_| {
                let turn = asked.fetch_add(1, Ordering::SeqCst);
                async move { if turn % 2 == 1 { Err(Error::environment("no pod")) } else { Ok(Shaky(0)) } }
            }
        };
        let plan = LoadPlan { clients: 0..1, writes_per_client: 9, sizes: &[40, 50], pace: Duration::ZERO };
        let ledger = Load::start(&recorder, &plan, connect).finish(Duration::from_secs(10)).await.unwrap();
        assert_eq!(ledger.attempts.len(), 9);
        let unknown = |attempt: &&super::super::Attempt| matches!(attempt.outcome, Outcome::Unknown(_));
        assert_eq!(ledger.attempts.iter().filter(unknown).count(), 3);
        assert_eq!(asked.load(Ordering::SeqCst), 5);
        assert_eq!(ledger.attempts.iter().map(|one| one.size).take(3).collect::<Vec<_>>(), [40, 50, 40]);
        std::fs::remove_file(path).unwrap();
    }

    #[tokio::test]
    async fn a_load_without_a_store_can_be_stopped_and_has_tried_nothing() {
        let (path, recorder) = recorder("none");
        let plan = LoadPlan { clients: 0..2, writes_per_client: 9, sizes: &[40], pace: Duration::ZERO };
        let mut load = Load::start(&recorder, &plan, async |_| Err::<Shaky, _>(Error::environment("no pod")));
        assert!(load.acknowledged(1, Duration::from_millis(20)).await.is_err());
        assert_eq!(load.stop().await.unwrap().attempts, []);
        std::fs::remove_file(path).unwrap();
    }

    #[tokio::test]
    async fn later_loads_go_on_where_the_first_ended() {
        let (path, recorder) = recorder("phases");
        let plan = LoadPlan { clients: 0..2, writes_per_client: 2, sizes: &[40], pace: Duration::ZERO };
        for _ in 0..2 {
            let mut load = Load::start(&recorder, &plan, async |_| Ok(Shaky(5)));
            load.acknowledged(4, Duration::from_secs(10)).await.unwrap();
            let more = load.acknowledged(1, Duration::from_secs(10)).await.unwrap_err();
            assert!(more.to_string().contains("all writes of the plan are sent"), "{more}");
            load.stop().await.unwrap();
        }
        let ledger = recorder.ledger();
        let of_one = ledger.attempts.iter().filter(|one| one.client == 1).map(|one| one.sequence);
        assert_eq!(of_one.collect::<Vec<_>>(), [0, 1, 2, 3]);
        std::fs::remove_file(path).unwrap();
    }
}
