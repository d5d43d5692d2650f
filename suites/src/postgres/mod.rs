//! Pattern 1, the single-replica database.

mod single_replica;

use harness::runner::Scenario;

pub(crate) fn scenarios() -> Vec<Scenario> {
    single_replica::scenarios()
}
