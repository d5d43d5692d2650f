//! Everything that a record says of the claims: what the scenario judged, its ledgers judged anew, the laws.

use std::collections::BTreeMap;

use camino::Utf8Path;

use crate::{
    error::{Error, Result},
    journal::{History, ReadBack, Record},
    law,
    ledger::{self, Ledger, holdings},
    result::{Finding, Measure},
};

/// What was judged in a trial, and what speaks against its claims.
#[derive(Debug, Default)]
pub struct Judgements {
    /// How much was judged of each claim.
    pub judged: BTreeMap<String, u64>,
    /// What speaks against them, in the order found: the scenario's own judgements, then the laws.
    pub findings: Vec<Finding>,
    /// The figures of the ledgers.
    pub measures: Vec<Measure>,
}

impl Judgements {
    /// Reads them off a history, and the ledgers in the folder beside it.
    ///
    /// # Errors
    /// When a ledger, or what was held against it, can't be read.
    pub fn of(history: &History, folder: &Utf8Path) -> Result<Self> {
        let mut all = Self::default();
        for entry in history.entries() {
            match &entry.record {
                Record::Judged(judged) => all.add(&judged.claim, judged.count, judged.against.clone()),
                Record::ReadBack(read) => all.compare(read, folder)?,
                _ => {}
            }
        }
        for judgement in law::judge(history) {
            all.add(judgement.claim.id, judgement.examined, judgement.findings);
        }
        Ok(all)
    }

    fn compare(&mut self, read: &ReadBack, folder: &Utf8Path) -> Result<()> {
        let path = folder.join(&read.ledger);
        let ledger = Ledger::read_until(&path, read.lines)?;
        if ledger.lines != read.lines {
            let (found, expected) = (ledger.lines, read.lines);
            return Err(Error::environment(format!(
                "{path} is truncated: it has {found} whole lines, and had {expected} when it was judged"
            )));
        }
        let judgement = ledger::judge(&ledger, &holdings::read(&folder.join(&read.holdings))?);
        let findings = judgement.findings(&read.claim, &read.reader);
        self.add(&read.claim, judgement.statistics.judged(), findings);
        self.measures.extend(judgement.statistics.measures(&read.reader));
        Ok(())
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
