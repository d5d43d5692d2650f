//! A listing shows whatever was acknowledged before it began, unless it was deleted since: it reads every key of its beginning.

use std::collections::HashSet;

use super::{
    judgement::{Judgement, Kind},
    keys::ByKey,
    read_after_write::{Seen, Witness, older},
};
use crate::operation::{Action, Answer, Key, Operation, Outcome};

/// Judges every key in every listing that was answered.
pub fn judge(all: &[Operation]) -> Judgement {
    let shown = |one: &'_ Operation| match (&one.action, &one.outcome) {
        (Action::List { prefix }, Outcome::Ok(Answer::Keys(keys))) => {
            Some((Key::clone(prefix), keys.iter().cloned().collect::<HashSet<Key>>()))
        }
        _ => None,
    };
    let listings: Vec<_> = all.iter().filter_map(|one| Some((one, shown(one)?))).collect();
    let mut judgement = Judgement::default();
    for of in ByKey::new(all).iter() {
        let witnesses: Vec<Witness> = of.writes.iter().filter_map(|write| Witness::of(write)).collect();
        let speak = listings.iter().filter(|(_, (prefix, _))| of.key.starts_with(&**prefix));
        let (showing, missing): (Vec<_>, Vec<_>) = speak.partition(|(_, (_, keys))| keys.contains(of.key));
        judgement.judged += (showing.len() + missing.len()) as u64;
        let seen: Vec<_> = missing.into_iter().map(|(read, _)| Seen { read, write: None }).collect();
        older(&of, &seen, witnesses, Kind::Overlooked, &mut judgement);
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{delete, operation, put, unknown};

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
