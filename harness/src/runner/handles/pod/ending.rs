//! How a sentinel's pod ended: by what its container saw, and by its kubelet. Both go by their node's clock; ours, and the
//! time at which we heard of it, are another.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::{
    error::{Error, Result},
    law::Obstacle,
    workload::sentinel::{Seen, Stamp},
};

/// How much later than its time a kubelet may do something.
const LATE: SignedDuration = SignedDuration::from_secs(2);
/// How much later than its kubelet a container knows that its hook was called: the request has a way to go.
const WAY: SignedDuration = SignedDuration::from_millis(500);
/// How much later than its time a pod may be killed whose kubelet has yet to hear that it is to go.
const HEARD: SignedDuration = SignedDuration::from_secs(4);
/// What the API cuts off the times that it tells.
const CUT_OFF: SignedDuration = SignedDuration::from_secs(1);

/// How a pod's container ended, and what it saw of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    pod: String,
    /// Its exit code.
    pub exit_code: i32,
    ended: Timestamp,
    pre_stop_began: Option<Timestamp>,
    pre_stop_ended: Option<Timestamp>,
    sigterm: Option<Timestamp>,
    /// How much later than it should something may come, how long the request for its hook may be on its way, and how much later it
    /// may be killed whose kubelet has yet to hear.
    late: SignedDuration,
    way: SignedDuration,
    heard: SignedDuration,
    /// What its node went through meanwhile.
    unsettled: Option<String>,
}

impl Ending {
    /// With so many times more time for what may come late.
    pub(super) fn with_patience(self, patience: f64) -> Self {
        let stretch = |time: SignedDuration| {
            SignedDuration::try_from_secs_f64(time.as_secs_f64() * patience).unwrap_or(time)
        };
        Self { late: stretch(LATE), way: stretch(WAY), heard: stretch(HEARD), ..self }
    }

    /// On a node that went through this meanwhile: what came late then may have had to.
    pub(super) fn on_node(self, unsettled: Option<String>) -> Self {
        Self { unsettled, ..self }
    }

    /// When it heard that it was to stop, by its node's clock.
    pub(super) fn told_to_stop(&self) -> Option<Timestamp> {
        self.pre_stop_began.or(self.sigterm)
    }

    pub(super) fn new(pod: &str, exit_code: i32, ended: Timestamp, stamps: &[Stamp]) -> Self {
        let at = |seen| {
            let stamp = stamps.iter().find(|stamp| stamp.seen == seen)?;
            Timestamp::from_millisecond(stamp.at).ok()
        };
        Self {
            pod: pod.to_owned(),
            exit_code,
            ended,
            pre_stop_began: at(Seen::PreStopBegan),
            pre_stop_ended: at(Seen::PreStopEnded),
            sigterm: at(Seen::Sigterm),
            late: LATE,
            way: WAY,
            heard: HEARD,
            unsettled: None,
        }
    }

    /// Sees that its preStop hook ran to its end, and that SIGTERM followed at once.
    ///
    /// # Errors
    /// [`Error::Failed`] when not, and [`Error::NotJudged`] when it came late on a node that was not well.
    pub fn signal_follows_hook(&self) -> Result<()> {
        let pod = &self.pod;
        let Some(began) = self.pre_stop_began else {
            let saw =
                if self.sigterm.is_some() { "it saw SIGTERM alone" } else { "it saw no SIGTERM either" };
            return Err(Error::failed(format!("the preStop hook of {pod} did not run: {saw}")));
        };
        let sigterm = self.signalled()?;
        let Some(ended) = self.pre_stop_ended.filter(|ended| *ended <= sigterm) else {
            let after = seconds(sigterm.duration_since(began));
            let words =
                format!("SIGTERM came to {pod} {after} after its preStop hook began, before it had ended");
            return Err(Error::failed(words));
        };
        let waited = sigterm.duration_since(ended);
        if waited <= self.late {
            return Ok(());
        }
        let (waited, most) = (seconds(waited), seconds(self.late));
        Err(self.came_late(format!(
            "SIGTERM came to {pod} {waited} after its preStop hook; expected at most {most}"
        )))
    }

    /// Sees that SIGTERM comes when its grace period is over, though its preStop hook is not: no later. The period begins with the
    /// hook.
    ///
    /// # Errors
    /// As [`Ending::signal_follows_hook`].
    pub fn signalled_after(&self, grace: Duration) -> Result<()> {
        let pod = &self.pod;
        let Some(began) = self.pre_stop_began else {
            return Err(Error::failed(format!("the preStop hook of {pod} did not run")));
        };
        let sigterm = self.signalled()?;
        let waited = sigterm.duration_since(began);
        let grace = SignedDuration::try_from(grace).unwrap_or(SignedDuration::MAX);
        if waited <= grace + self.late {
            return Ok(());
        }
        let (waited, grace) = (seconds(waited), seconds(grace));
        Err(self.came_late(format!(
            "SIGTERM came to {pod} {waited} after its preStop hook began; its grace period is {grace}"
        )))
    }

