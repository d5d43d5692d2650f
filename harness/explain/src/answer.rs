//! What was found, and how it reads.

use std::fmt;

use serde::Serialize;

use super::{
    Cause,
    cause::Certainty,
    evidence::{Evidence, Source},
};

/// How a set is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It has what it asks for.
    Healthy,
    /// It has not, and nothing that we know stands in its way.
    Moving,
    /// It has now, and something comes again and again, or is about to.
    Unstable,
    /// It has not, and there is a cause.
    Stuck,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// The set's namespace.
    pub namespace: String,
    /// The set's name.
    pub set: String,
    /// How it is.
    pub state: State,
    /// The pods that it asks for.
    pub wanted: u32,
    /// Those of them that are Running and Ready.
    pub ready: u32,
    /// The numbers: `2 of 3 pods are Ready`.
    pub numbers: String,
    /// Why it is stuck; empty otherwise.
    pub causes: Vec<Cause>,
    /// What is under way, of a set that is not ready.
    pub moving: Vec<String>,
    /// What was seen of a set that is not ready and has no cause, the newest last.
    pub seen: Vec<Evidence>,
    /// What is worth knowing and is no cause.
    pub notes: Vec<String>,
    /// What the API server did not show, with the reason: `nodes (forbidden)`.
    pub not_looked_at: Vec<String>,
}

impl Diagnosis {
    /// Whether the set has what it asks for.
    pub fn healthy(&self) -> bool {
        self.state == State::Healthy
    }

    /// The ids of the causes, in their order.
    pub fn ids(&self) -> Vec<&'static str> {
        self.causes.iter().map(|cause| cause.id).collect()
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Healthy => "healthy",
            State::Moving => "not ready, and no cause was found: it may only need time",
            State::Unstable => "ready, and does not stay so",
            State::Stuck => "stuck",
        };
        write!(formatter, "statefulset/{} in namespace {} is {state}", self.set, self.namespace)?;
        write!(formatter, ": {}", self.numbers)?;
        for cause in &self.causes {
            write!(formatter, "\n\n{cause}")?;
        }
        let seen: Vec<String> = self.seen.iter().map(ToString::to_string).collect();
        let rest = [
            ("waiting for", &self.moving),
            ("seen", &seen),
            ("note", &self.notes),
            ("not looked at", &self.not_looked_at),
        ];
        for (index, (title, line)) in
            rest.iter().flat_map(|(title, lines)| lines.iter().map(move |line| (title, line))).enumerate()
        {
            write!(formatter, "{}{title}: {line}", if index == 0 { "\n\n" } else { "\n" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match self.source {
            Source::Event => "event",
            Source::Condition => "condition",
            Source::Field => "field",
            Source::Log => "log of container",
        };
        write!(formatter, "{source} {} of {}", self.what, self.about)?;
        if let Some(times) = self.times.filter(|times| *times > 1) {
            write!(formatter, ", {times} times")?;
        }
        if let Some(at) = &self.at {
            write!(formatter, ", {at}")?;
        }
        for line in self.text.lines() {
            write!(formatter, "\n    | {line}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how_sure = match self.certainty {
            Certainty::Certain => "cause",
            Certainty::Likely => "likely cause",
            Certainty::Unknown => "cause unknown",
        };
        write!(formatter, "{how_sure}: {} ({})\n  {}", self.id, self.about, self.seen)?;
        for log in self.evidence.iter().filter(|evidence| evidence.source == Source::Log) {
            write!(formatter, "\n  {log}")?;
        }
        if let Some(to_be_sure) = &self.to_be_sure {
            write!(formatter, "\n  to be sure: {to_be_sure}")?;
        }
        for line in &self.advice {
            write!(formatter, "\n  - {line}")?;
        }
        if !self.pods.is_empty() {
            write!(formatter, "\n  hit by it: {}", self.pods.join(", "))?;
        }
        if !self.waiting.is_empty() {
            write!(formatter, "\n  only waiting for that: {}", self.waiting.join(", "))?;
        }
        Ok(())
    }
}
