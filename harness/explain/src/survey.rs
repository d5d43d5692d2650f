//! Many sets at once: those that are stuck come first, the worst before the others.

use std::fmt;

use serde::Serialize;

use super::{Diagnosis, State, cause::Certainty};
use record::words;

/// The diagnoses of many sets, the worst first.
#[derive(Debug, Clone, Serialize)]
pub struct Survey {
    /// Those of sets that are not healthy.
    pub sets: Vec<Diagnosis>,
    /// How many are healthy.
    pub healthy: usize,
}

/// Puts diagnoses in order: stuck before unstable before moving, of each first those with the fewest pods Ready.
pub fn survey(diagnoses: Vec<Diagnosis>) -> Survey {
    let (healthy, mut sets): (Vec<_>, Vec<_>) = diagnoses.into_iter().partition(Diagnosis::healthy);
    sets.sort_by(|one, other| rank(one).cmp(&rank(other)).then_with(|| name(one).cmp(&name(other))));
    Survey { sets, healthy: healthy.len() }
}

fn rank(diagnosis: &Diagnosis) -> (u8, u32, std::cmp::Reverse<u32>) {
    let state = match diagnosis.state {
        State::Stuck => 0,
        State::Unstable => 1,
        State::Moving => 2,
        State::Healthy => 3,
    };
    // Of a thousand: sets of all sizes are alike when none of their pods is Ready.
    let ready = (diagnosis.ready * 1000).checked_div(diagnosis.wanted).unwrap_or(1000);
    (state, ready, std::cmp::Reverse(diagnosis.wanted - diagnosis.ready.min(diagnosis.wanted)))
}

fn name(diagnosis: &Diagnosis) -> (&str, &str) {
    (&diagnosis.namespace, &diagnosis.set)
}

impl Survey {
    /// The worst state of all.
    pub fn state(&self) -> State {
        self.sets.first().map_or(State::Healthy, |worst| worst.state)
    }
}

impl fmt::Display for Survey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for diagnosis in &self.sets {
            let state = match diagnosis.state {
                State::Healthy => "healthy",
                State::Moving => "not ready, no cause found",
                State::Unstable => "ready, and does not stay so",
                State::Stuck => "stuck",
            };
            let (namespace, set) = name(diagnosis);
            writeln!(formatter, "{namespace}/{set}: {state}: {}", diagnosis.numbers)?;
            for cause in &diagnosis.causes {
                let sure = match cause.certainty {
                    Certainty::Certain => "",
                    Certainty::Likely => "likely ",
                    Certainty::Unknown => "unknown: ",
                };
                writeln!(
                    formatter,
                    "    {sure}{} ({}): {}",
                    cause.id,
                    cause.about,
                    words::shorten(&cause.seen, SHOWN)
                )?;
            }
            for line in &diagnosis.moving {
                writeln!(formatter, "    waiting for: {}", words::shorten(line, SHOWN))?;
            }
            writeln!(formatter, "    more: steadfast explain -n {namespace} statefulset/{set}")?;
        }
        write!(
            formatter,
            "{} of {} healthy",
            self.healthy,
            words::count(self.healthy + self.sets.len(), "set")
        )
    }
}

/// Characters that are shown of a cause.
const SHOWN: usize = 300;
