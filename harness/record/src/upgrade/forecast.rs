//! What a preflight finds.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How bad it is. The worst names the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Somebody should look before it is applied.
    Care,
    /// It would break.
    Break,
    /// It would lose data, or hide it.
    Loss,
}

impl Severity {
    /// In a word.
    pub fn text(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Care => "care",
            Self::Break => "break",
            Self::Loss => "loss",
        }
    }
}

/// Something that the upgrade would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecast {
    /// `immutable-field`
    pub cause: String,
    /// The claim that it speaks against: `U1`.
    pub claim: String,
    /// How bad it is.
    pub severity: Severity,
    /// `StatefulSet garage`
    pub object: String,
    /// What would happen.
    pub message: String,
    /// Where the chart causes it: `templates/statefulset.yaml:14, from .Values.serviceName (values.yaml:9)`.
    pub place: Option<String>,
    /// What to do.
    pub remedy: String,
}

impl Forecast {
    /// One line, for findings against a claim.
    pub fn line(&self) -> String {
        let place = self.place.as_ref().map_or_else(String::new, |place| format!(" ({place})"));
        format!("{}: {}{place}", self.object, self.message)
    }
}

impl fmt::Display for Forecast {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{} {} {} [{}]", self.severity.text(), self.claim, self.object, self.cause)?;
        writeln!(formatter, "  {}", self.message)?;
        if let Some(place) = &self.place {
            writeln!(formatter, "  at {place}")?;
        }
        write!(formatter, "  do: {}", self.remedy)
    }
}
