//! The charts under manifests/charts that are upgraded, each in its good line.

use anyhow::Result;
use harness::{
    chart::{Reference, Way},
    home,
    runner::{Need, Run, Sabotage, Scenario},
    upgrade::{Source, Upgrade},
    workload::CHART,
};

use crate::seconds;

/// Why no control of these runs.
pub(super) const BY_THE_SAME: &str = "it is judged as upgrade::garage and upgrade::postgresql are";

/// What every scenario of this chapter is on, and needs.
pub(super) fn of_charts(scenario: Scenario) -> Scenario {
    scenario.on([CHART]).needs([Need::Charts, Need::OwnNamespace])
}

/// A chart in its good line: its release, the version that it comes from and the one that it goes to.
#[derive(Clone, Copy)]
pub(super) struct Chart {
    pub release: &'static str,
    pub from: &'static str,
    pub to: &'static str,
    /// The values that a user gives.
    pub values: Option<&'static str>,
}

pub(super) const GARAGE: Chart =
    Chart { release: "garage", from: "garage/1.0.0", to: "garage/1.1.0", values: None };
pub(super) const POSTGRESQL: Chart =
    Chart { release: "postgresql", from: "postgresql/1.0.0", to: "postgresql/1.1.0", values: None };
pub(super) const UMBRELLA: Chart =
    Chart { release: "lakehouse", from: "umbrella/1.0.0", to: "umbrella/1.1.0", values: None };

/// Where nothing is looked up, a password must be given, or it would be another at each rendering.
pub(super) const APPLIED: Chart = Chart { values: Some("postgresql/dagster.yaml"), ..POSTGRESQL };

/// The upgrade goes to this chart instead.
pub(super) const fn to(take: &'static str) -> Sabotage {
    Sabotage::Chart { from: None, to: take }
}

/// The upgrade of a chart, in a way.
pub(super) fn upgrade(run: &Run, chart: Chart, way: Way) -> Result<Upgrade> {
    let (from, to) = run.charts().chosen(chart.from, chart.to);
    let charts = home::root()?.join("manifests/charts");
    let values = chart.values.map(|values| charts.join(values));
    let source =
        |chart: &str| Source { reference: Reference::Folder(charts.join(chart)), values: values.clone() };
    Ok(Upgrade {
        release: chart.release.to_owned(),
        way,
        from: source(from),
        to: source(to),
        stores: None,
        patience: seconds(90),
        target: None,
    })
}
