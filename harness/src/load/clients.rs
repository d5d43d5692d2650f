//! Clients in the background: each of their processes does one thing after another, until the time is over or it is told to stop.

use std::{
    collections::BTreeMap,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use history::{
    Cause, Failure, Outcome,
    generate::{Generator, Request, Work},
};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::{
    Count, Counts, Recorder, Store,
    front::{Front, Place},
};
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
    /// How long a process rests between two operations; zero for a store that is to be kept busy. Who rests keeps in step with the others:
    /// it leaves out what it has no time for, where the store holds it up alone.
    pub pace: Duration,
    /// After so long they stop by themselves.
    pub budget: Duration,
}

/// A load that runs. Dropped, it ends at once: what was in flight stays unknown.
pub struct Load {
    recorder: Recorder,
    /// The processes that write, and where.
    writers: Vec<(u32, Arc<str>)>,
    stop: CancellationToken,
    processes: JoinSet<Result<()>>,
}

/// Whose operations are counted.
enum Who {
    Endpoint(Arc<str>),
    /// And where it acts.
    Process(u32, Arc<str>),
}

impl Who {
    fn of(&self, counts: &Counts) -> Count {
        match self {
            Self::Endpoint(endpoint) => counts.at(endpoint),
            Self::Process(process, _) => counts.of(*process),
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endpoint(endpoint) => formatter.write_str(endpoint),
            Self::Process(process, endpoint) => write!(formatter, "{endpoint}, process {process}"),
        }
    }
}

/// One process of a client.
struct Process {
    number: u32,
    endpoint: Arc<str>,
    generator: Generator,
    place: Place,
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
        let (first, front) = (numbers.start, Front::default());
        let works = plan.clients.iter().flat_map(|client| {
            let endpoint: Arc<str> = client.endpoint.as_str().into();
            client.works.iter().map(move |work| (Arc::clone(&endpoint), work.clone()))
        });
        for (number, (endpoint, work)) in numbers.zip(works) {
            if work.writes() {
                writers.push((number, Arc::clone(&endpoint)));
            }
            let work = work.after(first);
            let process = Process {
                number,
                endpoint,
                generator: Generator::new(recorder.run(), recorder.seed(), number, work),
                place: Place::new(&front),
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

    /// Waits until so many more writes are acknowledged at each endpoint that is written to, and of each process that writes there
    /// its share: work that is always refused must not hide behind other work.
    ///
    /// # Errors
    /// They are not, within the deadline or before the load's time is over, which says nothing of the store; or a client broke.
    pub async fn acknowledged(&mut self, more: u64, deadline: Duration) -> Result<()> {
        let mut writing: BTreeMap<Arc<str>, u64> = BTreeMap::new();
        for (_, endpoint) in &self.writers {
            *writing.entry(Arc::clone(endpoint)).or_default() += 1;
        }
        let share = |endpoint: &str| more.div_ceil(writing.get(endpoint).copied().unwrap_or(1).max(1));
        let processes =
            self.writers.iter().map(|(process, at)| (Who::Process(*process, Arc::clone(at)), share(at)));
        let endpoints = writing.keys().map(|endpoint| (Who::Endpoint(Arc::clone(endpoint)), more));
        let wanted = endpoints.chain(processes).collect();
        self.until("acknowledged writes", |count| count.acknowledged, wanted, deadline).await
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
        let wanted =
            endpoints.iter().map(|endpoint| (Who::Endpoint(endpoint.as_ref().into()), more)).collect();
        self.until("operations", |count| count.tried, wanted, deadline).await
    }

    /// Waits until each of these has so many more.
    async fn until(
        &mut self,
        what: &str,
        count: fn(&Count) -> u64,
        mut wanted: Vec<(Who, u64)>,
        deadline: Duration,
    ) -> Result<()> {
        // Of processes, the slowest alone is told.
        let endpoints = wanted.iter().filter(|(who, _)| matches!(who, Who::Endpoint(_)));
        let all: Vec<String> = endpoints.map(|(who, more)| format!("{more} at {who}")).collect();
        let doing = format!("waiting for more {what}: {}", all.join(", "));
        let mut counts = self.recorder.counts();
        {
            let now = counts.borrow_and_update();
            wanted.iter_mut().for_each(|(who, wanted)| *wanted += count(&who.of(&now)));
        }
        let waiting = async {
            let reached = counts
                .wait_for(|counts| wanted.iter().all(|(who, wanted)| count(&who.of(counts)) >= *wanted));
            let mut reached = std::pin::pin!(reached);
            loop {
                tokio::select! {
                    biased;
                    reached = &mut reached => return reached.map(drop).map_err(|error| Error::bug(error.to_string())),
                    ended = self.processes.join_next() => match ended {
                        Some(ended) => well(ended)?,
                        None => return Err(Error::environment(format!("{doing}: the time of the load is over"))),
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

    /// One that lacks some, and what it said last.
    fn slowest(&self, wanted: &[(Who, u64)], count: fn(&Count) -> u64) -> Option<String> {
        let counts = self.recorder.counts();
        let counts = counts.borrow();
        let (who, wanted) = wanted.iter().find(|(who, wanted)| count(&who.of(&counts)) < *wanted)?;
        let found = who.of(&counts);
        let said = found.last_failure.as_ref();
        let said = said.map_or_else(String::new, |failure| format!(", and said last: {failure}"));
        Some(format!("{who} has {} of {wanted}{said}", count(&found)))
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
    /// Its next operation. Who never rests keeps no step with anybody.
    fn next(&mut self) -> Option<Request> {
        let left_out = if self.pace.is_zero() { 0 } else { self.place.go_on() };
        self.generator.nth(usize::try_from(left_out).ok()?)
    }

    async fn go_on<S, F, C>(mut self, connect: &F) -> Result<()>
    where
        S: Store,
        F: Fn(Arc<str>) -> C,
        C: Future<Output = Result<S>>,
    {
        let mut connection = None;
        while !self.stop.is_cancelled() && Instant::now() < self.end {
            let Some(request) = self.next() else { break };
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
        Outcome::Failed(failure) => {
            matches!(failure.cause, Cause::Answered(_) | Cause::Forgotten | Cause::TakenBack)
        }
        Outcome::Unknown(_) => false,
    }
}

#[cfg(test)]
mod tests;
