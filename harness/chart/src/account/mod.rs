//! An account of an upgrade: to people, to a pull request, to programs.

mod grouped;

use camino::Utf8PathBuf;
use grouped::{grouped, told};
use record::{
    result::{ClaimResult, Finding, ScenarioResult, Verdict},
    upgrade::{Facts, Forecast, Window},
    words,
};
use serde::Serialize;

use super::{Severity, answer::Answer};

/// How many differences a pull request shows.
const DIFFERENCES: usize = 40;

/// Without clients nothing is known of data.
const NOTHING_WRITTEN: &str = "nothing was written: no pod of this chart is known to speak S3 or PostgreSQL; steadfast-chart.yaml can name its stores";

/// Everything that is told of an upgrade.
#[derive(Debug, Clone, Serialize)]
pub struct Account {
    /// In one word.
    pub answer: Answer,
    /// What is known of it.
    pub upgrade: Option<Facts>,
    /// What became of each claim; empty when there was only a preflight.
    pub claims: Vec<ClaimResult>,
    /// What the run found against them.
    pub found: Vec<Finding>,
    /// Why there is no answer, where there is none.
    pub trouble: Option<String>,
    /// The report of the run.
    pub report: Option<Utf8PathBuf>,
}

impl Account {
    /// Of a preflight alone.
    pub fn preflight(facts: Facts) -> Self {
        Self {
            answer: Answer::of_findings(&facts.findings),
            upgrade: Some(facts),
            claims: Vec::new(),
            found: Vec::new(),
            trouble: None,
            report: None,
        }
    }

    /// Of a whole run.
    pub fn run(result: ScenarioResult, report: Utf8PathBuf) -> Self {
        Self {
            answer: Answer::of(result.upgrade.as_ref(), &result),
            claims: result.claims,
            found: result.findings,
            trouble: result.trouble.map(|trouble| trouble.message),
            upgrade: result.upgrade,
            report: Some(report),
        }
    }

