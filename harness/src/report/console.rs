//! The summary at a run's end, for a terminal or a log: claims, controls, what failed in full, one last line.

use std::{fmt::Display, io::Write};

use camino::Utf8Path;

use super::{
    correction::{Correction, corrections},
    result::{Outcome, ScenarioResult, Verdict},
    tally::{Ending, Report},
    words,
};
use crate::{
    claim,
    error::{Error, Result},
};

const WIDTH: usize = 110;

/// Writes the summary. `dir` is the run's directory, as the reader may name it; colours are ANSI's.
///
/// # Errors
/// [`Error::Io`] when `out` can't be written.
pub fn write(out: &mut impl Write, report: &Report, dir: &Utf8Path, colour: bool) -> Result<()> {
    Summary { out, report, dir, colour }.all().map_err(Error::io("writing the summary"))
}

/// One line that says how the run ended, without colour.
pub fn closing(report: &Report) -> String {
    let claims = report.claims();
    let claims: Vec<_> = claims.iter().filter(|claim| claim.was_selected()).collect();
    let number = |verdict| claims.iter().filter(|claim| claim.verdict == verdict).count();
    let word = match report.ending() {
        Ending::Proved if claims.is_empty() => "PASSED",
        Ending::Proved => "PROVED",
        Ending::Failed => "FAILED",
        Ending::Interrupted => "INTERRUPTED",
        Ending::Error => "ERROR",
        Ending::Environment => "ENVIRONMENT",
        Ending::Nothing => return "NOTHING RAN: no scenario was selected and not skipped".to_owned(),
    };
    let controls = report.controls().count();
    let alone = controls > 0 && controls == report.results.len();
    let mut parts = match claims.len() {
        0 if alone => vec!["only controls ran, and no claim was up for proof".to_owned()],
        0 => vec!["no claim was judged".to_owned()],
        asked => vec![format!("{} of {} proved", number(Verdict::Proved), words::count(asked, "claim"))],
    };
    for verdict in [Verdict::Refuted, Verdict::Unproved] {
        if number(verdict) > 0 {
            parts.push(format!("{} {}", number(verdict), words::verdict(verdict)));
        }
    }
    let [(_, passed), others @ ..] = report.totals().named();
    let mut runs = Vec::new();
    if !alone {
        let all = words::count(report.results.len(), "scenario");
        runs.push(format!("{passed} of {all} passed"));
    }
    runs.extend(others.iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{n} {name}")));
    let mut line = format!("{word}: {}", parts.join(", "));
    if !runs.is_empty() {
        line.push_str(&format!("; {}", runs.join(", ")));
    }
    if controls > 0 {
        line.push_str(&format!(
            "; {} of {} turned red as named",
            report.held(),
            words::count(controls, "control")
        ));
    }
    if let Some(seconds) = report.seconds() {
        line.push_str(&format!("; {}", words::seconds(seconds)));
        let together = words::of_which(report.work_seconds(), report.floor_seconds());
        line.push_str(&format!(" (scenarios together {together})"));
    }
    line
}

struct Summary<'a, W> {
    out: &'a mut W,
    report: &'a Report,
    dir: &'a Utf8Path,
    colour: bool,
}

