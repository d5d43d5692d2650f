//! Everything that a record says of the claims: what the scenario judged, its histories checked anew, the laws.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use history::Operations;

use crate::{
    clients,
    error::{Error, Result},
    journal::{Checked, History, Record},
    law,
    result::{Finding, Measure},
};

/// What was judged in a trial, and what speaks against its claims.
#[derive(Debug, Default)]
pub struct Judgements {
    /// How much was judged of each claim.
    pub judged: BTreeMap<String, u64>,
    /// What speaks against them, in the order found: the scenario's own judgements, then the laws.
    pub findings: Vec<Finding>,
    /// The figures of the histories.
    pub measures: Vec<Measure>,
}

impl Judgements {
    /// Reads them off a journal, and the histories in the folder beside it.
    ///
    /// # Errors
    /// When a history can't be read.
    pub fn of(history: &History, folder: &Utf8Path) -> Result<Self> {
        let (mut all, mut measured) = (Self::default(), BTreeSet::new());
        // Several checkers read the same operations.
        let mut last: Option<((&str, u64), Operations)> = None;
        for entry in history.entries() {
            match &entry.record {
                Record::Judged(judged) => all.add(&judged.claim, judged.count, judged.against.clone()),
                Record::Checked(checked) => {
                    let wanted = (checked.history.as_str(), checked.lines);
                    let operations = match last.take() {
                        Some((known, operations)) if known == wanted => operations,
                        _ => read(checked, folder)?,
                    };
                    all.check(checked, &operations);
                    if measured.insert(&checked.history) {
                        all.measures.extend(clients::measures(&operations, checked.fault.as_ref()));
                    }
                    last = Some((wanted, operations));
                }
                _ => {}
            }
        }
        for judgement in law::judge(history) {
            all.add(judgement.claim.id, judgement.examined, judgement.findings);
        }
        Ok(all)
    }

    fn check(&mut self, checked: &Checked, operations: &Operations) {
        let judgement = checked.checker.judge(operations);
        self.add(&checked.claim, judgement.judged, clients::findings(checked, operations, &judgement));
        self.measures.extend(judgement.counts.iter().map(|count| Measure {
            name: format!("{}: {}", checked.store, count.name),
            // Counts of a scenario are far below 2^52.
            value: count.value as f64,
            unit: count.unit.to_owned(),
        }));
    }

    /// The same words are not said twice.
    fn add(&mut self, claim: &str, count: u64, findings: Vec<Finding>) {
        *self.judged.entry(claim.to_owned()).or_default() += count;
        for finding in findings {
            let known = |known: &Finding| known.claim == finding.claim && known.message == finding.message;
            if !self.findings.iter().any(known) {
                self.findings.push(finding);
            }
        }
    }
}

/// The operations as they were when they were checked.
fn read(checked: &Checked, folder: &Utf8Path) -> Result<Operations> {
    let path = folder.join(&checked.history);
    let operations = Operations::read_until(&path, checked.lines)?;
    if operations.lines != checked.lines {
        let (found, expected) = (operations.lines, checked.lines);
        return Err(Error::environment(format!(
            "{path} is truncated: it has {found} whole lines, and had {expected} when it was checked"
        )));
    }
    Ok(operations)
}
