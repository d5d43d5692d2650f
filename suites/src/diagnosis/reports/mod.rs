//! What people met and reported, made for real: the cause is named and no other, and the advice, carried out, heals it.
//! Where each report is from is in `sources.md`.

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

use std::time::Duration;

use anyhow::Result;
use harness::{
    claim::S15,
    runner::{Run, Scenario, scenario},
    workload::SENTINEL,
};

use super::BY_THE_SAME;
use crate::seconds;

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

/// A scenario of this chapter: for the night, since most wait until Kubernetes gives up on something.
fn report<F, Fut>(name: &'static str, about: &'static str, within: Duration, body: F) -> Scenario
where
    F: Fn(Run) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<()>> + Send + 'static,
{
    scenario(name, about, body).proves([S15]).alike([SENTINEL], BY_THE_SAME).within(within).slow()
}

/// Judges that a set is well, now that the advice was carried out.
async fn healed(run: &Run, set: &str) -> Result<()> {
    run.step(format!("{set}: the advice was carried out, and it is well")).await?;
    Ok(run.set(set).judge_diagnosis(S15, &[], seconds(120)).await?)
}
