//! What the summary must say.

use super::*;
use crate::report::fixture::{correcting, facts, report, scenario};

fn text(report: &Report, colour: bool) -> String {
    let mut out = Vec::new();
    write(&mut out, report, Utf8Path::new("/runs/r1"), colour).unwrap();
    String::from_utf8(out).unwrap()
}

fn line<'a>(text: &'a str, part: &str) -> &'a str {
    text.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("no `{part}` in\n{text}"))
}

#[test]
fn a_refuted_claim_never_shows_as_proved_and_says_why() {
    let text = text(
        &report(vec![
            scenario("a::good").proves("S9"),
            scenario("a::bad").proves("S9").finding("S9", "pod-1 went while pod-2 was there\nmore"),
        ]),
        false,
    );
    let claim = line(&text, " S9 ");
    assert!(claim.contains("✗ REFUTED") && !claim.contains("proved"), "{claim}");
    assert!(text.contains("a::bad: pod-1 went while pod-2 was there\n"), "{text}");
    assert!(
        line(&text, "FAILED: ").contains("0 of 1 claim proved, 1 refuted; 1 of 2 scenarios passed, 1 failed")
    );
}

#[test]
fn a_failure_is_repeated_in_full_with_all_that_is_needed_to_go_on() {
    let text = text(&report(vec![scenario("a::bad").finding("S9", "first\nsecond")]), false);
    let full = &text[text.find("What went wrong").unwrap()..];
    for part in [
        "✗ FAILED a::bad (12 s)",
        "S9  scale-down takes",
        "first",
        "second",
        "journal:4711  the journal on S9",
        "evidence  /runs/r1/evidence/a__bad",
        "again     cargo test --test conformance -- --exact a::bad",
    ] {
        assert!(full.contains(part), "no `{part}` in\n{full}");
    }
}

#[test]
fn the_classes_look_different_and_a_missing_result_is_there() {
    let mut run = facts(&["a::env", "a::err", "a::gone"]);
    run.skipped.insert("a::skip".into(), "needs two nodes".into());
    let results = vec![
        scenario("a::env").ends(Outcome::Environment, "no image"),
        scenario("a::err").ends(Outcome::Error, "a bug"),
    ];
    let text = text(&Report::new(run, results), true);
    assert!(text.contains("\u{1b}[1;33m▲ ENVIRONMENT\u{1b}[0m a::env"), "{text}");
    assert!(text.contains("\u{1b}[1;35m! ERROR\u{1b}[0m a::err"), "{text}");
    assert!(text.contains("MISSING\u{1b}[0m a::gone"), "{text}");
    assert!(text.contains("- a::skip: needs two nodes"), "{text}");
    assert!(text.contains("1 environment, 1 error, 1 missing, 1 skipped"), "{text}");
}

#[test]
fn what_the_cluster_is_like_and_what_was_left_out_for_it_is_said() {
    let mut run = facts(&["a::b"]);
    run.cluster = crate::report::example::cluster();
    let mut result = scenario("a::b").proves("S9");
    result.left_out.push("names over two nodes: worker is the only node that takes pods".into());
    let text = text(&Report::new(run, vec![result]), false);
    assert!(text.contains("steadfast-r1, Kubernetes v1.34.4\n  DNS domain cluster.local, "), "{text}");
    let told = "- a::b: names over two nodes: worker is the only node that takes pods";
    assert!(line(&text, told).starts_with("  - "), "{text}");
}

#[test]
fn a_control_that_stayed_green_is_red() {
    let green = scenario("control::c").control("parallel", &["S9"], "x").proves("S9");
    let text = text(&report(vec![scenario("a::b").proves("S9"), green]), false);
    assert!(line(&text, "stayed green").contains("✗"), "{text}");
    assert!(line(&text, "FAILED: ").contains("0 of 1 control turned red as named"), "{text}");
}

#[test]
fn colour_only_when_asked_and_lines_stay_narrow() {
    let long = "word ".repeat(80);
    let report = report(vec![scenario("a::bad").finding("S9", &format!("\u{1b}[31m{long}"))]);
    let text = text(&report, false);
    assert!(!text.contains('\u{1b}'));
    assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
}

#[test]
fn nothing_is_not_proved() {
    assert!(closing(&report(vec![])).starts_with("NOTHING RAN"));
}

#[test]
fn a_run_of_controls_alone_proves_nothing_and_says_so() {
    let red = scenario("control::S9::parallel").control("parallel", &["S9"], "early").finding("S9", "early");
    let report = report(vec![red]);
    let text = text(&report, false);
    assert!(line(&text, "· not asked").contains(" S9 ") && !text.contains("-0"), "{text}");
    let words =
        "PASSED: only controls ran, and no claim was up for proof; 1 of 1 control turned red as named; 6";
    assert!(closing(&report).starts_with(words), "{}", closing(&report));
}

#[test]
fn what_the_document_gets_wrong_is_said_in_a_line_with_the_better_one() {
    let text = text(&correcting(vec![scenario("a::b").proves("X1")]), false);
    assert!(line(&text, "≠ refuted").contains("X1   “claims are never deleted”"), "{text}");
    assert!(text.contains("when the set's retention policy says so (a::b)"), "{text}");
}

#[test]
fn the_time_that_was_not_ours_is_said_of_each_and_of_all() {
    let text = text(&report(vec![scenario("a::b").proves("S9"), scenario("a::c").proves("S9")]), false);
    assert!(line(&text, "✓ passed").ends_with("12 s         9.0 s"), "{text}");
    let closing = text[text.find("PROVED: ").unwrap()..].replace('\n', " ");
    assert!(
        closing.contains("6 min 12 s (scenarios together 24 s, of which Kubernetes needed 18 s)"),
        "{closing}"
    );
}