    /// For people: the worst first, what is alike together, the answer last, where a terminal shows it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |words: String| {
            text.push_str(&words);
            text.push('\n');
        };
        if let Some(facts) = &self.upgrade {
            line(format!("{}: {} → {}", facts.release, facts.from, facts.to));
            grouped(&facts.findings).iter().for_each(|group| line(format!("\n{}", told(group))));
            let differences = words::count(facts.differences.len(), "field");
            line(format!("\nthe upgrade changes {differences}"));
            for phase in &facts.phases {
                let ending = phase
                    .trouble
                    .as_ref()
                    .map_or_else(String::new, |why| format!(": {}", words::first_line(why)));
                line(format!("{} took {}{ending}", phase.name, words::seconds(phase.to - phase.from)));
                for (who, windows) in facts.windows(phase) {
                    line(format!("  {who}: {}", away(&windows)));
                }
            }
        }
        if self.nothing_written() {
            line(NOTHING_WRITTEN.to_owned());
        }
        for finding in self.found.iter().filter(|finding| !self.foretold(finding)) {
            line(format!("\nseen {}: {}", finding.claim, finding.message));
            finding.quotes.iter().for_each(|quote| line(format!("  {}", quote.text)));
        }
        let proved: Vec<&str> = self.with(Verdict::Proved);
        if !proved.is_empty() {
            line(format!("\nproved: {}", proved.join(" ")));
        }
        if let (Answer::Unknown | Answer::OldNotReady, Some(why)) = (self.answer, &self.trouble) {
            line(format!("\n{why}"));
        }
        if let Some(report) = &self.report {
            line(format!("report: {report}"));
        }
        line(self.last_line());
        text.truncate(text.trim_end().len());
        text
    }

    /// For a pull request.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        let mut line = |words: String| {
            text.push_str(&words);
            text.push('\n');
        };
        line(format!("### {}", self.last_line()));
        if let Some(facts) = &self.upgrade {
            line(format!("\n`{}`: {} → {}\n", facts.release, facts.from, facts.to));
            if !facts.findings.is_empty() {
                line("| | claim | object | what would happen | where | what to do |\n|---|---|---|---|---|---|".to_owned());
                let cell = |words: &str| words.replace('|', "\\|").replace('\n', "<br>");
                for group in grouped(&facts.findings) {
                    let Some(first) = group.first() else { continue };
                    let each = |of: &dyn Fn(&Forecast) -> String| {
                        group.iter().map(|one| of(one)).collect::<Vec<_>>().join("<br>")
                    };
                    line(format!(
                        "| {} | {} | {} | {} | {} | {} |",
                        first.severity.text(),
                        first.claim,
                        each(&|one| cell(&one.object)),
                        each(&|one| cell(&one.message)),
                        each(&|one| one
                            .place
                            .as_deref()
                            .map_or(String::new(), |place| format!("`{}`", cell(place)))),
                        cell(&first.remedy)
                    ));
                }
            }
            if !facts.phases.is_empty() {
                line("\n| phase | took | without an acknowledged write |\n|---|---|---|".to_owned());
                for phase in &facts.phases {
                    let windows = facts.windows(phase);
                    let away: Vec<_> =
                        windows.iter().map(|(who, windows)| format!("{who}: {}", away(windows))).collect();
                    line(format!(
                        "| {} | {} | {} |",
                        phase.name,
                        words::seconds(phase.to - phase.from),
                        away.join("<br>")
                    ));
                }
            }
        }
        if self.nothing_written() {
            line(format!("\n{NOTHING_WRITTEN}"));
        }
        let seen: Vec<_> = self.found.iter().filter(|finding| !self.foretold(finding)).collect();
        if !seen.is_empty() {
            line("\nSeen when it was tried:\n".to_owned());
            seen.iter().for_each(|finding| {
                line(format!("- {}: {}", finding.claim, words::first_line(&finding.message)));
            });
        }
        let proved = self.with(Verdict::Proved);
        if !proved.is_empty() {
            line(format!("\nProved: {}", proved.join(" ")));
        }
        if let Some(facts) = self.upgrade.as_ref().filter(|facts| !facts.differences.is_empty()) {
            line(format!(
                "\n<details><summary>{} change</summary>\n\n```diff",
                words::count(facts.differences.len(), "field")
            ));
            for change in facts.differences.iter().take(DIFFERENCES) {
                line(format!("  {} {}", change.object(), change.field));
                let side = |sign: char, value: &str| {
                    value.lines().map(|part| format!("{sign} {part}\n")).collect::<String>()
                };
                if let Some(old) = change.old_text() {
                    line(side('-', &old).trim_end().to_owned());
                }
                if let Some(new) = change.new_text() {
                    line(side('+', &new).trim_end().to_owned());
                }
            }
            if facts.differences.len() > DIFFERENCES {
                line(format!("  and {} more", facts.differences.len() - DIFFERENCES));
            }
            line("```\n</details>".to_owned());
        }
        text.truncate(text.trim_end().len());
        text
    }

    /// Whether it was tried without a single client.
    fn nothing_written(&self) -> bool {
        self.upgrade.as_ref().is_some_and(|facts| !facts.phases.is_empty() && facts.availability.is_empty())
    }

    /// The answer, and why.
    fn last_line(&self) -> String {
        let worst = self
            .upgrade
            .iter()
            .flat_map(|facts| &facts.findings)
            .filter(|finding| finding.severity >= Severity::Break)
            .count();
        let seen = self.found.iter().filter(|finding| !self.foretold(finding)).count();
        let reason = match (self.answer, &self.trouble) {
            (Answer::Unknown, Some(why)) => format!(": {}", words::first_line(why)),
            (Answer::WouldBreak | Answer::LosesData, _) => {
                let seen = if seen > 0 { format!(", {seen} seen in the run") } else { String::new() };
                format!(": {worst} foretold{seen}")
            }
            _ => String::new(),
        };
        format!("{}{reason}", self.answer.text())
    }

    /// Whether the preflight has said it already.
    fn foretold(&self, found: &Finding) -> bool {
        self.upgrade.iter().flat_map(|facts| &facts.findings).any(|finding| finding.line() == found.message)
    }

    fn with(&self, verdict: Verdict) -> Vec<&str> {
        self.claims.iter().filter(|claim| claim.verdict == verdict).map(|claim| claim.id.as_str()).collect()
    }
}

/// `4.2 s without an acknowledged write, 3.9 s at a stretch`
pub fn away(windows: &[Window]) -> String {
    let all: f64 = windows.iter().map(Window::seconds).sum();
    let longest = windows.iter().map(Window::seconds).fold(0.0, f64::max);
    match windows.len() {
        0 => "no pause".to_owned(),
        1 => words::seconds(all),
        number => {
            format!("{} in {number} pauses, the longest {}", words::seconds(all), words::seconds(longest))
        }
    }
}

