//! `report.html`: one page that answers "was it proved, and how do I know?" without a network.
//! This file turns results into what the template shows; the template escapes all of it.

use std::io::Write;

use jiff::Timestamp;
use minijinja::{Environment, UndefinedBehavior, Value, context, syntax::SyntaxConfig};

use super::{
    picture::picture,
    result::{ClusterFacts, Outcome, ScenarioResult, Verdict},
    tally::{ClaimReport, Ending, Report},
    verdict::{self, ControlState},
    words,
};
use crate::{
    claim,
    error::{Error, Result},
};

/// Writes the page.
///
/// # Errors
/// [`Error::Io`] when `out` can't be written, [`Error::Bug`] when the template is wrong.
pub fn write(out: &mut impl Write, report: &Report) -> Result<()> {
    let page = render(report).map_err(|error| Error::bug(format!("rendering report.html: {error:#}")))?;
    out.write_all(page.as_bytes()).map_err(Error::io("writing report.html"))
}

fn render(report: &Report) -> std::result::Result<String, minijinja::Error> {
    let mut templates = Environment::new();
    // A name that is misspelt in the template must fail, not show as nothing.
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    for (name, source) in [
        ("page.html", include_str!("page.html")),
        ("scenario.html", include_str!("scenario.html")),
        ("picture.html", include_str!("picture.html")),
    ] {
        templates.add_template(name, source)?;
    }
    let claims = report.claims();
    let workloads = workloads(report);
    let rows: Vec<Value> = claims.iter().map(|claim| row(claim, &workloads)).collect();
    let silent = report.silent();
    let silent: Vec<Value> =
        silent.iter().map(|claim| context! { id => claim.id, statement => claim.statement }).collect();
    let skipped = report.facts.skipped.iter().map(|(name, reason)| context! { name, reason });
    templates.get_template("page.html")?.render(context! {
        style => Value::from_safe_string(include_str!("style.css").to_owned()),
        run => &report.facts.run,
        started => time(report.facts.started),
        head => head(report, &claims),
        trouble => wrong(report),
        workloads, rows, silent,
        suites => suites(report),
        controls => report.controls().map(|(result, _)| card(result)).collect::<Vec<_>>(),
        skipped => skipped.collect::<Vec<_>>(),
    })
}

