//! Persistent storage outlives the set.

mod deleted;
mod growth;
mod ready_made;
mod retention;

use harness::runner::Scenario;

pub(crate) use deleted::{CLAIM_AND_POD_DELETED, CLAIM_OF_PENDING_DELETED, CLAIMS_STAY};
pub(crate) use growth::{ASKED_FOR_MORE, GROWING};
pub(crate) use ready_made::{LARGE, WAS_ANOTHERS};
pub(crate) use retention::SCALED_DOWN;

pub(crate) fn scenarios() -> Vec<Scenario> {
    [retention::scenarios(), deleted::scenarios(), growth::scenarios(), ready_made::scenarios()].concat()
}
