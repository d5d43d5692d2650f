//! Chart upgrades: the charts under manifests/charts, in a good step and in bad ones, one for each classic break.

mod kinds;

use anyhow::Result;
use harness::{
    chart::{Reference, Way},
    claim::{Claim, U1, U2, U3, U4, U5, U6, U7, U8, U9, U10},
    home,
    runner::{Need, Run, Sabotage, Scenario, scenario},
    upgrade::{Source, Upgrade, play, preflight},
    workload::CHART,
};

use crate::seconds;

const FORESEEN: [Claim; 6] = [U1, U2, U4, U5, U7, U8];
const SEEN: [Claim; 10] = [U1, U2, U3, U4, U5, U6, U7, U8, U9, U10];

/// Why no control of these runs.
const BY_THE_SAME: &str = "it is judged as upgrade::garage and upgrade::postgresql are";

pub(crate) fn scenarios() -> Vec<Scenario> {
    let foreseen_of_garage = scenario(
        "upgrade::foreseen_of_garage",
        "what an upgrade of Garage's chart would do is known before, without doing it",
        |run| foreseen(run, GARAGE),
    );
    let foreseen_of_postgresql = scenario(
        "upgrade::foreseen_of_postgresql",
        "what an upgrade of PostgreSQL's chart would do is known before, without doing it",
        |run| foreseen(run, POSTGRESQL),
    );
    let postgresql = scenario(
        "upgrade::postgresql",
        "a database is upgraded, taken back and upgraded again, and keeps what it acknowledged",
        |run| tried(run, POSTGRESQL, Way::Helm4),
    );
    let garage = scenario(
        "upgrade::garage",
        "a replicated store is upgraded, taken back and upgraded again under load",
        |run| tried(run, GARAGE, Way::Helm4),
    );
    let umbrella = scenario(
        "upgrade::umbrella",
        "two stores and a definition of one chart are upgraded together",
        |run| tried(run, UMBRELLA, Way::Helm4),
    );
    let applied = scenario(
        "upgrade::applied",
        "a database that was installed by helm template | kubectl apply is upgraded the same way",
        |run| tried(run, APPLIED, Way::Apply),
    );
    let kinds = scenario(
        "upgrade::kinds",
        "each kind of step that published charts take is answered as is right",
        kinds::kinds,
    );
    [
        foreseen_of_garage
            .proves(FORESEEN)
            .within(seconds(180))
            .control(
                "service_name",
                [U1],
                to("garage/2.0.0-service-name"),
                "spec.serviceName from garage-headless",
            )
            .slow_control("template_labels", [U1], to("garage/2.0.0-template-labels"), "spec.selector")
            .slow_control("claim_size", [U1], to("garage/2.0.0-claim-size"), "spec.volumeClaimTemplates")
            .slow_control("cluster_ip", [U1], to("garage/2.0.0-cluster-ip"), "spec.clusterIP")
            .slow_control("served_api", [U1], to("garage/2.0.0-served-api"), "does not serve policy/v1beta1")
            .slow_control(
                "management_policy",
                [U1],
                to("garage/2.0.0-management-policy"),
                "spec.podManagementPolicy",
            )
            .slow_control(
                "on_delete",
                [U1],
                to("garage/2.0.0-on-delete"),
                "only allowed for updateStrategy 'RollingUpdate'",
            )
            .control("name", [U2, U4], to("garage/2.0.0-name"), "its PVCs stay behind")
            .control(
                "regenerated_secret",
                [U4],
                to("garage/2.0.0-regenerated-secret"),
                "another value at each rendering",
            )
            .slow_control("missing_image", [U8], to("garage/2.0.0-missing-image"), "can't be had"),
        foreseen_of_postgresql
            .proves(FORESEEN)
            .within(seconds(180))
            .control(
                "major_step",
                [U5, U8],
                to("postgresql/2.0.0-major-step"),
                "does not start over a data folder of 17",
            )
            .control("hook", [U7], HOOK, "Helm never upgrades it"),
        postgresql.proves(SEEN).within(seconds(420)).slow_control(
            "data_directory",
            [U3, U9, U6],
            to("postgresql/2.0.0-data-directory"),
            "acknowledged writes are lost",
        ),
        garage.proves(SEEN).within(seconds(900)).slow_control(
            "never_ready",
            [U10, U7],
            to("garage/2.0.0-never-ready"),
            "the rollback did not come to its end",
        ),
        umbrella.proves(SEEN).alike([CHART], BY_THE_SAME).within(seconds(900)).slow(),
        applied.proves(SEEN).alike([CHART], BY_THE_SAME).within(seconds(420)).slow(),
        kinds.proves([U1]).alike([CHART], BY_THE_SAME).within(seconds(600)).slow(),
    ]
    .map(|scenario| scenario.on([CHART]).needs([Need::Charts, Need::OwnNamespace]))
    .into()
}

/// A chart in its good line: its release, the version that it comes from and the one that it goes to.
#[derive(Clone, Copy)]
struct Chart {
    release: &'static str,
    from: &'static str,
    to: &'static str,
    /// The values that a user gives.
    values: Option<&'static str>,
}

const GARAGE: Chart = Chart { release: "garage", from: "garage/1.0.0", to: "garage/1.1.0", values: None };
const POSTGRESQL: Chart =
    Chart { release: "postgresql", from: "postgresql/1.0.0", to: "postgresql/1.1.0", values: None };
const UMBRELLA: Chart =
    Chart { release: "lakehouse", from: "umbrella/1.0.0", to: "umbrella/1.1.0", values: None };

/// Where nothing is looked up, a password must be given, or it would be another at each rendering.
const APPLIED: Chart = Chart { values: Some("postgresql/dagster.yaml"), ..POSTGRESQL };

/// The upgrade goes to this chart instead.
const fn to(take: &'static str) -> Sabotage {
    Sabotage::Chart { from: None, to: take }
}

/// A database that is a hook, as Airbyte's is.
const HOOK: Sabotage = Sabotage::Chart { from: Some("postgresql/1.0.0-hook"), to: "postgresql/2.0.0-hook" };

async fn foreseen(run: Run, chart: Chart) -> Result<()> {
    let upgrade = upgrade(&run, chart, Way::Helm4)?;
    Ok(preflight(run, upgrade).await?)
}

async fn tried(run: Run, chart: Chart, way: Way) -> Result<()> {
    let upgrade = upgrade(&run, chart, way)?;
    Ok(play(run, upgrade).await?)
}

fn upgrade(run: &Run, chart: Chart, way: Way) -> Result<Upgrade> {
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
