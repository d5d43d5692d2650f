//! Waits for expectations, driven by the journal.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Expectation, Progress, Witness, pause};
use crate::{
    error::{Class, Error, Result},
    journal::{Log, World, recorder::Recorder},
    law::{
        Obstacle, eviction,
        overlooked::{Looks, overlooked},
    },
};

/// How long something must look impossible, or in the way, before it is called so: the kinds are watched apart, and what one
/// watch tells may be ahead of another by a second or more; and a kubelet that is slow to hear of a ConfigMap can't mount it at
/// first.
const CERTAIN: Duration = Duration::from_secs(3);
/// What is left of a scenario's time for its last words: what it waited for when its time was over, and what that says.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// What is said of a controller that did the one and left the other.
const OVERLOOKED: &str = "it came about when the set's spec was changed for that alone: its controller had seen to another set, and \
                          left this one as it was";

/// Waits on one journal, until its scenario's time is over.
#[derive(Clone)]
pub struct Waiter {
    recorder: Arc<Recorder>,
    witness: Arc<dyn Witness>,
    end: Instant,
    certain: Duration,
    nodes_are_ours: bool,
    says: Arc<dyn Fn(&str) + Send + Sync>,
}

impl fmt::Debug for Waiter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Waiter").field("end", &self.end).finish_non_exhaustive()
    }
}

/// When and at which line of the journal a wait began, and the line at which the controller was seen awake.
#[derive(Clone, Copy)]
struct Begun {
    started: Instant,
    line: u64,
    awake: Option<u64>,
}

/// How a wait ended.
#[derive(Debug)]
enum End {
    Met(Duration),
    /// Not in time; what was missing.
    InVain(String),
    /// What is there speaks against it; what that is.
    Contradicted(String),
    Prevented(Obstacle, String),
}

impl Waiter {
    /// Waits on what this recorder records, for a scenario that has so much time from now on.
    pub fn new(recorder: Arc<Recorder>, witness: Arc<dyn Witness>, time: Duration) -> Self {
        let (end, says) = (Instant::now() + time, Arc::new(|_: &str| {}));
        Self { recorder, witness, end, certain: CERTAIN, nodes_are_ours: true, says }
    }

    /// On nodes that are ours or not: somebody else may take pods from his.
    pub fn on_nodes(self, nodes_are_ours: bool) -> Self {
        Self { nodes_are_ours, ..self }
    }

    /// With somebody to tell what is waited for.
    pub fn saying(self, says: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { says: Arc::new(says), ..self }
    }

    /// A deadline, or what is left of the scenario's time.
    pub fn at_most(&self, deadline: Duration) -> Duration {
        deadline.min(self.end.saturating_duration_since(Instant::now()).saturating_sub(LAST_WORDS))
    }

    /// Returns as soon as the expectation is met, with the time that took.
    ///
    /// # Errors
    /// [`Error::Failed`] when it was watched not to be met, though its time was over, everything was seen, the controllers have
    /// looked since, and nothing else is in the way; the message names the last reason. [`Error::NotJudged`] otherwise.
    pub async fn until(&self, expectation: &Expectation, deadline: Duration) -> Result<Duration> {
        (self.says)(&expectation.sentence);
        let (started, began) = (Instant::now(), self.line());
        let deadline = self.at_most(deadline);
        let mut awake = None;
        loop {
            let met = met(self.recorder.log(), expectation, started, deadline, self.certain);
            let end = self.beside(met, deadline / 2, &mut awake).await;
            let begun = Begun { started, line: began, awake };
            match end {
                End::Met(after) => return Ok(after),
                End::InVain(words) => {
                    return self.conclude(expectation, begun, words, |_| true).await;
                }
                End::Contradicted(words) => {
                    let explains = |obstacle: Obstacle| !obstacle.only_keeps_away();
                    let concluded = self.conclude(expectation, begun, words, explains).await;
                    // A controller that had not looked yet may have begun meanwhile with what it had to do.
                    let stays = matches!(self.progress(expectation), Progress::Never(_));
                    if stays || concluded.as_ref().map_err(Error::class) != Err(Class::Failed) {
                        return concluded;
                    }
                }
                End::Prevented(obstacle, why) => return Err(prevented(expectation, obstacle, &why)),
            }
        }
    }