impl<W: Write> Summary<'_, W> {
    fn all(&mut self) -> std::io::Result<()> {
        self.cluster()?;
        self.claims()?;
        self.corrections()?;
        self.comparison()?;
        self.scenarios()?;
        self.controls()?;
        self.left_out()?;
        self.skipped()?;
        self.failures()?;
        let word = match self.report.ending() {
            Ending::Proved => "passed",
            Ending::Failed => "failed",
            Ending::Error => "error",
            _ => "environment",
        };
        writeln!(self.out)?;
        for line in words::wrap(&closing(self.report), WIDTH) {
            let line = self.paint(word, &line);
            writeln!(self.out, "{line}")?;
        }
        writeln!(self.out, "Report: {}", self.dir.join("report.html"))
    }

    /// What it ran on, in a line or two.
    fn cluster(&mut self) -> std::io::Result<()> {
        let cluster = self.report.facts.cluster.as_ref();
        let Some((cluster, terrain)) = cluster.and_then(|cluster| Some((cluster, cluster.terrain.as_ref()?)))
        else {
            return Ok(());
        };
        self.heading(&format!("{}, Kubernetes {}", cluster.name, cluster.version()))?;
        self.indented(2, &terrain.line())
    }

    fn claims(&mut self) -> std::io::Result<()> {
        let claims = self.report.claims();
        if !claims.is_empty() {
            self.heading("Claims")?;
        }
        for claim in &claims {
            let word = if claim.was_selected() { words::verdict(claim.verdict) } else { "not asked" };
            let statement =
                claim.claim.map_or("a claim that this version does not know", |claim| claim.statement);
            let time = if claim.was_selected() { words::seconds(claim.seconds()) } else { String::new() };
            let label = self.label(word, 10);
            writeln!(self.out, "  {label} {:<4} {:<77} {time:>12}", claim.id, words::shorten(statement, 77))?;
            if let Some((result, why)) = claim.why() {
                let why = words::plain(&format!("{}: {}", result.scenario, words::first_line(&why)));
                self.indented(20, &words::shorten(&why, WIDTH - 20))?;
            }
            if claim.in_doubt() {
                self.indented(20, "in doubt: a control did not turn it red as named")?;
            }
            if !claim.was_selected() {
                self.indented(20, "only controls ran for it")?;
            }
        }
        let silent: Vec<&str> = self.report.silent().iter().map(|claim| claim.id).collect();
        if !silent.is_empty() {
            self.indented(2, &format!("Not part of this run: {}", silent.join(" ")))?;
        }
        Ok(())
    }

    fn corrections(&mut self) -> std::io::Result<()> {
        let claims = self.report.claims();
        let corrections = corrections(&claims);
        if !corrections.is_empty() {
            self.heading("What the document gets wrong")?;
        }
        for Correction { claim, says, shown_by } in corrections {
            let label = self.paint("corrected", "refuted");
            writeln!(self.out, "  ≠ {label}  {:<4} “{}”", claim.id, words::shorten(says, 88))?;
            let shown = format!("{} ({})", claim.statement, shown_by.join(", "));
            self.indented(20, &shown)?;
        }
        Ok(())
    }

    /// Deployment against StatefulSet, where a scenario filled that table.
    fn comparison(&mut self) -> std::io::Result<()> {
        let rows: Vec<_> = self.report.scenarios().flat_map(|result| &result.comparison).collect();
        if !rows.is_empty() {
            self.heading("Deployment against StatefulSet, as seen")?;
        }
        for row in rows {
            writeln!(self.out, "  {:<24} {:<24} {}", row.feature, row.deployment, row.stateful_set)?;
        }
        Ok(())
    }

    fn scenarios(&mut self) -> std::io::Result<()> {
        if self.report.scenarios().next().is_some() {
            self.heading("Scenarios, and how much of their time Kubernetes and the workload needed")?;
        }
        for result in self.report.scenarios() {
            let outcome = words::outcome(result.ended());
            let label = self.label(outcome, 12);
            let (time, floor) = (words::seconds(result.seconds), words::seconds(result.floor_seconds));
            let name = words::shorten(&result.scenario, 63);
            writeln!(self.out, "  {label} {name:<63} {time:>13} {floor:>13}")?;
        }
        Ok(())
    }

    fn controls(&mut self) -> std::io::Result<()> {
        if self.report.controls().next().is_some() {
            self.heading("Controls: each sabotages a promise, and must turn its claims red")?;
        }
        for (result, state) in self.report.controls() {
            let outcome = words::outcome(result.ended());
            let text = self.paint(outcome, format!("{} {:<28}", words::sign(outcome), state.text()));
            let names = result.control.as_ref().map(|control| control.claims.join(" ")).unwrap_or_default();
            let time = words::seconds(result.seconds);
            let name = words::shorten(&format!("{names:<4} {}", result.scenario), 63);
            writeln!(self.out, "  {text} {name:<63} {time:>12}")?;
        }
        Ok(())
    }

    fn left_out(&mut self) -> std::io::Result<()> {
        let report = self.report;
        if report.scenarios().any(|result| !result.left_out.is_empty()) {
            self.heading("Left out: judged elsewhere, and not here")?;
        }
        for result in report.scenarios() {
            for what in &result.left_out {
                self.indented(2, &format!("- {}: {}", result.scenario, words::first_line(what)))?;
            }
        }
        Ok(())
    }

    fn skipped(&mut self) -> std::io::Result<()> {
        if !self.report.facts.skipped.is_empty() {
            self.heading("Skipped")?;
        }
        for (name, reason) in &self.report.facts.skipped {
            self.indented(2, &format!("- {name}: {}", words::first_line(reason)))?;
        }
        Ok(())
    }

    fn failures(&mut self) -> std::io::Result<()> {
        let report = self.report;
        let bad: Vec<_> = report.results.iter().filter(|result| result.ended() != Outcome::Passed).collect();
        let trouble = report.facts.trouble.as_ref();
        if !bad.is_empty() || !report.missing.is_empty() || trouble.is_some() {
            self.heading("What went wrong")?;
        }
        if let Some(trouble) = trouble {
            let label = self.label(words::class(trouble.class), 0);
            writeln!(self.out, "\n  {label} the run")?;
            self.indented(6, &trouble.message)?;
        }
        for result in bad {
            self.failure(result)?;
        }
        for name in &report.missing {
            let label = self.label("missing", 0);
            writeln!(self.out, "\n  {label} {name}: it was selected, and left no result")?;
        }
        Ok(())
    }

    fn failure(&mut self, result: &ScenarioResult) -> std::io::Result<()> {
        let label = self.label(words::outcome(result.ended()), 0);
        writeln!(self.out, "\n  {label} {} ({})", result.scenario, words::seconds(result.seconds))?;
        let why = result.why().unwrap_or_default();
        if result.findings.first().is_none_or(|finding| finding.message != why) {
            self.indented(6, &why)?;
        }
        if let Some(step) = result.steps.iter().find(|step| step.broke) {
            self.indented(6, &format!("in step: {}", step.name))?;
        }
        for finding in &result.findings {
            let statement = claim::find(&finding.claim).map_or("", |claim| claim.statement);
            self.indented(6, &format!("{}  {statement}", finding.claim))?;
            self.indented(10, &finding.text())?;
            for quote in &finding.quotes {
                self.indented(14, &words::quote(quote))?;
            }
        }
        writeln!(self.out, "      evidence  {}", self.dir.join(&result.evidence))?;
        writeln!(self.out, "      again     {}", words::plain(&result.rerun))
    }

    fn heading(&mut self, text: &str) -> std::io::Result<()> {
        let text = self.paint("heading", text);
        writeln!(self.out, "\n{text}")
    }

    fn indented(&mut self, indent: usize, text: &str) -> std::io::Result<()> {
        for line in words::wrap(&words::plain(text), WIDTH - indent) {
            writeln!(self.out, "{:indent$}{line}", "")?;
        }
        Ok(())
    }

    /// A sign and a word; what is not good is in capitals, so that it shows without colour.
    fn label(&self, word: &str, width: usize) -> String {
        let loud = if sign_is_good(word) { word.to_owned() } else { word.to_uppercase() };
        self.paint(word, format!("{} {loud:<width$}", words::sign(word)))
    }

    fn paint(&self, word: &str, text: impl Display) -> String {
        let code = match word {
            "passed" | "proved" => "32",
            "failed" | "refuted" => "1;31",
            "error" | "missing" => "1;35",
            "environment" | "interrupted" | "unproved" => "1;33",
            _ => "1",
        };
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_string() }
    }
}

fn sign_is_good(word: &str) -> bool {
    matches!(word, "passed" | "proved" | "not asked")
}

#[cfg(test)]
mod tests;
