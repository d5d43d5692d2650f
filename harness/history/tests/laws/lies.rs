//! What a server says that lies in a way of its own: each is found, by its name.

use history::{
    Action, Answer, Checker, Operation, Outcome, Step,
    check::{Kind, Level},
    generate::{Noise, Work},
};
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

use crate::{
    clean::history,
    planted::{BANK, draw, found, shared},
};

fn kinds(checker: &Checker, all: &[Operation]) -> Vec<Kind> {
    found(checker, all.to_vec()).iter().map(|one| one.kind).collect()
}

fn bank(seed: u64) -> Vec<Operation> {
    history(seed, 4, 60, |_| Work::Bank { accounts: 5 })
}

/// A quiet hour later: everything is read at this moment, and nothing is under way.
fn late(all: &[Operation], action: Action, answer: Answer) -> Operation {
    let end = all.iter().filter_map(|one| one.ended).max().unwrap() + 1.second();
    let (invoked, ended) = (end, Some(end + 1.second()));
    let outcome = Outcome::Ok(answer);
    Operation { line: 9_999, process: 999, endpoint: "store-0".into(), action, invoked, ended, outcome }
}

/// What nobody knows explains too much to tell.
fn all_known(mut all: Vec<Operation>) -> Vec<Operation> {
    all.retain(|one| !matches!(one.outcome, Outcome::Unknown(_)) || !one.action.writes());
    all
}

fn balances(all: &[Operation]) -> Vec<i64> {
    let mut held = vec![crate::store::MONEY; 5];
    for one in all.iter().filter(|one| one.is_ok()) {
        if let Action::Transfer { from, to, amount } = one.action {
            held[from as usize] -= amount;
            held[to as usize] += amount;
        }
    }
    held
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 700, failure_persistence: None, ..ProptestConfig::default() })]

    /// A pooler that sends a commit again, a server that has lost one, one that committed after it had said no.
    #[test]
    fn a_transfer_that_was_done_twice_or_not_at_all_is_found(seed: u64, how in 0..3) {
        // Nobody else reads, so that nothing but the last read tells.
        let mut all = bank(seed);
        let first = Timestamp::UNIX_EPOCH - 1.hour();
        all.retain(|one| one.action != Action::Balances);
        let mut begun = late(&all, Action::Balances, Answer::Balances(vec![crate::store::MONEY; 5]));
        (begun.line, begun.invoked, begun.ended) = (9_998, first, Some(first + 1.second()));
        all.push(begun);
        let all = all_known(all);
        let transfer = |one: &Operation| matches!(one.action, Action::Transfer { .. }) && one.is_ok() == (how < 2);
        let Some(place) = draw(&all, seed, transfer) else { return Ok(()) };
        let mut held = balances(&all);
        let clean = late(&all, Action::Balances, Answer::Balances(held.clone()));
        prop_assert_eq!(kinds(&BANK, &[&all[..], &[clean]].concat()), []);
        let Action::Transfer { from, to, amount } = all[place].action else { panic!("no transfer") };
        let amount = if how == 0 { -amount } else { amount };
        held[from as usize] -= amount;
        held[to as usize] += amount;
        let wrong = late(&all, Action::Balances, Answer::Balances(held));
        prop_assert_eq!(kinds(&BANK, &[&all[..], &[wrong]].concat()), [Kind::Misplaced]);
    }

    /// A database that lost its last commits, an unlogged table, a replica that lags.
    #[test]
    fn a_list_that_has_lost_its_end_is_found(seed: u64) {
        let all = history(seed, 4, 60, |_| Work::Lists { lists: 3 });
        let appends = |one: &Operation| match &one.action {
            Action::Transaction(steps) if one.is_ok() => steps.iter().find_map(|step| match step {
                Step::Append { list, element } => Some((*list, *element)),
                _ => None,
            }),
            _ => None,
        };
        let Some(place) = draw(&all, seed, |one| appends(one).is_some()) else { return Ok(()) };
        let (list, element) = appends(&all[place]).unwrap();
        // The longest that anybody read, up to there.
        let mut seen: Vec<u64> = Vec::new();
        for one in &all {
            let (Action::Transaction(steps), Outcome::Ok(Answer::Lists(reads))) = (&one.action, &one.outcome) else { continue };
            let lists = steps.iter().filter_map(|step| match step {
                Step::Read { list } => Some(*list),
                _ => None,
            });
            for (_, read) in lists.zip(reads).filter(|(name, _)| *name == list) {
                seen = if read.len() > seen.len() { read.to_vec() } else { seen };
            }
        }
        if let Some(end) = seen.iter().position(|one| *one == element) {
            seen.truncate(end);
        }
        let action = Action::Transaction(vec![Step::Read { list }]);
        let all = [&all[..], &[late(&all, action, Answer::Lists(vec![seen.into()]))]].concat();
        prop_assert_eq!(kinds(&Checker::ReadAfterWrite, &all), [Kind::Stale]);
    }

    /// A savepoint that is not gone back to.
    #[test]
    fn what_a_transaction_took_back_and_somebody_reads_is_found(seed: u64) {
        let mut all = history(seed, 4, 60, |_| Work::Lists { lists: 3 });
        let steps = vec![Step::Undone { list: 77, element: 7 }];
        all.push(late(&all, Action::Transaction(steps), Answer::Lists(Vec::new())));
        let action = Action::Transaction(vec![Step::Read { list: 77 }]);
        let read = late(&all, action, Answer::Lists(vec![vec![7].into()]));
        let kinds = kinds(&Checker::Isolation(Level::Serializable), &[&all[..], &[read]].concat());
        prop_assert_eq!(kinds, [Kind::G1a]);
    }

    /// A wrong tag, lost metadata, a head of another object.
    #[test]
    fn a_head_that_is_of_something_else_is_found(seed: u64, how in 0..3) {
        let mut all = shared(seed, true);
        let read = |one: &Operation| match one.action {
            Action::Get { .. } => how == 0,
            Action::Head { .. } => how > 0,
            _ => false,
        };
        let is = |one: &Operation| read(one) && matches!(one.outcome, Outcome::Ok(Answer::Found(_)));
        let Some(place) = draw(&all, seed, is) else { return Ok(()) };
        let Outcome::Ok(Answer::Found(value)) = all[place].outcome else { panic!("nothing found") };
        all[place].outcome = Outcome::Ok(if how == 1 { Answer::There } else { Answer::Mislabelled(value) });
        prop_assert_eq!(kinds(&Checker::ReadAfterWrite, &all), [Kind::Mislabelled]);
    }

    /// A listing whose pages come in another order, repeat a name, or show another folder's.
    #[test]
    fn a_listing_that_is_out_of_order_or_repeats_a_name_is_found(seed: u64, how in 0..3) {
        let mut all = shared(seed, true);
        let many = |one: &Operation| matches!(&one.outcome, Outcome::Ok(Answer::Keys(keys)) if keys.len() > 1);
        let Some(place) = draw(&all, seed, many) else { return Ok(()) };
        let Outcome::Ok(Answer::Keys(keys)) = &mut all[place].outcome else { panic!("no keys") };
        let number = Noise::new(seed, 1).below(u32::try_from(keys.len() - 1).unwrap()) as usize;
        let kind = match how {
            0 => {
                keys.swap(number, number + 1);
                Kind::Disordered
            }
            1 => {
                keys.insert(number, keys[number].clone());
                Kind::Duplicated
            }
            _ => {
                keys.push("z/another".into());
                Kind::Disordered
            }
        };
        prop_assert_eq!(kinds(&Checker::Listings, &all), [kind]);
    }
}
