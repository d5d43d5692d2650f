//! The command line.

mod command;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use harness::{Error, Result, cluster, settings};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Proves on real kind clusters that Kubernetes keeps the promises that stateful applications live on.
#[derive(Parser)]
#[command(name = "steadfast", version, max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Say what this machine has, what it lacks, and what to do about it
    Doctor,
    /// Lease a cluster, make it where there is none, and keep it until `steadfast down`
    Up,
    /// Remove every cluster and container of ours, those of killed runs included
    Down {
        /// Also what a living process uses
        #[arg(long)]
        force: bool,
    },
    /// Write junit.xml and report.html again from the results of a run
    Report {
        /// The run's directory: target/steadfast/latest
        directory: camino::Utf8PathBuf,
    },
    /// Say what the newest night of scripts/nightly proved, and what changed (exit code 1 when it is red)
    Nights {
        /// The folder of the nights: target/nights
        directory: camino::Utf8PathBuf,
    },
    /// Judge a recorded run again, without a cluster, and name what differs (exit code 1)
    Replay {
        /// The run's directory: target/steadfast/latest
        directory: camino::Utf8PathBuf,
    },
    /// Say why a StatefulSet, or one of its pods, is stuck, and what to do; only reads, on any cluster
    #[command(after_help = EXPLAIN_CODES)]
    Explain(command::Explain),
    /// Say what upgrading a chart would break or lose: try it in a cluster of our own, or only look at a live release
    #[command(after_help = UPGRADE_CODES)]
    Upgrade(Box<command::Upgrade>),
}

const UPGRADE_CODES: &str = "Exit codes:
  0   safe: it can be applied, nothing is lost, and it can be taken back
  30  needs care: somebody should look before it is applied
  31  would break
  32  loses data, or hides it
  33  no answer: the old chart does not become ready
  22  the API server refuses to show or try something; the message says what to grant
  25  no Helm; run scripts/setup
  26  no such chart, or it does not render, or has no StatefulSet
  27  no such release, or its last change failed
  others as for a run";

const EXPLAIN_CODES: &str = "Exit codes:
  0   the set is healthy
  1   it is stuck, and the cause is named
  17  no such kubeconfig or context, or a target that can't be one
  21  no such StatefulSet or namespace
  22  the API server refuses to show it; the message says what to grant
  23  the API server does not answer
  24  it is not ready, and no cause was found: it may only need time";

fn main() -> ExitCode {
    let matches = Arguments::command().after_help(command::settings_help()).get_matches();
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    cluster::install_crypto();
    if let Command::Upgrade(upgrade) = &arguments.command
        && !upgrade.only_looks()
    {
        // A run of scenarios has a runtime, signals and a log of its own.
        let outcome = settings::Settings::load().and_then(|settings| command::try_upgrade(settings, upgrade));
        return ended(outcome);
    }
    tracing_subscriber::fmt().with_env_filter(filter()).with_writer(std::io::stderr).init();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Error::io("starting the runtime"))
        .and_then(|runtime| runtime.block_on(run(arguments.command)));
    ended(outcome)
}

fn ended(outcome: Result<ExitCode>) -> ExitCode {
    match outcome {
        Ok(code) => code,
        Err(error) => {
            command::complain(&format!("error: {error}"));
            ExitCode::from(error.exit_code())
        }
    }
}

/// What is logged beside the answer: what RUST_LOG asks for, or errors that nobody else tells.
fn filter() -> EnvFilter {
    // The client logs what it also returns, and one error is to be said once.
    EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error,kube_client=off"))
}

/// Runs a command until it ends or a signal comes; then what it was at is dropped, which cleans up.
async fn run(command: Command) -> Result<ExitCode> {
    let handler = Error::io("installing a signal handler");
    let mut interrupt = signal(SignalKind::interrupt()).map_err(handler)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::io("installing a signal handler"))?;
    let settings = settings::Settings::load()?;
    let work = async {
        match command {
            Command::Doctor => command::doctor(&settings).await?,
            Command::Up => command::up(&settings).await?,
            Command::Down { force } => command::down(&settings, force).await?,
            Command::Report { directory } => command::report(&directory)?,
            Command::Nights { directory } => command::nights(&directory)?,
            Command::Replay { directory } => command::replay(&directory)?,
            Command::Upgrade(arguments) => return command::look(&settings, &arguments).await,
            Command::Explain(arguments) => return command::explain(&arguments).await,
        }
        Ok(ExitCode::SUCCESS)
    };
    let mut work = std::pin::pin!(work);
    tokio::select! {
        result = &mut work => return result,
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    command::complain("interrupted: cleaning up");
    Err(Error::Interrupted)
}
