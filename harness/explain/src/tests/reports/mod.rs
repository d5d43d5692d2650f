//! What public reports of stuck sets show of a cluster, and what must be said of each. Where each is from is in
//! `suites/src/diagnosis/reports/sources.md`.

mod advised;
mod given;
mod placing;
mod refused;
mod running;
mod starting;
mod storage;

use super::{World, diagnose};
use crate::{Certainty, Diagnosis, State};

/// A report: what it shows, and what is to be said of it.
struct Report {
    from: &'static str,
    world: World,
    state: State,
    cause: Option<(&'static str, Certainty)>,
    says: Vec<&'static str>,
    not: Vec<&'static str>,
}

/// A report of a set that is stuck, until more is said.
fn report(from: &'static str, world: World) -> Report {
    Report { from, world, state: State::Stuck, cause: None, says: Vec::new(), not: Vec::new() }
}

impl Report {
    fn certain(mut self, cause: &'static str) -> Self {
        self.cause = Some((cause, Certainty::Certain));
        self
    }

    fn likely(mut self, cause: &'static str) -> Self {
        self.cause = Some((cause, Certainty::Likely));
        self
    }

    fn unknown(mut self, cause: &'static str) -> Self {
        self.cause = Some((cause, Certainty::Unknown));
        self
    }

    fn is(mut self, state: State) -> Self {
        self.state = state;
        self
    }

    fn says(mut self, words: &[&'static str]) -> Self {
        self.says = words.to_vec();
        self
    }

    /// Advice that would not help.
    fn not(mut self, words: &[&'static str]) -> Self {
        self.not = words.to_vec();
        self
    }

    /// What is wrong with the answer; nothing where it is right.
    fn wrong(&self, diagnosis: &Diagnosis) -> Option<String> {
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

fn reports() -> Vec<Report> {
    [
        advised::reports(),
        starting::reports(),
        running::reports(),
        storage::reports(),
        placing::reports(),
        refused::reports(),
        given::reports(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The causes that the reports have.
pub fn causes() -> Vec<&'static str> {
    reports().into_iter().filter_map(|report| Some(report.cause?.0)).collect()
}

#[test]
fn each_report_is_answered_with_its_cause_and_advice() {
    let reports = reports();
    let wrong = reports.iter().filter_map(|report| {
        let diagnosis = diagnose(&report.world.picture());
        Some(format!("{}: {}\n{diagnosis}\n", report.from, report.wrong(&diagnosis)?))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), reports.len(), wrong.join("\n"));
}
