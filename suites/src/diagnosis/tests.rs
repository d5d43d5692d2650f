//! The catalogue of causes is the catalogue of scenarios.

use std::collections::BTreeSet;

use harness::explain::cause::ALL;

use super::*;

#[test]
fn every_cause_is_made_by_a_scenario() {
    let made = [
        pending::causes(),
        storage::causes(),
        starting::causes(),
        refused::causes(),
        waiting::CAUSES.to_vec(),
        stopping::CAUSES.to_vec(),
        nodes::causes(),
        cluster::CAUSES.to_vec(),
        reports::causes(),
    ];
    let made: BTreeSet<&str> = made.into_iter().flatten().collect();
    let all: BTreeSet<&str> = ALL.iter().map(|(id, _)| *id).collect();
    let missing: Vec<_> = all.difference(&made).collect();
    let unknown: Vec<_> = made.difference(&all).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "made by no scenario: {missing:?}; no cause: {unknown:?}"
    );
}
