//! Clients in the background: each of their processes does one thing after another, until the time is over or it is told to stop.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use history::{
    Cause, Failure, Outcome,
    generate::{Generator, Work},
};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::{Counts, Recorder, Store};
use crate::{
    error::{Error, Result, within},
    wait::pause,
};

/// Who acts on one endpoint: a process for each of its works, so that several operations are in flight.
#[derive(Debug, Clone)]
pub struct Client {
    /// `garage-1`, `service garage`
    pub endpoint: String,
    /// What its processes do. Processes are numbered through all clients of a plan, from 0: so [`Work::Reads`] names them.
    pub works: Vec<Work>,
}

/// What clients do, and for how long.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The clients.
    pub clients: Vec<Client>,
    /// How long a process rests between two operations; zero for a store that is to be kept busy.
    pub pace: Duration,
    /// After so long they stop by themselves.
    pub budget: Duration,
}

/// A load that runs. Dropped, it ends at once: what was in flight stays unknown.
pub struct Load {
    recorder: Recorder,
    writers: Vec<Arc<str>>,
    stop: CancellationToken,
    processes: JoinSet<Result<()>>,
}

/// One process of a client.
struct Process {
    number: u32,
    endpoint: Arc<str>,
    generator: Generator,
    pace: Duration,
    end: Instant,
    recorder: Recorder,
    stop: CancellationToken,
}

impl Load {
    /// Starts the clients. `connect` is asked for a connection to an endpoint at first, and again after every operation that
    /// was not answered; where there is none, that is how the operation ended.
    pub fn start<S, F, C>(recorder: &Recorder, plan: &Plan, connect: F) -> Self
    where
        S: Store,
        F: Fn(Arc<str>) -> C + Send + Sync + 'static,
        C: Future<Output = Result<S>> + Send,
    {
        let (stop, connect) = (CancellationToken::new(), Arc::new(connect));
        let (mut processes, mut writers) = (JoinSet::new(), Vec::new());
        let numbers = recorder.processes(plan.clients.iter().map(|client| client.works.len()).sum());
        let first = numbers.start;
        let works = plan.clients.iter().flat_map(|client| {
            let endpoint: Arc<str> = client.endpoint.as_str().into();
            client.works.iter().map(move |work| (Arc::clone(&endpoint), work.clone()))
        });
        for (number, (endpoint, work)) in numbers.zip(works) {
            if work.writes() && !writers.contains(&endpoint) {
                writers.push(Arc::clone(&endpoint));
            }
            let work = work.after(first);
            let process = Process {
                number,
                endpoint,
                generator: Generator::new(recorder.run(), recorder.seed(), number, work),
                pace: plan.pace,
                end: Instant::now() + plan.budget,
                recorder: recorder.clone(),
                stop: stop.clone(),
            };
            let connect = Arc::clone(&connect);
            processes.spawn(async move { process.go_on(&*connect).await });
        }
        Self { recorder: recorder.clone(), writers, stop, processes }
    }

    /// Waits until so many more writes are acknowledged at each endpoint that is written to.
    ///
    /// # Errors
    /// They are not, within the deadline or before the load's time is over; or a client broke.
    pub async fn acknowledged(&mut self, more: u64, deadline: Duration) -> Result<()> {
        let writers = self.writers.clone();
        self.acknowledged_at(&writers, more, deadline).await
    }

    /// As [`Load::acknowledged`], at each of these endpoints.
    ///
    /// # Errors
    /// As [`Load::acknowledged`].
    pub async fn acknowledged_at(
        &mut self,
        endpoints: &[impl AsRef<str>],
        more: u64,
        deadline: Duration,
    ) -> Result<()> {
        self.until("acknowledged writes", |counts| counts.acknowledged, endpoints, more, deadline).await
    }

    /// Waits until so many more operations have been tried at each of these endpoints, whatever became of them.
    ///
    /// # Errors
    /// As [`Load::acknowledged`].
    pub async fn tried_at(
        &mut self,
        endpoints: &[impl AsRef<str>],
        more: u64,
        deadline: Duration,
    ) -> Result<()> {
        self.until("operations", |counts| counts.tried, endpoints, more, deadline).await
    }

    async fn until(
        &mut self,
        what: &str,
        count: fn(&Counts) -> u64,
        endpoints: &[impl AsRef<str>],
        more: u64,
        deadline: Duration,
    ) -> Result<()> {
        let mut counts = self.recorder.counts();
        let of = |counts: &BTreeMap<Arc<str>, Counts>, endpoint: &str| counts.get(endpoint).map_or(0, count);
        let names: Vec<&str> = endpoints.iter().map(AsRef::as_ref).collect();
        let wanted: Vec<(&str, u64)> = {
            let now = counts.borrow_and_update();
            names.iter().map(|endpoint| (*endpoint, of(&now, endpoint) + more)).collect()
        };
        let doing = format!("waiting for {more} more {what} at each of {}", names.join(", "));
        let waiting = async {
            let reached = counts
                .wait_for(|counts| wanted.iter().all(|(endpoint, wanted)| of(counts, endpoint) >= *wanted));
            let mut reached = std::pin::pin!(reached);
            loop {
                tokio::select! {
                    biased;
                    reached = &mut reached => return reached.map(drop).map_err(|error| Error::bug(error.to_string())),
                    ended = self.processes.join_next() => match ended {
                        Some(ended) => well(ended)?,
                        None => return Err(Error::failed(format!("{doing}: the time of the load is over"))),
                    },
                }
            }
        };
        let outcome = within(deadline, &doing, waiting, std::convert::identity).await;
        outcome.map_err(|error| match self.slowest(&wanted, count) {
            Some(slowest) => {
                let words = format!("{error}; {slowest}");
                error.reworded(words)
            }
            None => error,
        })
    }

