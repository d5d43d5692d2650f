//! An upgrade that is tried by itself, for the command line.

use std::time::Duration;

use super::{Upgrade, play};
use crate::{
    claim::{U1, U2, U4, U5, U7, U8, U9, U10},
    error::Result,
    runner::{self, Run, Scenario, Single, scenario},
    settings::Settings,
    workload::CHART,
};

/// Tries an upgrade in a cluster of our own, in this namespace. `line` is the command that does it again.
///
/// # Errors
/// There is no cluster to be had, or the result can't be written.
pub fn try_upgrade(settings: Settings, upgrade: Upgrade, namespace: &str, line: String) -> Result<Single> {
    let patience = upgrade.patience;
    let body = move |run: Run| {
        let upgrade = upgrade.clone();
        async move { Ok(play(run, upgrade).await?) }
    };
    let scenario: Scenario =
        scenario("upgrade", "a chart is upgraded, taken back and upgraded again, under load", body)
            .proves([U1, U2, U4, U5, U7, U8, U9, U10])
            .on([CHART])
            // Installing, three rolls, and everything between them.
            .within(patience * 4 + Duration::from_secs(600));
    runner::alone(settings, scenario, CHART, namespace, line)
}
