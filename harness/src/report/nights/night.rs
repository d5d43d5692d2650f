//! What a night left: a column a Kubernetes version or neutral ground.

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
    /// The versions, lowest first, and then the grounds.
    pub columns: Vec<Column>,
}

/// One version or ground in one night.
#[derive(Debug, Clone)]
pub struct Column {
    /// `1.34.4`, with feature gates `1.37.2+StatefulSetRecreateStrategy=true`, or a ground, `restricted`.
    pub name: String,
    /// What became of it.
    pub ran: Ran,
}

/// What became of a version or a ground.
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
    /// Those of them that could not be judged, with the cause.
    pub unjudged: Vec<(String, String)>,
}

/// A claim on a version or a ground.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// What became of it.
    pub verdict: Verdict,
    /// How long the scenarios took that speak of it.
    pub seconds: f64,
}

impl Ran {
    /// Reads off a run's report what became of a column; `page` is where its page is.
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
        let unjudged = |claim: &crate::report::tally::ClaimReport<'_>| {
            let (_, why) = claim.why().filter(|_| claim.verdict == Verdict::Unproved)?;
            Some((claim.id.to_owned(), words::plain(words::first_line(&why))))
        };
        Self::Judged(Judged {
            page,
            ending: report.ending(),
            closing: console::closing(report),
            seconds: report.seconds(),
            claims: claims.iter().filter(|claim| claim.was_selected()).map(cell).collect(),
            unjudged: claims.iter().filter_map(unjudged).collect(),
        })
    }
}

impl Judged {
    /// Whether any claim is proved.
    pub fn proved_something(&self) -> bool {
        self.claims.iter().any(|(_, cell)| cell.verdict == Verdict::Proved)
    }

    /// What became of a claim.
    pub fn claim(&self, id: &str) -> Option<Cell> {
        self.claims.iter().find(|(known, _)| known == id).map(|(_, cell)| *cell)
    }
}

impl Column {
    /// Whether it is a neutral ground: versions begin with a digit.
    pub fn is_ground(&self) -> bool {
        !self.name.starts_with(|first: char| first.is_ascii_digit())
    }

    /// Whether it is red that a claim has this verdict. A ground may be in the way of judging; nothing on it is broken.
    pub fn is_red(&self, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Proved => false,
            Verdict::Refuted => true,
            Verdict::Unproved => !self.is_ground(),
        }
    }

    /// What the scenarios said, if any ran.
    pub fn judged(&self) -> Option<&Judged> {
        match &self.ran {
            Ran::Judged(judged) => Some(judged),
            Ran::Nothing(_) => None,
        }
    }
}

impl Night {
    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}
