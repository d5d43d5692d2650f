//! Pattern 2, the distributed store.

mod becoming;
mod replaced;
mod volumes;

pub(crate) use volumes::EMPTIED;

use harness::runner::Scenario;

pub(crate) fn scenarios() -> Vec<Scenario> {
    [becoming::scenarios(), volumes::scenarios(), replaced::scenarios()].concat()
}
