//! `steadfast rig`.

use camino::{Utf8Path, Utf8PathBuf};
use clap::Subcommand;
use harness::{
    Error, Result,
    report::{
        rig::{
            self, Summary,
            table::{Shard, select},
        },
        store::write_whole,
    },
};

use super::say;

/// What there is to be done with the rig's changes; `scripts/broken-clusters` does the rest.
#[derive(Subcommand)]
pub enum Rig {
    /// Print the changes that are to be run, a line each: name, feature gates or -, scenarios
    Plan {
        /// Only a part, such as 1/4
        #[arg(long)]
        shard: Option<Shard>,
        /// Only one fault a program
        #[arg(long)]
        sample: bool,
        /// Only these: changes by name, all of a program, or all faults of a claim
        names: Vec<String>,
    },
    /// Write rig.html and rig.md from what was run (exit code 1 when it is red)
    Page {
        /// The folder of the runs: target/rig
        directory: Utf8PathBuf,
        /// Write the Markdown here as well: suites/broken-clusters.md
        #[arg(long)]
        markdown: Option<Utf8PathBuf>,
    },
}

pub fn rig(command: &Rig) -> Result<()> {
    match command {
        Rig::Plan { shard, sample, names } => plan(*shard, *sample, names),
        Rig::Page { directory, markdown } => page(directory, markdown.as_deref()),
    }
}

fn plan(shard: Option<Shard>, sample: bool, names: &[String]) -> Result<()> {
    let mut wanted = select(rig::table()?, shard, sample, names)?;
    // Another cluster is needed for other gates: those that share one come after each other.
    wanted.sort_by(|one, other| one.gates.cmp(&other.gates));
    for change in wanted {
        let gates = if change.gates.is_empty() { "-" } else { &change.gates };
        say(&format!("{} {gates} {}", change.name, change.on.join(" ")));
    }
    Ok(())
}

fn page(directory: &Utf8Path, markdown: Option<&Utf8Path>) -> Result<()> {
    let (rows, on) = rig::folder::read(directory)?;
    let (on, sum) = (on.unwrap_or_default(), Summary::of(&rows));
    let text = rig::markdown::render(&rows, &on);
    write_whole(&directory.join("rig.html"), rig::html::render(&rows, &on)?.as_bytes())?;
    for path in [Some(directory.join("rig.md").as_path()), markdown].into_iter().flatten() {
        write_whole(path, text.as_bytes())?;
    }
    say(&format!("{}\n{}", sum.text(), directory.join("rig.html")));
    if sum.is_good() { Ok(()) } else { Err(Error::failed("the rig is red: see its page")) }
}