#[cfg(test)]
mod tests {
    use record::{
        error::Class,
        fixture::scenario,
        result::{Outcome, Trouble},
        upgrade::{Availability, Phase, Way},
    };

    use super::*;

    fn facts(findings: Vec<Forecast>) -> Facts {
        Facts {
            release: "db".into(),
            way: Way::Helm4,
            from: "db 1.0.0".into(),
            to: "db 2.0.0".into(),
            findings,
            differences: Vec::new(),
            phases: vec![Phase { name: "upgrade".into(), from: 0.0, to: 10.0, trouble: None }],
            availability: vec![Availability {
                store: "db".into(),
                pod: Some("db-0".into()),
                windows: vec![Window { from: 1.0, to: 3.0 }, Window { from: 5.0, to: 6.5 }],
            }],
            old_not_ready: None,
        }
    }

    fn foretold(severity: Severity) -> Forecast {
        Forecast {
            cause: "x".into(),
            claim: "U1".into(),
            severity,
            object: "StatefulSet db".into(),
            message: "it would | break".into(),
            place: Some("templates/a.yaml:1".into()),
            remedy: "do not".into(),
        }
    }

    fn told(result: ScenarioResult, findings: Vec<Forecast>) -> Account {
        Account::run(ScenarioResult { upgrade: Some(facts(findings)), ..result }, "report.html".into())
    }

    #[test]
    fn the_worst_names_the_answer() {
        let answer = |result: ScenarioResult, findings| told(result, findings).answer;
        let good = || scenario("upgrade");
        let failed = |claim: &str| {
            let result = good().finding(claim, "seen");
            ScenarioResult { outcome: Outcome::Failed, ..result }
        };
        assert_eq!(answer(good(), vec![]), Answer::Safe);
        assert_eq!(answer(good(), vec![foretold(Severity::Note)]), Answer::Safe);
        assert_eq!(answer(good(), vec![foretold(Severity::Care)]), Answer::NeedsCare);
        assert_eq!(answer(failed("U6"), vec![]), Answer::NeedsCare);
        assert_eq!(answer(failed("U7"), vec![]), Answer::WouldBreak);
        assert_eq!(answer(failed("U6"), vec![foretold(Severity::Break)]), Answer::WouldBreak);
        assert_eq!(answer(failed("U3"), vec![]), Answer::LosesData);
        assert_eq!(answer(good(), vec![foretold(Severity::Loss)]), Answer::LosesData);
        let broken = ScenarioResult { outcome: Outcome::Environment, ..good() };
        assert_eq!(answer(broken, vec![]), Answer::Unknown);
        let mut old = facts(vec![foretold(Severity::Loss)]);
        old.old_not_ready = Some("it crashes".into());
        let result = ScenarioResult { upgrade: Some(old), outcome: Outcome::Environment, ..good() };
        assert_eq!(Answer::of(result.upgrade.as_ref(), &result), Answer::OldNotReady);
    }

    #[test]
    fn a_finding_that_was_foretold_is_not_told_again() {
        let finding = foretold(Severity::Break);
        let result =
            scenario("upgrade").finding("U1", &finding.line()).finding("U7", "db-0 runs the old one");
        let told = told(ScenarioResult { outcome: Outcome::Failed, ..result }, vec![finding]);
        for text in [told.text(), told.markdown()] {
            assert_eq!(text.matches("break").count(), 2, "{text}");
            assert!(text.contains("db-0: 3.5 s in 2 pauses, the longest 2.0 s"), "{text}");
            assert!(text.contains("WOULD BREAK: 1 foretold, 1 seen in the run"), "{text}");
        }
        assert!(told.markdown().contains("it would \\| break"));
    }

    #[test]
    fn no_answer_says_why_in_full() {
        let trouble = Trouble { class: Class::Environment, message: "no disk\nnot even a little".into() };
        let result =
            ScenarioResult { outcome: Outcome::Environment, trouble: Some(trouble), ..scenario("upgrade") };
        let text = told(result, vec![]).text();
        assert!(text.contains("not even a little") && text.ends_with("NO ANSWER: no disk"), "{text}");
    }
}