/// The verdict, why one may believe it, and what it was found on.
fn head(report: &Report, claims: &[ClaimReport<'_>]) -> Value {
    let totals = report.totals();
    let ids = |wanted: Verdict| {
        claims
            .iter()
            .filter(|claim| claim.verdict == wanted)
            .map(|claim| claim.id.to_owned())
            .collect::<Vec<_>>()
    };
    let (proved, refuted, unproved) = (ids(Verdict::Proved), ids(Verdict::Refuted), ids(Verdict::Unproved));
    let (held, controls) = (
        report.controls().filter(|(_, state)| *state == ControlState::Held).count(),
        report.controls().count(),
    );
    let (word, title) = match report.ending() {
        Ending::Proved if unproved.is_empty() => ("passed", "Proved".to_owned()),
        Ending::Proved => ("passed", "Passed, and not every claim was judged".to_owned()),
        Ending::Failed if !refuted.is_empty() => ("failed", format!("Refuted: {}", refuted.join(", "))),
        Ending::Failed if held < controls => ("failed", "Not to be trusted: a control failed".to_owned()),
        Ending::Failed => ("failed", "Failed".to_owned()),
        Ending::Interrupted => ("interrupted", "No verdict: interrupted".to_owned()),
        Ending::Error => ("error", "No verdict: an error of Steadfast itself".to_owned()),
        Ending::Environment => ("environment", "No verdict: the surroundings failed".to_owned()),
        Ending::Nothing => ("environment", "Nothing ran".to_owned()),
    };
    let in_doubt = claims.iter().filter(|claim| claim.verdict == Verdict::Proved && claim.in_doubt());
    let in_doubt: Vec<String> = in_doubt.map(|claim| claim.id.to_owned()).collect();
    let bare: Vec<String> =
        claims.iter().filter(|claim| claim.controls.is_empty()).map(|claim| claim.id.to_owned()).collect();
    let counts = [
        ("passed", totals.passed),
        ("failed", totals.failed),
        ("environment", totals.environment),
        ("error", totals.error),
        ("interrupted", totals.interrupted),
        ("missing", totals.missing),
        ("skipped", totals.skipped),
    ];
    let counts = counts.iter().filter(|(name, n)| *n > 0 || *name == "passed");
    context! {
        word, title, sign => words::sign(word),
        proved => proved.len(), refuted, unproved, in_doubt,
        of_claims => words::count(claims.len(), "claim"),
        scenarios => words::count(report.scenarios().count(), "scenario"),
        judged => report.judged(), of_judged => words::grouped(report.judged()),
        controls, held, of_controls => words::count(controls, "control"), bare,
        counts => counts.map(|(name, number)| context! { name => *name, number => *number }).collect::<Vec<_>>(),
        cluster => report.facts.cluster.as_ref().map(cluster),
        cluster_time => report.facts.cluster_seconds.map(words::seconds),
        work_time => words::seconds(report.results.iter().map(|result| result.seconds).sum()),
        run_time => report.seconds().map(words::seconds),
    }
}

fn cluster(cluster: &ClusterFacts) -> Value {
    let images = cluster
        .images
        .iter()
        .map(|image| context! { name => &image.reference, source => &image.source, id => &image.id });
    context! {
        name => &cluster.name, kubernetes => &cluster.kubernetes,
        nodes => &cluster.nodes, of_nodes => words::count(cluster.nodes.len(), "node"),
        images => images.collect::<Vec<_>>(), of_images => words::count(cluster.images.len(), "image"),
    }
}

/// Everything that is not as it should be, each in a line, with where to read on.
fn wrong(report: &Report) -> Vec<Value> {
    let run = report.facts.trouble.iter().map(|trouble| {
        context! { word => words::class(trouble.class), name => "the run", anchor => (), why => words::plain(&trouble.message) }
    });
    let results = report.results.iter().filter_map(|result| {
        let why = words::plain(words::first_line(&result.why()?));
        let word = words::outcome(result.ended());
        Some(context! { word, name => &result.scenario, anchor => anchor(&result.scenario), why })
    });
    let missing = report.missing.iter().map(|name| {
        context! { word => "missing", name, anchor => (), why => "it was selected, and left no result" }
    });
    run.chain(results).chain(missing).map(signed).collect()
}

fn signed(entry: Value) -> Value {
    let sign =
        entry.get_attr("word").ok().and_then(|word| word.as_str().map(words::sign)).unwrap_or_default();
    context! { sign, ..entry }
}

/// The columns of the matrix, in the order in which scenarios name them.
fn workloads(report: &Report) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for result in report.scenarios() {
        if !names.contains(&result.workload) {
            names.push(result.workload.clone());
        }
    }
    names
}

fn row(claim: &ClaimReport<'_>, workloads: &[String]) -> Value {
    let cells = workloads.iter().map(|workload| {
        let mut here: Vec<_> =
            claim.scenarios.iter().filter(|(result, _)| result.workload == *workload).collect();
        // The worst first: it is the cell's word, and its link.
        here.sort_by_key(|(_, verdict)| match verdict {
            Verdict::Refuted => 0,
            Verdict::Unproved => 1,
            Verdict::Proved => 2,
        });
        here.iter().map(|(result, verdict)| mark(result, words::verdict(*verdict))).collect::<Vec<_>>()
    });
    let controls = claim.controls.iter().map(|(result, state)| {
        let word = if *state == ControlState::Held { "passed" } else { words::outcome(result.ended()) };
        let sabotage = result.control.as_ref().map(|control| control.sabotage.clone());
        context! { text => state.text(), sabotage, ..mark(result, word) }
    });
    let word = words::verdict(claim.verdict);
    context! {
        id => claim.id, word, sign => words::sign(word), in_doubt => claim.verdict == Verdict::Proved && claim.in_doubt(),
        statement => claim.claim.map(|claim| claim.statement), source => claim.claim.map(|claim| claim.source),
        judged => words::grouped(claim.judged()),
        cells => cells.collect::<Vec<_>>(), controls => controls.collect::<Vec<_>>(),
    }
}

