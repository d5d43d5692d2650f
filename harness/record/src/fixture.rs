//! Results for tests, built in a line.
#![expect(missing_docs, reason = "the names say it, and only tests read them")]
#![allow(clippy::expect_used, reason = "a test ends where its helpers do")]

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use jiff::Timestamp;

use super::{
    result::{
        ClaimResult, ControlFacts, Finding, Outcome, Quote, RunFacts, SCHEMA, ScenarioResult, Trouble,
        Verdict,
    },
    tally::Report,
    terrain::{Clocks, Closed, Dns, Family, KnownBy, Node, StorageClass, Terrain},
};
use crate::{claim::Claim, error::Class};

/// A folder of its own, gone with the value.
pub struct Folder {
    pub path: Utf8PathBuf,
}

impl Folder {
    pub fn new(name: &str) -> Self {
        let root = Utf8PathBuf::from_path_buf(std::env::temp_dir()).expect("a temporary folder");
        let path = root.join(format!("steadfast-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self { path }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

pub fn facts(selected: &[&str]) -> RunFacts {
    let started: Timestamp = "2026-11-22T19:04:00Z".parse().expect("a time");
    RunFacts {
        schema: SCHEMA,
        run: "r1".into(),
        started,
        finished: Some(started + jiff::SignedDuration::from_secs(372)),
        interrupted: false,
        profile: "quick".into(),
        settings: BTreeMap::new(),
        selected: selected.iter().map(|name| (*name).to_owned()).collect(),
        skipped: BTreeMap::new(),
        cluster: None,
        cluster_seconds: None,
        trouble: None,
    }
}

pub fn report(results: Vec<ScenarioResult>) -> Report {
    let names: Vec<&str> = results.iter().map(|result| result.scenario.as_str()).collect();
    Report::new(facts(&names), results)
}

/// A claim that refutes a sentence of the document.
const EXAMPLE: &[Claim] = &[Claim {
    id: "X1",
    source: "PVC Lifecycle",
    statement: "claims are deleted when the set's retention policy says so",
    refutes: Some("claims are never deleted"),
}];

/// A report that knows the example's claim.
pub fn correcting(results: Vec<ScenarioResult>) -> Report {
    Report { known: EXAMPLE, ..report(results) }
}

/// One that passed, and has nothing to say yet.
pub fn scenario(name: &str) -> ScenarioResult {
    let started = "2026-11-22T19:05:00Z".parse().expect("a time");
    ScenarioResult {
        workload: name.rsplit("::").next().unwrap_or(name).into(),
        outcome: Outcome::Passed,
        seconds: 12.0,
        floor_seconds: 9.0,
        rerun: format!("cargo test --test conformance -- --exact {name}"),
        ..ScenarioResult::begun("r1", name, "sf-r1-1", started)
    }
}

impl ScenarioResult {
    pub fn claim(mut self, id: &str, verdict: Verdict, judged: u64) -> Self {
        self.claims.push(ClaimResult { id: id.into(), verdict, judged });
        self
    }

    pub fn proves(self, id: &str) -> Self {
        self.claim(id, Verdict::Proved, 100)
    }

    /// Only the finding: what the claims say is left as it is.
    pub fn finding(mut self, claim: &str, message: &str) -> Self {
        let quotes = vec![Quote { line: 4711, text: format!("the journal on {claim}") }];
        self.findings.push(Finding { quotes, ..Finding::against(claim, message) });
        self
    }

    pub fn control(mut self, sabotage: &str, claims: &[&str], expects: &str) -> Self {
        let claims = claims.iter().map(|claim| (*claim).to_owned()).collect();
        self.control = Some(ControlFacts { sabotage: sabotage.into(), claims, expects: expects.into() });
        self
    }

    pub fn ends(mut self, outcome: Outcome, message: &str) -> Self {
        let class = match outcome {
            Outcome::Failed => Class::Failed,
            Outcome::Error => Class::Error,
            _ => Class::Environment,
        };
        self.outcome = outcome;
        self.trouble = Some(Trouble { class, message: message.into() });
        self
    }
}

/// A node of a cluster.
pub fn node(name: &str, closed: Option<Closed>) -> Node {
    Node {
        name: name.into(),
        closed,
        architecture: "amd64".into(),
        system: "linux".into(),
        kubelet: "v1.34.4".into(),
    }
}

/// What a cluster of ours is like.
pub fn terrain() -> Terrain {
    Terrain {
        dns: Some(Dns {
            domain: "cluster.local".into(),
            address_seconds: 0,
            absence_seconds: 0,
            client_seconds: 30,
            node_cache: false,
            forwards_absence: false,
            names_pods: false,
            known_by: KnownBy::Configuration,
        }),
        hearing_seconds: 20,
        families: vec![Family::IPv4],
        storage: vec![StorageClass {
            name: "standard".into(),
            default: true,
            chosen: false,
            provisioner: "rancher.io/local-path".into(),
            expansion: false,
            binding: "WaitForFirstConsumer".into(),
            reclaim: "Delete".into(),
            access: vec!["ReadWriteOnce".into()],
        }],
        nodes: vec![
            node(
                "control-plane",
                Some(Closed::Tainted("node-role.kubernetes.io/control-plane:NoSchedule".into())),
            ),
            node("worker", None),
        ],
        clocks: Clocks { ours: Some(0.4), nodes: [("worker".to_owned(), -0.2)].into() },
        ..Terrain::default()
    }
}
