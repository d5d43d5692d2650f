//! How long is waited: more on slow machines and in clusters of others, less for what a control keeps from coming.

use std::time::Duration;

use super::{Run, run::Parts};
use crate::{claim::Claim, load::Plan, settings::Profile};

/// The time for what a control sees to that it does not come: a sixth, and ten seconds at the least where there were as many.
fn in_vain_within(deadline: Duration) -> Duration {
    (deadline / 6).max(Duration::from_secs(10)).min(deadline)
}

impl Run {
    /// A deadline for a quick machine, as the setting for slow ones stretches it, within the scenario's time.
    pub fn stretch(&self, deadline: Duration) -> Duration {
        self.parts().waiter.at_most(self.parts().patience.stretch(deadline))
    }

    /// As [`Run::stretch`], of a deadline of a cluster of ours, in this one.
    pub(super) fn stretch_here(&self, deadline: Duration) -> Duration {
        self.stretch(self.in_this_cluster(deadline))
    }

    /// How many times longer than on a quick machine of ours something may take on a node here.
    pub(super) fn slowness(&self) -> f64 {
        self.parts().patience.slowness()
    }

    /// As [`Run::stretch`], for what a claim promises. A control that is to turn that claim red waits in vain, and in the quick
    /// profile not for as long: what else is judged there has its whole time.
    pub(super) fn time_for(&self, claim: Claim, deadline: Duration) -> Duration {
        let Parts { plan, shared, .. } = self.parts();
        let in_vain = plan.control.as_ref().is_some_and(|control| control.claims.contains(&claim));
        let hurried = in_vain && shared.settings.profile == Profile::Quick;
        self.stretch(if hurried { in_vain_within(deadline) } else { deadline })
    }

    /// A load that lasts as long as its scenario may.
    pub(super) fn patient(&self, plan: &Plan) -> Plan {
        Plan { budget: self.stretch_here(plan.budget), ..plan.clone() }
    }

    /// A deadline of a cluster of ours, in this one.
    pub(super) fn in_this_cluster(&self, deadline: Duration) -> Duration {
        self.parts().patience.in_this_cluster(deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_in_vain_has_a_sixth_of_the_time_and_ten_seconds_at_the_least() {
        let within = |seconds| in_vain_within(Duration::from_secs(seconds)).as_secs();
        assert_eq!([90, 60, 30, 10, 5].map(within), [15, 10, 10, 10, 5]);
    }
}
