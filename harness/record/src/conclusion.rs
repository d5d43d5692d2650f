//! From what was found to a verdict. Pure, so that it can be tested as what it is: the judge.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    error::Class,
    result::{BrokenOff, ClaimResult, ControlFacts, Finding, Outcome, Trouble, Verdict},
};

/// How a scenario ended, and why.
#[derive(Debug)]
pub struct Conclusion {
    /// How.
    pub outcome: Outcome,
    /// Why, when it did not pass.
    pub trouble: Option<Trouble>,
    /// What became of each claim.
    pub claims: Vec<ClaimResult>,
}

/// What a scenario, or its control, is about.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The claims that it says it proves.
    pub proves: &'a [String],
    /// The claims that it breaks on purpose.
    pub breaks: &'a [String],
    /// Set when it is a control.
    pub control: Option<&'a ControlFacts>,
}

/// Draws the conclusion, from what a result's file and its evidence hold.
pub fn conclude(
    terms: Terms<'_>,
    judged: &BTreeMap<String, u64>,
    findings: &[Finding],
    broken_off: Option<&BrokenOff>,
) -> Conclusion {
    let Terms { proves, breaks, control } = terms;
    let claims = claims(proves, breaks, judged, findings, broken_off.is_some());
    let (outcome, trouble) = match control {
        None => scenario(&claims, breaks, findings, broken_off),
        Some(control) => controlled(control, breaks, findings, broken_off),
    };
    Conclusion { outcome, trouble, claims }
}

fn claims(
    proves: &[String],
    breaks: &[String],
    judged: &BTreeMap<String, u64>,
    findings: &[Finding],
    ended_early: bool,
) -> Vec<ClaimResult> {
    let mut ids: Vec<&str> = proves.iter().map(String::as_str).collect();
    for finding in findings {
        // What is broken on purpose says nothing of the cluster.
        let meant = breaks.contains(&finding.claim);
        if !meant && !ids.contains(&finding.claim.as_str()) {
            ids.push(&finding.claim);
        }
    }
    ids.into_iter()
        .map(|id| {
            let judged = judged.get(id).copied().unwrap_or(0);
            let refuted = findings.iter().any(|finding| finding.contradicts(id));
            let hidden = findings.iter().any(|finding| finding.claim == id);
            let verdict = match (refuted, hidden || ended_early || judged == 0) {
                (true, _) => Verdict::Refuted,
                (false, true) => Verdict::Unproved,
                (false, false) => Verdict::Proved,
            };
            ClaimResult { id: id.to_owned(), verdict, judged }
        })
        .collect()
}

fn scenario(
    claims: &[ClaimResult],
    breaks: &[String],
    findings: &[Finding],
    broken_off: Option<&BrokenOff>,
) -> (Outcome, Option<Trouble>) {
    if let Some(BrokenOff { outcome: Outcome::Interrupted, trouble }) = broken_off {
        return (Outcome::Interrupted, Some(trouble.clone()));
    }
    let against = |finding: &&Finding| finding.obstacle.is_none() && !breaks.contains(&finding.claim);
    // A broken promise stays one, whatever else went wrong after it.
    if let Some(finding) = findings.iter().find(against) {
        return (Outcome::Failed, Some(failed(format!("{}: {}", finding.claim, finding.message))));
    }
    if let Some(BrokenOff { outcome, trouble }) = broken_off {
        return (*outcome, Some(trouble.clone()));
    }
    if let Some(hidden) = findings.iter().find_map(not_judged) {
        return (Outcome::Environment, Some(hidden));
    }
    let unbroken = |claim: &&String| !findings.iter().any(|finding| finding.contradicts(claim));
    if let Some(claim) = breaks.iter().find(unbroken) {
        let message = format!("the scenario breaks {claim} on purpose, and nothing was seen of it");
        return (Outcome::Failed, Some(failed(message)));
    }
    if let Some(claim) = claims.iter().find(|claim| claim.judged == 0) {
        let message = format!("the scenario says that it proves {}, and judged nothing of it", claim.id);
        return (Outcome::Error, Some(Trouble { class: Class::Error, message }));
    }
    (Outcome::Passed, None)
}

/// A control must turn exactly its claims red, with its finding.
fn controlled(
    control: &ControlFacts,
    breaks: &[String],
    findings: &[Finding],
    broken_off: Option<&BrokenOff>,
) -> (Outcome, Option<Trouble>) {
    let stopped = broken_off.filter(|broken| broken.outcome != Outcome::Failed);
    if let Some(BrokenOff { outcome: outcome @ (Outcome::Interrupted | Outcome::Error), trouble }) = stopped {
        return (*outcome, Some(trouble.clone()));
    }
    let Some(message) = not_as_named(control, breaks, findings, broken_off) else {
        return (Outcome::Passed, None);
    };
    // What was not seen to its end may still have turned out as it should.
    if let Some(BrokenOff { outcome, trouble }) = stopped {
        return (*outcome, Some(trouble.clone()));
    }
    match findings.iter().find_map(not_judged) {
        Some(hidden) => (Outcome::Environment, Some(hidden)),
        None => (Outcome::Failed, Some(failed(message))),
    }
}

