//! Accounts and lists that an endpoint was asked for at the end and never gave, though writes to them had been acknowledged.

use std::collections::BTreeSet;

use super::{
    end::End,
    judgement::{Anomaly, Judgement, Kind},
};
use crate::operation::{Action, Cause, Operation, Step, reaches};

/// Judges the reads of both at the end: who refused one for good can't give it, and who said nothing is named.
pub(super) fn judge(all: &[Operation], end: &End<'_>, judgement: &mut Judgement) {
    let of_lists = |action: &Action| matches!(action, Action::Transaction(_)) && !action.writes();
    of_kind(all, end, "the accounts", |action| *action == Action::Balances, judgement);
    of_kind(all, end, "the lists", of_lists, judgement);
}

fn of_kind(
    all: &[Operation],
    end: &End<'_>,
    what: &str,
    reads: impl Fn(&Action) -> bool,
    judgement: &mut Judgement,
) {
    let asked: Vec<&Operation> = all.iter().filter(|one| reads(&one.action) && end.has(one)).collect();
    let same =
        |one: &Operation, other: &Operation| one.endpoint == other.endpoint && one.action == other.action;
    let given = |one: &Operation| asked.iter().any(|other| other.is_ok() && same(one, other));
    let lacking: Vec<&Operation> = asked.iter().copied().filter(|one| !given(one)).collect();
    let endpoints: BTreeSet<&str> = lacking.iter().map(|one| &*one.endpoint).collect();
    for endpoint in endpoints {
        let reaches = reaches(all, endpoint);
        let write = |read: &Operation| {
            all.iter().find(|one| one.is_ok() && touches(&one.action, &read.action) && reaches(one))
        };
        let here = lacking.iter().copied().filter(|one| *one.endpoint == *endpoint);
        let owed: Vec<(&Operation, &Operation)> = here.filter_map(|one| Some((one, write(one)?))).collect();
        let (refused, silent): (Vec<_>, Vec<_>) = owed.into_iter().partition(|(one, _)| is_refusal(one));
        if let Some((first, write)) = refused.first() {
            let why = first.outcome.failure().map_or("", |failure| &*failure.text);
            let text = format!("{what} at {endpoint}, acknowledged, can't be read: {why}");
            let lines = std::iter::once(write.line).chain(refused.iter().map(|(one, _)| one.line)).collect();
            judgement.anomalies.push(Anomaly { kind: Kind::Unreadable, text, lines });
        }
        if silent.iter().any(|(one, _)| !refused.iter().any(|(other, _)| same(one, other))) {
            judgement.unjudged.push(format!("{endpoint} said nothing of {what}"));
        }
    }
}

/// Whether what was written is part of what is read.
fn touches(write: &Action, read: &Action) -> bool {
    let is_read = |list: &u32, reads: &[Step]| reads.contains(&Step::Read { list: *list });
    match (write, read) {
        (Action::Transfer { .. }, Action::Balances) => true,
        (Action::Transaction(steps), Action::Transaction(reads)) => {
            steps.iter().any(|step| matches!(step, Step::Append { list, .. } if is_read(list, reads)))
        }
        _ => false,
    }
}

fn is_refusal(one: &Operation) -> bool {
    let cause = one.outcome.failure().map(|failure| &failure.cause);
    cause.is_some_and(|cause| matches!(cause, Cause::Answered(_)) && !cause.is_momentary())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::set::{self, Copies},
        fixture::{failed, operation, unknown},
        operation::{Answer, Outcome},
    };

    fn no(code: &str) -> Outcome {
        Outcome::Failed(failed(Cause::Answered(code.into())))
    }

    fn at(endpoint: &str, one: Operation) -> Operation {
        Operation { endpoint: endpoint.into(), ..one }
    }

    fn transfer(endpoint: &str, outcome: Outcome) -> Operation {
        at(endpoint, operation(1, Action::Transfer { from: 0, to: 1, amount: 1 }, (0, 1), outcome))
    }

    fn accounts(line: u64, from: i64, outcome: Outcome) -> Operation {
        at("db-0", operation(line, Action::Balances, (from, from + 1), outcome))
    }

    fn said(all: &[Operation]) -> (Vec<Vec<u64>>, Vec<String>) {
        let judgement = set::judge(all, "r/", Copies::Same);
        assert!(judgement.anomalies.iter().all(|one| one.kind == Kind::Unreadable), "{judgement:?}");
        (judgement.anomalies.into_iter().map(|one| one.lines).collect(), judgement.unjudged)
    }

    #[test]
    fn accounts_that_money_was_moved_in_are_given_at_the_end() {
        let with = |endpoint: &str, reads: &[Operation]| {
            said(&[&[transfer(endpoint, Outcome::DONE)], reads].concat())
        };
        let nothing = || (Vec::new(), Vec::new());
        let silence = || (Vec::new(), vec!["db-0 said nothing of the accounts".to_owned()]);
        let refused = |line| accounts(line, line.cast_signed(), no("XX001"));
        for endpoint in ["db-0", "service db"] {
            assert_eq!(with(endpoint, &[refused(8), refused(9)]), (vec![vec![1, 8, 9]], vec![]));
        }
        assert_eq!(with("db-1", &[refused(8)]), nothing());
        // It may well be answered later, or was.
        assert_eq!(with("db-0", &[accounts(8, 8, no("57P03"))]), silence());
        assert_eq!(with("db-0", &[accounts(8, 8, Outcome::Failed(failed(Cause::Broken)))]), silence());
        let given = accounts(9, 9, Outcome::Ok(Answer::Balances(vec![4, 6])));
        assert_eq!(with("db-0", &[refused(8), given]), nothing());
        // In the middle of the load, or where nothing is known to have been moved.
        let moved = Action::Transfer { from: 0, to: 1, amount: 1 };
        let later = at("db-0", operation(9, moved, (60, 61), unknown()));
        assert_eq!(with("db-0", &[refused(8), later]), nothing());
        let unsure = [transfer("db-0", unknown()), refused(8)];
        assert_eq!(said(&unsure), nothing());
        // A service that leads to one of several may lead elsewhere.
        let other = at("db-1", operation(2, Action::Delete { key: "r/a".into() }, (0, 1), Outcome::DONE));
        assert_eq!(with("service db", &[other, refused(8)]), nothing());
    }

    #[test]
    fn lists_that_something_was_appended_to_are_given_at_the_end() {
        let append = Action::Transaction(vec![Step::Append { list: 3, element: 1 }]);
        let append = at("db-0", operation(1, append, (0, 1), Outcome::Ok(Answer::Lists(vec![]))));
        let read = |list, outcome| {
            at("db-0", operation(9, Action::Transaction(vec![Step::Read { list }]), (9, 10), outcome))
        };
        let with = |read| said(&[append.clone(), read]);
        assert_eq!(with(read(3, no("21000"))), (vec![vec![1, 9]], vec![]));
        assert_eq!(with(read(4, no("21000"))), (vec![], vec![]));
        assert_eq!(with(read(3, no("40001"))), (vec![], vec!["db-0 said nothing of the lists".to_owned()]));
    }
}