    /// The newest line of the journal.
    fn line(&self) -> u64 {
        *self.recorder.log().subscribe().borrow()
    }

    /// A failure, unless somebody else took pods away since this line of the journal: then nobody knows what would have been.
    fn failed(&self, line: u64, words: String) -> Error {
        match eviction::by_another(&self.recorder.log().history(), line, self.nodes_are_ours) {
            Some(why) => Error::not_judged(Obstacle::Disruption, format!("{words}; {why}")),
            None => Error::failed(words),
        }
    }

    /// How far what was recorded shows it.
    fn progress(&self, expectation: &Expectation) -> Progress {
        self.recorder.log().now(|world| expectation.check(world))
    }

    /// Waits, and halfway sees whether the controller is awake: by whom it looked at before, what it leaves undone is told.
    async fn beside(
        &self,
        met: impl Future<Output = End>,
        halfway: Duration,
        awake: &mut Option<u64>,
    ) -> End {
        tokio::pin!(met);
        if awake.is_none() {
            let seen = async {
                pause(halfway).await;
                self.witness.awake().await
            };
            tokio::select! {
                biased;
                end = &mut met => return end,
                seen = seen => *awake = seen.then(|| self.line()),
            }
        }
        met.await
    }

    /// What a wait says that ended in vain, where only some obstacles would explain that.
    async fn conclude(
        &self,
        expectation: &Expectation,
        Begun { started, line, awake }: Begun,
        words: String,
        explains: impl Fn(Obstacle) -> bool,
    ) -> Result<Duration> {
        let unknown = |error: Error| unknown(&words, error);
        let asked = self.settle().await.map_err(unknown)?;
        let in_the_way = self.in_the_way(&expectation.despite).await.map_err(unknown)?;
        // Late is not never; but what nobody would have looked at again is.
        if self.progress(expectation) == Progress::Met {
            let looks = awake.map(|awake| Looks { began: line, awake, asked });
            if looks.is_some_and(|looks| overlooked(&self.recorder.log().history(), looks)) {
                return Err(self.failed(line, format!("{words}; {OVERLOOKED}")));
            }
            return Ok(started.elapsed());
        }
        match in_the_way {
            Some((obstacle, why)) if explains(obstacle) => {
                Err(Error::not_judged(obstacle, format!("{words}; {why}")))
            }
            _ => Err(self.failed(line, words)),
        }
    }