/// In what the findings differ from those that a control names.
fn not_as_named(
    control: &ControlFacts,
    breaks: &[String],
    findings: &[Finding],
    broken_off: Option<&BrokenOff>,
) -> Option<String> {
    let named: BTreeSet<&str> = control.claims.iter().map(String::as_str).collect();
    let against: Vec<_> = findings.iter().filter(|finding| finding.obstacle.is_none()).collect();
    let mut red: BTreeSet<&str> = against.iter().map(|finding| finding.claim.as_str()).collect();
    // What the scenario breaks by itself is not the sabotage's doing.
    for claim in breaks.iter().filter(|claim| !named.contains(claim.as_str())) {
        red.remove(claim.as_str());
    }
    let list = |ids: &mut dyn Iterator<Item = &&str>| ids.copied().collect::<Vec<_>>().join(", ");
    let other =
        |finding: &&&Finding| red.contains(finding.claim.as_str()) && !named.contains(finding.claim.as_str());
    if red.is_empty() {
        let after = broken_off.map_or_else(String::new, |broken| {
            format!("; the scenario ended so: {}", broken.trouble.message)
        });
        Some(format!(
            "the control stayed green: {} should have turned {} red{after}",
            control.sabotage,
            list(&mut named.iter())
        ))
    } else if let Some(finding) = against.iter().find(other) {
        Some(format!("the control turned {} red, which it does not name: {}", finding.claim, finding.message))
    } else if red != named {
        Some(format!("the control left {} green", list(&mut named.difference(&red))))
    } else if !against.iter().any(|finding| control.says(finding)) {
        let found: Vec<_> =
            against.iter().map(|finding| format!("{}: {}", finding.claim, finding.message)).collect();
        let first = control.claims.first().map_or("", String::as_str);
        Some(format!("no finding of {first} says {:?}; found: {}", control.expects, found.join("; ")))
    } else {
        None
    }
}

/// What a claim that could not be judged makes of its scenario.
fn not_judged(finding: &Finding) -> Option<Trouble> {
    let obstacle = finding.obstacle?;
    let message = format!("{} could not be judged: {obstacle}: {}", finding.claim, finding.message);
    Some(Trouble { class: Class::Environment, message })
}

