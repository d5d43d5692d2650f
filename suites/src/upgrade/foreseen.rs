//! What is known of an upgrade before, without doing it: the good step, and a bad one for each classic break.

use anyhow::Result;
use harness::{
    chart::Way,
    claim::{Claim, U1, U2, U4, U5, U7, U8},
    runner::{Run, Sabotage, Scenario, scenario},
    upgrade::preflight,
};

use super::charts::{Chart, GARAGE, POSTGRESQL, of_charts, to, upgrade};
use crate::seconds;

const FORESEEN: [Claim; 6] = [U1, U2, U4, U5, U7, U8];

/// A database that is a hook, as Airbyte's is.
const HOOK: Sabotage = Sabotage::Chart { from: Some("postgresql/1.0.0-hook"), to: "postgresql/2.0.0-hook" };

pub(super) fn scenarios() -> Vec<Scenario> {
    [
        scenario(
            "upgrade::foreseen_of_garage",
            "what an upgrade of Garage's chart would do is known before, without doing it",
            |run| foreseen(run, GARAGE),
        )
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
        scenario(
            "upgrade::foreseen_of_postgresql",
            "what an upgrade of PostgreSQL's chart would do is known before, without doing it",
            |run| foreseen(run, POSTGRESQL),
        )
        .proves(FORESEEN)
        .within(seconds(180))
        .control(
            "major_step",
            [U5, U8],
            to("postgresql/2.0.0-major-step"),
            "does not start over a data folder of 17",
        )
        .control("hook", [U7], HOOK, "Helm never upgrades it"),
    ]
    .map(of_charts)
    .into()
}

async fn foreseen(run: Run, chart: Chart) -> Result<()> {
    let upgrade = upgrade(&run, chart, Way::Helm4)?;
    Ok(preflight(run, upgrade).await?)
}
