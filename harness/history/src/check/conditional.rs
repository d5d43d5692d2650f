//! What is to be written only where nothing is, is written only there. It reads before it writes: nothing that was acknowledged
//! before it began may be there, and where it is refused, something may. That nobody else writes meanwhile is not promised: two at
//! once may both be taken.

use super::{
    gone::Gone,
    judgement::{Anomaly, Judgement, Kind},
    keys::ByKey,
    read_after_write::{Seen, Witness, older},
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
        let (taken, others): (Vec<&Operation>, Vec<&Operation>) = conditional.partition(|one| one.is_ok());
        let refused = others.into_iter().filter(|one| refused(one)).collect::<Vec<_>>();
        judgement.judged += (taken.len() + refused.len()) as u64;
        let witnesses: Vec<Witness> = of.writes.iter().filter_map(|write| Witness::of(write)).collect();
        let seen: Vec<_> = taken.into_iter().map(|one| Seen { read: one, write: None }).collect();
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

fn refused(one: &Operation) -> bool {
    matches!(&one.outcome, Outcome::Failed(failure) if failure.cause == Cause::Answered(THERE_IS_ONE.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{delete, failed, put, unknown};

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
