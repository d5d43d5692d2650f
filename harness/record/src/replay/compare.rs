//! What differs between a result and the same record judged again.

use std::fmt::Display;

use crate::{
    result::{ClaimResult, Finding, ScenarioResult},
    words,
};

/// The differences, a sentence each; none when the verdict is the same.
pub fn differences(recorded: &ScenarioResult, again: &ScenarioResult) -> Vec<String> {
    let mut all = Vec::new();
    if recorded.outcome != again.outcome {
        let (before, now) = (words::outcome(recorded.outcome), words::outcome(again.outcome));
        all.push(differs("the outcome", before, now));
    }
    all.extend(trouble(recorded, again));
    all.extend(claims(&recorded.claims, &again.claims));
    all.extend(findings(&recorded.findings, &again.findings));
    all
}

fn differs(what: impl Display, recorded: impl Display, again: impl Display) -> String {
    format!("{what}: recorded is {recorded}, judged again it is {again}")
}

/// The recorded one may go on: the last lines of crashed containers follow the message.
fn trouble(recorded: &ScenarioResult, again: &ScenarioResult) -> Option<String> {
    let same = match (&recorded.trouble, &again.trouble) {
        (None, None) => true,
        (Some(recorded), Some(again)) => {
            let rest = recorded.message.strip_prefix(&again.message);
            recorded.class == again.class
                && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('\n'))
        }
        _ => false,
    };
    let told = |result: &ScenarioResult| {
        let trouble = result.trouble.as_ref();
        trouble.map_or_else(
            || "none".to_owned(),
            |trouble| format!("“{}” ({})", words::first_line(&trouble.message), trouble.class),
        )
    };
    (!same).then(|| differs("the reason", told(recorded), told(again)))
}

fn claims(recorded: &[ClaimResult], again: &[ClaimResult]) -> Vec<String> {
    let told = |claims: &[ClaimResult], id: &str| {
        let said: Vec<_> = claims.iter().filter(|claim| claim.id == id).collect();
        let told = |claim: &&ClaimResult| {
            format!("{} ({} judged)", words::verdict(claim.verdict), words::grouped(claim.judged))
        };
        if said.is_empty() {
            "nothing".to_owned()
        } else {
            said.iter().map(told).collect::<Vec<_>>().join(" and ")
        }
    };
    let mut ids: Vec<&str> = Vec::new();
    for claim in recorded.iter().chain(again) {
        if !ids.contains(&claim.id.as_str()) {
            ids.push(&claim.id);
        }
    }
    let sides = ids.into_iter().map(|id| (id, told(recorded, id), told(again, id)));
    sides.filter(|(_, before, now)| before != now).map(|(id, before, now)| differs(id, before, now)).collect()
}

fn findings(recorded: &[Finding], again: &[Finding]) -> Vec<String> {
    let only = |these: &[Finding], others: &[Finding], whose: &str| {
        let missing = these.iter().filter(|finding| !others.contains(finding));
        missing
            .map(|finding| format!("{}: {whose}: “{}”", finding.claim, words::first_line(&finding.message)))
            .collect::<Vec<_>>()
    };
    let mut all = only(recorded, again, "a finding with its quotes is recorded, and not found again");
    all.extend(only(again, recorded, "a finding with its quotes is found again, and not recorded"));
    if all.is_empty() && recorded != again {
        all.push("the findings: recorded is another order, or one of them twice".to_owned());
    }
    all
}
