//! Pattern 1, the single-replica database.

mod crashes;
mod password;
mod single_replica;
mod stopping;

use harness::runner::Scenario;

pub(crate) use crashes::{STOPPED, row_checkers, row_clients};
pub(crate) use password::RESTARTED;

pub(crate) fn scenarios() -> Vec<Scenario> {
    [single_replica::scenarios(), stopping::scenarios(), password::scenarios(), crashes::scenarios()].concat()
}
