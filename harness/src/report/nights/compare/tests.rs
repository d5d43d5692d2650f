//! What is red, what changed, and what is neither.

use super::{
    super::fixture::{night, ran},
    *,
};
use crate::report::{
    fixture::scenario,
    result::{Outcome, ScenarioResult, Verdict},
};

fn takes(seconds: f64) -> ScenarioResult {
    let mut result = scenario("a::b").proves("S9");
    result.seconds = seconds;
    result
}

fn green() -> Ran {
    ran(vec![scenario("a::b").proves("S9").proves("S1")])
}

#[test]
fn a_first_night_has_nothing_to_compare_with() {
    let first = night("1", vec![("1.34.4", green())]);
    let comparison = compare(&first, &[]);
    assert_eq!(comparison.ids, ["S1", "S9"]);
    assert!(comparison.changes().is_empty() && comparison.red().is_empty());
}

#[test]
fn a_refuted_claim_is_red_and_a_change_and_when_it_heals_only_a_change() {
    let red = ran(vec![scenario("a::b").proves("S1").finding("S9", "broken")]);
    let nights = [night("1", vec![("1.34.4", green())]), night("2", vec![("1.34.4", red)])];
    let comparison = compare(&nights[1], &nights[..1]);
    assert_eq!(comparison.red(), ["1.34.4: S9 refuted"]);
    assert_eq!(comparison.changes(), ["S9 on 1.34.4: refuted, was proved"]);
    let healed = night("3", vec![("1.34.4", green())]);
    let comparison = compare(&healed, &nights);
    assert!(comparison.red().is_empty());
    assert_eq!(comparison.changes(), ["S9 on 1.34.4: proved, was refuted"]);
}

#[test]
fn a_claim_that_vanished_is_red_and_a_new_one_is_told() {
    let now = night("2", vec![("1.34.4", ran(vec![scenario("a::b").proves("S9").proves("S8")]))]);
    let before = [night("1", vec![("1.34.4", green())])];
    let comparison = compare(&now, &before);
    assert_eq!(comparison.red(), ["1.34.4: S1 vanished"]);
    assert_eq!(comparison.changes(), ["S1 on 1.34.4: vanished, was proved", "S8 on 1.34.4: proved, new"]);
}

#[test]
fn a_version_without_a_result_is_one_red_column_and_the_next_night_is_compared_with_the_one_before_it() {
    let nothing = Ran::Nothing("no registry answers".to_owned());
    let nights = [
        night("1", vec![("1.34.4", green()), ("1.35.4", green())]),
        night("2", vec![("1.34.4", green()), ("1.35.4", nothing)]),
    ];
    let comparison = compare(&nights[1], &nights[..1]);
    assert_eq!(comparison.red(), ["1.35.4: no result: no registry answers"]);
    assert_eq!(comparison.changes(), ["1.35.4: nothing ran, scenarios did in 1"]);
    assert_eq!(comparison.row("S9")[1], None);
    let ended = ran(vec![scenario("a::b").ends(Outcome::Interrupted, "a signal")]);
    let interrupted = night("2b", vec![("1.34.4", green()), ("1.35.4", ended)]);
    let third = night("3", vec![("1.35.4", ran(vec![scenario("a::b").proves("S9")]))]);
    let nights = nights.into_iter().chain([interrupted]).collect::<Vec<_>>();
    let comparison = compare(&third, &nights);
    assert_eq!(comparison.red(), ["1.35.4: S1 vanished"]);
    assert!(comparison.changes().contains(&"1.34.4 was not asked for, and was the night before".to_owned()));
}

#[test]
fn a_time_is_told_only_beyond_the_threshold() {
    let change = |before: f64, now: f64| {
        let earlier = [night("1", vec![("1.34.4", ran(vec![takes(before)]))])];
        let now = night("2", vec![("1.34.4", ran(vec![takes(now)]))]);
        let comparison = compare(&now, &earlier);
        assert!(comparison.red().is_empty());
        comparison.changes()
    };
    assert_eq!(change(34.0, 46.0), ["S9 on 1.34.4: 46 s, 12 s more than 34 s"]);
    assert_eq!(change(46.0, 34.0), ["S9 on 1.34.4: 34 s, 12 s less than 46 s"]);
    assert!(change(4.0, 13.0).is_empty(), "a share alone");
    assert!(change(100.0, 120.0).is_empty(), "seconds alone");
}

#[test]
fn what_shows_on_no_claim_is_red_as_well() {
    let green = scenario("control::c").control("parallel", &["S9"], "x").proves("S9");
    let now = night("1", vec![("1.34.4", ran(vec![scenario("a::b").proves("S9"), green]))]);
    let red = compare(&now, &[]).red();
    assert!(red.len() == 1 && red[0].starts_with("1.34.4: FAILED: 1 of 1 claim proved"), "{red:?}");
    assert_eq!(compare(&night("1", vec![]), &[]).red(), ["nothing ran"]);
}

#[test]
fn on_a_ground_nothing_may_be_refuted_and_what_is_in_the_way_of_judging_is_named() {
    let away = scenario("a::c").claim("S4", Verdict::Unproved, 0).claim("S5", Verdict::Unproved, 0);
    let away = || away.clone().ends(Outcome::Environment, "a node is away\nmore");
    let column = |results| ("node-away", ran(results));
    let quiet = night("1", vec![column(vec![scenario("a::b").proves("S9"), away()])]);
    let comparison = compare(&quiet, &[]);
    assert!(comparison.red().is_empty(), "{:?}", comparison.red());
    assert_eq!(comparison.unjudged(), ["node-away: S4, S5: a node is away"]);
    let false_one = night("2", vec![column(vec![scenario("a::b").finding("S9", "broken"), away()])]);
    let comparison = compare(&false_one, std::slice::from_ref(&quiet));
    assert_eq!(comparison.red(), ["node-away: S9 refuted: a false refutation, or the ground is broken"]);
    assert_eq!(comparison.changes(), ["S9 on node-away: refuted, was proved"]);
    // Where nothing at all is proved, it is no ground to stand on; and an error of ours is never the ground's.
    assert_eq!(compare(&night("3", vec![column(vec![away()])]), &[]).red().len(), 1);
    let error = scenario("a::c").claim("S4", Verdict::Unproved, 0).ends(Outcome::Error, "boom");
    let error = night("4", vec![column(vec![scenario("a::b").proves("S9"), error])]);
    assert_eq!(compare(&error, &[]).red().len(), 1);
    let version = night("5", vec![("1.34.4", ran(vec![scenario("a::b").proves("S9"), away()]))]);
    assert_eq!(compare(&version, &[]).red(), ["1.34.4: S4 unproved", "1.34.4: S5 unproved"]);
}
