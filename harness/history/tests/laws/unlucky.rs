//! A store that is right stays so by a clock that shows the same time again and again, and where the recording ends in the middle.

use history::{Checker, check::Level, generate::Work};
use proptest::prelude::*;

use crate::{
    clean::{coarse, cut, history},
    planted::{BANK, SET, found, in_parts, shared, written},
};

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_is_right_by_a_coarse_clock_and_when_its_history_is_cut(seed: u64) {
        let objects = [SET, Checker::ReadAfterWrite, Checker::Listings, Checker::Conditional];
        let rows = [SET, Checker::ReadAfterWrite, Checker::Agreement, Checker::Register];
        let isolation = Checker::Isolation(Level::Serializable);
        for (all, checkers) in [
            (written(seed), &rows[..]),
            (in_parts(seed), &[Checker::Ranges]),
            (shared(seed, true), &objects),
            (history(seed, 4, 60, |_| Work::Bank { accounts: 5 }), &[BANK]),
            (history(seed, 4, 60, |_| Work::Lists { lists: 3 }), &[Checker::ReadAfterWrite, isolation]),
        ] {
            for checker in checkers {
                prop_assert_eq!(found(checker, coarse(all.clone(), seed)), [], "{}", checker.name());
                // A set is judged when all was read back.
                if *checker != SET {
                    prop_assert_eq!(found(checker, coarse(cut(all.clone(), seed), seed)), [], "{}", checker.name());
                }
            }
        }
    }
}
