//! One trial by itself, for the command line: a cluster is leased for it, and its result is all that is asked.

use std::{sync::Arc, time::Duration};

use camino::Utf8PathBuf;

use super::{Plan, Run, Scenario, catalogue::Command, needs::Needs, scenario, session::Session, trial};
use crate::{
    chart::upgrade::{self, Upgrade},
    claim::{U1, U2, U4, U5, U7, U8, U9, U10},
    error::Result,
    report::result::ScenarioResult,
    settings::Settings,
    workload::CHART,
};

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

/// Tries an upgrade in a cluster of our own, in this namespace. `line` is the command that does it again.
///
/// # Errors
/// There is no cluster to be had, or the result can't be written.
pub fn try_upgrade(settings: Settings, upgrade: Upgrade, namespace: &str, line: String) -> Result<Single> {
    let patience = upgrade.patience;
    let body = move |run: Run| {
        let upgrade = upgrade.clone();
        async move { Ok(upgrade::play(run, upgrade).await?) }
    };
    let scenario: Scenario =
        scenario("upgrade", "a chart is upgraded, taken back and upgraded again, under load", body)
            .proves([U1, U2, U4, U5, U7, U8, U9, U10])
            .on([CHART])
            // Installing, three rolls, and everything between them.
            .within(patience * 4 + Duration::from_secs(600));
    let plan = Plan {
        name: scenario.name.to_owned(),
        workload: CHART,
        scenario,
        control: None,
        command: Some(Command { namespace: namespace.to_owned(), line }),
    };
    let session = Session::begin(settings, vec![plan.name.clone()], &Needs::of(&[&plan]))?;
    let result = session.runtime.block_on(trial::run(Arc::clone(&session.shared), plan, 0));
    let ended = session.end()?;
    ended.released?;
    let code = ended.report.ending().exit_code();
    Ok(Single { result: result?, directory: ended.directory, code, kept: ended.kept })
}
