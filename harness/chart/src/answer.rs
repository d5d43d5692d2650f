//! What an upgrade came to, and the one word for it.

use serde::{Deserialize, Serialize};

use super::{
    Finding, Severity,
    availability::{Availability, Window},
    change::Change,
    helm::{Release, Way},
};
use crate::{
    error::exit,
    report::result::{Outcome, ScenarioResult},
};

/// What is known of an upgrade.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Facts {
    /// The release.
    pub release: String,
    /// How the charts got there.
    pub way: Way,
    /// `garage 1.0.0`
    pub from: String,
    /// `garage 1.1.0`
    pub to: String,
    /// What the preflight found, the worst first.
    pub findings: Vec<Finding>,
    /// What differs between the two.
    pub differences: Vec<Change>,
    /// What was done, and how it ended; empty when there was only a preflight.
    pub phases: Vec<Phase>,
    /// When which pod took no writes.
    pub availability: Vec<Availability>,
    /// Why the old chart is no ground to judge the new one from.
    pub old_not_ready: Option<String>,
}

impl Facts {
    /// Nothing is known yet but what is to be done.
    pub fn new(release: &Release, way: Way, from: String, to: String) -> Self {
        Self {
            release: release.name.clone(),
            way,
            from,
            to,
            findings: Vec::new(),
            differences: Vec::new(),
            phases: Vec::new(),
            availability: Vec::new(),
            old_not_ready: None,
        }
    }

    /// Who took no writes during a phase, and when: each pod, and each store as a whole.
    pub fn windows(&self, phase: &Phase) -> Vec<(&str, Vec<Window>)> {
        let mut all: Vec<(&str, Vec<Window>)> = Vec::new();
        for one in &self.availability {
            let who = one.pod.as_deref().unwrap_or("any of them");
            let within =
                |window: &&Window| window.from >= phase.from - 0.001 && window.to <= phase.to + 0.001;
            let windows: Vec<Window> = one.windows.iter().filter(within).copied().collect();
            match all.iter_mut().find(|(known, _)| *known == who) {
                Some((_, known)) => known.extend(windows),
                None => all.push((who, windows)),
            }
        }
        all
    }
}

/// Something that was done to a release, under load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// `upgrade`, `rollback`, `upgrade again`
    pub name: String,
    /// Seconds after the scenario's start.
    pub from: f64,
    /// Seconds after the scenario's start.
    pub to: f64,
    /// Why it did not come to its end.
    pub trouble: Option<String>,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It can be applied, nothing is lost, and it can be taken back.
    Safe,
    /// Somebody should look first.
    NeedsCare,
    /// It would break.
    WouldBreak,
    /// Data is lost, or hidden.
    LosesData,
    /// The old chart does not become ready.
    OldNotReady,
    /// Something around it kept it from an answer.
    Unknown,
}

impl Answer {
    /// The answer to what a preflight found.
    pub fn of_findings(findings: &[Finding]) -> Self {
        match super::preflight::worst(findings) {
            Some(Severity::Loss) => Self::LosesData,
            Some(Severity::Break) => Self::WouldBreak,
            Some(Severity::Care) => Self::NeedsCare,
            Some(Severity::Note) | None => Self::Safe,
        }
    }

    /// The answer to a whole run.
    pub fn of(facts: Option<&Facts>, result: &ScenarioResult) -> Self {
        let against =
            |claims: &[&str]| result.findings.iter().any(|finding| claims.contains(&finding.claim.as_str()));
        let foretold = facts.map_or(Self::Safe, |facts| Self::of_findings(&facts.findings));
        if facts.is_some_and(|facts| facts.old_not_ready.is_some()) {
            return Self::OldNotReady;
        }
        if against(&["U3", "U9"]) || foretold == Self::LosesData {
            return Self::LosesData;
        }
        let only_slower = result.findings.iter().all(|finding| finding.claim == "U6");
        if foretold == Self::WouldBreak || !only_slower {
            return Self::WouldBreak;
        }
        match result.outcome {
            Outcome::Passed if foretold == Self::NeedsCare => Self::NeedsCare,
            Outcome::Passed => Self::Safe,
            Outcome::Failed if !result.findings.is_empty() => Self::NeedsCare,
            Outcome::Failed => Self::WouldBreak,
            Outcome::Environment | Outcome::Error | Outcome::Interrupted => Self::Unknown,
        }
    }

    /// In words, as the last line says it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Safe => "SAFE",
            Self::NeedsCare => "NEEDS CARE",
            Self::WouldBreak => "WOULD BREAK",
            Self::LosesData => "LOSES DATA",
            Self::OldNotReady => "NO ANSWER: the old chart does not become ready",
            Self::Unknown => "NO ANSWER",
        }
    }

    /// The exit code; none where the error that kept it from an answer has one of its own.
    pub fn exit_code(self) -> Option<u8> {
        match self {
            Self::Safe => Some(0),
            Self::NeedsCare => Some(exit::NEEDS_CARE),
            Self::WouldBreak => Some(exit::WOULD_BREAK),
            Self::LosesData => Some(exit::LOSES_DATA),
            Self::OldNotReady => Some(exit::OLD_NOT_READY),
            Self::Unknown => None,
        }
    }
}
