//! Chart upgrades: the charts under manifests/charts, in a good step and in bad ones, one for each classic break.

mod charts;
mod foreseen;
mod kinds;
mod tried;

use harness::runner::Scenario;

pub(crate) fn scenarios() -> Vec<Scenario> {
    [foreseen::scenarios(), tried::scenarios(), kinds::scenarios()].concat()
}
