//! What a night left: a column a Kubernetes version.

use crate::report::{
    console,
    result::Verdict,
    tally::{Ending, Report},
    words,
};

/// One night.
#[derive(Debug, Clone)]
pub struct Night {
    /// Sorts by time: `20261122-220000`.
    pub name: String,
    /// The versions, lowest first.
    pub columns: Vec<Column>,
}

/// One version in one night.
#[derive(Debug, Clone)]
pub struct Column {
    /// `1.34.4`, or with feature gates `1.37.2+StatefulSetRecreateStrategy=true`
    pub version: String,
    /// What became of it.
    pub ran: Ran,
}

/// What became of a version.
#[derive(Debug, Clone)]
pub enum Ran {
    /// Scenarios ran.
    Judged(Judged),
    /// None did, for this reason.
    Nothing(String),
}

/// What the scenarios said.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The run's report, relative to the night's folder.
    pub page: String,
    /// How the run ended.
    pub ending: Ending,
    /// The same in a line.
    pub closing: String,
    /// How long it took; none when it was killed.
    pub seconds: Option<f64>,
    /// The claims that were up for proof, by id.
    pub claims: Vec<(String, Cell)>,
}

/// A claim on a version.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// What became of it.
    pub verdict: Verdict,
    /// How long the scenarios took that speak of it.
    pub seconds: f64,
}

impl Ran {
    /// Reads off a run's report what became of a version; `page` is where its page is.
    pub fn of(report: &Report, page: String) -> Self {
        if report.results.is_empty() {
            let trouble = report.facts.trouble.as_ref();
            return Self::Nothing(trouble.map_or_else(
                || console::closing(report),
                |trouble| words::plain(words::first_line(&trouble.message)),
            ));
        }
        let claims = report.claims();
        let cell = |claim: &crate::report::tally::ClaimReport<'_>| {
            (claim.id.to_owned(), Cell { verdict: claim.verdict, seconds: claim.seconds() })
        };
        Self::Judged(Judged {
            page,
            ending: report.ending(),
            closing: console::closing(report),
            seconds: report.seconds(),
            claims: claims.iter().filter(|claim| claim.was_selected()).map(cell).collect(),
        })
    }
}

impl Judged {
    /// What became of a claim.
    pub fn claim(&self, id: &str) -> Option<Cell> {
        self.claims.iter().find(|(known, _)| known == id).map(|(_, cell)| *cell)
    }
}

impl Column {
    /// What the scenarios said, if any ran.
    pub fn judged(&self) -> Option<&Judged> {
        match &self.ran {
            Ran::Judged(judged) => Some(judged),
            Ran::Nothing(_) => None,
        }
    }
}

impl Night {
    /// The column of a version.
    pub fn column(&self, version: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.version == version)
    }
}
