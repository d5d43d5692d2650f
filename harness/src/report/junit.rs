//! `junit.xml`, for what reads JUnit: one suite for each first part of a scenario's name.

use std::{io::Write, time::Duration};

use quick_junit::{NonSuccessKind, Property, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::{
    result::{Outcome, ScenarioResult, Trouble},
    tally::Report,
    verdict, words,
};
use crate::error::{Class, Error, Result};

/// Writes the report. A broken promise is a `<failure>`; what kept us from a verdict is an `<error>`.
///
/// # Errors
/// [`Error::Io`] when `out` can't be written.
pub fn write(out: &mut impl Write, report: &Report) -> Result<()> {
    let mut junit = Junit::new("steadfast");
    if let Some(seconds) = report.seconds() {
        junit.set_time(duration(seconds));
    }
    let mut suites: Vec<TestSuite> = Vec::new();
    let mut add = |suite: &str, case: TestCase| {
        let index = suites.iter().position(|s| s.name.as_str() == suite).unwrap_or_else(|| {
            suites.push(new_suite(suite, report));
            suites.len() - 1
        });
        if let Some(suite) = suites.get_mut(index) {
            suite.add_test_case(case);
        }
    };
    if let Some(trouble) = &report.facts.trouble {
        add("run", case("run", run_trouble(trouble)));
    }
    for result in &report.results {
        add(result.suite(), scenario(result));
    }
    for name in &report.missing {
        let status = non_success(NonSuccessKind::Error, "missing", "it was selected, and left no result", "");
        add(verdict::suite(name), case(name, status));
    }
    for (name, reason) in &report.facts.skipped {
        let mut status = TestCaseStatus::skipped();
        status.set_message(reason.as_str());
        add(verdict::suite(name), case(name, status));
    }
    for suite in &mut suites {
        suite.set_time(suite.test_cases.iter().filter_map(|case| case.time).sum());
    }
    junit.add_test_suites(suites);
    junit.serialize(out).map_err(|error| Error::io("writing junit.xml")(std::io::Error::other(error)))
}

fn new_suite(name: &str, report: &Report) -> TestSuite {
    let mut suite = TestSuite::new(name);
    suite.add_property(("run", report.facts.run.as_str()));
    suite.extra.insert("timestamp".into(), report.facts.started.to_string().into());
    if let Some(cluster) = &report.facts.cluster {
        suite.add_property(("kubernetes", cluster.kubernetes.as_str()));
        if !cluster.feature_gates.is_empty() {
            suite.add_property(("feature_gates", cluster.feature_gates.to_string().as_str()));
        }
    }
    suite
}

fn scenario(result: &ScenarioResult) -> TestCase {
    let ended = result.ended();
    let why = result.why().unwrap_or_default();
    let (word, message) = (words::outcome(ended), words::first_line(&why));
    let body = body(result, &why);
    let status = match ended {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Failed => non_success(NonSuccessKind::Failure, word, message, &body),
        _ => non_success(NonSuccessKind::Error, word, message, &body),
    };
    let mut case = case(&result.scenario, status);
    case.set_time(duration(result.seconds));
    for (id, verdict) in result.verdicts() {
        case.add_property((format!("claim:{id}").as_str(), words::verdict(verdict)));
    }
    case.add_property(("workload", result.workload.as_str()));
    case.add_property(("evidence", result.evidence.as_str()));
    if let (Some(control), Some(state)) = (&result.control, result.control_state()) {
        case.add_property(("sabotage", control.sabotage.as_str()));
        case.add_property(("control", state.text()));
    }
    for measure in &result.measures {
        let value = format!("{} {}", measure.value, measure.unit);
        case.add_property(Property::new(measure.name.as_str(), value));
    }
    case
}

fn body(result: &ScenarioResult, why: &str) -> String {
    let mut lines = vec![why.to_owned()];
    for finding in &result.findings {
        lines.push(format!("{}: {}", finding.claim, finding.text()));
        lines.extend(finding.quotes.iter().map(|quote| format!("    {}", words::quote(quote))));
    }
    lines.push(format!("evidence: {}", result.evidence));
    lines.push(format!("again: {}", result.rerun));
    lines.join("\n")
}

fn run_trouble(trouble: &Trouble) -> TestCaseStatus {
    let kind = if trouble.class == Class::Failed { NonSuccessKind::Failure } else { NonSuccessKind::Error };
    non_success(kind, words::class(trouble.class), words::first_line(&trouble.message), &trouble.message)
}

fn non_success(kind: NonSuccessKind, class: &str, message: &str, body: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(class).set_message(message).set_description(body);
    status
}

fn case(name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(verdict::suite(name));
    case
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use quick_junit::Report as Junit;

    use super::super::fixture::{facts, report, scenario};
    use super::*;

    /// Reading it back proves that it is well-formed.
    fn parsed(report: &Report) -> (String, Junit) {
        let mut out = Vec::new();
        write(&mut out, report).unwrap();
        let text = String::from_utf8(out).unwrap();
        let junit = Junit::deserialize_from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        (text, junit)
    }

    #[test]
    fn each_class_has_its_element_and_nothing_is_left_out() {
        let mut run = facts(&["a::ok", "a::bad", "b::env", "b::err", "b::gone"]);
        run.skipped.insert("c::skip".into(), "needs two nodes".into());
        let (text, junit) = parsed(&Report::new(
            run,
            vec![
                scenario("a::ok").proves("S9"),
                scenario("a::bad").finding("S9", "pod-1 < pod-2 & \u{1b}[31m]]> <script>"),
                scenario("b::env").ends(Outcome::Environment, "no image"),
                scenario("b::err").ends(Outcome::Error, "a bug"),
            ],
        ));
        assert_eq!((junit.tests, junit.failures, junit.errors, junit.skipped), (6, 1, 3, 1), "{text}");
        let suites: Vec<_> = junit.test_suites.iter().map(|suite| suite.name.as_str().to_owned()).collect();
        assert_eq!(suites, ["a", "b", "c"]);
        assert!(text.contains(r#"type="environment""#) && text.contains(r#"type="missing""#), "{text}");
        assert!(text.contains(r#"<property name="claim:S9" value="refuted""#), "{text}");
        assert!(text.contains("journal:4711") && text.contains("needs two nodes"), "{text}");
        assert!(!text.contains("<script>"));
    }

    #[test]
    fn what_a_client_saw_is_no_line_of_the_journal() {
        let mut lost = scenario("a::lost").finding("S23", "a write is lost");
        lost.findings[0].quotes[0].line = 0;
        let (text, _) = parsed(&report(vec![lost]));
        assert!(text.contains("seen  the journal on S23") && !text.contains("journal:0"), "{text}");
    }

    #[test]
    fn a_control_that_stayed_green_is_a_failure() {
        let green = scenario("control::c").control("parallel", &["S9"], "x").proves("S9");
        let (text, junit) = parsed(&report(vec![green]));
        assert_eq!(junit.failures, 1);
        assert!(text.contains("did not turn S9 red"), "{text}");
    }

    #[test]
    fn a_run_that_ended_early_is_an_error_of_its_own() {
        let mut run = facts(&["a::one"]);
        run.trouble = Some(Trouble { class: Class::Environment, message: "no Docker".into() });
        let (text, junit) = parsed(&Report::new(run, Vec::new()));
        assert_eq!(junit.errors, 2);
        assert!(text.contains("no Docker"), "{text}");
    }
}
