//! `steadfast run` and `steadfast setup`.

use std::process::ExitCode;

use harness::{
    Result,
    cluster::{self, Reporter},
    runner::{self, Asked},
    settings::Settings,
};

use crate::signals::until_signal;

pub fn run(settings: Settings, asked: Asked) -> ExitCode {
    runner::run(&suites::catalogue(), asked, settings, |settings| match &settings.context {
        // A cluster that is there needs nothing of this machine.
        Some(_) => Ok(()),
        None => until_signal(setup(settings)),
    })
}

pub async fn setup(settings: &Settings) -> Result<()> {
    cluster::set_up(settings, &Reporter::stderr()).await
}
