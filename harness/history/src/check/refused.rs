//! A head, or a part, that an endpoint refuses for good while it gives the whole.

use super::{
    end::End,
    judgement::{Anomaly, Kind, places},
    keys::OfKey,
    read_after_write::found,
};
use crate::operation::{Cause, Operation};

/// These say nothing against an endpoint: it can't answer just now, or there are no such bytes, which is a matter of the part.
const NO_NEWS: [&str; 2] = ["503", "416"];

/// Those of a key that were asked for and refused at the end, and never given there, by endpoints that gave the whole then: one
/// anomaly, however many there are.
pub(super) fn refused_alone(
    what: &str,
    of: &OfKey<'_>,
    asked: &[&Operation],
    end: &End<'_>,
) -> Option<Anomaly> {
    let asked: Vec<&Operation> = asked.iter().copied().filter(|one| end.has(one)).collect();
    let given = |one: &Operation| {
        let same = |other: &&Operation| other.endpoint == one.endpoint && other.action == one.action;
        asked.iter().copied().filter(same).any(Operation::is_ok)
    };
    let whole = |one: &Operation| {
        let there = of.reads.iter().filter(|read| read.endpoint == one.endpoint && end.has(read));
        there.copied().any(|read| found(read).is_some())
    };
    let refused = asked.iter().copied().filter(|one| is_refusal(one) && whole(one) && !given(one));
    let refused: Vec<&Operation> = refused.collect();
    let why = refused.first()?.outcome.failure()?;
    let places = places(refused.iter().map(|one| &*one.endpoint));
    let text = format!("{} can be read whole, and its {what} can't: {why}, at {places}", of.key);
    Some(Anomaly { kind: Kind::Unreadable, text, lines: refused.iter().map(|one| one.line).collect() })
}

fn is_refusal(one: &Operation) -> bool {
    let cause = one.outcome.failure().map(|failure| &failure.cause);
    cause.is_some_and(|cause| {
        matches!(cause, Cause::Answered(code) if !NO_NEWS.contains(&&**code)) && !cause.is_momentary()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::{keys::ByKey, set},
        fixture::{delete, failed, get, operation, put, unknown},
        operation::{Action, Answer, Outcome},
        value::Value,
    };

    const NONE: [u64; 0] = [];
    const ABSENT: Outcome = Outcome::Ok(Answer::Absent);

    fn no(code: &str) -> Outcome {
        Outcome::Failed(failed(Cause::Answered(code.into())))
    }

    fn whole(line: u64, from: i64) -> Operation {
        get(line, "r/k", (from, from + 1), Outcome::Ok(Answer::Found(Value::of(b"1"))))
    }

    fn head(line: u64, from: i64, outcome: Outcome) -> Operation {
        operation(line, Action::Head { key: "r/k".into() }, (from, from + 1), outcome)
    }

    fn lines(all: &[Operation]) -> Vec<u64> {
        let (by_key, end) = (ByKey::new(all), End::new(all));
        let of = by_key.iter().next().unwrap();
        let asked = [&of.heads[..], &of.ranges[..]].concat();
        refused_alone("head", &of, &asked, &end).map(|one| one.lines).unwrap_or_default()
    }

    #[test]
    fn what_gives_the_whole_gives_its_head_and_its_parts() {
        let written = || put(1, "r/k", b"1", (0, 1), Outcome::DONE);
        let with = |more: &[Operation]| lines(&[&[written()], more].concat());
        assert_eq!(with(&[whole(2, 9), head(3, 9, no("500")), head(4, 10, no("403"))]), [3, 4]);
        let part = |line, from, length, outcome| {
            operation(line, Action::Range { key: "r/k".into(), from, length }, (9, 10), outcome)
        };
        let given = || part(5, 0, 1, Outcome::Ok(Answer::Found(Value::of(b"1"))));
        assert_eq!(with(&[whole(2, 9), part(3, 0, 2, no("500")), given()]), [3]);
        // Given at another time; unavailable, silent, or without such bytes; while the load ran, or by who had a part in it.
        assert_eq!(with(&[whole(2, 9), part(3, 0, 1, no("500")), given()]), NONE);
        assert_eq!(with(&[whole(2, 9), head(3, 9, no("500")), head(4, 11, ABSENT)]), NONE);
        for outcome in [no("503"), no("416"), no("429"), Outcome::Failed(failed(Cause::Unreachable)), ABSENT]
        {
            assert_eq!(with(&[whole(2, 9), head(3, 9, outcome)]), NONE);
        }
        assert_eq!(
            with(&[whole(2, 9), head(3, 9, no("500")), put(4, "r/l", b"", (20, 21), unknown())]),
            NONE
        );
        assert_eq!(with(&[whole(2, 9), Operation { process: 1, ..head(3, 9, no("500")) }]), NONE);
        // The whole is given nowhere, or only elsewhere, or was given before.
        assert_eq!(with(&[head(3, 9, no("500"))]), NONE);
        assert_eq!(
            with(&[Operation { endpoint: "store-1".into(), ..whole(2, 9) }, head(3, 9, no("500"))]),
            NONE
        );
        let deleted = delete(4, "r/k", (5, 6), Outcome::DONE);
        assert_eq!(with(&[whole(2, 3), deleted, head(3, 9, no("500"))]), NONE);
    }

    #[test]
    fn a_head_that_is_refused_at_the_end_speaks_against_what_was_acknowledged() {
        let kinds = |write: Operation| {
            let judgement = set::judge(&[write, whole(2, 9), head(3, 9, no("500"))], "r/", set::Copies::Same);
            judgement.anomalies.iter().map(|one| one.kind).collect::<Vec<_>>()
        };
        assert_eq!(kinds(put(1, "r/k", b"1", (0, 1), Outcome::DONE)), [Kind::Unreadable]);
        assert_eq!(kinds(put(1, "r/k", b"1", (0, 1), unknown())), []);
    }
}
