//! What is to be written only where nothing is, is written only there. It reads before it writes: nothing that was acknowledged
//! before it began may be there, and where it is refused, something may. That nobody else writes meanwhile is not promised: two at
//! once may both be taken.

use super::{
    gone::Gone,
    judgement::{Anomaly, Judgement, Kind},
    keys::{ByKey, OfKey},
    read_after_write::{Seen, Witness, found, older},
};
use crate::operation::{Action, Cause, How, Operation, Outcome};

/// A store that answers so says that something is there.
const THERE_IS_ONE: &str = "412";

/// Judges every conditional write that was taken, or refused for its condition.
pub fn judge(all: &[Operation]) -> Judgement {
    let mut judgement = Judgement::default();
    for of in ByKey::new(all).iter() {
        let conditional =
            of.writes.iter().copied().filter(|one| matches!(one.action, Action::Put { how: How::IfNew, .. }));
        // Refused, and seen all the same: it was taken, nobody knows when.
        let nevertheless: Vec<Operation> = conditional
            .clone()
            .filter(|one| matches!(one.outcome, Outcome::Unknown(_)) && was_seen(&of, one))
            .map(|one| Operation { ended: None, ..one.clone() })
            .collect();
        let (taken, others): (Vec<&Operation>, Vec<&Operation>) = conditional.partition(|one| one.is_ok());
        let refused = others.into_iter().filter(|one| refused(one)).collect::<Vec<_>>();
        judgement.judged += (taken.len() + nevertheless.len() + refused.len()) as u64;
        let witnesses: Vec<Witness> = of.writes.iter().filter_map(|write| Witness::of(write)).collect();
        let seen: Vec<_> =
            taken.into_iter().chain(&nevertheless).map(|one| Seen { read: one, write: None }).collect();
        older(&of, &seen, witnesses, Kind::ConditionIgnored, &mut judgement);
        let gone = Gone::new(&of);
        for one in refused {
            if gone.nothing_for(one) {
                let text =
                    format!("{} at {}: refused at {}, with nothing there", of.key, one.endpoint, one.invoked);
                judgement.anomalies.push(Anomaly {
                    kind: Kind::ConditionIgnored,
                    text,
                    lines: vec![one.line],
                });
            }
        }
    }
    judgement
}

/// Whether somebody read what this has written, and nobody else.
fn was_seen(of: &OfKey<'_>, one: &Operation) -> bool {
    let Action::Put { value, .. } = one.action else { return false };
    let wrote =
        |other: &&&Operation| matches!(other.action, Action::Put { value: other, .. } if other == value);
    of.reads.iter().chain(&of.heads).any(|read| found(read) == Some(value))
        && of.writes.iter().filter(wrote).count() == 1
}

fn refused(one: &Operation) -> bool {
    matches!(&one.outcome, Outcome::Failed(failure) if failure.cause == Cause::Answered(THERE_IS_ONE.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{delete, failed, found, get, put, unknown};

    fn if_new(line: u64, key: &str, span: (i64, i64), outcome: Outcome) -> Operation {
        let mut one = put(line, key, &line.to_le_bytes(), span, outcome);
        if let Action::Put { how, .. } = &mut one.action {
            *how = How::IfNew;
        }
        one
    }

    #[test]
    fn what_is_there_is_minded() {
        let there_is_one = || Outcome::Failed(failed(Cause::Answered("412".into())));
        let all = [
            if_new(1, "k", (0, 1), Outcome::DONE),
            if_new(2, "k", (0, 3), Outcome::DONE),
            if_new(3, "k", (4, 5), Outcome::DONE),
            if_new(4, "k", (4, 5), there_is_one()),
            delete(5, "k", (6, 7), unknown()),
            if_new(6, "k", (8, 9), Outcome::DONE),
            if_new(7, "l", (0, 1), there_is_one()),
            put(8, "l", b"1", (2, 3), Outcome::DONE),
            if_new(9, "l", (1, 2), there_is_one()),
            // Somebody on the way sent it twice.
            if_new(10, "m", (0, 1), Outcome::Unknown(failed(Cause::Answered("412".into())))),
        ];
        let judgement = judge(&all);
        let lines: Vec<_> = judgement.anomalies.iter().map(|one| one.lines[0]).collect();
        assert_eq!((lines, judgement.judged), (vec![3, 7], 7));
    }

    #[test]
    fn what_was_refused_for_what_is_there_and_stored_all_the_same_is_found() {
        let unsure = || Outcome::Unknown(failed(Cause::Answered("412".into())));
        let before = || put(1, "k", b"1", (0, 1), Outcome::DONE);
        let seen = || get(9, "k", (8, 9), found(&2_u64.to_le_bytes()));
        let lines = |all: &[Operation]| {
            judge(all).anomalies.iter().map(|one| (one.kind, one.lines[0])).collect::<Vec<_>>()
        };
        let wrong = [(Kind::ConditionIgnored, 2)];
        assert_eq!(lines(&[before(), if_new(2, "k", (4, 5), unsure()), seen()]), wrong);
        // Nobody saw it, or nothing was known to be there, or it may have been deleted before it came about.
        assert_eq!(lines(&[before(), if_new(2, "k", (4, 5), unsure())]), []);
        assert_eq!(lines(&[before(), if_new(2, "k", (0, 5), unsure()), seen()]), []);
        let deleted = delete(3, "k", (6, 7), Outcome::DONE);
        assert_eq!(lines(&[before(), if_new(2, "k", (4, 5), unsure()), deleted, seen()]), []);
        // Somebody else wrote the same.
        let other = put(4, "k", &2_u64.to_le_bytes(), (4, 5), Outcome::DONE);
        assert_eq!(lines(&[before(), if_new(2, "k", (4, 5), unsure()), other, seen()]), []);
    }

    #[test]
    fn what_was_deleted_is_no_reason_to_refuse() {
        let there_is_one = || Outcome::Failed(failed(Cause::Answered("412".into())));
        let all = |more: &[Operation]| {
            let first = [
                put(1, "k", b"1", (0, 1), Outcome::DONE),
                delete(2, "k", (2, 3), Outcome::DONE),
                if_new(3, "k", (60, 61), there_is_one()),
            ];
            judge(&[&first, more].concat()).anomalies.len()
        };
        assert_eq!(all(&[]), 1);
        assert_eq!(all(&[put(4, "k", b"4", (1, 2), unknown())]), 0);
        assert_eq!(all(&[if_new(4, "k", (60, 62), Outcome::DONE)]), 0);
        assert_eq!(all(&[put(4, "k", b"4", (1, 2), crate::fixture::refused())]), 1);
    }
}
