//! Trying an upgrade.

use std::{process::ExitCode, time::Duration};

use harness::{
    Error, Result,
    chart::{Scratch, Way, account::Account, answer::Answer},
    error::exit,
    settings::Settings,
    upgrade::{self, Upgrade},
};

use super::{answer::print, arguments::Arguments, asked::Asked};
use crate::command::complain;

/// Tries the upgrade in a cluster of our own.
pub fn run(settings: Settings, arguments: &Arguments) -> Result<ExitCode> {
    let scratch = Scratch::new(&settings.cache)?;
    let asked = Asked::of(arguments, &scratch, None)?;
    let Some(from) = asked.from.clone() else {
        return Err(Error::trouble(exit::SETTINGS, "name the old chart with --from"));
    };
    let upgrade = Upgrade {
        release: asked.release.clone(),
        way: asked.way.unwrap_or(Way::Helm4),
        from,
        to: asked.to.clone(),
        stores: arguments.stores.clone(),
        patience: Duration::from_secs(arguments.patience),
        target: arguments.kubernetes.clone(),
    };
    let line = std::env::args().collect::<Vec<_>>().join(" ");
    let single = upgrade::try_upgrade(settings, upgrade, &asked.namespace, line)?;
    let code = single.code;
    let mut account = Account::run(single.result, single.directory.join("report.html"));
    if let Some(facts) = &mut account.upgrade {
        facts.findings.extend(asked.notes());
    }
    if let Some(kubeconfig) = single.kept {
        complain(&format!("The cluster stays: export KUBECONFIG={kubeconfig}; `steadfast down` removes it."));
    }
    let answer = print(&account, arguments.format)?;
    Ok(if account.answer == Answer::Unknown { ExitCode::from(code) } else { answer })
}
