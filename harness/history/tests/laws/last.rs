//! What an endpoint said last of a key, or never said, is judged as what it is.

use history::{Action, Answer, Operation, Outcome, check::Kind};
use jiff::ToSpan;
use proptest::prelude::*;

use crate::planted::{SET, draw, found, written};

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
}
