//! Upgrades that are done, taken back and done again, under load.

use anyhow::Result;
use harness::{
    chart::Way,
    claim::{Claim, U1, U2, U3, U4, U5, U6, U7, U8, U9, U10},
    runner::{Run, Scenario, scenario},
    upgrade::play,
    workload::CHART,
};

use super::charts::{APPLIED, BY_THE_SAME, Chart, GARAGE, POSTGRESQL, UMBRELLA, of_charts, to, upgrade};
use crate::seconds;

const SEEN: [Claim; 10] = [U1, U2, U3, U4, U5, U6, U7, U8, U9, U10];

pub(super) fn scenarios() -> Vec<Scenario> {
    [
        scenario(
            "upgrade::postgresql",
            "a database is upgraded, taken back and upgraded again, and keeps what it acknowledged",
            |run| tried(run, POSTGRESQL, Way::Helm4),
        )
        .proves(SEEN)
        .within(seconds(420))
        .slow_control(
            "data_directory",
            [U3, U9, U6],
            to("postgresql/2.0.0-data-directory"),
            "acknowledged writes are lost",
        ),
        scenario(
            "upgrade::garage",
            "a replicated store is upgraded, taken back and upgraded again under load",
            |run| tried(run, GARAGE, Way::Helm4),
        )
        .proves(SEEN)
        .within(seconds(900))
        .slow_control(
            "never_ready",
            [U10, U7],
            to("garage/2.0.0-never-ready"),
            "the rollback did not come to its end",
        ),
        scenario(
            "upgrade::umbrella",
            "two stores and a definition of one chart are upgraded together",
            |run| tried(run, UMBRELLA, Way::Helm4),
        )
        .proves(SEEN)
        .alike([CHART], BY_THE_SAME)
        .within(seconds(900))
        .slow(),
        scenario(
            "upgrade::applied",
            "a database that was installed by helm template | kubectl apply is upgraded the same way",
            |run| tried(run, APPLIED, Way::Apply),
        )
        .proves(SEEN)
        .alike([CHART], BY_THE_SAME)
        .within(seconds(420))
        .slow(),
    ]
    .map(of_charts)
    .into()
}

async fn tried(run: Run, chart: Chart, way: Way) -> Result<()> {
    let upgrade = upgrade(&run, chart, way)?;
    Ok(play(run, upgrade).await?)
}
