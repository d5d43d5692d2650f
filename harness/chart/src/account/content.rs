//! What there is to tell of an upgrade.

use camino::Utf8PathBuf;
use record::{
    result::{ClaimResult, Finding, ScenarioResult, Verdict},
    upgrade::Facts,
    words,
};
use serde::Serialize;

use crate::{Severity, answer::Answer};

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

    /// Whether it was tried without a single client.
    pub(super) fn nothing_written(&self) -> bool {
        self.upgrade.as_ref().is_some_and(|facts| !facts.phases.is_empty() && facts.availability.is_empty())
    }

    /// The answer, and why.
    pub(super) fn last_line(&self) -> String {
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
    pub(super) fn foretold(&self, found: &Finding) -> bool {
        self.upgrade.iter().flat_map(|facts| &facts.findings).any(|finding| finding.line() == found.message)
    }

    pub(super) fn with(&self, verdict: Verdict) -> Vec<&str> {
        self.claims.iter().filter(|claim| claim.verdict == verdict).map(|claim| claim.id.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use record::{
        error::Class,
        fixture::scenario,
        result::{Outcome, Trouble},
        upgrade::{Availability, Forecast, Phase, Way, Window},
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
