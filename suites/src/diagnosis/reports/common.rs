//! What the scenarios of the reports have in common.

use std::time::Duration;

use anyhow::Result;
use harness::{
    claim::S15,
    runner::{Run, Scenario, scenario},
    workload::SENTINEL,
};

use crate::{diagnosis::BY_THE_SAME, seconds};

/// A scenario of this chapter: for the night, since most wait until Kubernetes gives up on something.
pub(super) fn report<F, Fut>(name: &'static str, about: &'static str, within: Duration, body: F) -> Scenario
where
    F: Fn(Run) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<()>> + Send + 'static,
{
    scenario(name, about, body).proves([S15]).alike([SENTINEL], BY_THE_SAME).within(within).slow()
}

/// Judges that a set is well, now that the advice was carried out.
pub(super) async fn healed(run: &Run, set: &str) -> Result<()> {
    run.step(format!("{set}: the advice was carried out, and it is well")).await?;
    Ok(run.set(set).judge_diagnosis(S15, &[], seconds(120)).await?)
}
