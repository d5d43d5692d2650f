//! One trial by itself, for the command line: a cluster is leased for it, and its result is all that is asked.

use std::sync::Arc;

use camino::Utf8PathBuf;

use super::{Plan, Scenario, catalogue::Command, needs::Needs, session::Session, trial};
use crate::{error::Result, report::result::ScenarioResult, settings::Settings, workload::Workload};

/// What a trial by itself left.
#[derive(Debug)]
pub struct Single {
    /// Its result.
    pub result: ScenarioResult,
    /// The run's directory, with report and evidence.
    pub directory: Utf8PathBuf,
    /// The exit code of a run that ended so, where there is no answer.
    pub code: u8,
    /// The kubeconfig of the cluster, where that stays.
    pub kept: Option<Utf8PathBuf>,
}

/// Runs a scenario by itself on a cluster of our own, in this namespace. `line` is the command that does it again.
///
/// # Errors
/// There is no cluster to be had, or the result can't be written.
pub fn alone(
    settings: Settings,
    scenario: Scenario,
    workload: Workload,
    namespace: &str,
    line: String,
) -> Result<Single> {
    let plan = Plan {
        name: scenario.name.to_owned(),
        workload,
        scenario,
        control: None,
        command: Some(Command { namespace: namespace.to_owned(), line }),
    };
    // The setting is for runs of many: an hour of chaos alone would be cut off by it while it is read back.
    let run_deadline = settings.run_deadline + plan.scenario.deadline;
    let settings = Settings { run_deadline, ..settings };
    let session = Session::begin(settings, vec![plan.name.clone()], &Needs::of(&[&plan]))?;
    let result = session.runtime.block_on(trial::run(Arc::clone(&session.shared), plan, 0));
    let ended = session.end()?;
    ended.released?;
    let code = ended.report.ending().exit_code();
    Ok(Single { result: result?, directory: ended.directory, code, kept: ended.kept })
}
