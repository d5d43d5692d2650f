//! What a running scenario has found out so far.

use std::{collections::BTreeMap, time::Instant};

use crate::{
    claim::Claim,
    law::Judgement,
    report::result::{Finding, Measure, Row, Step},
    workload::Set,
};

/// Grows while the scenario runs; the conclusion is drawn from it.
#[derive(Debug)]
pub struct State {
    started: Instant,
    /// The set that was deployed last.
    pub set: Option<Set>,
    /// What was done.
    pub steps: Vec<Step>,
    /// What speaks against a claim.
    pub findings: Vec<Finding>,
    /// How much was judged of each claim.
    pub judged: BTreeMap<&'static str, u64>,
    /// What was measured.
    pub measures: Vec<Measure>,
    /// Deployment against StatefulSet, as far as it was seen.
    pub comparison: Vec<Row>,
}

impl State {
    /// Nothing known.
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            set: None,
            steps: Vec::new(),
            findings: Vec::new(),
            judged: BTreeMap::new(),
            measures: Vec::new(),
            comparison: Vec::new(),
        }
    }

    /// Seconds since the scenario began.
    pub fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// Ends the step before and begins another.
    pub fn step(&mut self, name: &str) {
        self.end_step(false);
        let at = self.seconds();
        self.steps.push(Step { name: name.to_owned(), at, seconds: 0.0, broke: false });
    }

    /// Ends the step that runs.
    pub fn end_step(&mut self, broke: bool) {
        let now = self.seconds();
        if let Some(step) = self.steps.last_mut()
            && step.seconds == 0.0
        {
            step.seconds = now - step.at;
            step.broke = broke;
        }
    }

    /// Something was judged of a claim.
    pub fn judged(&mut self, claim: Claim, count: u64) {
        *self.judged.entry(claim.id).or_default() += count;
    }

    /// Something speaks against a claim. The same words are not said twice.
    pub fn find(&mut self, finding: Finding) {
        let known = |known: &Finding| known.claim == finding.claim && known.message == finding.message;
        if !self.findings.iter().any(known) {
            self.findings.push(finding);
        }
    }

    /// Takes what a law says.
    pub fn take(&mut self, judgement: Judgement) {
        self.judged(judgement.claim, judgement.examined);
        for finding in judgement.findings {
            self.find(finding);
        }
    }
}

impl Default for State {
    fn default() -> Self {
        Self::new()
    }
}
