//! Rolling updates. New pods are held by a readiness gate that comes with the new template, so order is forced to show.

mod availability;
mod forced_rollback;
mod highest_first;
mod strategies;
mod templates;

pub(crate) use highest_first::TAKEN_BACK;
pub(crate) use strategies::BELOW_IS_DELETED;
pub(crate) use templates::{HIGHEST_IS_NEW, noted, partition_at};

use harness::runner::Scenario;

pub(crate) fn scenarios() -> Vec<Scenario> {
    [
        highest_first::scenarios(),
        strategies::scenarios(),
        availability::scenarios(),
        forced_rollback::scenarios(),
    ]
    .concat()
}
