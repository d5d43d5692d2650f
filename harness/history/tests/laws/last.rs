//! What an endpoint said last of a key, or never said, is judged as what it is.

use history::{Action, Answer, Cause, Checker, Failure, Operation, Outcome, check::Kind};
use jiff::ToSpan;
use proptest::prelude::*;

use crate::{
    clean::read_back,
    planted::{ENDPOINTS, SET, draw, found, refused, shared, written},
};

fn kinds(all: Vec<Operation>) -> Vec<Kind> {
    found(&SET, all).iter().map(|one| one.kind).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 700, failure_persistence: None, ..ProptestConfig::default() })]

    /// One stale answer through a service, which nobody reads back: every pod has it.
    #[test]
    fn who_lacked_it_for_a_while_has_lost_nothing(seed: u64) {
        let mut all = written(seed);
        let end = all.iter().filter(|one| one.action.writes()).map(|one| one.invoked).max();
        let before = |one: &Operation| one.is_ok() && one.action.writes() && one.ended < end;
        let Some(place) = draw(&all, seed, before) else { return Ok(()) };
        let mut read = all[place].clone();
        let (key, ended) = (read.action.key().unwrap().clone(), read.ended.unwrap());
        (read.line, read.action, read.endpoint) = (9_999, Action::Get { key }, "service store".into());
        (read.invoked, read.ended) = (ended + 100.microseconds(), Some(ended + 200.microseconds()));
        read.outcome = Outcome::Ok(Answer::Absent);
        all.insert(place + 1, read);
        prop_assert_eq!(kinds(all), [Kind::Stale]);
    }

    /// An object that was written over and that no node can give any more.
    #[test]
    fn what_was_written_over_and_cannot_be_read_is_found(seed: u64) {
        let mut all = read_back(shared(seed, false), seed, &ENDPOINTS);
        prop_assert_eq!(kinds(all.clone()), []);
        let last = |one: &Operation| one.process >= 100 && matches!(one.outcome, Outcome::Ok(Answer::Found(_)));
        let Some(place) = draw(&all, seed, last) else { return Ok(()) };
        let key = all[place].action.key().unwrap().clone();
        let acknowledged = all.iter().any(|one| one.is_ok() && one.action.writes() && one.action.key() == Some(&key));
        for one in all.iter_mut().filter(|one| last(one) && one.action.key() == Some(&key)) {
            one.outcome = refused("500");
        }
        let kinds = kinds(all);
        prop_assert_eq!(kinds.contains(&Kind::Unreadable), acknowledged, "{:?}", kinds);
    }

    /// What may have been deleted need not be there: whoever refuses it says nothing against itself.
    #[test]
    fn what_may_have_been_deleted_may_be_refused(seed: u64) {
        let mut all = shared(seed, true);
        let deletion = |one: &Operation| matches!(one.action, Action::Delete { .. }) && !matches!(one.outcome, Outcome::Failed(_));
        let Some(place) = draw(&all, seed, deletion) else { return Ok(()) };
        let key = all[place].action.key().unwrap().clone();
        // Nothing was put after it.
        let after = |one: &Operation| one.action.key() == Some(&key) && matches!(one.action, Action::Put { .. });
        let deleted = all[place].invoked;
        all.retain(|one| !(after(one) && one.invoked > deleted));
        let mut read = all[0].clone();
        let end = all.iter().filter_map(|one| one.ended).max().unwrap();
        (read.line, read.process, read.action) = (9_999, 999, Action::Get { key });
        (read.invoked, read.ended, read.outcome) = (end + 1.second(), Some(end + 2.seconds()), refused("500"));
        all.push(read);
        prop_assert!(!kinds(all).contains(&Kind::Unreadable));
    }

    /// A node that gives every object, and of one neither its head nor a part.
    #[test]
    fn what_is_given_whole_and_refused_in_part_is_found(seed: u64, part: bool) {
        let all = written(seed);
        let key = |one: &Operation| one.action.key().cloned();
        let acknowledged: Vec<_> = all.iter().filter(|one| one.is_ok() && one.action.writes()).filter_map(key).collect();
        let whole = |one: &Operation| {
            one.process >= 100 && one.is_ok() && one.action.key().is_some_and(|key| acknowledged.contains(key))
        };
        let Some(place) = draw(&all, seed, whole) else { return Ok(()) };
        let (mut asked, end) = (all[place].clone(), all.iter().filter_map(|one| one.ended).max().unwrap());
        let key = asked.action.key().unwrap().clone();
        let checker = if part { Checker::Ranges } else { SET };
        asked.action = if part { Action::Range { key, from: 0, length: 9 } } else { Action::Head { key } };
        (asked.line, asked.invoked, asked.ended) = (9_999, end + 1.second(), Some(end + 2.seconds()));
        let mut with = |outcome| {
            asked.outcome = outcome;
            found(&checker, [&all[..], &[asked.clone()]].concat())
        };
        for well in [refused("503"), Outcome::Failed(Failure::new(Cause::Unreachable, "no connection"))] {
            prop_assert_eq!(with(well), []);
        }
        let anomalies = with(refused("500"));
        prop_assert!(anomalies.len() == 1 && anomalies[0].kind == Kind::Unreadable, "{anomalies:?}");
    }
}
