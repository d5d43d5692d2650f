//! Pattern 1, the single-replica database.

mod clients;
mod crashes;
mod password;
mod single_replica;
mod stopping;

use harness::runner::Scenario;

pub(crate) use clients::{
    checkers_of_one_database, checkers_of_three_databases, clients_of_one_database,
    clients_of_three_databases, writers_and_reader,
};
pub(crate) use crashes::STOPPED;
pub(crate) use password::RESTARTED;
pub(crate) use single_replica::{ON_THE_CLAIM, POD_DELETED};

pub(crate) fn scenarios() -> Vec<Scenario> {
    [single_replica::scenarios(), stopping::scenarios(), password::scenarios(), crashes::scenarios()].concat()
}
