//! Histories of a store that is right pass, and each anomaly that is planted into one is found: more than ten thousand cases.

use crate::clean::{RUN, history, read_back};
use history::{
    Action, Anomaly, Answer, Cause, Checker, Failure, How, Operation, Operations, Outcome, Value,
    check::{Copies, Kind, Level, Members, Uninterrupted, Up},
    generate::{Noise, Request, Work},
};
use jiff::ToSpan;
use proptest::prelude::*;

const SIZES: &[usize] = &[40];
pub const ENDPOINTS: [&str; 3] = ["store-0", "store-1", "store-2"];
pub const SET: Checker = Checker::Set(Copies::Same);
pub const BANK: Checker = Checker::Bank { total: 5 * crate::store::MONEY };

pub fn written(seed: u64) -> Vec<Operation> {
    let work = |process| match process {
        0..3 => Work::Writes { sizes: SIZES },
        _ => Work::Reads { of: 0..3 },
    };
    read_back(history(seed, 5, 60, work), seed, &ENDPOINTS)
}

/// Objects that are written once, half of them in parts, and read in parts.
pub fn in_parts(seed: u64) -> Vec<Operation> {
    history(seed, 6, 80, |process| match process {
        0 => Work::Writes { sizes: SIZES },
        1 => Work::Uploads { sizes: SIZES },
        _ => Work::Ranges { of: 0..2, sizes: SIZES },
    })
}

pub fn shared(seed: u64, deletes: bool) -> Vec<Operation> {
    history(seed, 5, 80, |_| Work::Objects { keys: 3, sizes: SIZES, deletes })
}

pub fn found(checker: &Checker, all: Vec<Operation>) -> Vec<Anomaly> {
    let operations = Operations { run: RUN.to_owned(), all, ..Operations::default() };
    checker.judge(&operations).anomalies
}

/// The places of the operations that are so, one of which is drawn; none where there is none.
pub fn draw(all: &[Operation], seed: u64, is: impl Fn(&Operation) -> bool) -> Option<usize> {
    let places: Vec<_> = (0..all.len()).filter(|place| is(&all[*place])).collect();
    let number = Noise::new(seed, 77).below(u32::try_from(places.len()).unwrap());
    places.get(number as usize).copied()
}

fn final_get(one: &Operation) -> bool {
    one.process >= 100 && matches!(one.outcome, Outcome::Ok(Answer::Found(_)))
}

/// Changes a last read of a key that was acknowledged, and says what is found.
fn after(seed: u64, change: impl Fn(&mut Operation)) -> Option<Vec<Kind>> {
    let mut all = written(seed);
    let acknowledged: Vec<_> = all
        .iter()
        .filter(|one| one.is_ok() && one.action.writes())
        .filter_map(|one| one.action.key().cloned())
        .collect();
    let key = |one: &Operation| one.action.key().is_some_and(|key| acknowledged.contains(key));
    let place = draw(&all, seed, |one| final_get(one) && key(one))?;
    change(&mut all[place]);
    Some(found(&SET, all).iter().map(|one| one.kind).collect())
}

