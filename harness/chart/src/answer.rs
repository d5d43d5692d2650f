//! The one word for what an upgrade came to.

use external::error::exit;
use record::{
    result::{Outcome, ScenarioResult},
    upgrade::Facts,
};
use serde::{Deserialize, Serialize};

use super::{Forecast, Severity};

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
    pub fn of_findings(findings: &[Forecast]) -> Self {
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
