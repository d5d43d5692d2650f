//! How a sentinel's pod ended: by what its container saw, and by its kubelet. Both go by their node's clock; ours, and the
//! time at which we heard of it, are another.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::workload::sentinel::{Seen, Stamp};

/// How much later than its time a kubelet may do something.
const LATE: SignedDuration = SignedDuration::from_secs(2);
/// How much later than its kubelet a container knows that its hook was called: the request has a way to go.
const WAY: SignedDuration = SignedDuration::from_millis(500);
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
    /// How much later than it should something may come.
    late: SignedDuration,
}

impl Ending {
    /// With so many times more time for what may come late.
    pub(super) fn with_patience(self, patience: f64) -> Self {
        let late = SignedDuration::try_from_secs_f64(LATE.as_secs_f64() * patience).unwrap_or(LATE);
        Self { late, ..self }
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
        }
    }

    /// What speaks against it that its preStop hook ran to its end, and that SIGTERM followed at once.
    pub fn against_hook_then_signal(&self) -> Option<String> {
        let pod = &self.pod;
        let Some(began) = self.pre_stop_began else {
            let saw =
                if self.sigterm.is_some() { "it saw SIGTERM alone" } else { "it saw no SIGTERM either" };
            return Some(format!("the preStop hook of {pod} did not run: {saw}"));
        };
        let Some(sigterm) = self.sigterm else {
            return Some(format!("{pod} ended without SIGTERM, with the exit code {}", self.exit_code));
        };
        let Some(ended) = self.pre_stop_ended.filter(|ended| *ended <= sigterm) else {
            let after = seconds(sigterm.duration_since(began));
            return Some(format!(
                "SIGTERM came to {pod} {after} after its preStop hook began, before it had ended"
            ));
        };
        let waited = sigterm.duration_since(ended);
        let late = waited > self.late;
        late.then(|| {
            let (waited, most) = (seconds(waited), seconds(self.late));
            format!("SIGTERM came to {pod} {waited} after its preStop hook; expected at most {most}")
        })
    }

    /// What speaks against it that SIGTERM comes when its grace period is over, though its preStop hook is not: no later. The period
    /// begins with the hook.
    pub fn against_signalled_after(&self, grace: Duration) -> Option<String> {
        let pod = &self.pod;
        let Some(began) = self.pre_stop_began else {
            return Some(format!("the preStop hook of {pod} did not run"));
        };
        let Some(sigterm) = self.sigterm else {
            return Some(format!("{pod} ended without SIGTERM, with the exit code {}", self.exit_code));
        };
        let waited = sigterm.duration_since(began);
        let grace = SignedDuration::try_from(grace).unwrap_or(SignedDuration::MAX);
        (waited > grace + self.late).then(|| {
            let (waited, grace) = (seconds(waited), seconds(grace));
            format!(
                "SIGTERM came to {pod} {waited} after its preStop hook began; its grace period is {grace}"
            )
        })
    }

    /// What speaks against it that its end, if it does not stop by itself, comes when its grace period is over, and not
    /// before. The period begins with the hook.
    pub fn against_killed_after(&self, grace: Duration) -> Option<String> {
        let pod = &self.pod;
        let Some(began) = self.pre_stop_began.or(self.sigterm) else {
            return Some(format!("{pod} was not told to stop before it was killed"));
        };
        let lasted = self.ended.duration_since(began);
        let grace = SignedDuration::try_from(grace).unwrap_or(SignedDuration::MAX);
        // It ended at the second that is told, or within it.
        let early = lasted + CUT_OFF <= grace - WAY;
        let late = lasted > grace + self.late;
        (early || late).then(|| {
            let (lasted, grace) = (seconds(lasted), seconds(grace));
            format!("{pod} was killed {lasted} after it was told to stop, in whole seconds; its grace period is {grace}")
        })
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

    fn signalled(after: i64) -> Option<String> {
        ending(&[HOOK[0], HOOK[1], (Seen::Sigterm, after)], 6000).against_hook_then_signal()
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
        let words = |seen: &[(Seen, i64)]| ending(seen, 6000).against_hook_then_signal().unwrap();
        assert_eq!(
            words(&[(Seen::Sigterm, 0)]),
            "the preStop hook of db-0 did not run: it saw SIGTERM alone"
        );
        assert_eq!(words(&[]), "the preStop hook of db-0 did not run: it saw no SIGTERM either");
        assert_eq!(words(&HOOK), "db-0 ended without SIGTERM, with the exit code 137");
        let unended = [HOOK[0], (Seen::Sigterm, 100)];
        assert!(words(&unended).ends_with("0.1 s after its preStop hook began, before it had ended"));
        let never = ending(&[], 6000).against_killed_after(GRACE);
        assert_eq!(never.unwrap(), "db-0 was not told to stop before it was killed");
    }

    #[test]
    fn the_kill_comes_when_the_grace_period_is_over_and_not_before() {
        let killed = |after: i64| ending(&HOOK, after).against_killed_after(GRACE);
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
    fn a_hook_that_is_not_over_puts_the_signal_off_for_the_grace_period_alone() {
        let signalled =
            |after: i64| ending(&[HOOK[0], (Seen::Sigterm, after)], after).against_signalled_after(GRACE);
        for right in [5000, 6000, 8000] {
            assert_eq!(signalled(right), None, "{right}");
        }
        let words = signalled(40_000).unwrap();
        assert_eq!(
            words,
            "SIGTERM came to db-0 40.0 s after its preStop hook began; its grace period is 6.0 s"
        );
        let without = |seen: &[(Seen, i64)]| ending(seen, 6000).against_signalled_after(GRACE).unwrap();
        assert_eq!(without(&[(Seen::Sigterm, 0)]), "the preStop hook of db-0 did not run");
        assert_eq!(without(&HOOK[..1]), "db-0 ended without SIGTERM, with the exit code 137");
    }

    #[test]
    fn without_a_hook_the_grace_period_begins_with_the_signal() {
        assert_eq!(ending(&[(Seen::Sigterm, 0)], 6000).against_killed_after(GRACE), None);
    }
}
