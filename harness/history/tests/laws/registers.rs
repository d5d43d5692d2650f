//! Keys that are written over, as [`Work::Registers`] does: an overwrite that is dropped is found.

use history::{Action, Answer, Checker, Operation, Outcome, check::Kind, generate::Work};
use jiff::ToSpan;
use proptest::prelude::*;

use crate::{
    clean::history,
    planted::{draw, found},
};

/// The write of a key that was acknowledged before this one began.
fn before<'a>(all: &'a [Operation], write: &Operation) -> Option<&'a Operation> {
    let same =
        |one: &&Operation| one.action.writes() && one.is_ok() && one.action.key() == write.action.key();
    all.iter().filter(same).find(|one| one.ended < Some(write.invoked))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 700, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_overwrite_that_is_dropped_is_found(seed: u64) {
        let mut all = history(seed, 5, 80, |_| Work::Registers { keys: 3, sizes: &[40] });
        prop_assert_eq!(found(&Checker::Register, all.clone()), []);
        let over = |one: &Operation| one.action.writes() && one.is_ok() && before(&all, one).is_some();
        let Some(place) = draw(&all, seed, over) else { return Ok(()) };
        let end = all.iter().filter_map(|one| one.ended).max().unwrap();
        let Some(Action::Put { key, value, .. }) = before(&all, &all[place]).map(|one| one.action.clone()) else {
            panic!("no put")
        };
        // What was there before is there again, or still.
        let mut read = all[place].clone();
        (read.line, read.action, read.outcome) = (9_999, Action::Get { key }, Outcome::Ok(Answer::Found(value)));
        (read.invoked, read.ended) = (end + 1.millisecond(), Some(end + 2.milliseconds()));
        all.push(read);
        let anomalies = found(&Checker::Register, all);
        prop_assert!(anomalies.len() == 1 && anomalies[0].kind == Kind::NotLinearizable, "{anomalies:?}");
    }
}
