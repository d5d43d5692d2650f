//! What is wrong with a catalogue, or with what is asked of it.

use std::collections::BTreeSet;

use super::Scenario;
use crate::claim;

/// What is wrong with a catalogue: names that appear twice, scenarios without a claim or a workload, controls of
/// claims that their scenario does not prove.
pub fn of(catalogue: &[Scenario]) -> Vec<String> {
    let mut mistakes = Vec::new();
    let mut names = BTreeSet::new();
    for scenario in catalogue {
        if scenario.claims.is_empty() {
            mistakes.push(format!("{} proves no claim", scenario.name));
        }
        if scenario.workloads.is_empty() {
            mistakes.push(format!("{} runs on no workload", scenario.name));
        }
        for claim in scenario.breaks.iter().filter(|claim| scenario.claims.contains(claim)) {
            mistakes.push(format!("{} proves {} and breaks it", scenario.name, claim.id));
        }
        for control in &scenario.controls {
            if !control.claims.iter().any(|claim| scenario.claims.contains(claim)) {
                mistakes.push(format!(
                    "control {} of {} names no claim that it proves",
                    control.name, scenario.name
                ));
            }
            if control.expects.is_empty() {
                mistakes.push(format!("control {} of {} expects no finding", control.name, scenario.name));
            }
        }
        for plan in scenario.plans() {
            if !names.insert(plan.name.clone()) {
                mistakes.push(format!("two trials are named {}", plan.name));
            }
        }
    }
    mistakes
}

/// Why a filter matches nothing.
pub fn nothing_matches(filter: &str) -> String {
    let is_id = |word: &&str| {
        word.strip_prefix(['S', 'K', 'G', 'P', 'D', 'U'])
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    match filter.split("::").find(is_id) {
        Some(id) if claim::find(id).is_none() => {
            format!("there is no claim {id}: the claims are {}", claim::ids().join(" "))
        }
        Some(id) => format!(
            "no scenario matches {filter}: no control of {id} is called so; --list shows what there is"
        ),
        None => format!("no scenario matches {filter}; --list shows what there is"),
    }
}

/// The claims that no scenario proves, and those that nothing could turn red.
pub fn unproved_and_uncontrolled(catalogue: &[Scenario]) -> Vec<String> {
    let mut mistakes = Vec::new();
    for claim in claim::ALL {
        if !catalogue.iter().any(|scenario| scenario.claims.contains(claim)) {
            mistakes.push(format!("no scenario proves {}", claim.id));
        }
        let controlled = catalogue.iter().any(|scenario| {
            scenario.controls.iter().any(|control| control.claims.contains(claim))
                || scenario.uncontrolled.iter().any(|(uncontrolled, _)| uncontrolled == claim)
        });
        if !controlled {
            mistakes.push(format!("no control turns {} red, and nobody says why none can exist", claim.id));
        }
    }
    mistakes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        claim::{S8, S9},
        runner::{Sabotage, scenario},
    };

    fn example() -> Scenario {
        scenario("ordering::example", "an example", |_| async { Ok(()) }).proves([S9])
    }

    #[test]
    fn a_control_is_named_after_its_claim() {
        let scenario = example().control("parallel", [S9], Sabotage::Manifest(|_, _| Ok(())), "began");
        let names: Vec<_> = scenario.plans().into_iter().map(|plan| plan.name).collect();
        assert_eq!(names, ["ordering::example", "control::S9::parallel"]);
        assert!(of(&[scenario]).is_empty());
    }

    #[test]
    fn an_unknown_claim_is_named() {
        assert!(
            nothing_matches("control::S99::parallel")
                .starts_with("there is no claim S99: the claims are S1 ")
        );
        assert!(nothing_matches("control::S9::nonsense").contains("no control of S9 is called so"));
        assert_eq!(nothing_matches("Sx::y"), "no scenario matches Sx::y; --list shows what there is");
    }

    #[test]
    fn mistakes_are_named() {
        let empty = scenario("a", "", |_| async { Ok(()) });
        assert_eq!(of(&[empty]).len(), 1);
        assert_eq!(of(&[example(), example()]), ["two trials are named ordering::example"]);
        let stray = example().control("parallel", [S8], Sabotage::Manifest(|_, _| Ok(())), "");
        assert_eq!(of(&[stray]).len(), 2);
    }
}
