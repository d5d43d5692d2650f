//! What a running scenario has done so far. What it judges is in the journal.

use std::{collections::BTreeSet, time::Instant};

use jiff::Timestamp;
use record::upgrade::Facts;
use serde_json::Value;

use crate::{
    claim::Claim,
    clock,
    report::result::{Finding, Measure, Row, Step},
    workload::Set,
};

/// Grows while the scenario runs.
#[derive(Debug)]
pub struct State {
    started: Instant,
    /// When it began.
    pub began: Timestamp,
    /// The set that was deployed last.
    pub set: Option<Set>,
    /// Its manifest as it was sent, sabotage and all: who admits it may have made another of it.
    pub asked: Value,
    /// What was done.
    pub steps: Vec<Step>,
    /// What the scenario's own judgements speak against.
    pub against: Vec<Finding>,
    /// What was measured.
    pub measures: Vec<Measure>,
    /// Deployment against StatefulSet, as far as it was seen.
    pub comparison: Vec<Row>,
    /// What it does not judge here, and why not.
    pub left_out: Vec<String>,
    /// What is known of an upgrade, where the scenario tries one.
    pub upgrade: Option<Facts>,
    /// What it proves besides, as it turned out.
    pub also: Vec<Claim>,
    /// The images that were loaded for it.
    pub loaded: BTreeSet<String>,
}

impl State {
    /// Nothing known.
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            began: clock::now(),
            set: None,
            asked: Value::Null,
            steps: Vec::new(),
            against: Vec::new(),
            measures: Vec::new(),
            comparison: Vec::new(),
            left_out: Vec::new(),
            upgrade: None,
            also: Vec::new(),
            loaded: BTreeSet::new(),
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
}

impl Default for State {
    fn default() -> Self {
        Self::new()
    }
}
