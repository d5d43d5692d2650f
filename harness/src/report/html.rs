//! `report.html`: one page that answers "was it proved, and how do I know?" without a network.
//! This file turns results into what the template shows; the template escapes all of it.

use std::io::Write;

use jiff::Timestamp;
use minijinja::{Value, context};

use super::{
    correction::{Correction, corrections},
    matrix::{Mark, Matrix, Row},
    picture::picture,
    result::{ClusterFacts, Outcome, ScenarioResult, Verdict},
    tally::{ClaimReport, Ending, Report},
    templates::{style, templates},
    terrain::Terrain,
    upgrade,
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
    let templates = templates(&[
        ("page.html", include_str!("page.html")),
        ("matrix.html", include_str!("matrix.html")),
        ("scenario.html", include_str!("scenario.html")),
        ("picture.html", include_str!("picture.html")),
        ("upgrade.html", include_str!("upgrade.html")),
    ])?;
    let claims = report.claims();
    let workloads = workloads(report);
    let rows: Vec<Value> = claims.iter().map(|claim| row(claim, &workloads)).collect();
    let silent = report.silent();
    let silent: Vec<Value> =
        silent.iter().map(|claim| context! { id => claim.id, statement => claim.statement }).collect();
    let skipped = report.facts.skipped.iter().map(|(name, reason)| context! { name, reason });
    templates.get_template("page.html")?.render(context! {
        style => style(),
        run => &report.facts.run,
        started => time(report.facts.started),
        head => head(report, &claims),
        trouble => wrong(report),
        rows, silent, matrix => matrix(report),
        corrections => corrections(&claims).iter().map(correction).collect::<Vec<_>>(),
        suites => suites(report),
        controls => report.controls().map(|(result, _)| card(result)).collect::<Vec<_>>(),
        left_out => left_out(report), skipped => skipped.collect::<Vec<_>>(),
    })
}

