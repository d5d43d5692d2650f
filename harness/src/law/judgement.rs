//! What a law says of a journal.

use crate::{
    claim::Claim,
    journal::{Entry, History, Kind},
    report::result::{Finding, Quote},
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

    /// As [`Judgement::new`], with a finding for each gap in what the law reads: what was not seen is not proved.
    pub fn over(claim: Claim, history: &History, kinds: &[Kind]) -> Self {
        let mut judgement = Self::new(claim);
        for gap in kinds.iter().flat_map(|kind| history.gaps(*kind)) {
            judgement.find(
                "inconclusive: the recording has a gap, in which the claim may have been broken",
                [gap],
            );
        }
        judgement
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