fn mark(result: &ScenarioResult, word: &str) -> Value {
    context! { word, sign => words::sign(word), name => &result.scenario, anchor => anchor(&result.scenario) }
}

/// The scenarios by the first part of their names, missing ones in their place.
fn suites(report: &Report) -> Vec<Value> {
    let mut names: Vec<&str> = Vec::new();
    let results = report.scenarios().map(|result| result.suite());
    for name in results.chain(report.missing.iter().map(|name| verdict::suite(name))) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let suite = |name: &str| {
        let cards = report.scenarios().filter(|result| result.suite() == name).map(card);
        let missing = report.missing.iter().filter(|scenario| verdict::suite(scenario) == name);
        context! { name, cards => cards.collect::<Vec<_>>(), missing => missing.cloned().collect::<Vec<_>>() }
    };
    names.into_iter().map(suite).collect()
}

fn card(result: &ScenarioResult) -> Value {
    let word = words::outcome(result.ended());
    let why = result.why().map(|why| words::plain(&why));
    // What a finding says below need not be said twice.
    let why = why.filter(|why| result.findings.iter().all(|finding| finding.message != *why));
    let claims = result.verdicts().into_iter().map(|(id, verdict)| {
        let word = words::verdict(verdict);
        let judged = result.claims.iter().find(|claim| claim.id == id).map_or(0, |claim| claim.judged);
        context! { id, word, sign => words::sign(word), judged => words::grouped(judged),
        statement => claim::find(id).map(|claim| claim.statement) }
    });
    let findings = result.findings.iter().map(|finding| {
        let quotes = finding.quotes.iter().map(|quote| {
            context! { line => (quote.line > 0).then_some(quote.line), text => words::plain(&quote.text) }
        });
        context! { claim => &finding.claim, statement => claim::find(&finding.claim).map(|claim| claim.statement),
        message => words::plain(&finding.message), quotes => quotes.collect::<Vec<_>>() }
    });
    let steps = result.steps.iter().map(|step| {
        context! { name => &step.name, at => words::seconds(step.at), took => words::seconds(step.seconds),
        share => (step.seconds / result.seconds.max(0.001) * 100.0).clamp(0.0, 100.0).round(), broke => step.broke }
    });
    let measures = result.measures.iter().map(|measure| {
        context! { name => &measure.name, value => words::figure(measure.value), unit => &measure.unit }
    });
    let control = result.control.as_ref().zip(result.control_state()).map(|(control, state)| {
        context! { sabotage => &control.sabotage, claims => &control.claims, expects => &control.expects,
        text => state.text(), held => state == ControlState::Held }
    });
    context! {
        word, sign => words::sign(word), name => &result.scenario, anchor => anchor(&result.scenario),
        open => result.ended() != Outcome::Passed, purpose => &result.purpose, workload => &result.workload,
        seconds => words::seconds(result.seconds), started => time(result.started), namespace => &result.namespace,
        evidence => &result.evidence, rerun => &result.rerun, why, control,
        claims => claims.collect::<Vec<_>>(), findings => findings.collect::<Vec<_>>(),
        steps => steps.collect::<Vec<_>>(), measures => measures.collect::<Vec<_>>(), picture => picture(result),
    }
}

fn anchor(scenario: &str) -> String {
    format!("s-{}", scenario.replace("::", "-"))
}