    /// Sees that its end, if it does not stop by itself, comes when its grace period is over, and not before. The period begins
    /// with the hook.
    ///
    /// # Errors
    /// As [`Ending::signal_follows_hook`].
    pub fn killed_after(&self, grace: Duration) -> Result<()> {
        let pod = &self.pod;
        let Some(began) = self.told_to_stop() else {
            return Err(Error::failed(format!("{pod} was not told to stop before it was killed")));
        };
        let lasted = self.ended.duration_since(began);
        let grace = SignedDuration::try_from(grace).unwrap_or(SignedDuration::MAX);
        let words = || {
            let (lasted, grace) = (seconds(lasted), seconds(grace));
            format!(
                "{pod} was killed {lasted} after it was told to stop, in whole seconds; its grace period is {grace}"
            )
        };
        // It ended at the second that is told, or within it. However slow the way is, half of its time is its own.
        if lasted + CUT_OFF <= (grace - self.way).max(grace / 2) {
            return Err(Error::failed(words()));
        }
        if lasted > grace + self.late {
            return Err(self.came_late(words()));
        }
        Ok(())
    }

    /// Sees that its end, if it does not stop by itself, comes when its grace period is over, and not later, from the moment on at which
    /// the API server was told that it is to go: for clocks that are one.
    ///
    /// # Errors
    /// As [`Ending::signal_follows_hook`].
    pub(super) fn killed_in_time(&self, told_to_go: Timestamp, grace: Duration) -> Result<()> {
        let lasted = self.ended.duration_since(told_to_go);
        let grace = SignedDuration::try_from(grace).unwrap_or(SignedDuration::MAX);
        // Both are whole seconds.
        if lasted <= grace + self.heard + CUT_OFF {
            return Ok(());
        }
        let (pod, lasted, grace) = (&self.pod, seconds(lasted), seconds(grace));
        Err(self.came_late(format!(
            "{pod} was killed {lasted} after its deletion, in whole seconds; its grace period is {grace}"
        )))
    }

    /// When SIGTERM came.
    fn signalled(&self) -> Result<Timestamp> {
        let (pod, code) = (&self.pod, self.exit_code);
        self.sigterm
            .ok_or_else(|| Error::failed(format!("{pod} ended without SIGTERM, with the exit code {code}")))
    }

    /// What it means that something came late.
    fn came_late(&self, words: String) -> Error {
        match &self.unsettled {
            Some(why) => Error::not_judged(Obstacle::Node, format!("{words}; {why}")),
            None => Error::failed(words),
        }
    }
}

