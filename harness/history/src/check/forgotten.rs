//! What an operation of several steps was told in one of them holds in the next: an uploaded part, what is to be copied.

use super::{
    judgement::{Anomaly, Kind},
    keys::OfKey,
};
use crate::operation::{Action, Cause, How, Operation, Outcome};

/// The writes of a key that a store refused for want of what it had acknowledged itself, a moment before.
pub(super) fn forgotten(of: &OfKey<'_>) -> Vec<Anomaly> {
    let forgets = |one: &&Operation| matches!(&one.outcome, Outcome::Failed(failure) if failure.cause == Cause::Forgotten);
    let anomaly = |one: &Operation| Anomaly {
        kind: Kind::Stale,
        text: format!(
            "{} at {}: the last step of what began at {} did not see what was acknowledged in one before: {}",
            of.key,
            one.endpoint,
            one.invoked,
            one.outcome.failure().map_or("", |failure| &*failure.text)
        ),
        lines: vec![one.line],
    };
    let judged = of.writes.iter().copied().filter(forgets).filter(|one| is_its_own(of, one));
    judged.map(anomaly).collect()
}

/// Whether nobody else may end what the steps made: parts go with an upload that another write of the key outdoes, while what is to be
/// copied has a name that nobody else knows.
fn is_its_own(of: &OfKey<'_>, one: &Operation) -> bool {
    let copies = matches!(one.action, Action::Put { how: How::Copy, .. });
    let apart = |other: &&Operation| {
        let before = other.over().is_some_and(|over| over < one.invoked);
        other.line == one.line || before || one.ended.is_some_and(|ended| ended < other.invoked)
    };
    copies || of.writes.iter().all(apart)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::read_after_write,
        fixture::{delete, failed, put, unknown},
    };

    fn upload(how: How, cause: Cause) -> Operation {
        let mut one = put(1, "r/a", b"1", (2, 9), Outcome::Failed(failed(cause)));
        if let Action::Put { how: of, .. } = &mut one.action {
            *of = how;
        }
        one
    }

    fn stale(one: Operation, more: &[Operation]) -> usize {
        let judgement = read_after_write::judge(&[&[one], more].concat());
        assert!(judgement.anomalies.iter().all(|one| one.kind == Kind::Stale && one.lines == [1]));
        judgement.anomalies.len()
    }

    #[test]
    fn what_was_acknowledged_in_one_step_is_known_in_the_next() {
        let forgot = |how| upload(how, Cause::Forgotten);
        assert_eq!(stale(forgot(How::Parts), &[]), 1);
        assert_eq!(stale(forgot(How::Copy), &[]), 1);
        assert_eq!(stale(upload(How::Parts, Cause::Answered("404".into())), &[]), 0);
        // Who writes the same key at the same time, or may do so, ends an upload; a copy's first step is its own.
        for other in [
            put(2, "r/a", b"2", (3, 4), Outcome::DONE),
            put(2, "r/a", b"2", (0, 1), unknown()),
            delete(2, "r/a", (9, 10), Outcome::DONE),
        ] {
            assert_eq!(stale(forgot(How::Parts), std::slice::from_ref(&other)), 0);
            assert_eq!(stale(forgot(How::Copy), &[other]), 1);
        }
        for span in [(0, 1), (10, 11)] {
            assert_eq!(stale(forgot(How::Parts), &[put(2, "r/a", b"2", span, Outcome::DONE)]), 1);
        }
    }
}
