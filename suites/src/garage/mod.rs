//! Pattern 2, the distributed store.

mod all_away;
mod becoming;
mod clients;
mod crashes;
mod partition;
mod quorum;
mod replaced;
mod replication;
mod volumes;

pub(crate) use becoming::{ALL_RESTARTED, INITIALISED_AT_ONCE, S3_WORKS, WITHOUT_LAYOUT};
pub(crate) use clients::{
    FEW_LARGE, OBJECTS, SMALL, checkers, checkers_of_what_is_shared, clients, pods, pods_and_service,
};
pub(crate) use quorum::{QUORUM, TWO_OF_THREE};
pub(crate) use replication::{CATCHES_UP, LAST_ALONE};
pub(crate) use volumes::EMPTIED;

use harness::runner::Scenario;

pub(crate) fn scenarios() -> Vec<Scenario> {
    [
        becoming::scenarios(),
        quorum::scenarios(),
        all_away::scenarios(),
        replication::scenarios(),
        crashes::scenarios(),
        partition::scenarios(),
        volumes::scenarios(),
        replaced::scenarios(),
    ]
    .concat()
}
