//! A listing shows whatever was acknowledged before it began, unless it was deleted since: it reads every key of its beginning.
//!
//! What was deleted before and is shown is counted, and judged by the reads of its key alone: a node of Garage's leaves out what is
//! deleted before its answer is compared with others', so that one that has missed a deletion has its way.

use std::collections::{BTreeMap, HashSet};

use super::{
    gone::Gone,
    judgement::{Anomaly, Count, Judgement, Kind},
    keys::{ByKey, OfKey},
    order::disordered,
    read_after_write::{Seen, Witness, older},
};
use crate::operation::{Action, Answer, Operation, Outcome};

/// A key, and what listings say of it.
struct Listed<'a> {
    of: OfKey<'a>,
    gone: Gone,
    missing: Vec<Seen<'a>>,
    /// Whether one shows it after it was deleted.
    risen: bool,
}

impl<'a> Listed<'a> {
    fn new(of: OfKey<'a>) -> Self {
        let gone = Gone::new(&of);
        // All keys are held at once, and their reads are not looked at.
        let of = OfKey { reads: Vec::new(), heads: Vec::new(), ranges: Vec::new(), ..of };
        Self { of, gone, missing: Vec::new(), risen: false }
    }
}

/// Judges every key in every listing that was answered.
pub fn judge(all: &[Operation]) -> Judgement {
    let mut judgement = Judgement::default();
    let mut keys: Vec<Listed<'_>> = ByKey::new(all).iter().map(Listed::new).collect();
    let places: BTreeMap<&str, usize> =
        keys.iter().enumerate().map(|(place, one)| (&**one.of.key, place)).collect();
    for one in all {
        let (Action::List { prefix }, Outcome::Ok(Answer::Keys(shown))) = (&one.action, &one.outcome) else {
            continue;
        };
        judgement.anomalies.extend(disordered(one, prefix, shown));
        let listed = shown.len();
        let shown: HashSet<&str> = shown.iter().map(|key| &**key).collect();
        if shown.len() < listed {
            judgement.anomalies.push(Anomaly {
                kind: Kind::Duplicated,
                text: format!(
                    "of {listed} names that {} lists for {prefix}, only {} differ",
                    one.endpoint,
                    shown.len()
                ),
                lines: vec![one.line],
            });
        }
        let begins_so = places.range(&**prefix..).take_while(|(key, _)| key.starts_with(&**prefix));
        for (key, place) in begins_so {
            let Some(listed) = keys.get_mut(*place) else { continue };
            judgement.judged += 1;
            if !shown.contains(key) {
                listed.missing.push(Seen { read: one, write: None });
            } else if !listed.risen {
                listed.risen = listed.gone.before(one).is_some();
            }
        }
    }
    let value = keys.iter().filter(|one| one.risen).count() as u64;
    let count = |name, value| Count { name, value, unit: "keys" };
    // The first is what sentences count by.
    judgement.counts = vec![
        count("keys that listings had to show", judgement.judged),
        count("deleted keys that a listing shows", value),
    ];
    for Listed { of, missing, .. } in keys {
        let witnesses = of.writes.iter().filter_map(|write| Witness::of(write)).collect();
        older(&of, &missing, witnesses, Kind::Overlooked, &mut judgement);
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{delete, operation, put, unknown};
    use crate::operation::Key;

    fn list(line: u64, span: (i64, i64), keys: &[&str]) -> Operation {
        let keys = keys.iter().map(|key| Key::from(*key)).collect();
        operation(line, Action::List { prefix: "r/".into() }, span, Outcome::Ok(Answer::Keys(keys)))
    }

    #[test]
    fn what_was_acknowledged_and_not_deleted_is_listed() {
        let all = [
            put(1, "r/a", b"1", (0, 1), Outcome::DONE),
            put(2, "r/b", b"2", (0, 1), Outcome::DONE),
            put(3, "r/c", b"3", (0, 1), unknown()),
            put(4, "s/d", b"4", (0, 1), Outcome::DONE),
            list(5, (0, 2), &[]),
            list(6, (2, 3), &["r/a", "r/b"]),
            list(7, (2, 3), &["r/a"]),
            delete(8, "r/b", (4, 5), unknown()),
            list(9, (6, 7), &["r/a"]),
        ];
        let judgement = judge(&all);
        let lines: Vec<_> = judgement.anomalies.iter().map(|one| (one.kind, one.lines[0])).collect();
        assert_eq!((lines, judgement.judged), (vec![(Kind::Overlooked, 7)], 12));
    }

    #[test]
    fn each_is_in_order_without_repetition_and_shows_what_was_asked_for() {
        let kinds = |keys: &[&str]| {
            let judgement = judge(&[list(1, (0, 1), &["r/a", "r/b"]), list(2, (2, 3), keys)]);
            judgement.anomalies.iter().map(|one| (one.kind, one.lines[0])).collect::<Vec<_>>()
        };
        assert_eq!(kinds(&["r/a", "r/b"]), []);
        assert_eq!(kinds(&["r/b", "r/a"]), [(Kind::Disordered, 2)]);
        assert_eq!(kinds(&["r/a", "s/a"]), [(Kind::Disordered, 2)]);
        assert_eq!(kinds(&["r/a", "r/a", "r/b"]), [(Kind::Duplicated, 2)]);
    }

    #[test]
    fn what_was_deleted_and_is_listed_is_counted() {
        let all = |put_again: &[Operation]| {
            let first = [
                put(1, "r/a", b"1", (0, 1), Outcome::DONE),
                delete(2, "r/a", (2, 3), Outcome::DONE),
                list(3, (2, 4), &["r/a"]),
                list(4, (6, 7), &["r/a"]),
                list(5, (70, 71), &["r/a"]),
            ];
            let judgement = judge(&[&first, put_again].concat());
            (judgement.anomalies.len(), judgement.counts[1].value)
        };
        assert_eq!(all(&[]), (0, 1));
        assert_eq!(all(&[put(6, "r/a", b"2", (0, 1), unknown())]), (0, 0));
        assert_eq!(all(&[put(6, "r/a", b"2", (5, 6), Outcome::DONE)]), (0, 0));
        assert_eq!(all(&[put(6, "r/a", b"2", (8, 9), Outcome::DONE)]), (0, 1));
    }
}
