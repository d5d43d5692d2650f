//! Pattern 2, the distributed store.

mod becoming;

use harness::runner::Scenario;

pub(crate) fn scenarios() -> Vec<Scenario> {
    becoming::scenarios()
}
