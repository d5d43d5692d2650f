//! The floor: the part of a scenario's time that Kubernetes and the workload need anyway. The rest is ours: setting
//! up the namespace, asking and reading back, judging, writing the evidence.
//!
//! Counted is the time in which at least one pod was not Ready yet, or no more, or was being deleted; or a claim was
//! not Bound yet or being deleted; or a stated window was watched. A store that heals behind Ready pods, or a name
//! that spreads, shows on no object and is not counted: the floor is rather too low. A pod that a scenario keeps from
//! being Ready is counted as any other.

use super::result::Lifeline;

/// The seconds of a scenario that were not ours, given the lives of its pods and claims and the windows watched.
pub fn floor(lifelines: &[Lifeline], windows: &[(f64, f64)]) -> f64 {
    let changing = lifelines
        .iter()
        .flat_map(|life| &life.spans)
        .filter(|span| !matches!(span.state.as_str(), "ready" | "bound" | "lost"))
        .map(|span| (span.from, span.to));
    covered(changing.chain(windows.iter().copied()).collect())
}

/// How much the spans cover together.
fn covered(mut spans: Vec<(f64, f64)>) -> f64 {
    spans.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut sum, mut until) = (0.0, 0.0_f64);
    for (from, to) in spans {
        sum += (to - from.max(until)).max(0.0);
        until = until.max(to);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::Span;

    fn life(spans: &[(&str, f64, f64)]) -> Lifeline {
        let span =
            |(state, from, to): &(&str, f64, f64)| Span { state: (*state).into(), from: *from, to: *to };
        let spans = spans.iter().map(span).collect();
        Lifeline { kind: "pod".into(), name: "p-0".into(), uid: "u".into(), spans, deleted: false }
    }

    #[test]
    fn only_what_changes_counts_and_nothing_twice() {
        assert_eq!(floor(&[], &[]), 0.0);
        let up = life(&[("pending", 1.0, 2.0), ("running", 2.0, 4.0), ("ready", 4.0, 20.0)]);
        assert_eq!(floor(std::slice::from_ref(&up), &[]), 3.0);
        let claim = life(&[("pending", 1.5, 2.5), ("bound", 2.5, 20.0)]);
        assert_eq!(floor(&[claim, up.clone()], &[]), 3.0);
        let down = life(&[("ready", 5.0, 9.0), ("terminating", 9.0, 10.0)]);
        assert_eq!(floor(&[down.clone(), up.clone()], &[]), 4.0);
        assert_eq!(floor(&[down, up], &[(9.5, 11.0), (12.0, 13.5)]), 6.5);
    }

    #[test]
    fn a_restart_in_place_counts_until_it_is_ready_again() {
        let restarted = life(&[("ready", 0.0, 5.0), ("running", 5.0, 7.0), ("ready", 7.0, 9.0)]);
        assert_eq!(floor(&[restarted], &[]), 2.0);
    }
}
