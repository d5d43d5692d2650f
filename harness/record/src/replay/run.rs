//! A whole run, judged again from its directory.

use camino::Utf8Path;

use super::{
    differences,
    fingerprints::{ADVICE, JOURNAL, verify, vouched},
    settle, settle_unrecorded,
};
use crate::{
    error::{Error, Result},
    journal::file,
    result::ScenarioResult,
    store,
};

/// What judging one trial again came to.
#[derive(Debug)]
pub enum Again {
    /// The same verdict.
    Same(Box<ScenarioResult>),
    /// Another one; a sentence a difference.
    Differs(Vec<String>),
    /// Its record can't be judged.
    Refused(Error),
}

/// A run that was judged again.
#[derive(Debug)]
pub struct Replay {
    /// The trials by name, in the order of the catalogue; selected ones without a result at the end.
    pub trials: Vec<(String, Again)>,
}

/// Judges every trial of a run again.
///
/// # Errors
/// When the run's own files can't be read; see [`store::load`].
pub fn replay(directory: &Utf8Path) -> Result<Replay> {
    if !directory.join("run.json").is_file() {
        return Err(Error::environment(format!(
            "{directory} is no run's directory: it has no run.json; name one like target/steadfast/latest"
        )));
    }
    let report = store::load(directory)?;
    let mut trials: Vec<_> = report
        .results
        .iter()
        .map(|result| {
            let selected = report.facts.selected.contains(&result.scenario);
            let again = if selected { again(directory, result) } else { Err(not_selected()) };
            (result.scenario.clone(), again.unwrap_or_else(Again::Refused))
        })
        .collect();
    let why = match (&report.facts.trouble, report.facts.interrupted, report.facts.finished) {
        (Some(trouble), ..) => format!("the run ended before it: {}", trouble.message),
        (None, true, _) => "the run was interrupted; run it again".to_owned(),
        (None, false, None) => "the run was killed; run it again".to_owned(),
        (None, false, Some(_)) => ADVICE.to_owned(),
    };
    trials.extend(report.missing.iter().map(|name| {
        let error = Error::environment(format!("it was selected, and left no result: {why}"));
        (name.clone(), Again::Refused(error))
    }));
    Ok(Replay { trials })
}

impl Replay {
    /// How many have the same verdict, how many another, how many can't be judged.
    pub fn counts(&self) -> (usize, usize, usize) {
        let count =
            |wanted: fn(&Again) -> bool| self.trials.iter().filter(|(_, again)| wanted(again)).count();
        (
            count(|again| matches!(again, Again::Same(_))),
            count(|again| matches!(again, Again::Differs(_))),
            count(|again| matches!(again, Again::Refused(_))),
        )
    }

    /// Whether the whole run was judged again, with the same verdicts.
    ///
    /// # Errors
    /// [`Error::Environment`] when some of it can't be judged, [`Error::Failed`] when a verdict differs.
    pub fn outcome(&self) -> Result<()> {
        match self.counts() {
            (0, 0, 0) => Err(Error::environment("there is nothing to judge: no scenario was selected")),
            (_, differ, refused) if refused > 0 => Err(Error::environment(format!(
                "{refused} can't be judged again, and {differ} have another verdict"
            ))),
            (_, differ, _) if differ > 0 => Err(Error::failed(format!("{differ} have another verdict"))),
            _ => Ok(()),
        }
    }
}

fn not_selected() -> Error {
    Error::environment("it has a result, and the run did not select it: move the result away")
}

fn again(directory: &Utf8Path, recorded: &ScenarioResult) -> Result<Again> {
    if recorded.proves.is_empty() {
        return Err(Error::environment(format!("its result names no claim that it proves: {ADVICE}")));
    }
    let evidence = store::evidence_folder(&recorded.scenario);
    if recorded.evidence != evidence {
        let named = &recorded.evidence;
        return Err(Error::environment(format!(
            "its result names {named} as its evidence, which is in {evidence}: {ADVICE}"
        )));
    }
    let folder = directory.join(evidence);
    let mut judged = recorded.clone();
    if recorded.fingerprints.is_empty() {
        settle_unrecorded(&mut judged);
    } else {
        let journal = folder.join(JOURNAL);
        // What is cut or renumbered is told by its line; whatever else was changed, by the hash.
        let history = if journal.is_file() { Some(file::read(&journal)?) } else { None };
        verify(&recorded.fingerprints, &folder)?;
        let history = history.ok_or_else(|| Error::environment(format!("{journal} is missing: {ADVICE}")))?;
        vouched(&recorded.fingerprints, &history)?;
        settle(&mut judged, &history, &folder)?;
    }
    let differences = differences(recorded, &judged);
    Ok(if differences.is_empty() { Again::Same(Box::new(judged)) } else { Again::Differs(differences) })
}
