//! What is known of an upgrade.

use serde::{Deserialize, Serialize};

use super::{
    Change, Forecast, Way,
    availability::{Availability, Window},
};

/// What is known of an upgrade.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Facts {
    /// The release.
    pub release: String,
    /// How the charts got there.
    pub way: Way,
    /// `garage 1.0.0`
    pub from: String,
    /// `garage 1.1.0`
    pub to: String,
    /// What the preflight found, the worst first.
    pub findings: Vec<Forecast>,
    /// What differs between the two.
    pub differences: Vec<Change>,
    /// What was done, and how it ended; empty when there was only a preflight.
    pub phases: Vec<Phase>,
    /// When which pod took no writes.
    pub availability: Vec<Availability>,
    /// Why the old chart is no ground to judge the new one from.
    pub old_not_ready: Option<String>,
}

impl Facts {
    /// Nothing is known yet but what is to be done.
    pub fn new(release: &str, way: Way, from: String, to: String) -> Self {
        Self {
            release: release.to_owned(),
            way,
            from,
            to,
            findings: Vec::new(),
            differences: Vec::new(),
            phases: Vec::new(),
            availability: Vec::new(),
            old_not_ready: None,
        }
    }

    /// Who took no writes during a phase, and when: each pod, and each store as a whole.
    pub fn windows(&self, phase: &Phase) -> Vec<(&str, Vec<Window>)> {
        let mut all: Vec<(&str, Vec<Window>)> = Vec::new();
        for one in &self.availability {
            let who = one.pod.as_deref().unwrap_or("any of them");
            let within =
                |window: &&Window| window.from >= phase.from - 0.001 && window.to <= phase.to + 0.001;
            let windows: Vec<Window> = one.windows.iter().filter(within).copied().collect();
            match all.iter_mut().find(|(known, _)| *known == who) {
                Some((_, known)) => known.extend(windows),
                None => all.push((who, windows)),
            }
        }
        all
    }
}

/// Something that was done to a release, under load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// `upgrade`, `rollback`, `upgrade again`
    pub name: String,
    /// Seconds after the scenario's start.
    pub from: f64,
    /// Seconds after the scenario's start.
    pub to: f64,
    /// Why it did not come to its end.
    pub trouble: Option<String>,
}
