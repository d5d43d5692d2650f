//! The promises, one file per chapter. Each reads as a story; all plumbing is in the harness.

use harness::runner::Scenario;

mod api;
mod comparison;
mod garage;
mod identity;
mod network;
mod ordering;
mod postgres;
mod rollout;
mod sabotage;
mod storage;
mod survival;

/// Everything there is to run.
pub fn catalogue() -> Vec<Scenario> {
    [
        identity::scenarios(),
        comparison::scenarios(),
        network::scenarios(),
        ordering::scenarios(),
        rollout::scenarios(),
        api::scenarios(),
        storage::scenarios(),
        survival::scenarios(),
        garage::scenarios(),
        postgres::scenarios(),
    ]
    .concat()
}

/// Seconds, as deadlines of scenarios are given.
pub(crate) const fn seconds(seconds: u64) -> std::time::Duration {
    std::time::Duration::from_secs(seconds)
}