pub fn refused(code: &str) -> Outcome {
    Outcome::Failed(Failure::new(Cause::Answered(code.into()), code))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 700, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_store_that_is_right_is_right(seed: u64) {
        prop_assert_eq!(found(&SET, written(seed)), []);
        prop_assert_eq!(found(&Checker::ReadAfterWrite, shared(seed, true)), []);
        prop_assert_eq!(found(&Checker::Agreement, shared(seed, false)), []);
        prop_assert_eq!(found(&Checker::Register, shared(seed, false)), []);
        prop_assert_eq!(found(&Checker::Ranges, in_parts(seed)), []);
        for checker in [Checker::Listings, Checker::Conditional, SET] {
            prop_assert_eq!(found(&checker, shared(seed, true)), []);
        }
        let bank = history(seed, 4, 60, |_| Work::Bank { accounts: 5 });
        prop_assert_eq!(found(&BANK, bank), []);
        let lists = history(seed, 4, 60, |_| Work::Lists { lists: 3 });
        for checker in [Checker::ReadAfterWrite, Checker::Isolation(Level::Serializable)] {
            prop_assert_eq!(found(&checker, lists.clone()), []);
        }
    }

    #[test]
    fn what_is_lost_is_found(seed: u64) {
        let kinds = after(seed, |one| one.outcome = Outcome::Ok(Answer::Absent));
        prop_assert!(kinds.is_none_or(|kinds| kinds == [Kind::Lost]));
    }

    #[test]
    fn what_is_changed_is_found(seed: u64) {
        let kinds = after(seed, |one| one.outcome = Outcome::Ok(Answer::Found(Value::of(b"another"))));
        prop_assert!(kinds.is_none_or(|kinds| kinds == [Kind::Diverged]));
    }

    #[test]
    fn what_cannot_be_read_is_found_and_silence_is_not(seed: u64) {
        let kinds = after(seed, |one| one.outcome = refused("500"));
        prop_assert!(kinds.is_none_or(|kinds| kinds == [Kind::Unreadable]));
        let silent = Failure::new(Cause::Broken, "the tunnel broke");
        let kinds = after(seed, |one| one.outcome = Outcome::Failed(silent.clone()));
        prop_assert!(kinds.is_none_or(|kinds| kinds.is_empty()));
    }

    #[test]
    fn what_a_listing_hides_shows_twice_or_makes_up_is_found(seed: u64, how in 0..3) {
        let mut all = written(seed);
        let acknowledged = draw(&all, seed, |one| one.is_ok() && one.action.writes());
        let key = acknowledged.and_then(|place| all[place].action.key().cloned());
        let listing = draw(&all, seed, |one| matches!(one.action, Action::List { .. }));
        let (Some(key), Some(listing)) = (key, listing) else { return Ok(()) };
        let Outcome::Ok(Answer::Keys(keys)) = &mut all[listing].outcome else { panic!("a list without keys") };
        let kind = match how {
            0 => {
                keys.retain(|one| *one != key);
                Kind::Unlisted
            }
            1 => {
                keys.push(key);
                keys.sort();
                Kind::Duplicated
            }
            _ => {
                keys.push(format!("{RUN}/9/9").into());
                Kind::Phantom
            }
        };
        let kinds: Vec<_> = found(&SET, all).iter().map(|one| one.kind).collect();
        prop_assert_eq!(kinds, [kind]);
    }

    #[test]
    fn what_was_refused_and_is_there_is_found(seed: u64) {
        let mut all = written(seed);
        let there: Vec<_> = all.iter().filter(|one| final_get(one)).filter_map(|one| one.action.key().cloned()).collect();
        let place = draw(&all, seed, |one| one.action.writes() && one.action.key().is_some_and(|key| there.contains(key)));
        let Some(place) = place else { return Ok(()) };
        all[place].outcome = refused("403");
        let [one] = &found(&SET, all)[..] else { panic!("not one anomaly") };
        prop_assert_eq!(one.kind, Kind::RefusedButStored);
        prop_assert!((0..3).all(|number| one.text.contains(&format!("at store-{number}"))), "{}", one.text);
    }

    #[test]
    fn what_was_away_for_a_while_is_found(seed: u64) {
        let mut all = written(seed);
        let Some(place) = draw(&all, seed, |one| one.is_ok() && one.action.writes()) else { return Ok(()) };
        let key = all[place].action.key().unwrap().clone();
        let mut read = all[place].clone();
        let ended = read.ended.unwrap();
        (read.line, read.action, read.endpoint) = (9_999, Action::Get { key }, ENDPOINTS[1].into());
        (read.invoked, read.ended) = (ended + 100.microseconds(), Some(ended + 200.microseconds()));
        read.outcome = Outcome::Ok(Answer::Absent);
        all.insert(place + 1, read);
        let anomalies = found(&SET, all.clone());
        prop_assert!(anomalies.iter().any(|one| one.kind == Kind::Stale && one.lines.contains(&9_999)), "{anomalies:?}");
        let anomalies = found(&Checker::ReadAfterWrite, all);
        prop_assert!(anomalies.iter().any(|one| one.kind == Kind::Stale && one.lines[0] == 9_999), "{anomalies:?}");
    }

    #[test]
    fn a_read_that_goes_back_in_time_is_found(seed: u64) {
        let mut all = shared(seed, false);
        // The last read of a key sees what its first acknowledged write wrote, though a later one was acknowledged.
        let written = |one: &Operation, key: &str| {
            one.is_ok() && one.action.writes() && one.action.key().is_some_and(|of| **of == *key)
        };
        let planted = (0..all.len()).rev().find_map(|place| {
            let read = &all[place];
            let key = read.action.key().filter(|_| read.is_ok() && matches!(read.action, Action::Get { .. }))?;
            let first = all.iter().find(|one| written(one, key))?;
            let later = |one: &&Operation| written(one, key) && one.invoked > first.ended.unwrap() && one.ended.unwrap() < read.invoked;
            all.iter().find(later)?;
            let Action::Put { value, .. } = first.action else { return None };
            Some((place, value))
        });
        let Some((place, value)) = planted else { return Ok(()) };
        let changed = all[place].outcome != Outcome::Ok(Answer::Found(value));
        all[place].outcome = Outcome::Ok(Answer::Found(value));
        let line = all[place].line;
        prop_assert!(changed);
        let anomalies = found(&Checker::ReadAfterWrite, all.clone());
        prop_assert!(anomalies.iter().any(|one| one.kind == Kind::Stale && one.lines[0] == line));
        prop_assert!(found(&Checker::Register, all).iter().any(|one| one.kind == Kind::NotLinearizable));
    }

    #[test]
    fn readers_that_disagree_are_found(seed: u64) {
        let mut all = written(seed);
        all.retain(|one| one.process < 100);
        let Some(place) = draw(&all, seed, |one| matches!(one.outcome, Outcome::Ok(Answer::Found(_)))) else { return Ok(()) };
        let mut later = all[place].clone();
        let end = all.iter().filter_map(|one| one.ended).max().unwrap();
        (later.line, later.outcome) = (9_999, Outcome::Ok(Answer::Absent));
        (later.invoked, later.ended) = (end + 1.millisecond(), Some(end + 2.milliseconds()));
        all.push(later);
        let anomalies = found(&Checker::Agreement, all);
        prop_assert!(anomalies.len() == 1 && anomalies[0].kind == Kind::Backwards && anomalies[0].lines[0] == 9_999);
    }

    #[test]
    fn a_part_that_is_another_is_found(seed: u64) {
        let mut all = in_parts(seed);
        let part = |one: &Operation| matches!((&one.action, &one.outcome), (Action::Range { .. }, Outcome::Ok(Answer::Found(_))));
        let Some(place) = draw(&all, seed, part) else { return Ok(()) };
        all[place].outcome = Outcome::Ok(Answer::Found(Value::of(b"another")));
        let anomalies = found(&Checker::Ranges, all);
        prop_assert!(anomalies.len() == 1 && anomalies[0].kind == Kind::WrongRange, "{anomalies:?}");
    }

    #[test]
    fn what_a_listing_overlooks_is_found(seed: u64) {
        let mut all = shared(seed, true);
        let end = all.iter().filter_map(|one| one.ended).max().unwrap();
        let mut put = all[0].clone();
        (put.line, put.action) = (9_998, Request::put(format!("{RUN}/shared/late"), vec![1]).action);
        (put.invoked, put.ended, put.outcome) = (end + 1.millisecond(), Some(end + 2.milliseconds()), Outcome::DONE);
        let mut list = put.clone();
        (list.line, list.action) = (9_999, Request::list(format!("{RUN}/shared/l")).action);
        (list.invoked, list.ended) = (end + 3.milliseconds(), Some(end + 4.milliseconds()));
        list.outcome = Outcome::Ok(Answer::Keys(Vec::new()));
        all.extend([put, list]);
        let anomalies = found(&Checker::Listings, all);
        prop_assert!(anomalies.len() == 1 && anomalies[0].kind == Kind::Overlooked, "{anomalies:?}");
    }

    #[test]
    fn a_condition_that_is_not_minded_is_found(seed: u64) {
        let mut all = shared(seed, false);
        let end = all.iter().filter_map(|one| one.ended).max().unwrap();
        let Some(place) = draw(&all, seed, |one| one.is_ok() && one.action.writes()) else { return Ok(()) };
        let mut late = all[place].clone();
        let key = late.action.key().unwrap().clone();
        late.action = Action::Put { key, value: Value::of(b"late"), how: How::IfNew };
        (late.line, late.invoked, late.ended) = (9_999, end + 1.millisecond(), Some(end + 2.milliseconds()));
        all.push(late);
        let anomalies = found(&Checker::Conditional, all);
        prop_assert!(anomalies.len() == 1 && anomalies[0].kind == Kind::ConditionIgnored, "{anomalies:?}");
    }

    #[test]
    fn an_error_where_everything_goes_on_is_found(seed: u64) {
        let mut all = shared(seed, true);
        let (from, to) = (all[0].invoked, all.iter().filter_map(|one| one.ended).max().unwrap());
        let endpoints = ENDPOINTS.map(Into::into).into();
        let checker = Checker::Available(Uninterrupted { endpoints, from, to, longest: 60 });
        let error = |one: &Operation| match one.outcome.failure().map(|failure| &failure.cause) {
            Some(Cause::Answered(code)) => &**code != "412",
            _ => false,
        };
        let before = all.iter().filter(|one| error(one)).count();
        prop_assert_eq!(found(&checker, all.clone()).len(), before);
        let Some(place) = draw(&all, seed, |one| one.ended.is_some() && !error(one)) else { return Ok(()) };
        all[place].outcome = refused(if place % 2 == 0 { "404" } else { "503" });
        let anomalies = found(&checker, all);
        prop_assert!(anomalies.len() == before + 1 && anomalies.iter().all(|one| one.kind == Kind::Unavailable));
    }

    #[test]
    fn money_that_is_made_is_found(seed: u64, more in 1_i64..9) {
        let mut all = history(seed, 4, 60, |_| Work::Bank { accounts: 5 });
        let read = |one: &Operation| matches!(one.outcome, Outcome::Ok(Answer::Balances(_)));
        let Some(place) = draw(&all, seed, read) else { return Ok(()) };
        if let Outcome::Ok(Answer::Balances(balances)) = &mut all[place].outcome {
            balances[0] += more;
        }
        let anomalies = found(&BANK, all);
        prop_assert!(anomalies.len() == 1 && anomalies[0].kind == Kind::TotalChanged);
    }

    #[test]
    fn what_is_said_without_a_quorum_is_found(seed: u64, code in prop::sample::select(vec!["500", "403", "404"])) {
        let all = shared(seed, false);
        let end = all.iter().filter_map(|one| one.ended).max().unwrap();
        let nodes = [("a", None), ("b", Some(end)), ("c", Some(end))];
        let from = all[0].invoked;
        let up = nodes.map(|(node, to)| Up { node: node.into(), from, to }).into();
        let members = Members { quorum: 2, up };
        prop_assert_eq!(found(&Checker::Honesty(members.clone()), all.clone()), []);
        prop_assert_eq!(found(&Checker::Quorum(members.clone()), all.clone()), []);
        let mut late = all[0].clone();
        let (invoked, ended) = (end + 1.millisecond(), Some(end + 2.milliseconds()));
        (late.line, late.invoked, late.ended) = (9_999, invoked, ended);
        let mut with = |outcome: Outcome| {
            late.outcome = outcome;
            all.iter().cloned().chain([late.clone()]).collect::<Vec<_>>()
        };
        prop_assert_eq!(found(&Checker::Honesty(members.clone()), with(refused("503"))), []);
        let honesty = found(&Checker::Honesty(members.clone()), with(refused(code)));
        prop_assert!(honesty.len() == 1 && honesty[0].kind == Kind::Dishonest);
        let all = with(Outcome::DONE);
        let writes = all.last().unwrap().action.writes();
        prop_assert_eq!(found(&Checker::Honesty(members.clone()), all.clone()).len(), 1);
        prop_assert_eq!(found(&Checker::Quorum(members), all).len(), usize::from(writes));
    }
}
