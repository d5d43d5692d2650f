//! Pods that are evicted, fail, are told to stop, or are taken away; and a set that goes before its pods.

mod budget;
mod replaced;
mod termination;

use harness::runner::Scenario;

pub(crate) use budget::{BUDGET, NO_DISRUPTION_ALLOWED};
pub(crate) use replaced::{DELETED_IN_FOREGROUND, POD_FAILS, REFUSES_TO_STOP, SET_DELETED_ALONE};
pub(crate) use termination::STOPS_BY_ITSELF;

pub(crate) fn scenarios() -> Vec<Scenario> {
    [replaced::scenarios(), budget::scenarios(), termination::scenarios()].concat()
}
