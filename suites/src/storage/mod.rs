//! Persistent storage outlives the set.

mod deleted;
mod growth;
mod retention;

use harness::runner::Scenario;

pub(crate) use growth::GROWING;

pub(crate) fn scenarios() -> Vec<Scenario> {
    [retention::scenarios(), deleted::scenarios(), growth::scenarios()].concat()
}
