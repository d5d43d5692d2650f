//! The command line.

mod carried;
mod command;
mod signals;

use std::process::ExitCode;

use camino::Utf8PathBuf;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use harness::{Error, Result, cluster, home, runner::Asked, settings::Settings};
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
    /// Prove a cluster: set up what is missing, run scenarios, write the report; filters and flags are those of `cargo test`
    Run(Asked),
    /// Let a store's pods, servers, nodes and network fail from a seed, under load, on a cluster of our own, and account for every
    /// acknowledged write (exit code 1 when a promise is broken, 2 or 3 when that can't be judged)
    Chaos(command::ChaosAsked),
    /// Make this machine ready for clusters of our own: a Docker engine, kind, Helm, images
    Setup,
    /// Say what this machine has, what it lacks, and what to do about it
    Doctor {
        /// Also what the cluster of this context can and can't be asked, claim by claim; nothing is made there
        #[arg(long)]
        context: Option<String>,
    },
    /// Lease a cluster, make it where there is none, and keep it until `steadfast down`
    Up,
    /// Remove every cluster and container of ours, those of killed runs included
    Down {
        /// Instead, what killed runs left in the existing cluster of this context
        #[arg(long)]
        context: Option<String>,
        /// Also what a living process uses
        #[arg(long)]
        force: bool,
    },
    /// The images that an existing cluster's nodes need
    #[command(subcommand)]
    Images(command::Images),
    /// Print the rights that a run needs in an existing cluster, for `kubectl apply -f -`
    Rights,
    /// Write junit.xml and report.html again from the results of a run
    Report {
        /// The run's directory: target/steadfast/latest
        directory: Utf8PathBuf,
    },
    /// Say what the newest night of scripts/nightly proved, and what changed (exit code 1 when it is red)
    Nights {
        /// The folder of the nights: target/nights
        directory: Utf8PathBuf,
    },
    /// The changes of scripts/broken-clusters: which are to be run, and what became of them
    #[command(subcommand)]
    Rig(command::Rig),
    /// Judge a recorded run again, without a cluster, and name what differs (exit code 1)
    Replay {
        /// The run's directory: target/steadfast/latest
        directory: Utf8PathBuf,
    },
    /// Judge a history of your own: what clients did to a store, and what they were told (exit code 1 when something is wrong, 3 when
    /// something can't be judged)
    Judge(command::Judge),
    /// Say why a StatefulSet, one of its pods, or any set of a namespace or cluster is stuck, and what to do; only reads
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
  23  the API server does not answer
  25  no Helm; run steadfast setup
  26  no such chart, or the old one does not render (where the new one does not, the answer is 31)
  27  no such release, or its last change failed
  others as for a run";

const EXPLAIN_CODES: &str = "Exit codes:
  0   the set is healthy, or all are
  1   it is stuck, or does not stay ready, and the cause is named; of many, one is
  17  no such kubeconfig or context, or a target that can't be one
  21  no such StatefulSet or namespace
  22  the API server refuses to show it; the message says what to grant
  23  the API server does not answer
  24  it is not ready, and no cause was found: it may only need time";

fn main() -> ExitCode {
    let matches = Arguments::command().after_help(command::settings_help()).get_matches();
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    cluster::install_crypto();
    settings().and_then(|settings| begin(arguments.command, settings)).unwrap_or_else(|error| {
        command::complain(&format!("error: {error}"));
        ExitCode::from(error.exit_code())
    })
}

fn settings() -> Result<Settings> {
    let Some(carried) = carried::if_alone() else { return Settings::load(home::repository()) };
    let here = std::env::current_dir().map_err(Error::io("asking for the current directory"))?;
    let here = Utf8PathBuf::from_path_buf(here);
    let here = here.map_err(|path| Error::environment(format!("{} is no Unicode", path.display())))?;
    let settings = Settings::load(&here)?;
    home::stand_alone(carried, settings.cache.clone());
    Ok(settings)
}

fn begin(command: Command, settings: Settings) -> Result<ExitCode> {
    match command {
        // A run of scenarios has a runtime, signals and a log of its own.
        Command::Run(asked) => Ok(command::run(settings, asked)),
        Command::Chaos(asked) => command::chaos(settings, &asked),
        Command::Upgrade(upgrade) if !upgrade.only_looks() => command::try_upgrade(settings, &upgrade),
        Command::Upgrade(upgrade) => answer(command::look(&settings, &upgrade)),
        Command::Explain(arguments) => answer(command::explain(&arguments)),
        Command::Setup => succeed(command::setup(&settings)),
        Command::Doctor { context } => {
            let context = context.or_else(|| settings.context.clone());
            succeed(command::doctor(&Settings { context, ..settings }))
        }
        Command::Images(images) => succeed(command::images(&settings, &images)),
        Command::Rights => succeed(async { command::rights() }),
        Command::Up => succeed(command::up(&settings)),
        Command::Down { context, force } => succeed(command::down(&settings, context.as_deref(), force)),
        Command::Report { directory } => succeed(async { command::report(&directory) }),
        Command::Nights { directory } => succeed(async { command::nights(&directory) }),
        Command::Rig(rig) => succeed(async { command::rig(&rig) }),
        Command::Judge(asked) => answer(async { command::judge(&asked) }),
        Command::Replay { directory } => succeed(async { command::replay(&directory) }),
    }
}

fn succeed(work: impl Future<Output = Result<()>>) -> Result<ExitCode> {
    answer(async { work.await.map(|()| ExitCode::SUCCESS) })
}

fn answer(work: impl Future<Output = Result<ExitCode>>) -> Result<ExitCode> {
    tracing_subscriber::fmt().with_env_filter(filter()).with_writer(std::io::stderr).init();
    signals::until_signal(work)
}

/// What is logged beside the answer: what RUST_LOG asks for, or errors that nobody else tells.
fn filter() -> EnvFilter {
    // The client logs what it also returns, and one error is to be said once.
    EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error,kube_client=off"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each command by its words: `images push`, not `images`.
    fn commands(of: &clap::Command, before: &str) -> Vec<String> {
        if !of.has_subcommands() {
            return vec![before.trim().to_owned()];
        }
        of.get_subcommands().flat_map(|one| commands(one, &format!("{before} {}", one.get_name()))).collect()
    }

    #[test]
    fn every_command_is_in_the_readme() {
        let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md"))
            .expect("the README");
        let all = commands(&Arguments::command(), "");
        assert!(all.contains(&"images push".to_owned()), "{all:?}");
        for command in all {
            let begins = |line: &str| {
                let rest = line.strip_prefix(&format!("| `{command}"));
                rest.is_some_and(|rest| rest.starts_with(['`', ' ']))
            };
            assert!(readme.lines().any(begins), "the README's table of commands lacks {command}");
        }
    }
}
