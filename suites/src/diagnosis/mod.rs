//! Why a set is stuck: each cause is made for real, and it, and no other, must be named.

mod case;
mod cluster;
mod nodes;
mod pending;
mod refused;
mod reports;
mod starting;
mod stopping;
mod storage;
mod waiting;

#[cfg(test)]
mod tests;

use harness::runner::Scenario;

pub(crate) use nodes::TAINTED;

/// Why no control of a scenario runs.
const BY_THE_SAME: &str = "a diagnosis is judged as in diagnosis::pending, which is seen to say no";

/// The scenarios of this chapter.
pub(crate) fn scenarios() -> Vec<Scenario> {
    [
        pending::scenarios(),
        storage::scenarios(),
        starting::scenarios(),
        refused::scenarios(),
        waiting::scenarios(),
        stopping::scenarios(),
        nodes::scenarios(),
        cluster::scenarios(),
        reports::scenarios(),
    ]
    .concat()
}
