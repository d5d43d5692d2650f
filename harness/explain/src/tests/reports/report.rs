//! What a report shows, and what is to be said of it.

use super::World;
use crate::{Certainty, Diagnosis, State};

/// A report: what it shows, and what is to be said of it.
pub(super) struct Report {
    pub from: &'static str,
    pub world: World,
    state: State,
    pub cause: Option<(&'static str, Certainty)>,
    says: Vec<&'static str>,
    not: Vec<&'static str>,
}

/// A report of a set that is stuck, until more is said.
pub(super) fn report(from: &'static str, world: World) -> Report {
    Report { from, world, state: State::Stuck, cause: None, says: Vec::new(), not: Vec::new() }
}

impl Report {
    pub(super) fn certain(mut self, cause: &'static str) -> Self {
        self.cause = Some((cause, Certainty::Certain));
        self
    }

    pub(super) fn likely(mut self, cause: &'static str) -> Self {
        self.cause = Some((cause, Certainty::Likely));
        self
    }

    pub(super) fn unknown(mut self, cause: &'static str) -> Self {
        self.cause = Some((cause, Certainty::Unknown));
        self
    }

    pub(super) fn is(mut self, state: State) -> Self {
        self.state = state;
        self
    }

    pub(super) fn says(mut self, words: &[&'static str]) -> Self {
        self.says = words.to_vec();
        self
    }

    /// Advice that would not help.
    pub(super) fn not(mut self, words: &[&'static str]) -> Self {
        self.not = words.to_vec();
        self
    }

    /// What is wrong with the answer; nothing where it is right.
    pub(super) fn wrong(&self, diagnosis: &Diagnosis) -> Option<String> {
        let text = diagnosis.to_string();
        let found: Vec<_> = diagnosis.causes.iter().map(|cause| (cause.id, cause.certainty)).collect();
        let expected: Vec<_> = self.cause.into_iter().collect();
        if (diagnosis.state, &found) != (self.state, &expected) {
            return Some(format!("{:?} {found:?}, not {:?} {expected:?}", diagnosis.state, self.state));
        }
        if let Some(words) = self.says.iter().find(|words| !text.contains(**words)) {
            return Some(format!("does not say {words:?}"));
        }
        let idle = self.not.iter().find(|words| text.contains(**words))?;
        Some(format!("says {idle:?}"))
    }
}
