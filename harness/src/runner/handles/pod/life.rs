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
    report::terrain::Clocks,
    runner::Run,
    wait::{Progress, until_asked},
    workload::sentinel::{Seen, Stamp},
};

/// How long a sentinel that is told to stop, and does not, may take to answer.
const ANSWERS: Duration = Duration::from_secs(30);

/// How many seconds clocks may seem to differ that are one: what whole seconds and a busy machine make.
const AGREE: f64 = 2.0;

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
        told.ok_or_else(|| self.not_told())
    }

    /// How many seconds it was given to stop, by who gave it the least: the API server gives none more than there were.
    ///
    /// # Errors
    /// As [`Life::told_to_go`].
    pub fn given_grace(&self) -> Result<i64> {
        let mut given = None;
        // Its kubelet gives it none when it has stopped.
        self.versions(|version| given = version.given_grace.filter(|seconds| *seconds > 0).or(given));
        given.ok_or_else(|| self.not_told())
    }

    fn not_told(&self) -> Error {
        let words = format!("the journal does not show that {} was told to go", self.pod.meta.name);
        not_shown(&self.run.log().history(), words)
    }

    /// How it ended, where it was a sentinel; the pod that came after it has its volume, and tells what it saw. `instance` is
    /// which start of the program ran in it.
    ///
    /// # Errors
    /// When the journal does not show its end, or the pod after it does not answer.
    pub async fn ending(&self, instance: &str) -> Result<Ending> {
        self.ending_of_container(self.run.workload().container, instance).await
    }

    /// As [`Life::ending`], of a container beside that of the workload: it was told to stop at the same time.
    ///
    /// # Errors
    /// As [`Life::ending`].
    pub async fn ending_of_container(&self, container: &str, instance: &str) -> Result<Ending> {
        let ended = self.ended(container, |container| !container.running)?;
        self.ending_of(container, ended, instance).await
    }

    /// As [`Life::ending`], of a container that was restarted in place.
    ///
    /// # Errors
    /// As [`Life::ending`].
    pub async fn ending_before_restart(&self, instance: &str) -> Result<Ending> {
        let container = self.run.workload().container;
        self.ending_of(container, self.ended(container, |container| container.running)?, instance).await
    }

    /// Judges that it was killed when its grace period was over, if it did not stop by itself, by when it was deleted: its kubelet
    /// had heard of that. Left out, with the reason, where that is told by clocks that may differ.
    ///
    /// # Errors
    /// When it was killed late; that is a finding as well.
    pub fn judge_killed_in_time(&self, claim: Claim, end: &Ending, grace: Duration) -> Result<()> {
        let node = self.pod.node.as_deref().unwrap_or_default();
        let differ = match self.run.is_in_cluster_of_ours() {
            true => differ(&self.run.terrain().clocks, node),
            false => Some("the cluster is not ours alone".to_owned()),
        };
        if let Some(why) = differ {
            self.run.leave_out(format!("whether {node} heard in time that a pod is to stop: {why}"));
            return Ok(());
        }
        let in_time = self.told_to_go().and_then(|told| end.killed_in_time(told, grace));
        self.run.found(claim, in_time)
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

    async fn ending_of(
        &self,
        container: &str,
        Ended { code, at, .. }: Ended,
        instance: &str,
    ) -> Result<Ending> {
        let name = &self.pod.meta.name;
        let at =
            at.ok_or_else(|| Error::environment(format!("its kubelet does not tell when {name} ended")))?;
        let stamps = self.run.sentinel(name).stamps().await?;
        let stamps: Vec<_> = stamps.into_iter().filter(|stamp| stamp.instance == instance).collect();
        let beside = container != self.run.workload().container;
        let who = if beside { format!("the container {container} of {name}") } else { name.clone() };
        let ending = Ending::new(&who, code, at, &stamps).with_patience(self.run.slowness());
        // From its deletion on: a kubelet that was away may begin late.
        let moment = self.told_to_go().ok().into_iter().chain(ending.told_to_stop()).min();
        let unsettled = match (&self.pod.node, moment) {
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
        Ok(self.ended(self.run.workload().container, |container| !container.running)?.code)
    }

    /// How a container ended, as its kubelet told it last, where the container is like this then.
    fn ended(&self, container: &str, like: impl Fn(&&Container) -> bool) -> Result<Ended> {
        let mut last = None;
        self.versions(|version| {
            let container = version.container(container);
            last = container.filter(&like).and_then(|one| one.ended.clone());
        });
        let (name, uid) = (&self.pod.meta.name, &self.pod.meta.uid);
        let words = || format!("the journal does not show how {container} of {name} with uid {uid} ended");
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

/// Why what a node tells of time can't be compared with what the API server does.
fn differ(clocks: &Clocks, node: &str) -> Option<String> {
    match clocks.nodes.get(node) {
        None => Some(format!("it is not known how the clock of {node} differs from the API server's")),
        Some(ahead) if ahead.abs() >= AGREE => {
            Some(format!("the clock of {node} was read {ahead:.1} s ahead of the API server's"))
        }
        Some(_) => None,
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
    fn clocks_that_differ_or_are_not_known_are_not_compared() {
        let nodes = [("a".to_owned(), 1.9), ("b".to_owned(), -2.0), ("c".to_owned(), 3.0)].into();
        let clocks = Clocks { ours: Some(9.0), nodes };
        assert_eq!(differ(&clocks, "a"), None);
        for (node, why) in [("b", "-2.0 s ahead"), ("c", "3.0 s ahead"), ("d", "is not known")] {
            assert!(differ(&clocks, node).unwrap().contains(why), "{node}");
        }
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
