//! What a law says of a journal.

use super::Obstacle;
use crate::{
    claim::Claim,
    journal::Entry,
    result::{Finding, Quote},
};

/// What a law found, and of how much.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// The claim that the law watches over.
    pub claim: Claim,
    /// How many moments it examined.
    pub examined: u64,
    /// What speaks against the claim.
    pub findings: Vec<Finding>,
}

impl Judgement {
    /// Nothing examined yet.
    pub fn new(claim: Claim) -> Self {
        Self { claim, examined: 0, findings: Vec::new() }
    }

    /// Says that a gap in the recording hides what the law reads.
    pub fn hide(&mut self, gap: &Entry) {
        let message = "the recording has a gap, in which the claim may have been broken";
        self.leave(Obstacle::Recording, message, [gap]);
    }

    /// Says that something was not judged, with what stood in the way and the entries that show it.
    pub fn leave<'entry>(
        &mut self,
        obstacle: Obstacle,
        message: impl Into<String>,
        proof: impl IntoIterator<Item = &'entry Entry>,
    ) {
        let quotes = proof.into_iter().map(quote).collect();
        self.findings.push(Finding { quotes, ..Finding::not_judged(self.claim.id, obstacle, message) });
    }

    /// Adds a finding with the entries that prove it.
    pub fn find<'entry>(
        &mut self,
        message: impl Into<String>,
        proof: impl IntoIterator<Item = &'entry Entry>,
    ) {
        let quotes = proof.into_iter().map(quote).collect();
        self.findings.push(Finding { quotes, ..Finding::against(self.claim.id, message) });
    }
}

/// An entry, as a finding quotes it.
fn quote(entry: &Entry) -> Quote {
    Quote { line: entry.line, text: entry.summary() }
}
