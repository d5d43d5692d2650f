//! A run as large as the whole catalogue's: every claim, nearly as many controls, the longest names.

use super::super::{
    fixture::{facts, scenario},
    result::{ControlFacts, Outcome, ScenarioResult, Verdict},
    tally::Report,
};
use crate::claim;
use record::upgrade::{Availability, Change, Facts, Forecast, Phase, Severity, Way, Window};

const WORKLOADS: [&str; 5] = ["sentinel", "garage", "dagster-postgresql", "airbyte-db", "chart"];
const SABOTAGES: [&str; 4] =
    ["parallel", "data_directory_off_the_claim", "status_written_by_another", "stateful_set_for_deployment"];

/// Each claim by a few scenarios, most of them turned red by a control; some of it not as it should be.
pub fn report() -> Report {
    let mut results: Vec<ScenarioResult> = Vec::new();
    for (index, claim) in claim::ALL.iter().enumerate() {
        for workload in WORKLOADS.iter().cycle().skip(index).take(1 + index % 4) {
            let name = format!("rollout::what_is_promised_of_{}::{workload}", claim.id.to_lowercase());
            let mut result = scenario(&name).proves(claim.id);
            result.workload = (*workload).into();
            result.purpose = claim.statement.into();
            results.push(if index % 17 == 9 { result.finding(claim.id, claim.statement) } else { result });
        }
        if index % 6 == 5 {
            continue;
        }
        let sabotage = SABOTAGES[index % SABOTAGES.len()];
        let mut control = scenario(&format!("control::{}::{sabotage}", claim.id));
        control.control = Some(ControlFacts {
            sabotage: sabotage.into(),
            claims: vec![claim.id.into()],
            expects: claim.statement.into(),
        });
        results.push(match index % 11 {
            7 => control.proves(claim.id),
            8 => control.ends(Outcome::Environment, "no image"),
            _ => control.claim(claim.id, Verdict::Refuted, 40).finding(claim.id, claim.statement),
        });
    }
    let mut upgrade = scenario("upgrade").proves("U1");
    upgrade.upgrade = Some(facts_of_an_upgrade());
    results.push(upgrade);
    let names: Vec<&str> = results.iter().map(|result| result.scenario.as_str()).collect();
    Report::new(facts(&names), results)
}

/// With values that nothing breaks.
fn facts_of_an_upgrade() -> Facts {
    let hash = "0123456789abcdef".repeat(12);
    let finding = Forecast {
        cause: "immutable-field".into(),
        claim: "U1".into(),
        severity: Severity::Break,
        object: "StatefulSet a-release-with-a-long-name-garage".into(),
        message: format!("spec.volumeClaimTemplates of {hash} can't be changed"),
        place: Some(
            "templates/statefulset.yaml:14, from .Values.persistence.data.size (values.yaml:9)".into(),
        ),
        remedy: "delete the set with --cascade=orphan before the upgrade, and make it anew".into(),
    };
    let change = Change {
        api_version: "v1".into(),
        kind: "ConfigMap".into(),
        namespace: None,
        name: "dashboards".into(),
        field: "/data/dashboard.json".into(),
        old: Some(hash.clone().into()),
        new: Some(format!("{hash}\n  {hash}").into()),
    };
    Facts {
        release: "garage".into(),
        way: Way::Helm4,
        from: "garage 1.0.0".into(),
        to: "garage 1.1.0".into(),
        findings: vec![finding],
        differences: vec![change],
        phases: vec![Phase { name: "upgrade".into(), from: 1.0, to: 11.0, trouble: Some(hash) }],
        availability: vec![Availability {
            store: "garage".into(),
            pod: Some("garage-0".into()),
            windows: vec![Window { from: 3.0, to: 5.0 }],
        }],
        old_not_ready: None,
    }
}