    /// An endpoint that lacks some, and what it said last.
    fn slowest(&self, wanted: &[(&str, u64)], count: fn(&Counts) -> u64) -> Option<String> {
        let counts = self.recorder.counts();
        let counts = counts.borrow();
        let lacks = |(endpoint, wanted): &&(&str, u64)| {
            counts.get(*endpoint).is_none_or(|found| count(found) < *wanted)
        };
        let (endpoint, wanted) = wanted.iter().find(lacks)?;
        let found = counts.get(*endpoint).cloned().unwrap_or_default();
        let said = found.last_failure.as_ref();
        let said = said.map_or_else(String::new, |failure| format!(", and said last: {failure}"));
        Some(format!("{endpoint} has {} of {wanted}{said}", count(&found)))
    }

    /// Ends the load: what is in flight gets its answer, then the history is complete.
    ///
    /// # Errors
    /// The history could not be written.
    pub async fn stop(mut self) -> Result<()> {
        self.stop.cancel();
        while let Some(ended) = self.processes.join_next().await {
            well(ended)?;
        }
        Ok(())
    }
}

fn well(ended: std::result::Result<Result<()>, JoinError>) -> Result<()> {
    ended.map_err(|error| Error::bug(format!("a client broke: {error}")))?
}

impl Process {
    async fn go_on<S, F, C>(mut self, connect: &F) -> Result<()>
    where
        S: Store,
        F: Fn(Arc<str>) -> C,
        C: Future<Output = Result<S>>,
    {
        let mut connection = None;
        while !self.stop.is_cancelled() && Instant::now() < self.end {
            let Some(request) = self.generator.next() else { break };
            self.recorder.begin(self.number, &self.endpoint, &request.action)?;
            let open = match connection.take() {
                Some(open) => Ok(open),
                None => connect(Arc::clone(&self.endpoint)).await,
            };
            let outcome = match open {
                Ok(mut open) => {
                    let outcome = open.perform(&request).await;
                    // What has not answered may be a dead tunnel: the next operation gets a new one.
                    if answered(&outcome) {
                        connection = Some(open);
                    }
                    outcome
                }
                Err(error) => Outcome::Failed(Failure::new(Cause::Unreachable, error.to_string())),
            };
            self.recorder.end(self.number, outcome)?;
            // A store that answers at once must not keep the thread.
            tokio::task::yield_now().await;
            if !self.pace.is_zero() {
                self.stop.run_until_cancelled(pause(self.pace)).await;
            }
        }
        Ok(())
    }
}

fn answered(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Ok(_) => true,
        Outcome::Failed(failure) => matches!(failure.cause, Cause::Answered(_)),
        Outcome::Unknown(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use history::generate::Request;

    use super::*;
    use crate::load::recorder::tests::recorder;

    const LONG: Duration = Duration::from_secs(10);

    /// Does all, but loses the connection at every third operation.
    struct Shaky(u64);

    impl Store for Shaky {
        async fn perform(&mut self, _: &Request) -> Outcome {
            self.0 += 1;
            let lost = || Outcome::Unknown(Failure::new(Cause::Broken, "connection lost"));
            if self.0 == 3 { lost() } else { Outcome::DONE }
        }
    }

    fn plan(budget: Duration) -> Plan {
        let client = |endpoint: &str| Client {
            endpoint: endpoint.into(),
            works: vec![Work::Writes { sizes: &[40] }, Work::Reads { of: 0..1 }],
        };
        Plan { clients: vec![client("a-0"), client("a-1")], pace: Duration::from_millis(1), budget }
    }

    #[tokio::test]
    async fn a_lost_connection_is_made_again_and_one_that_does_not_come_about_is_an_error() {
        let (path, recorder) = recorder("shaky");
        let asked = Arc::new(AtomicU64::new(0));
        let connect = {
            let asked = asked.clone();
            move |_| {
                let turn = asked.fetch_add(1, Ordering::SeqCst);
                async move { if turn % 2 == 1 { Err(Error::environment("no pod")) } else { Ok(Shaky(0)) } }
            }
        };
        let mut load = Load::start(&recorder, &plan(LONG), connect);
        load.acknowledged(9, LONG).await.unwrap();
        load.stop().await.unwrap();
        let operations = recorder.operations().unwrap();
        let causes: std::collections::BTreeSet<_> = operations
            .all
            .iter()
            .filter_map(|one| one.outcome.failure())
            .map(|one| one.cause.clone())
            .collect();
        assert_eq!(causes, [Cause::Unreachable, Cause::Broken].into());
        let processes: std::collections::BTreeSet<_> = operations.all.iter().map(|one| one.process).collect();
        assert_eq!(processes, (0..4).collect());
        // What was tried is what its seed says.
        let firsts = operations.all.iter().filter(|one| one.process == 2).map(|one| one.action.clone());
        let generated =
            Generator::new("run", 7, 2, Work::Writes { sizes: &[40] }).map(|request| request.action);
        assert!(firsts.zip(generated).all(|(tried, generated)| tried == generated));
        std::fs::remove_file(path).unwrap();
    }

    #[tokio::test]
    async fn a_load_ends_with_its_time_and_says_who_lacks_writes() {
        let (path, recorder) = recorder("none");
        let connect = async |_| Err::<Shaky, _>(Error::environment("no pod"));
        let mut load = Load::start(&recorder, &plan(Duration::from_millis(20)), connect);
        let error = load.acknowledged(1, LONG).await.unwrap_err().to_string();
        assert!(
            error.contains("the time of the load is over; a-0 has 0 of 1, and said last: no pod"),
            "{error}"
        );
        load.stop().await.unwrap();
        std::fs::remove_file(path).unwrap();
    }
}
