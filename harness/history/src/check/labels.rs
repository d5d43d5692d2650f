//! What the head of an object says of it, its tag and whatever was put beside it, is said of what is there.

use super::{
    judgement::{Anomaly, Kind},
    keys::OfKey,
    read_after_write::found,
};
use crate::{
    operation::{Action, Answer, Operation, Outcome},
    value::Value,
};

/// The reads of a key whose head was of something else than what somebody wrote and they found, and the writes that were told a tag of
/// something else: one anomaly, however many there are.
pub(super) fn mislabelled(of: &OfKey<'_>, written: impl Fn(Value) -> bool) -> Option<Anomaly> {
    // What nobody wrote is worse than a wrong label of it.
    let foreign = of.reads.iter().any(|one| found(one).is_some_and(|value| !written(value)));
    let wrong = |one: &&Operation| match one.outcome {
        Outcome::Ok(Answer::Mislabelled(_)) => found(one).is_some_and(&written),
        // Something is there, and nothing beside it.
        Outcome::Ok(Answer::There) => {
            matches!(one.action, Action::Head { .. }) && !foreign && !of.writes.is_empty()
        }
        _ => false,
    };
    // A store tells its writer the tag as well.
    let all = of.writes.iter().chain(&of.reads).chain(&of.heads).copied();
    let wrong: Vec<&Operation> = all.filter(wrong).collect();
    let first = wrong.first()?;
    let (at, begun) = (&first.endpoint, first.invoked);
    let text =
        format!("{} at {at}: what was asked for at {begun} has a head or a tag of something else", of.key);
    Some(Anomaly { kind: Kind::Mislabelled, text, lines: wrong.iter().map(|one| one.line).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::{read_after_write, set},
        fixture::{found, get, operation, put},
    };

    fn head(line: u64, span: (i64, i64), outcome: Outcome) -> Operation {
        operation(line, Action::Head { key: "r/k".into() }, span, outcome)
    }

    #[test]
    fn a_head_is_read_as_well_and_is_of_what_is_there() {
        let kinds = |reads: &[Operation]| {
            let writes =
                [put(1, "r/k", b"1", (0, 1), Outcome::DONE), put(2, "r/k", b"2", (2, 3), Outcome::DONE)];
            let judgement = read_after_write::judge(&[&writes, reads].concat());
            judgement.anomalies.iter().map(|one| (one.kind, one.lines.clone())).collect::<Vec<_>>()
        };
        let labelled = |content: &[u8]| Outcome::Ok(Answer::Mislabelled(Value::of(content)));
        assert_eq!(kinds(&[head(3, (4, 5), found(b"2")), head(4, (2, 3), found(b"1"))]), []);
        assert_eq!(kinds(&[head(3, (4, 5), found(b"1"))]), [(Kind::Stale, vec![3, 2])]);
        assert_eq!(kinds(&[head(3, (4, 5), Outcome::Ok(Answer::Absent))]), [(Kind::Stale, vec![3, 2])]);
        assert_eq!(kinds(&[head(3, (4, 5), found(b"x"))]), [(Kind::Mislabelled, vec![3])]);
        assert_eq!(kinds(&[head(3, (4, 5), Outcome::Ok(Answer::There))]), [(Kind::Mislabelled, vec![3])]);
        let wrong = [get(3, "r/k", (4, 5), labelled(b"2")), head(4, (4, 5), labelled(b"2"))];
        assert_eq!(kinds(&wrong), [(Kind::Mislabelled, vec![3, 4])]);
        // Old, and labelled so: both are wrong. What nobody sent is no matter of labels.
        assert_eq!(
            kinds(&[get(3, "r/k", (4, 5), labelled(b"1"))]),
            [(Kind::Mislabelled, vec![3]), (Kind::Stale, vec![3, 2])]
        );
        assert_eq!(kinds(&[get(3, "r/k", (4, 5), labelled(b"x"))]), [(Kind::Diverged, vec![3])]);
        let foreign = [get(3, "r/k", (4, 5), labelled(b"x")), head(4, (4, 5), Outcome::Ok(Answer::There))];
        assert_eq!(kinds(&foreign), [(Kind::Diverged, vec![3])]);
    }

    #[test]
    fn a_writer_is_told_the_tag_of_what_it_wrote() {
        let write = put(1, "r/k", b"1", (0, 1), Outcome::Ok(Answer::Mislabelled(Value::of(b"1"))));
        let read = get(2, "r/k", (2, 3), found(b"1"));
        let all = [write, read];
        for judgement in [read_after_write::judge(&all), set::judge(&all, "r", set::Copies::Same)] {
            let found: Vec<_> = judgement.anomalies.iter().map(|one| (one.kind, one.lines.clone())).collect();
            assert_eq!(found, [(Kind::Mislabelled, vec![1])]);
        }
    }

    #[test]
    fn at_the_end_it_is_judged_too_and_a_head_says_nothing_of_the_content() {
        let write = put(1, "r/k", b"1", (0, 1), Outcome::DONE);
        let kinds = |reads: [Operation; 2]| {
            let all: Vec<_> = std::iter::once(write.clone()).chain(reads).collect();
            let judgement = set::judge(&all, "r", set::Copies::Same);
            judgement.anomalies.iter().map(|one| one.kind).collect::<Vec<_>>()
        };
        let labelled = Outcome::Ok(Answer::Mislabelled(Value::of(b"1")));
        assert_eq!(
            kinds([get(2, "r/k", (2, 3), labelled), head(3, (4, 5), found(b"1"))]),
            [Kind::Mislabelled]
        );
        assert_eq!(
            kinds([get(2, "r/k", (2, 3), found(b"2")), head(3, (4, 5), found(b"1"))]),
            [Kind::Diverged]
        );
    }
}