/// The verdict, why one may believe it, and what it was found on.
fn head(report: &Report, claims: &[ClaimReport<'_>]) -> Value {
    let ids = |wanted: Verdict| {
        claims
            .iter()
            .filter(|claim| claim.was_selected() && claim.verdict == wanted)
            .map(|claim| claim.id.to_owned())
            .collect::<Vec<_>>()
    };
    let (proved, refuted, unproved) = (ids(Verdict::Proved), ids(Verdict::Refuted), ids(Verdict::Unproved));
    let (held, controls) = (report.held(), report.controls().count());
    let asked = claims.iter().filter(|claim| claim.was_selected()).count();
    let (word, title) = match report.ending() {
        Ending::Proved if asked == 0 => ("passed", "Passed: only controls ran".to_owned()),
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
    let counts = report.totals().named().into_iter().filter(|(name, n)| *n > 0 || *name == "passed");
    context! {
        word, title, sign => words::sign(word),
        proved => proved.len(), refuted, unproved, in_doubt,
        asked, of_claims => words::count(asked, "claim"),
        scenarios => words::count(report.scenarios().count(), "scenario"),
        judged => report.judged(), of_judged => words::grouped(report.judged()),
        controls, held, of_controls => words::count(controls, "control"), bare,
        counts => counts.map(|(name, number)| context! { name, number }).collect::<Vec<_>>(),
        cluster => report.facts.cluster.as_ref().map(cluster),
        settings => report.facts.settings.iter().map(|(key, value)| format!("{key} {value}")).collect::<Vec<_>>(),
        cluster_time => report.facts.cluster_seconds.map(words::seconds),
        work_time => words::of_which(report.work_seconds(), report.floor_seconds()),
        run_time => report.seconds().map(words::seconds),
    }
}

fn cluster(cluster: &ClusterFacts) -> Value {
    let images = cluster
        .images
        .iter()
        .map(|image| context! { name => &image.reference, source => &image.source, id => &image.id });
    let terrain = cluster.terrain.iter().flat_map(Terrain::table);
    let terrain = terrain.map(|(what, is)| context! { what, is => words::plain(&is) });
    context! {
        name => &cluster.name, kubernetes => cluster.version(),
        nodes => &cluster.nodes, of_nodes => words::count(cluster.nodes.len(), "node"),
        terrain => terrain.collect::<Vec<_>>(),
        images => images.collect::<Vec<_>>(), of_images => words::count(cluster.images.len(), "image"),
    }
}

/// What scenarios did not judge, with why.
fn left_out(report: &Report) -> Vec<Value> {
    let each = report.scenarios().flat_map(|result| result.left_out.iter().map(move |what| (result, what)));
    each.map(|(result, what)| context! { name => &result.scenario, anchor => anchor(&result.scenario), what => words::plain(what) })
        .collect()
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

/// The workloads, in the order in which scenarios name them.
fn workloads(report: &Report) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for result in report.scenarios() {
        if !names.contains(&result.workload) {
            names.push(result.workload.clone());
        }
    }
    names
}

fn correction(correction: &Correction<'_>) -> Value {
    let Correction { claim, says, shown_by } = correction;
    let shown_by = shown_by.iter().map(|name| context! { name => *name, anchor => anchor(name) });
    context! {
        id => claim.id, says => *says, statement => claim.statement, source => claim.source,
        shown_by => shown_by.collect::<Vec<_>>(),
    }
}

/// Claims × controls; nothing where no control ran.
fn matrix(report: &Report) -> Option<Value> {
    let matrix = Matrix::of(report);
    let column = |control: &&ScenarioResult| {
        let sabotage = control.scenario.trim_start_matches("control::").replace("::", " ");
        context! { sabotage, name => &control.scenario, anchor => anchor(&control.scenario) }
    };
    let columns: Vec<Value> = matrix.controls.iter().map(column).collect();
    let row = |row: &Row<'_>| {
        let cells = row.marks.iter().zip(&columns).map(|(mark, column)| {
            let word = match mark {
                None => return Value::from(()),
                Some(Mark::TurnedRed) => "passed",
                Some(Mark::NoVerdict) => "unproved",
                Some(_) => "failed",
            };
            context! { word, sign => words::sign(word), text => mark.map(Mark::text), ..column.clone() }
        });
        context! { id => row.id, bare => !row.controlled(), cells => cells.collect::<Vec<_>>(),
        statement => claim::find(row.id).map(|claim| claim.statement) }
    };
    let rows: Vec<Value> = matrix.rows.iter().map(row).collect();
    (!columns.is_empty()).then(|| context! { columns, rows })
}

fn row(claim: &ClaimReport<'_>, workloads: &[String]) -> Value {
    let cells = workloads.iter().filter_map(|workload| {
        let mut here: Vec<_> =
            claim.scenarios.iter().filter(|(result, _)| result.workload == *workload).collect();
        // The worst first.
        here.sort_by_key(|(_, verdict)| match verdict {
            Verdict::Refuted => 0,
            Verdict::Unproved => 1,
            Verdict::Proved => 2,
        });
        let marks = here.iter().map(|(result, verdict)| mark(result, words::verdict(*verdict)));
        (!here.is_empty()).then(|| context! { workload, marks => marks.collect::<Vec<_>>() })
    });
    let controls = claim.controls.iter().map(|(result, state)| {
        let word = if *state == ControlState::Held { "passed" } else { words::outcome(result.ended()) };
        let sabotage = result.control.as_ref().map(|control| control.sabotage.clone());
        context! { text => state.text(), sabotage, ..mark(result, word) }
    });
    let word = if claim.was_selected() { words::verdict(claim.verdict) } else { "not asked" };
    context! {
        id => claim.id, asked => claim.was_selected(), word, sign => words::sign(word), in_doubt => claim.verdict == Verdict::Proved && claim.in_doubt(),
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
        meant => result.meant(&finding.claim), message => words::plain(&finding.text()), quotes => quotes.collect::<Vec<_>>() }
    });
    let steps = result.steps.iter().map(|step| {
        context! { name => &step.name, at => words::seconds(step.at), took => words::seconds(step.seconds),
        share => (step.seconds / result.seconds.max(0.001) * 100.0).clamp(0.0, 100.0).round(), broke => step.broke }
    });
    let measures = result.measures.iter().map(|measure| {
        context! { name => &measure.name, value => words::figure(measure.value), unit => &measure.unit }
    });
    let comparison = result.comparison.iter().map(|row| {
        context! { feature => &row.feature, deployment => &row.deployment, stateful_set => &row.stateful_set }
    });
    let control = result.control.as_ref().zip(result.control_state()).map(|(control, state)| {
        context! { sabotage => &control.sabotage, claims => &control.claims, expects => &control.expects,
        text => state.text(), held => state == ControlState::Held }
    });
    context! {
        word, sign => words::sign(word), name => &result.scenario, anchor => anchor(&result.scenario),
        open => result.ended() != Outcome::Passed, purpose => &result.purpose, workload => &result.workload,
        seconds => words::seconds(result.seconds), took => words::of_which(result.seconds, result.floor_seconds), started => time(result.started), namespace => &result.namespace,
        evidence => &result.evidence, rerun => &result.rerun, why, control,
        claims => claims.collect::<Vec<_>>(), findings => findings.collect::<Vec<_>>(),
        steps => steps.collect::<Vec<_>>(), measures => measures.collect::<Vec<_>>(),
        comparison => comparison.collect::<Vec<_>>(), left_out => result.left_out.iter().map(|what| words::plain(what)).collect::<Vec<_>>(),
        picture => picture(result), upgrade => upgrade::section(result),
    }
}

fn anchor(scenario: &str) -> String {
    format!("s-{}", scenario.replace("::", "-"))
}

fn time(timestamp: Timestamp) -> String {
    timestamp.strftime("%-d %B %Y, %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests;
