//! A law at work on one set.

use super::Judgement;
use crate::{
    claim::Claim,
    journal::{Entry, Kind, Promise, World},
};

/// What a law asks at each moment: the world just before an entry, the promise in force, the entry.
type Ask<'history> = Box<dyn FnMut(&mut Judgement, &World, &'history Promise, &'history Entry) + 'history>;

/// A law at work on one set: it is led through the moments of a history, and then says what it found. All laws of a set
/// go through the history together, so that the world of each moment is made once.
pub struct Inquiry<'history> {
    judgement: Judgement,
    reads: &'static [Kind],
    ask: Option<Ask<'history>>,
    /// How many moments may still be looked at: from a gap on nobody knows what was so, and what seems to be against a claim may be
    /// what was not seen.
    left: usize,
}

impl<'history> Inquiry<'history> {
    /// Of a law that reads these kinds.
    pub fn new(
        claim: Claim,
        reads: &'static [Kind],
        ask: impl FnMut(&mut Judgement, &World, &'history Promise, &'history Entry) + 'history,
    ) -> Self {
        Self { judgement: Judgement::new(claim), reads, ask: Some(Box::new(ask)), left: usize::MAX }
    }

    /// Of a law that does not apply to the set: it examines nothing.
    pub fn none(claim: Claim) -> Self {
        Self { judgement: Judgement::new(claim), reads: &[], ask: None, left: usize::MAX }
    }

    /// A gap in what the law reads, after so many moments, keeps it from judging: what was not seen is not proved.
    pub(super) fn begin(&mut self, gaps: &[(Kind, &Entry, usize)]) {
        for kind in self.reads {
            for (_, gap, before) in gaps.iter().filter(|(gap, ..)| gap == kind) {
                self.judgement.hide(gap);
                self.left = self.left.min(*before);
            }
        }
    }

    /// Looks at one moment.
    pub(super) fn look(&mut self, world: &World, promise: &'history Promise, entry: &'history Entry) {
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        if let Some(ask) = &mut self.ask {
            ask(&mut self.judgement, world, promise, entry);
        }
    }

    /// What it found.
    pub(super) fn end(self) -> Judgement {
        self.judgement
    }
}
