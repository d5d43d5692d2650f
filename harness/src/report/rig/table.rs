//! The changes of the rig, as `scripts/rig/faults.toml` has them.

use std::{collections::BTreeMap, num::NonZeroUsize, str::FromStr};

use serde::Deserialize;

use crate::{
    claim,
    error::{Error, Result},
};

/// One way in which a program of the rig is other than its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What switches it on: `next-pod-at-once`.
    pub name: String,
    /// Whose it is: `kube-controller-manager`.
    pub program: String,
    /// What the program does with it, in words: `creates the next pod without waiting for the one before`.
    pub what: String,
    /// The scenarios that it meets, by their whole names.
    pub on: Vec<String>,
    /// What must become of them.
    pub expected: Expected,
    /// The feature gates that it takes a cluster with.
    pub gates: String,
    /// Whether it is of the small part that is run often: one fault a program.
    pub sample: bool,
}

/// What must become of the scenarios that a change meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// This claim turns red: the change is a fault.
    Red {
        /// The claim's id.
        claim: String,
        /// Why it is known to stay green all the same.
        survives: Option<String>,
    },
    /// Nothing turns red: the change is neutral, since nobody promises otherwise.
    Neutral,
    /// Nothing turns red: the change can't be seen, for this reason.
    Equivalent(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    what: String,
    on: Vec<String>,
    claim: Option<String>,
    survives: Option<String>,
    equivalent: Option<String>,
    #[serde(default)]
    neutral: bool,
    #[serde(default)]
    gates: String,
    #[serde(default)]
    sample: bool,
}

/// Every change, by program, faults in the order of their claims and then what is neutral.
///
/// # Errors
/// [`Error::Bug`] when the table is wrong.
pub fn table() -> Result<Vec<Change>> {
    parse(include_str!("../../../../scripts/rig/faults.toml"))
}

fn parse(text: &str) -> Result<Vec<Change>> {
    let wrong = |why: String| Error::bug(format!("scripts/rig/faults.toml: {why}"));
    let programs: BTreeMap<String, BTreeMap<String, Line>> =
        toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
    let mut changes = Vec::new();
    for (program, lines) in programs {
        let before = changes.len();
        for (name, line) in lines {
            let Line { what, on, claim, survives, equivalent, neutral, gates, sample } = line;
            let expected = match (claim, equivalent, neutral) {
                (Some(id), None, false) if claim::find(&id).is_some() => {
                    Expected::Red { claim: id, survives }
                }
                (None, Some(why), false) => Expected::Equivalent(why),
                (None, None, true) => Expected::Neutral,
                _ => {
                    return Err(wrong(format!(
                        "{name} needs one of: a claim that there is, equivalent, neutral"
                    )));
                }
            };
            let program = program.clone();
            changes.push(Change { name, program, what, on, expected, gates, sample });
        }
        changes[before..].sort_by_key(|change| change.expected.order());
    }
    Ok(changes)
}

impl Expected {
    fn order(&self) -> usize {
        match self {
            Self::Red { claim, .. } => claim::ids().iter().position(|id| id == claim).unwrap_or(usize::MAX),
            Self::Equivalent(_) => claim::ALL.len(),
            Self::Neutral => claim::ALL.len() + 1,
        }
    }
}

impl Change {
    /// Whether it breaks something.
    pub fn is_fault(&self) -> bool {
        matches!(self.expected, Expected::Red { .. })
    }
}

/// A part of the changes: `1/4`. Each shard has as many of each program, so that they take as long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    number: usize,
    of: NonZeroUsize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let parts =
            text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((number, of)) if (1..=NonZeroUsize::get(of)).contains(&number) => Ok(Self { number, of }),
            _ => Err("a shard is one of so many: 1/4, 2/4, 3/4 or 4/4".to_owned()),
        }
    }
}