fn time(timestamp: Timestamp) -> String {
    timestamp.strftime("%-d %B %Y, %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{facts, report, scenario};
    use super::*;

    fn page(report: &Report) -> String {
        let mut out = Vec::new();
        write(&mut out, report).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// The part from `from` to the next `to`.
    fn part<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
        let start = page.find(from).unwrap_or_else(|| panic!("no `{from}` in the page"));
        let rest = &page[start..];
        &rest[..rest.find(to).unwrap_or(rest.len())]
    }

    #[test]
    fn a_refuted_claim_never_shows_as_proved() {
        let good = scenario("a::good").proves("S9");
        let bad = scenario("a::bad").proves("S9").finding("S9", "pod-1 went too early");
        let page = page(&report(vec![good, bad]));
        assert!(part(&page, "<header", "</header>").contains("Refuted: S9"));
        let row = part(&page, "id=\"claim-S9\"", "</tr>");
        assert!(
            part(row, "<td>", "</td>").contains("refuted") && !part(row, "<td>", "</td>").contains("proved")
        );
        let cell = part(row, "<a class", "</a>");
        assert!(row.contains("href=\"#s-a-bad\"") && !cell.is_empty(), "{row}");
        let card = part(&page, "id=\"s-a-bad\"", "</details>");
        assert!(
            part(card, "id=", ">").contains("open")
                && card.contains("pod-1 went too early")
                && card.contains("4711")
        );
        assert!(!part(part(&page, "id=\"s-a-good\"", "</details>"), "id=", ">").contains("open"));
    }

    #[test]
    fn a_control_that_stayed_green_makes_the_page_red() {
        let green = scenario("control::c").control("parallel", &["S9"], "x").proves("S9");
        let page = page(&report(vec![scenario("a::b").proves("S9"), green]));
        let header = part(&page, "<header", "</header>");
        assert!(header.contains("class=\"failed\"") && header.contains("Not to be trusted"), "{header}");
        assert!(header.contains("0 of 1 control</strong> turned red"), "{header}");
        let row = part(&page, "id=\"claim-S9\"", "</tr>");
        assert!(row.contains("in doubt") && row.contains("parallel: stayed green"), "{row}");
    }

    #[test]
    fn a_missing_result_and_the_reasons_of_skipped_ones_are_visible() {
        let mut run = facts(&["a::b", "a::gone"]);
        run.skipped.insert("c::skip".into(), "needs two nodes".into());
        let page = page(&Report::new(run, vec![scenario("a::b").proves("S9")]));
        assert!(part(&page, "<header", "</header>").contains("No verdict: an error of Steadfast"));
        assert!(part(&page, "data-outcome=\"missing\"", "</section>").contains("a::gone"));
        assert!(page.contains("needs two nodes"));
    }

    #[test]
    fn nothing_from_outside_becomes_markup_and_nothing_is_fetched() {
        let evil = "<script>alert(1)</script><img src=x onerror=y>\" onmouseover=\"z";
        let mut result = scenario("a::b").finding("S9", evil).ends(Outcome::Failed, evil);
        result.purpose = evil.into();
        result.steps =
            vec![super::super::result::Step { name: evil.into(), at: 1.0, seconds: 1.0, broke: true }];
        result.lifelines = vec![super::super::result::Lifeline {
            kind: "pod".into(),
            name: evil.into(),
            uid: evil.into(),
            spans: vec![super::super::result::Span { state: evil.into(), from: 0.0, to: 12.0 }],
            deleted: false,
        }];
        result.workload = evil.into();
        let page = page(&report(vec![result]));
        assert_eq!(page.matches("<script").count(), 1);
        assert!(!page.contains("<img") && !page.contains("\" onmouseover"));
        for outside in ["http://", "https://", "src=\"", "@import", "url(//"] {
            assert!(!page.contains(outside), "{outside}");
        }
    }

    #[test]
    fn an_empty_run_is_not_proved_and_a_run_without_controls_says_so() {
        assert!(part(&page(&report(vec![])), "<header", "</header>").contains("Nothing ran"));
        assert!(page(&report(vec![scenario("a::b").proves("S9")])).contains("No control ran"));
    }
}
