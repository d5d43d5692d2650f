//! The result of a scenario: the one thing that reports know. Written as one JSON file a scenario.

mod run;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use run::{ClusterFacts, ImageFacts, RunFacts};

use crate::{error::Class, law::Obstacle, store, upgrade::Facts};

/// The version of these files. A reader refuses any other.
pub const SCHEMA: u32 = 2;

/// An error, as results tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Whose fault it is.
    pub class: Class,
    /// The whole message; its first line is the summary.
    pub message: String,
}

/// An error that ended a scenario before its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokenOff {
    /// The outcome that it makes, unless a promise was broken before it.
    pub outcome: Outcome,
    /// The error.
    pub trouble: Trouble,
}

/// How a scenario ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every claim was proved; of a control: exactly the named claims turned red.
    Passed,
    /// A promise was broken; of a control: it stayed green, or another claim turned red.
    Failed,
    /// The surroundings kept it from a verdict.
    Environment,
    /// A bug of ours kept it from a verdict.
    Error,
    /// A signal ended it.
    Interrupted,
}

/// What became of a claim in one scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Judged, and nothing spoke against it.
    Proved,
    /// At least one finding speaks against it.
    Refuted,
    /// It could not be judged, or the scenario ended before it was.
    Unproved,
}

/// One scenario's result.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ScenarioResult {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The run it belongs to.
    pub run: String,
    /// The scenario's name: `ordering::scale_down::garage`.
    pub scenario: String,
    /// What it shows, in a sentence.
    pub purpose: String,
    /// The workload it ran: `garage`.
    pub workload: String,
    /// Set when this was a control.
    pub control: Option<ControlFacts>,
    /// The claims that it says it proves.
    pub proves: Vec<String>,
    /// The claims that it breaks on purpose: findings against them say nothing of the cluster.
    pub breaks: Vec<String>,
    /// The error that ended it early; of findings it knows nothing.
    pub broken_off: Option<BrokenOff>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, when it did not pass: the first line is the summary.
    pub trouble: Option<Trouble>,
    /// Every claim that it says it proves, and every other that a law refuted.
    pub claims: Vec<ClaimResult>,
    /// What speaks against a claim.
    pub findings: Vec<Finding>,
    /// What was done, in order.
    pub steps: Vec<Step>,
    /// What was measured on the way.
    pub measures: Vec<Measure>,
    /// Deployment against StatefulSet, where the scenario compares them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comparison: Vec<Row>,
    /// What it did not judge of what it judges elsewhere, and why not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// What became of an upgrade, where the scenario tries one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upgrade: Option<Facts>,
    /// The life of each pod and claim, for the picture.
    pub lifelines: Vec<Lifeline>,
    /// When it began.
    pub started: Timestamp,
    /// How long it took.
    pub seconds: f64,
    /// How much of that Kubernetes and the workload needed anyway; see [`super::floor`].
    pub floor_seconds: f64,
    /// The namespace it ran in.
    pub namespace: String,
    /// The folder with its journal and evidence, relative to the run's directory.
    pub evidence: String,
    /// The files in it from which the verdict was drawn, with their SHA-256.
    pub fingerprints: BTreeMap<String, String>,
    /// The command that runs just this one again.
    pub rerun: String,
}

impl ScenarioResult {
    /// Of one that begins now, and has nothing to say yet: if it ends here, that is an error.
    pub fn begun(run: &str, scenario: &str, namespace: &str, started: Timestamp) -> Self {
        Self {
            schema: SCHEMA,
            run: run.to_owned(),
            scenario: scenario.to_owned(),
            purpose: String::new(),
            workload: String::new(),
            control: None,
            proves: Vec::new(),
            breaks: Vec::new(),
            broken_off: None,
            outcome: Outcome::Error,
            trouble: None,
            claims: Vec::new(),
            findings: Vec::new(),
            steps: Vec::new(),
            measures: Vec::new(),
            comparison: Vec::new(),
            left_out: Vec::new(),
            upgrade: None,
            lifelines: Vec::new(),
            started,
            seconds: 0.0,
            floor_seconds: 0.0,
            namespace: namespace.to_owned(),
            evidence: store::evidence_folder(scenario),
            fingerprints: BTreeMap::new(),
            rerun: String::new(),
        }
    }
}