    /// What is in the way: not what was so for a moment.
    async fn in_the_way(&self, despite: &[&'static str]) -> Result<Option<(Obstacle, String)>> {
        if self.witness.outside(despite).await?.is_none() {
            return Ok(None);
        }
        pause(self.at_most(self.certain)).await;
        self.witness.outside(despite).await
    }

    /// Returns when everything that happened is recorded.
    ///
    /// # Errors
    /// When it is not in time.
    pub(crate) async fn recorded(&self) -> Result<()> {
        self.recorder.barrier().await
    }

    /// Returns when the controllers have looked at what there is, and everything that happened meanwhile is recorded.
    ///
    /// # Errors
    /// [`Error::NotJudged`] when they have not, or it is not.
    pub async fn settled(&self) -> Result<()> {
        self.settle().await.map(drop)
    }

    /// As [`Waiter::settled`]; gives the line of the journal at which the controllers were asked to look.
    async fn settle(&self) -> Result<u64> {
        self.recorder.barrier().await?;
        let asked = self.line();
        self.witness.synced().await?;
        self.recorder.barrier().await?;
        Ok(asked)
    }

    /// Watches that the expectation stays met until the controllers have looked and everything that they did is recorded, and
    /// for `least` at the least, where only time shows.
    ///
    /// # Errors
    /// [`Error::Failed`] at the first moment at which it is not met, [`Error::NotJudged`] when nobody can know, or something outside
    /// may have ended it: a node, a taint, somebody else who evicted pods.
    pub async fn hold(&self, expectation: &Expectation, least: Duration) -> Result<()> {
        let (started, line) = (Instant::now(), self.line());
        let log: &Log = self.recorder.log();
        let mut changed = log.subscribe();
        let settled = async {
            // What was done before may not have been told yet.
            pause(self.at_most(least)).await;
            self.settled().await
        };
        tokio::pin!(settled);
        let mut ended = None;
        loop {
            changed.mark_unchanged();
            match log.now(|world| expectation.check(world)) {
                Progress::Met => {}
                Progress::Prevented(obstacle, why) => {
                    return Err(prevented(expectation, obstacle, &why));
                }
                ref ended @ (Progress::NotYet(ref why) | Progress::Never(ref why)) => {
                    let (after, words) = (started.elapsed(), &expectation.sentence);
                    let words = format!("{words} had to stay so, and ended after {after:.1?}: {why}");
                    // What brought it about may be told later. It was seen, whether the recording is whole or not.
                    drop(self.recorder.barrier().await);
                    return Err(match ended {
                        Progress::Never(_) => self.failed(line, words),
                        _ => self.ended(expectation, line, words).await,
                    });
                }
            }
            // What came with the end was looked at.
            if let Some(ended) = ended {
                return ended;
            }
            ended = tokio::select! {
                _ = changed.changed() => None,
                settled = &mut settled => Some(settled),
            };
        }
    }

    /// What a hold says that ended: nothing, where something outside may have ended it.
    async fn ended(&self, expectation: &Expectation, line: u64, words: String) -> Error {
        if let Progress::Prevented(obstacle, why) = self.progress(expectation) {
            return prevented(expectation, obstacle, &why);
        }
        // Who does nothing has ended nothing.
        let ends = |obstacle: Obstacle| !obstacle.only_keeps_away() && obstacle != Obstacle::Controller;
        match self.witness.outside(&expectation.despite).await {
            Ok(Some((obstacle, why))) if ends(obstacle) => {
                Error::not_judged(obstacle, format!("{words}; {why}"))
            }
            Ok(_) => self.failed(line, words),
            Err(error) => unknown(&words, error),
        }
    }
}

/// What was seen, where something kept it from being understood.
fn unknown(words: &str, error: Error) -> Error {
    match error.obstacle() {
        Some(obstacle) => Error::not_judged(obstacle, format!("{words}; which says nothing, since {error}")),
        None => error,
    }
}

/// What the surroundings don't allow.
fn prevented(expectation: &Expectation, obstacle: Obstacle, why: &str) -> Error {
    Error::not_judged(obstacle, format!("{} is prevented: {why}", expectation.sentence))
}

/// Returns as soon as the journal shows it, whatever that says; whether it did in time.
pub async fn until_seen(log: &Log, deadline: Duration, shows: impl Fn(&World) -> bool) -> bool {
    let mut changed = log.subscribe();
    let seen = async {
        while !log.now(&shows) {
            // The log outlives who waits on it.
            drop(changed.changed().await);
        }
    };
    tokio::time::timeout(deadline, seen).await.is_ok()
}

/// As [`Waiter::until`], without what follows; what looks impossible must do so for as long as `certain`.
async fn met(
    log: &Log,
    expectation: &Expectation,
    started: Instant,
    deadline: Duration,
    certain: Duration,
) -> End {
    let mut changed = log.subscribe();
    let mut impossible_since = None;
    loop {
        changed.mark_unchanged();
        let progress = log.now(|world| expectation.check(world));
        let mut left = deadline.saturating_sub(started.elapsed());
        let missing = match progress {
            Progress::Met => return End::Met(started.elapsed()),
            Progress::Never(why) => {
                let since: Instant = *impossible_since.get_or_insert_with(Instant::now);
                let doubtful = certain.saturating_sub(since.elapsed());
                if doubtful.is_zero() {
                    return End::Contradicted(format!("{} can never be: {why}", expectation.sentence));
                }
                left = left.min(doubtful);
                why
            }
            Progress::Prevented(obstacle, why) => return End::Prevented(obstacle, why),
            Progress::NotYet(why) => {
                impossible_since = None;
                why
            }
        };
        let waited = tokio::time::timeout(left, changed.changed()).await.is_err();
        if waited && started.elapsed() >= deadline {
            let sentence = &expectation.sentence;
            return End::InVain(format!("waited {deadline:.0?} for this: {sentence}; last seen: {missing}"));
        }
    }
}

#[cfg(test)]
mod tests;