/// The changes to run: those of the shard, of the sample where that is asked for, and that any of the names fits: a change's own,
/// its program's or its claim's. With none, all.
///
/// # Errors
/// A name that fits nothing.
pub fn select(all: Vec<Change>, shard: Option<Shard>, sample: bool, names: &[String]) -> Result<Vec<Change>> {
    let fits = |name: &String, change: &Change| {
        let claim = matches!(&change.expected, Expected::Red { claim, .. } if claim == name);
        *name == change.name || *name == change.program || claim
    };
    if let Some(idle) = names.iter().find(|name| !all.iter().any(|change| fits(name, change))) {
        return Err(Error::environment(format!(
            "{idle} is no change of the rig, no program and no claim that has a fault: see scripts/rig/faults.toml"
        )));
    }
    let wanted = |change: &Change| {
        (!sample || change.sample) && (names.is_empty() || names.iter().any(|name| fits(name, change)))
    };
    let wanted = all.into_iter().filter(wanted).enumerate();
    let here = wanted.filter(|(index, _)| shard.is_none_or(|shard| *index % shard.of == shard.number - 1));
    Ok(here.map(|(_, change)| change).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_a_fault_or_neutral_or_equivalent() {
        let one = |rest: &str| parse(&format!("[kubelet]\na = {{ what = \"x\", on = [\"s\"], {rest} }}"));
        assert!(one("claim = \"S9\"").unwrap()[0].is_fault());
        assert_eq!(one("neutral = true").unwrap()[0].expected, Expected::Neutral);
        for wrong in ["sample = true", "claim = \"S99\"", "claim = \"S9\", neutral = true", "unknown = 1"] {
            assert!(one(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn shards_share_out_what_is_selected() {
        let all = table().unwrap();
        let shard = |text: &str| select(all.clone(), Some(text.parse().unwrap()), false, &[]).unwrap();
        let mut both = [shard("1/2"), shard("2/2")].concat();
        both.sort_by_key(|change| all.iter().position(|known| known.name == change.name));
        assert_eq!(both, all);
        for wrong in ["0/2", "3/2", "1", "1/0", "a/b"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
        let named = select(all.clone(), None, false, &["K18".to_owned()]).unwrap();
        assert!(named.len() > 1 && named.iter().all(|change| change.program != "coredns"));
        assert!(select(all, None, false, &["no-such".to_owned()]).is_err());
    }

    /// Every fault is in exactly one program of scripts/rig, and nothing there is in no table.
    #[test]
    fn each_switch_is_in_one_place() {
        let rig = camino::Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/rig");
        let files = ["patches", "stores"].map(|folder| rig.join(folder).read_dir_utf8().unwrap());
        let mut switches: Vec<(String, String)> = Vec::new();
        for path in files.into_iter().flatten().map(|entry| entry.unwrap().into_path()) {
            let program = path.file_stem().unwrap().to_owned();
            let text = std::fs::read_to_string(&path).unwrap().replace("fault_is \"", "fault.Is(\"");
            for part in text.split("fault.Is(\"").skip(1) {
                let name = part.split('"').next().unwrap_or_default().to_owned();
                if !switches.contains(&(program.clone(), name.clone())) {
                    switches.push((program.clone(), name));
                }
            }
        }
        let mut listed: Vec<_> =
            table().unwrap().into_iter().map(|change| (change.program, change.name)).collect();
        switches.sort();
        listed.sort();
        assert_eq!(switches, listed);
    }

    #[test]
    fn there_are_faults_over_all_claims_of_kubernetes_and_changes_that_are_none() {
        let all = table().unwrap();
        let faults = all.iter().filter(|change| change.is_fault()).count();
        let neutral = all.iter().filter(|change| change.expected == Expected::Neutral).count();
        assert!(faults >= 80 && neutral >= 10, "{faults} faults, {neutral} neutral changes");
        let of = |id: &str| {
            all.iter().any(|change| matches!(&change.expected, Expected::Red { claim, .. } if claim == id))
        };
        let without: Vec<_> =
            claim::ids().into_iter().filter(|id| id.starts_with(['S', 'K', 'D']) && !of(id)).collect();
        // K23 is promised from 1.37 on, and the faults are written for 1.34.
        assert_eq!(without, ["K23"]);
        for program in all.iter().map(|change| &change.program) {
            let sampled = all.iter().filter(|change| change.program == *program && change.sample);
            assert_eq!(sampled.count(), 1, "{program}");
        }
    }
}