/// The sabotage of a control, and what it must turn red.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ControlFacts {
    /// What was sabotaged: `parallel`.
    pub sabotage: String,
    /// The claims that must turn red, and no other.
    pub claims: Vec<String>,
    /// The text that a finding of the first of them must contain.
    pub expects: String,
}

impl ControlFacts {
    /// Whether a finding says what the control is there to hear: it speaks against the claim that the control is named
    /// after, in the words that it expects. Another claim's finding may sound alike.
    pub fn says(&self, finding: &Finding) -> bool {
        self.claims.first().is_some_and(|claim| finding.contradicts(claim))
            && finding.message.contains(&self.expects)
    }

    /// Whether these findings turn every named claim red, and one says what it should.
    pub fn is_met(&self, findings: &[Finding]) -> bool {
        let red = |claim: &String| findings.iter().any(|finding| finding.contradicts(claim));
        self.claims.iter().all(red) && findings.iter().any(|finding| self.says(finding))
    }
}

/// A claim's verdict in one scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimResult {
    /// `S9`
    pub id: String,
    /// What became of it.
    pub verdict: Verdict,
    /// How many moments, answers or writes were judged. A claim that nothing was judged of is not proved.
    pub judged: u64,
}

/// Something that speaks against a claim, with the lines that prove it; or what kept the claim from being judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// `S9`
    pub claim: String,
    /// Set when the claim could not be judged: then this speaks neither for nor against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<Obstacle>,
    /// What was expected and what was found.
    pub message: String,
    /// The journal's lines that prove it.
    pub quotes: Vec<Quote>,
}

impl Finding {
    /// Against a claim, without a line that proves it.
    pub fn against(claim: impl Into<String>, message: impl Into<String>) -> Self {
        Self { claim: claim.into(), obstacle: None, message: message.into(), quotes: Vec::new() }
    }

    /// A claim that could not be judged.
    pub fn not_judged(claim: impl Into<String>, obstacle: Obstacle, message: impl Into<String>) -> Self {
        Self { obstacle: Some(obstacle), ..Self::against(claim, message) }
    }

    /// In words: what it says, and where it judges nothing, why.
    pub fn text(&self) -> String {
        match self.obstacle {
            Some(obstacle) => format!("not judged, {obstacle}: {}", self.message),
            None => self.message.clone(),
        }
    }

    /// Whether it speaks against this claim.
    pub fn contradicts(&self, claim: &str) -> bool {
        self.obstacle.is_none() && self.claim == claim
    }
}

/// A line of the journal, shortened for reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The line's number in `journal.jsonl`, from 1; 0 for what is not from the journal.
    pub line: u64,
    /// What it says.
    pub text: String,
}

/// One step of a scenario.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Step {
    /// What was done: `scale sentinel 3 → 1`.
    pub name: String,
    /// Seconds after the scenario's start.
    pub at: f64,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Whether the scenario ended in it, without passing.
    pub broke: bool,
}

/// A figure from a scenario.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Measure {
    /// `acknowledged writes`
    pub name: String,
    /// The figure.
    pub value: f64,
    /// `writes`, `s`, `bytes`
    pub unit: String,
}

/// A row of the document's table, with what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// `pod naming`
    pub feature: String,
    /// What the Deployment did.
    pub deployment: String,
    /// What the StatefulSet did.
    pub stateful_set: String,
}

/// The life of one object, by its UID: a pod that was deleted and came back has two.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Lifeline {
    /// `pod` or `claim`
    pub kind: String,
    /// `sentinel-1`
    pub name: String,
    /// The object's UID.
    pub uid: String,
    /// What it was, in order and without gaps.
    pub spans: Vec<Span>,
    /// Whether it was deleted before the end of the scenario.
    pub deleted: bool,
}

/// A state of an object, for as long as it lasted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Span {
    /// Of a pod: `pending`, `running`, `ready`, `terminating`, `failed`; of a claim: `pending`, `bound`, `lost`, `terminating`.
    pub state: String,
    /// Seconds after the scenario's start.
    pub from: f64,
    /// Seconds after the scenario's start.
    pub to: f64,
}