fn failed(message: String) -> Trouble {
    Trouble { class: Class::Failed, message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        claim::{Claim, S8, S9},
        law::Obstacle,
    };

    fn conclusion(control: bool, judged: u64, findings: &[Finding], ended: Option<Outcome>) -> Conclusion {
        let proves = ["S9".to_owned()];
        let (sabotage, expects) = ("parallel".to_owned(), "began to terminate".to_owned());
        let control = control.then(|| ControlFacts { sabotage, claims: proves.to_vec(), expects });
        let broken = ended.map(broken_off);
        let judged = BTreeMap::from([("S9".to_owned(), judged)]);
        let terms = Terms { proves: &proves, breaks: &[], control: control.as_ref() };
        conclude(terms, &judged, findings, broken.as_ref())
    }

    fn finding(claim: Claim, message: &str) -> Finding {
        Finding::against(claim.id, message)
    }

    fn outcome(control: bool, judged: u64, findings: &[Finding], ended: Option<Outcome>) -> Outcome {
        conclusion(control, judged, findings, ended).outcome
    }

    fn broken_off(outcome: Outcome) -> BrokenOff {
        BrokenOff { outcome, trouble: Trouble { class: Class::Environment, message: "no disk".to_owned() } }
    }

    #[test]
    fn a_scenario_passes_only_if_it_judged_what_it_claims() {
        assert_eq!(outcome(false, 2, &[], None), Outcome::Passed);
        assert_eq!(outcome(false, 0, &[], None), Outcome::Error);
        assert_eq!(outcome(false, 2, &[finding(S9, "x")], None), Outcome::Failed);
        assert_eq!(outcome(false, 2, &[finding(S8, "another claim's law")], None), Outcome::Failed);
    }

    #[test]
    fn classes_are_not_confused() {
        assert_eq!(outcome(false, 2, &[], Some(Outcome::Environment)), Outcome::Environment);
        assert_eq!(outcome(false, 2, &[], Some(Outcome::Error)), Outcome::Error);
        assert_eq!(outcome(false, 2, &[], Some(Outcome::Failed)), Outcome::Failed);
        assert_eq!(outcome(false, 2, &[], Some(Outcome::Interrupted)), Outcome::Interrupted);
        assert_eq!(outcome(false, 2, &[finding(S9, "x")], Some(Outcome::Environment)), Outcome::Failed);
    }

    #[test]
    fn a_claim_that_could_not_be_judged_is_unproved_and_never_refuted() {
        let gap = Finding::not_judged("S9", Obstacle::Recording, "a gap");
        for control in [false, true] {
            let conclusion = conclusion(control, 2, std::slice::from_ref(&gap), None);
            assert_eq!(conclusion.outcome, Outcome::Environment);
            assert_eq!(conclusion.claims[0].verdict, Verdict::Unproved);
            let message = conclusion.trouble.unwrap().message;
            assert_eq!(message, "S9 could not be judged: the recording is not whole: a gap");
        }
        // What was seen broken stays so.
        let broken = [gap, finding(S9, "began to terminate")];
        let conclusion = conclusion(false, 2, &broken, None);
        assert_eq!((conclusion.outcome, conclusion.claims[0].verdict), (Outcome::Failed, Verdict::Refuted));
    }

    #[test]
    fn a_control_must_turn_exactly_its_claims_red() {
        let right = finding(S9, "pod-1 began to terminate while pod-2 was there");
        assert_eq!(outcome(true, 2, std::slice::from_ref(&right), None), Outcome::Passed);
        assert_eq!(outcome(true, 2, std::slice::from_ref(&right), Some(Outcome::Failed)), Outcome::Passed);
        assert_eq!(outcome(true, 2, &[], None), Outcome::Failed);
        assert_eq!(outcome(true, 2, &[], Some(Outcome::Failed)), Outcome::Failed);
        assert_eq!(outcome(true, 2, &[right.clone(), finding(S8, "too much")], None), Outcome::Failed);
        assert_eq!(outcome(true, 2, &[finding(S9, "something else")], None), Outcome::Failed);
        // It said no in time; a surrounding that goes away later takes nothing back.
        assert_eq!(
            outcome(true, 2, std::slice::from_ref(&right), Some(Outcome::Environment)),
            Outcome::Passed
        );
        assert_eq!(outcome(true, 2, &[right], Some(Outcome::Error)), Outcome::Error);
        assert_eq!(outcome(true, 2, &[], Some(Outcome::Environment)), Outcome::Environment);
    }

    #[test]
    fn another_claims_finding_does_not_say_what_a_control_expects_of_its_first() {
        let claims = ["S9", "S8"].map(str::to_owned).to_vec();
        let control = ControlFacts {
            sabotage: "parallel".to_owned(),
            expects: "began to terminate".to_owned(),
            claims: claims.clone(),
        };
        let terms = Terms { proves: &claims, breaks: &[], control: Some(&control) };
        let judged = BTreeMap::from([("S9".to_owned(), 2), ("S8".to_owned(), 1)]);
        let found = |nine: &str, eight: &str| {
            let findings = [finding(S9, nine), finding(S8, eight)];
            assert_eq!(control.is_met(&findings), nine.contains("began"));
            conclude(terms, &judged, &findings, None)
        };
        assert_eq!(found("pod-1 began to terminate", "pod-2 was created").outcome, Outcome::Passed);
        let other = found("pod-1 is gone", "pod-2 began to terminate");
        assert_eq!(other.outcome, Outcome::Failed);
        let words = other.trouble.map(|trouble| trouble.message).unwrap_or_default();
        assert!(words.starts_with(r#"no finding of S9 says "began to terminate"; found: S9: "#), "{words}");
    }

    #[test]
    fn a_claim_that_is_broken_on_purpose_must_be_seen_broken_and_says_nothing_else() {
        let (proves, breaks) = (["S9".to_owned()], ["S8".to_owned()]);
        let judged = BTreeMap::from([("S9".to_owned(), 2)]);
        let terms = Terms { proves: &proves, breaks: &breaks, control: None };
        let meant = [finding(S8, "broken on purpose")];
        let conclusion = conclude(terms, &judged, &meant, None);
        assert_eq!((conclusion.outcome, conclusion.claims.len()), (Outcome::Passed, 1));
        assert_eq!(conclude(terms, &judged, &[], None).outcome, Outcome::Failed);
    }

    #[test]
    fn a_claim_is_unproved_when_the_scenario_ended_early() {
        let conclusion = conclusion(false, 3, &[], Some(Outcome::Environment));
        assert_eq!(conclusion.claims[0].verdict, Verdict::Unproved);
    }
}
