//! A listing shows whatever was acknowledged before it began, unless it was deleted since: it reads every key of its beginning.

use std::collections::HashSet;

use super::{
    judgement::{Judgement, Kind},
    keys::ByKey,
    read_after_write::{Seen, Witness, older},
};
use crate::operation::{Action, Answer, Operation, Outcome};

/// Judges every key in every listing that was answered.
pub fn judge(all: &[Operation]) -> Judgement {
    let (mut judgement, groups) = (Judgement::default(), ByKey::new(all).iter().collect::<Vec<_>>());
    let mut missing: Vec<Vec<Seen<'_>>> = groups.iter().map(|_| Vec::new()).collect();
    for one in all {
        let (Action::List { prefix }, Outcome::Ok(Answer::Keys(keys))) = (&one.action, &one.outcome) else {
            continue;
        };
        let shown: HashSet<&str> = keys.iter().map(|key| &**key).collect();
        for (of, missing) in groups.iter().zip(&mut missing).filter(|(of, _)| of.key.starts_with(&**prefix)) {
            judgement.judged += 1;
            if !shown.contains(&**of.key) {
                missing.push(Seen { read: one, write: None });
            }
        }
    }
    for (of, missing) in groups.iter().zip(&missing) {
        let witnesses = of.writes.iter().filter_map(|write| Witness::of(write)).collect();
        older(of, missing, witnesses, Kind::Overlooked, &mut judgement);
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
}
