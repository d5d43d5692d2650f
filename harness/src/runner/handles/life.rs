//! What the journal tells of a pod that is gone.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};

use super::{Ending, unsettled};
use crate::{
    claim::Claim,
    error::{Error, Result},
    journal::{
        Fact, History, Kind, Record,
        fact::{Container, Ended, Pod},
    },
    law::Obstacle,
    runner::Run,
    wait::{Progress, until_asked},
    workload::sentinel::{Seen, Stamp},
};

/// How long a sentinel that is told to stop, and does not, may take to answer.
const ANSWERS: Duration = Duration::from_secs(30);

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

    /// Returns when it failed before it went.
    ///
    /// # Errors
    /// When the journal does not show that it did.
    pub fn failed(&self) -> Result<()> {
        let mut failed = false;
        self.versions(|pod| failed |= &*pod.phase == "Failed");
        let words = || format!("{} was replaced, and had not failed", self.pod.meta.name);
        if failed { Ok(()) } else { Err(not_shown(&self.run.log().history(), words())) }
    }

    /// Returns when it has not been Ready since its container was restarted, by what is recorded until now.
    ///
    /// # Errors
    /// When it has been, and where nobody watched pods for a time.
    pub fn not_ready_since_restart(&self) -> Result<()> {
        let (name, restarts) = (&self.pod.meta.name, self.pod.restarts());
        let mut ready = None;
        self.versions(|pod| {
            if pod.ready && pod.restarts() > restarts {
                ready = ready.or(Some(pod.version));
            }
        });
        let history = self.run.log().history();
        match ready {
            Some(version) => Err(Error::failed(format!(
                "{name} was restarted, and was Ready before its readiness probe passed, at revision {version}"
            ))),
            None if has_gap(&history) => Err(Error::not_judged(
                Obstacle::Recording,
                format!("whether {name} was Ready since its restart is not known: the recording has a gap"),
            )),
            None => Ok(()),
        }
    }

    /// How long it has been Ready by its kubelet's word, on the API server's clock of this moment; at most so long, since a
    /// kubelet's times are whole seconds, cut off.
    pub fn ready_for(&self) -> Duration {
        since(self.pod.ready_since, Timestamp::now(), self.run.terrain().clocks.ours.unwrap_or_default())
    }

    /// When the API server was told to delete it, in whole seconds of its clock.
    ///
    /// # Errors
    /// When the journal does not show that it was.
    pub fn told_to_go(&self) -> Result<Timestamp> {
        let mut told = None;
        self.versions(|version| told = told.or(version.told_to_go));
        let name = &self.pod.meta.name;
        let words = || format!("the journal does not show that {name} was told to go");
        told.ok_or_else(|| not_shown(&self.run.log().history(), words()))
    }

    /// How it ended, where it was a sentinel; the pod that came after it has its volume, and tells what it saw. `instance` is
    /// which start of the program ran in it.
    ///
    /// # Errors
    /// When the journal does not show its end, or the pod after it does not answer.
    pub async fn ending(&self, instance: &str) -> Result<Ending> {
        self.ending_of(self.ended(|container| !container.running)?, instance).await
    }

    /// As [`Life::ending`], of a container that was restarted in place.
    ///
    /// # Errors
    /// As [`Life::ending`].
    pub async fn ending_before_restart(&self, instance: &str) -> Result<Ending> {
        self.ending_of(self.ended(|container| container.running)?, instance).await
    }

    /// Judges that it does not see SIGTERM, where it is a sentinel that does not stop, while its preStop hook takes so long, which was
    /// `asked` for later than at this moment. It is asked until then, and nobody's clock is compared with another.
    ///
    /// # Errors
    /// When it does; that is a finding as well.
    pub async fn judge_no_signal_within(
        &self,
        claim: Claim,
        instance: &str,
        asked: Instant,
        hook: Duration,
    ) -> Result<()> {
        let name = &self.pod.meta.name;
        let sentence =
            format!("{name} sees no SIGTERM before its preStop hook is over, which takes {hook:?}");
        let sentinel = self.run.sentinel(name);
        let ask = || async { Ok(too_early(&sentinel.stamps().await?, instance, asked.elapsed(), hook)) };
        let outcome = until_asked(&sentence, self.run.stretch(hook + ANSWERS), ask).await;
        self.run.found(claim, outcome).map(drop)
    }

    async fn ending_of(&self, Ended { code, at, .. }: Ended, instance: &str) -> Result<Ending> {
        let name = &self.pod.meta.name;
        let at =
            at.ok_or_else(|| Error::environment(format!("its kubelet does not tell when {name} ended")))?;
        let stamps = self.run.sentinel(name).stamps().await?;
        let stamps: Vec<_> = stamps.into_iter().filter(|stamp| stamp.instance == instance).collect();
        let ending = Ending::new(name, code, at, &stamps).with_patience(self.run.slowness());
        let unsettled = match (&self.pod.node, ending.told_to_stop()) {
            (Some(node), Some(moment)) => unsettled::since(self.run.client(), node, moment).await,
            _ => None,
        };
        Ok(ending.on_node(unsettled))
    }

    /// The exit code with which the workload's container ended.
    ///
    /// # Errors
    /// When the journal does not show its end.
    pub fn exit_code(&self) -> Result<i32> {
        Ok(self.ended(|container| !container.running)?.code)
    }

    /// How the workload's container ended, as its kubelet told it last, where the container is like this then.
    fn ended(&self, like: impl Fn(&&Container) -> bool) -> Result<Ended> {
        let mut last = None;
        self.versions(|version| {
            let container = version.container(self.run.workload().container);
            last = container.filter(&like).and_then(|one| one.ended.clone());
        });
        let (name, uid) = (&self.pod.meta.name, &self.pod.meta.uid);
        let words = || format!("the journal does not show how {name} with uid {uid} ended");
        last.ok_or_else(|| not_shown(&self.run.log().history(), words()))
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

/// Whether this start of a sentinel has seen SIGTERM by now, when no more time has passed than its hook takes.
fn too_early(stamps: &[Stamp], instance: &str, passed: Duration, hook: Duration) -> Progress {
    let signalled = stamps.iter().any(|stamp| stamp.instance == instance && stamp.seen == Seen::Sigterm);
    match signalled {
        _ if passed >= hook => Progress::Met,
        true => Progress::Never(format!("it came within {passed:.1?} of its deletion")),
        false => Progress::NotYet(format!("it did not come within {passed:.1?}")),
    }
}

/// What it means that a journal does not show something of a pod: nothing, where there was a time in which nobody watched pods.
fn not_shown(history: &History, words: String) -> Error {
    match has_gap(history) {
        true => Error::not_judged(Obstacle::Recording, format!("{words}; the recording has a gap")),
        false => Error::failed(words),
    }
}

/// Whether there was a time in which nobody watched pods.
fn has_gap(history: &History) -> bool {
    history.gaps().any(|(kind, _)| kind == Kind::Pod)
}

/// The time since a moment of the cluster's clock, where ours is so many seconds ahead of that.
fn since(moment: Option<Timestamp>, now: Timestamp, ahead: f64) -> Duration {
    let ahead = SignedDuration::try_from_secs_f64(ahead).unwrap_or_default();
    let passed = moment.map(|moment| now.duration_since(moment) - ahead);
    passed.and_then(|passed| Duration::try_from(passed).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Entry;

    #[test]
    fn what_a_gap_may_hide_is_not_missing() {
        let history = |kind: Kind, bridged| {
            let record = Record::Gap { kind, reason: "too old".to_owned(), bridged };
            History::new([Arc::new(Entry { line: 1, at: Timestamp::UNIX_EPOCH, record })])
        };
        let obstacle = |history: &History| not_shown(history, "db-0 had not failed".to_owned()).obstacle();
        assert_eq!(obstacle(&history(Kind::Pod, false)), Some(Obstacle::Recording));
        for other in [history(Kind::Pod, true), history(Kind::StatefulSet, false), History::default()] {
            assert_eq!(obstacle(&other), None);
        }
    }

    #[test]
    fn a_signal_is_too_early_only_when_it_was_seen_before_the_hook_can_be_over() {
        let stamp = |instance: &str, seen| Stamp { instance: instance.to_owned(), seen, at: 0 };
        let told = |stamps: &[Stamp], passed| {
            too_early(stamps, "00ff", Duration::from_secs(passed), Duration::from_secs(5))
        };
        let signalled = [stamp("00ff", Seen::Sigterm)];
        assert_eq!(told(&signalled, 1), Progress::Never("it came within 1.0s of its deletion".to_owned()));
        assert_eq!(told(&signalled, 5), Progress::Met);
        for other in [stamp("0a0b", Seen::Sigterm), stamp("00ff", Seen::PreStopBegan)] {
            assert!(matches!(told(&[other], 4), Progress::NotYet(_)));
        }
        assert_eq!(told(&[], 6), Progress::Met);
    }

    #[test]
    fn a_clock_that_is_behind_makes_a_pod_ready_for_longer() {
        let at = |second: i64| Timestamp::from_second(1_764_345_600 + second).unwrap();
        let ready = |second, ahead| since(Some(at(second)), at(10), ahead).as_secs();
        assert_eq!((ready(9, 0.0), ready(2, 0.0), ready(9, -6.0)), (1, 8, 7));
        // One that is ahead has not been Ready yet.
        assert_eq!((ready(20, 0.0), since(None, at(10), 0.0)), (0, Duration::ZERO));
    }
}
