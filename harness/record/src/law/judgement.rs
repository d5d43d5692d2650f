//! What a law says of a journal.

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

    /// Adds a finding with the entries that prove it.
    pub fn find<'entry>(
        &mut self,
        message: impl Into<String>,
        proof: impl IntoIterator<Item = &'entry Entry>,
    ) {
        self.findings.push(Finding {
            claim: self.claim.id.to_owned(),
            message: message.into(),
            quotes: proof.into_iter().map(quote).collect(),
        });
    }
}

/// An entry, as a finding quotes it.
pub fn quote(entry: &Entry) -> Quote {
    Quote { line: entry.line, text: entry.summary() }
}
