//! How much longer things may take than on a quick machine, in a cluster of ours.

use std::time::Duration;

use super::strain::strain;

/// How many times longer than in a cluster of ours something may take in another, whose volumes come over a network, and whose
/// controllers have others to serve.
const ELSEWHERE: u32 = 3;

/// How many times longer things may take: as the setting `scenario_deadline_factor` says, as the machine's load was when a scenario
/// began, or is now, and as the cluster is ours or not.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    factor: f64,
    least: f64,
    ours: bool,
}

impl Patience {
    /// That of a scenario which begins now, in a cluster that is ours or not.
    pub fn begin(factor: f64, ours: bool) -> Self {
        Self { factor, least: strain(), ours }
    }

    /// How many times longer something may take now.
    fn now(self) -> f64 {
        self.factor * strain().max(self.least)
    }

    /// How many times longer than on a quick machine of ours something may take on a node here, whose load may be seen nowhere.
    pub fn slowness(self) -> f64 {
        self.now().max(f64::from(self.times()))
    }

    /// A deadline for a quick machine, as it is now.
    pub fn stretch(self, deadline: Duration) -> Duration {
        deadline.mul_f64(self.now())
    }

    /// A deadline of a cluster of ours, in this one.
    pub fn in_this_cluster(self, deadline: Duration) -> Duration {
        deadline * self.times()
    }

    /// A deadline for a quick machine and a cluster of ours, as both are here.
    pub fn stretch_here(self, deadline: Duration) -> Duration {
        self.stretch(self.in_this_cluster(deadline))
    }

    fn times(self) -> u32 {
        if self.ours { 1 } else { ELSEWHERE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUR_MINUTES: Duration = Duration::from_secs(240);

    /// Under the most strain that there is: what others compile meanwhile changes nothing.
    fn strained(factor: f64, ours: bool) -> Patience {
        Patience { factor: factor / 5.0, least: 5.0, ours }
    }

    #[test]
    fn a_cluster_of_others_has_three_times_as_long() {
        let (ours, foreign) = (strained(1.0, true), strained(1.0, false));
        assert_eq!(ours.stretch_here(FOUR_MINUTES), FOUR_MINUTES);
        assert_eq!(foreign.stretch_here(FOUR_MINUTES), Duration::from_secs(720));
        assert_eq!(foreign.in_this_cluster(FOUR_MINUTES), Duration::from_secs(720));
        assert_eq!(foreign.stretch(FOUR_MINUTES), FOUR_MINUTES);
    }

    #[test]
    fn the_setting_stretches_both() {
        assert_eq!(strained(2.0, true).stretch_here(FOUR_MINUTES), Duration::from_secs(480));
        assert_eq!(strained(2.0, false).stretch_here(FOUR_MINUTES), Duration::from_secs(1440));
    }

    #[test]
    fn a_node_of_others_may_be_three_times_as_slow_whatever_the_load_here() {
        let slowness = |factor, ours| strained(factor, ours).slowness();
        assert!((slowness(0.1, true) - 1.0).abs() < 1e-9);
        assert!((slowness(1.0, false) - 3.0).abs() < 1e-9);
        assert!((slowness(4.0, false) - 4.0).abs() < 1e-9);
    }
}
