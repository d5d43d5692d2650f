//! What a running scenario has done so far. What it judges is in the journal.

use std::{collections::BTreeSet, time::Instant};

use jiff::Timestamp;
use record::upgrade::Facts;
use serde_json::Value;

use crate::{
    claim::Claim,
    clock,
    error::{Error, Result},
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
    /// What it ends with when it has judged what it saw until then.
    put_off: Option<Error>,
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
            put_off: None,
        }
    }

    /// Keeps an error for the end, the first of several, and says whether there was none.
    pub fn put_off(&mut self, outcome: Result<()>) -> bool {
        let Err(error) = outcome else { return true };
        self.put_off.get_or_insert(error);
        false
    }

    /// What was kept for the end.
    ///
    /// # Errors
    /// The one that was.
    pub fn ended(&mut self) -> Result<()> {
        self.put_off.take().map_or(Ok(()), Err)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_ends_with_the_first_error_that_was_put_off() {
        let mut state = State::new();
        assert!(state.put_off(Ok(())) && state.ended().is_ok());
        assert!(!state.put_off(Err(Error::environment("no write was taken"))));
        assert!(!state.put_off(Err(Error::environment("nor a later one"))) && state.put_off(Ok(())));
        assert_eq!(state.ended().unwrap_err().to_string(), "no write was taken");
    }
}
