//! Rolling updates. New pods are held by a readiness gate that comes with the new template, so order is forced to show.

mod availability;
mod forced_rollback;
mod highest_first;
mod strategies;
mod templates;

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
