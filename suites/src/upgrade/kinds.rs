//! The kinds of steps that published charts have been seen to take, each on a live release, with the answer that it has.

use anyhow::Result;
use harness::{
    chart::{Forecast, Severity, Way, answer::Answer},
    claim::U1,
    runner::{Run, Scenario, scenario},
    upgrade::{Stage, Upgrade},
    workload::CHART,
};
use serde_json::json;

use super::charts::{BY_THE_SAME, Chart, of_charts, upgrade};
use crate::seconds;

/// A step, the way in which it is taken, and what is right to say of it.
struct Kind {
    name: &'static str,
    from: &'static str,
    to: &'static str,
    way: Way,
    answer: Answer,
    /// What is said, beside notes.
    causes: &'static [&'static str],
}

const fn kind(
    name: &'static str,
    to: &'static str,
    way: Way,
    answer: Answer,
    causes: &'static [&'static str],
) -> Kind {
    Kind { name, from: "shelf/1.0.0", to, way, answer, causes }
}

#[rustfmt::skip]
const KINDS: &[Kind] = &[
    kind("safe", "shelf/1.1.0", Way::Helm4, Answer::Safe, &[]),
    kind("safe-three", "shelf/1.1.0", Way::Helm3, Answer::Safe, &[]),
    kind("claim-name", "shelf/2.0.0-claim-name", Way::Helm4, Answer::LosesData, &["claim-gone", "immutable-field", "service-without-pods"]),
    kind("no-claim", "shelf/2.0.0-no-claim", Way::Helm4, Answer::LosesData, &["claim-gone"]),
    kind("cluster-ip", "shelf/2.0.0-cluster-ip", Way::Helm4, Answer::WouldBreak, &["immutable-field"]),
    kind("service-name", "shelf/2.0.0-service-name", Way::Helm3, Answer::WouldBreak, &["immutable-field"]),
    kind("hook", "shelf/2.0.0-orphaning-hook", Way::Helm4, Answer::NeedsCare, &["deleted-by-hook"]),
    kind("refusal", "shelf/2.0.0-refusal", Way::Helm4, Answer::WouldBreak, &["not-rendered"]),
    Kind { from: "shelf/1.0.0-certificate", ..kind("certificate", "shelf/1.1.0-certificate", Way::Helm4, Answer::NeedsCare, &["certificate-made-anew"]) },
    kind("owned", "shelf/1.1.0-owned", Way::Helm4, Answer::WouldBreak, &["owned-field", "weaker"]),
];

pub(super) fn scenarios() -> Vec<Scenario> {
    [scenario(
        "upgrade::kinds",
        "each kind of step that published charts take is answered as is right",
        kinds,
    )
    .proves([U1])
    .alike([CHART], BY_THE_SAME)
    .within(seconds(600))
    .slow()]
    .map(of_charts)
    .into()
}

/// Every kind, one after another, each in a release of its own.
async fn kinds(run: Run) -> Result<()> {
    for kind in KINDS {
        let mut stage = Stage::install(run.clone(), asked(&run, kind)?).await?;
        if kind.name == "owned" {
            let name = format!("{}-worker", kind.name);
            let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name},
                "spec": {"template": {"spec": {"terminationGracePeriodSeconds": 77}}}});
            stage.set_by_another(&name, "platform-team", &set).await?;
        }
        let foretold = stage.foretell().await?.1;
        run.judge(U1, wrong(kind, &foretold));
    }
    Ok(())
}

fn asked(run: &Run, kind: &Kind) -> Result<Upgrade> {
    let chart = Chart { release: kind.name, from: kind.from, to: kind.to, values: None };
    upgrade(run, chart, kind.way)
}

/// What of an answer is not as it should be, in words.
fn wrong(kind: &Kind, foretold: &[Forecast]) -> Option<String> {
    let answer = Answer::of_findings(foretold);
    let said: Vec<&str> =
        foretold.iter().filter(|one| one.severity > Severity::Note).map(|one| one.cause.as_str()).collect();
    let missing = kind.causes.iter().any(|cause| !said.contains(cause));
    let more = said.iter().any(|cause| !kind.causes.contains(cause));
    (answer != kind.answer || missing || more).then(|| {
        format!(
            "{}: the preflight says {} ({}), and right is {} ({})",
            kind.name,
            answer.text(),
            said.join(", "),
            kind.answer.text(),
            kind.causes.join(", ")
        )
    })
}
