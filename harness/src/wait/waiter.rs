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

/// How long something must look impossible before it is called so: the kinds are watched apart, and what one watch tells may
/// be ahead of another by a second or more.
const CERTAIN: Duration = Duration::from_secs(3);
/// What is left of a scenario's time for its last words: what it waited for when its time was over.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Waits on one journal, until its scenario's time is over.
#[derive(Debug, Clone)]
pub struct Waiter {
    recorder: Arc<Recorder>,
    end: Instant,
}

impl Waiter {
    /// Waits on what this recorder records, for a scenario that has so much time from now on.
    pub fn new(recorder: Arc<Recorder>, time: Duration) -> Self {
        Self { recorder, end: Instant::now() + time }
    }

    /// A deadline, or what is left of the scenario's time.
    pub fn at_most(&self, deadline: Duration) -> Duration {
        deadline.min(self.end.saturating_duration_since(Instant::now()).saturating_sub(LAST_WORDS))
    }

    /// Returns as soon as the expectation is met, with the time that took.
    ///
    /// # Errors
    /// [`Error::Failed`] when it can never be met, or was not met in time; the message names the last reason.
    pub async fn until(&self, expectation: &Expectation, deadline: Duration) -> Result<Duration> {
        let _awaiting = self.recorder.awaiting();
        met(self.recorder.log(), expectation, self.at_most(deadline), CERTAIN).await
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

/// As [`Waiter::until`]; what looks impossible must do so for as long as `certain`.
async fn met(
    log: &Log,
    expectation: &Expectation,
    deadline: Duration,
    certain: Duration,
) -> Result<Duration> {
    let started = Instant::now();
    let mut changed = log.subscribe();
    let mut impossible_since = None;
    loop {
        changed.mark_unchanged();
        let progress = log.now(|world| expectation.check(world));
        let mut left = deadline.saturating_sub(started.elapsed());
        let missing = match progress {
            Progress::Met => return Ok(started.elapsed()),
            Progress::Never(why) => {
                let since: Instant = *impossible_since.get_or_insert_with(Instant::now);
                let doubtful = certain.saturating_sub(since.elapsed());
                if doubtful.is_zero() {
                    return Err(Error::failed(format!("{} can never be: {why}", expectation.sentence)));
                }
                left = left.min(doubtful);
                why
            }
            Progress::Prevented(why) => {
                return Err(Error::environment(format!("{} is prevented: {why}", expectation.sentence)));
            }
            Progress::NotYet(why) => {
                impossible_since = None;
                why
            }
        };
        let waited = tokio::time::timeout(left, changed.changed()).await.is_err();
        if waited && started.elapsed() >= deadline {
            return Err(Error::failed(format!(
                "waited {deadline:.0?} for this: {}; last seen: {missing}",
                expectation.sentence
            )));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// Waits on a log to which something is written after the first look; the answers come one after another, and the last
    /// one stays.
    async fn waiting(
        name: &str,
        answers: Vec<Progress>,
        deadline: Duration,
        certain: Duration,
    ) -> Result<Duration> {
        let folder = std::env::temp_dir().join(format!("steadfast-{name}-{}", std::process::id()));
        let path = camino::Utf8PathBuf::try_from(folder).expect("a path in UTF-8");
        let log = Arc::new(Log::create(&path).expect("a log"));
        let left = std::sync::Mutex::new(answers);
        let expectation = Expectation::new("it", move |_| {
            let mut left = left.lock().expect("the answers");
            if left.len() > 1 { left.remove(0) } else { left[0].clone() }
        });
        let (writer, _subscribed) = (Arc::clone(&log), log.subscribe());
        let writing = tokio::spawn(async move { writer.act("step", "scenario", "something happens") });
        let outcome = met(&log, &expectation, deadline, certain).await;
        writing.await.expect("written");
        std::fs::remove_file(&path).expect("removed");
        outcome
    }

    #[tokio::test]
    async fn what_looks_impossible_for_a_moment_is_waited_for() {
        let answers = vec![Progress::Never("the status is ahead of its pod".into()), Progress::Met];
        assert!(waiting("moment", answers, LONG, LONG).await.is_ok());
    }

    #[tokio::test]
    async fn what_stays_impossible_ends_the_wait() {
        let answers = vec![Progress::Never("the set is gone".into())];
        let error =
            waiting("stays", answers, LONG, Duration::from_millis(1)).await.expect_err("it can't be met");
        assert_eq!(error.to_string(), "it can never be: the set is gone");
    }

    #[tokio::test]
    async fn a_time_out_names_the_last_reason() {
        let answers = vec![
            Progress::NotYet("first".into()),
            Progress::NotYet("last".into()),
            Progress::NotYet("last".into()),
        ];
        let error =
            waiting("last", answers, Duration::from_millis(20), LONG).await.expect_err("it is not met");
        assert!(error.to_string().ends_with("for this: it; last seen: last"), "{error}");
    }
}
