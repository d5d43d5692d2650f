//! What people met and reported, made for real: the cause is named and no other, and the advice, carried out, heals it.
//! Where each report is from is in `sources.md`.

mod common;
mod denied;
mod passed_by;
mod peers;
mod placing;
mod refused;
mod server_words;
mod side_by_side;
mod starting;
mod unsteady;
mod volumes;

use common::{healed, report};
use harness::runner::Scenario;

/// The scenarios of the reports.
pub(super) fn scenarios() -> Vec<Scenario> {
    [
        starting::scenarios(),
        peers::scenarios(),
        refused::scenarios(),
        placing::scenarios(),
        server_words::scenarios(),
        side_by_side::scenarios(),
        passed_by::scenarios(),
        denied::scenarios(),
        unsteady::scenarios(),
        volumes::scenarios(),
    ]
    .concat()
}

/// What these scenarios make.
#[cfg(test)]
pub(super) fn causes() -> Vec<&'static str> {
    [
        starting::CAUSES.to_vec(),
        peers::CAUSES.to_vec(),
        refused::CAUSES.to_vec(),
        placing::CAUSES.to_vec(),
        server_words::causes(),
        side_by_side::causes(),
        passed_by::CAUSES.to_vec(),
        denied::CAUSES.to_vec(),
        unsteady::CAUSES.to_vec(),
        volumes::CAUSES.to_vec(),
    ]
    .concat()
}