fn seconds(duration: SignedDuration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(6);

    /// Told to stop at a second of no meaning; what it saw, and when it ended, in milliseconds from there.
    fn ending(seen: &[(Seen, i64)], ended: i64) -> Ending {
        let begin = 1_764_345_600_400;
        let stamp =
            |(seen, after): &(Seen, i64)| Stamp { instance: String::new(), seen: *seen, at: begin + after };
        let stamps: Vec<_> = seen.iter().map(stamp).collect();
        let cut_off = Timestamp::from_second((begin + ended) / 1000).unwrap();
        Ending::new("db-0", 137, cut_off, &stamps)
    }

    const HOOK: [(Seen, i64); 2] = [(Seen::PreStopBegan, 0), (Seen::PreStopEnded, 2000)];

    fn against(seen: Result<()>) -> Option<String> {
        seen.err().map(|error| error.to_string())
    }

    fn signalled(after: i64) -> Option<String> {
        against(ending(&[HOOK[0], HOOK[1], (Seen::Sigterm, after)], 6000).signal_follows_hook())
    }

    #[test]
    fn what_comes_late_on_a_node_that_was_not_well_is_not_judged() {
        let restarted = || Some("its kubelet began anew".to_owned());
        let obstacle = |seen: Result<()>| seen.unwrap_err().obstacle();
        let late = ending(&[HOOK[0], HOOK[1], (Seen::Sigterm, 9000)], 30_000);
        assert_eq!(obstacle(late.signal_follows_hook()), None);
        let late = late.on_node(restarted());
        assert_eq!(obstacle(late.signal_follows_hook()), Some(Obstacle::Node));
        assert_eq!(obstacle(late.killed_after(GRACE)), Some(Obstacle::Node));
        // Nothing makes a kubelet early.
        let early = ending(&[HOOK[0], (Seen::Sigterm, 100)], 2100).on_node(restarted());
        assert_eq!(obstacle(early.killed_after(GRACE)), None);
        assert_eq!(obstacle(early.signal_follows_hook()), None);
    }

    #[test]
    fn the_signal_follows_the_hook() {
        assert_eq!(signalled(2000), None);
        assert_eq!(signalled(4000), None);
        let words = signalled(4001).unwrap();
        assert_eq!(words, "SIGTERM came to db-0 2.0 s after its preStop hook; expected at most 2.0 s");
        let words = signalled(1999).unwrap();
        assert_eq!(words, "SIGTERM came to db-0 2.0 s after its preStop hook began, before it had ended");
    }

    #[test]
    fn what_a_pod_did_not_see_did_not_happen() {
        let words = |seen: &[(Seen, i64)]| against(ending(seen, 6000).signal_follows_hook()).unwrap();
        assert_eq!(
            words(&[(Seen::Sigterm, 0)]),
            "the preStop hook of db-0 did not run: it saw SIGTERM alone"
        );
        assert_eq!(words(&[]), "the preStop hook of db-0 did not run: it saw no SIGTERM either");
        assert_eq!(words(&HOOK), "db-0 ended without SIGTERM, with the exit code 137");
        let unended = [HOOK[0], (Seen::Sigterm, 100)];
        assert!(words(&unended).ends_with("0.1 s after its preStop hook began, before it had ended"));
        let never = ending(&[], 6000).killed_after(GRACE);
        assert_eq!(against(never).unwrap(), "db-0 was not told to stop before it was killed");
    }

    #[test]
    fn the_kill_comes_when_the_grace_period_is_over_and_not_before() {
        let killed = |after: i64| against(ending(&HOOK, after).killed_after(GRACE));
        for right in [5600, 6000, 6999, 7900, 8400] {
            assert_eq!(killed(right), None, "{right}");
        }
        // The kubelet's times are whole seconds, and the first word of it takes a moment to come.
        let words = killed(4500).unwrap();
        assert_eq!(
            words,
            "db-0 was killed 3.6 s after it was told to stop, in whole seconds; its grace period is 6.0 s"
        );
        assert!(killed(2100).is_some() && killed(14_000).is_some() && killed(9600).is_some());
    }

    #[test]
    fn the_grace_period_begins_with_the_deletion() {
        // In milliseconds before it heard of it, by its clock, at which 400 ms of a second are over.
        let told = |before: i64| Timestamp::from_millisecond(1_764_345_600_400 - before).unwrap();
        let end = ending(&HOOK, 6000);
        for right in [400, 1400, 4400, 5400] {
            assert_eq!(against(end.killed_in_time(told(right), GRACE)), None, "{right}");
        }
        let words = against(end.killed_in_time(told(9400), GRACE)).unwrap();
        assert_eq!(
            words,
            "db-0 was killed 15.0 s after its deletion, in whole seconds; its grace period is 6.0 s"
        );
        assert!(against(end.killed_in_time(told(5401), GRACE)).is_some());
        assert_eq!(against(end.clone().with_patience(3.0).killed_in_time(told(9400), GRACE)), None);
        let restarted = end.on_node(Some("its kubelet began anew".to_owned()));
        let obstacle = restarted.killed_in_time(told(9400), GRACE).unwrap_err().obstacle();
        assert_eq!(obstacle, Some(Obstacle::Node));
    }

    #[test]
    fn a_hook_that_is_not_over_puts_the_signal_off_for_the_grace_period_alone() {
        let signalled =
            |after: i64| against(ending(&[HOOK[0], (Seen::Sigterm, after)], after).signalled_after(GRACE));
        for right in [5000, 6000, 8000] {
            assert_eq!(signalled(right), None, "{right}");
        }
        let words = signalled(40_000).unwrap();
        assert_eq!(
            words,
            "SIGTERM came to db-0 40.0 s after its preStop hook began; its grace period is 6.0 s"
        );
        let without = |seen: &[(Seen, i64)]| against(ending(seen, 6000).signalled_after(GRACE)).unwrap();
        assert_eq!(without(&[(Seen::Sigterm, 0)]), "the preStop hook of db-0 did not run");
        assert_eq!(without(&HOOK[..1]), "db-0 ended without SIGTERM, with the exit code 137");
    }

    #[test]
    fn without_a_hook_the_grace_period_begins_with_the_signal() {
        assert_eq!(against(ending(&[(Seen::Sigterm, 0)], 6000).killed_after(GRACE)), None);
    }
}
