//! `steadfast chaos`.

use std::{
    process::ExitCode,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use clap::{Args, ValueEnum};
use harness::{
    Result,
    chaos::Chaos,
    runner,
    settings::Settings,
    workload::{DAGSTER_POSTGRESQL, GARAGE, Workload},
};

use super::{complain, say};

/// What is to fail, and for how long.
#[derive(Args)]
pub struct Arguments {
    /// How long faults go on
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1440))]
    minutes: u32,
    /// The same seed gives the same faults [default: another one each time]
    #[arg(long)]
    seed: Option<u64>,
    /// The store
    #[arg(long, value_enum, default_value = "garage")]
    workload: Store,
    /// Only print the faults, and touch nothing
    #[arg(long)]
    list: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Store {
    /// Three nodes of Garage
    Garage,
    /// One PostgreSQL
    Postgres,
}

impl Store {
    fn workload(self) -> (Workload, u32) {
        match self {
            Self::Garage => (GARAGE, 3),
            Self::Postgres => (DAGSTER_POSTGRESQL, 1),
        }
    }
}

pub fn chaos(settings: Settings, asked: &Arguments) -> Result<ExitCode> {
    let seed = asked.seed.unwrap_or_else(drawn);
    let chaos = Chaos { seed, time: Duration::from_secs(60 * u64::from(asked.minutes)) };
    let (workload, replicas) = asked.workload.workload();
    let store = asked.workload.to_possible_value().map(|value| value.get_name().to_owned());
    let again = format!(
        "steadfast chaos --minutes {} --seed {seed} --workload {}",
        asked.minutes,
        store.unwrap_or_default()
    );
    if asked.list {
        chaos.schedule(replicas).faults.iter().for_each(|planned| say(&planned.to_string()));
        return Ok(ExitCode::SUCCESS);
    }
    complain(&format!("to be played again by: {again}"));
    let scenario = suites::chaos(workload, chaos);
    let single = runner::alone(settings, scenario, workload, "chaos", again.clone())?;
    let result = &single.result;
    for measure in &result.measures {
        say(&format!("{}: {} {}", measure.name, measure.value, measure.unit));
    }
    match &result.trouble {
        Some(trouble) => say(&trouble.message),
        None => say("every acknowledged write is accounted for"),
    }
    say(&format!("report: {}", single.directory.join("report.html")));
    say(&format!("again: {again}"));
    if let Some(kubeconfig) = single.kept {
        complain(&format!("The cluster stays: export KUBECONFIG={kubeconfig}; `steadfast down` removes it."));
    }
    Ok(ExitCode::from(single.code))
}

/// A seed that nobody chose; short, to be typed again.
fn drawn() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::from(now.subsec_micros())
}
