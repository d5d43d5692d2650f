//! From a record to a verdict.

use camino::Utf8Path;

use super::{fingerprints::fingerprints, judgements::Judgements};
use crate::{
    conclusion::{Conclusion, Terms, conclude},
    error::Result,
    journal::History,
    result::ScenarioResult,
};

/// Writes the verdict into a result that knows what it was to prove and what broke it off; `folder` has its journal
/// and ledgers.
///
/// # Errors
/// When a ledger can't be read.
pub fn settle(result: &mut ScenarioResult, history: &History, folder: &Utf8Path) -> Result<()> {
    let judgements = Judgements::of(history, folder)?;
    result.fingerprints = fingerprints(history, folder)?;
    write(result, judgements);
    Ok(())
}

/// As [`settle`], for a trial of which there is no record: nothing was judged.
pub fn settle_unrecorded(result: &mut ScenarioResult) {
    write(result, Judgements::default());
}

fn write(result: &mut ScenarioResult, judgements: Judgements) {
    let Judgements { judged, findings, measures } = judgements;
    let terms = Terms { proves: &result.proves, breaks: &result.breaks, control: result.control.as_ref() };
    let Conclusion { outcome, trouble, claims } =
        conclude(terms, &judged, &findings, result.broken_off.as_ref());
    result.outcome = outcome;
    result.trouble = trouble;
    result.claims = claims;
    result.findings = findings;
    result.measures.extend(measures);
}
