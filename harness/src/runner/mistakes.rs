//! What is wrong with a catalogue, or with what is asked of it.

use std::collections::BTreeSet;

use super::Scenario;
use crate::{claim, workload::Workload};

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
            if let Some(workload) = control.workload.filter(|one| !scenario.workloads.contains(one)) {
                mistakes.push(format!(
                    "control {} runs on {}, and {} does not",
                    control.name, workload.name, scenario.name
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
        word.strip_prefix(['S', 'K', 'G', 'P', 'F', 'D', 'U'])
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

/// The trials that were never seen to say no: of each scenario, the workloads on which no control runs, where nobody says
/// why none need.
pub fn workloads_without_control(catalogue: &[Scenario]) -> Vec<String> {
    let of = |scenario: &Scenario| {
        let controlled = |workload: &Workload| {
            let mut on = scenario.controls.iter().map(|control| scenario.workload_of(control));
            on.any(|on| on == Some(*workload)) || scenario.alike.iter().any(|(alike, _)| alike == workload)
        };
        let bare = scenario.workloads.iter().filter(|workload| !controlled(workload));
        let words = |workload: &Workload| {
            format!(
                "no control of {} runs on {}, and nobody says why none need",
                scenario.name, workload.name
            )
        };
        bare.map(words).collect::<Vec<_>>()
    };
    catalogue.iter().flat_map(of).collect()
}

/// The claims that no scenario proves, and those that nothing could turn red.
pub fn claims_without_scenario_or_control(catalogue: &[Scenario]) -> Vec<String> {
    let mut mistakes = Vec::new();
    for claim in claim::ALL {
        if !catalogue.iter().any(|scenario| scenario.claims.contains(claim)) {
            mistakes.push(format!("no scenario proves {}", claim.id));
        }
        let controlled = catalogue
            .iter()
            .any(|scenario| scenario.controls.iter().any(|control| control.claims.contains(claim)));
        if !controlled {
            mistakes.push(format!("no control turns {} red", claim.id));
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
        workload::{DAGSTER_POSTGRESQL, GARAGE, SENTINEL},
    };

    const NOTHING: Sabotage = Sabotage::Manifest(|_, _| Ok(()));

    fn example() -> Scenario {
        scenario("ordering::example", "an example", |_| async { Ok(()) }).proves([S9])
    }

    #[test]
    fn a_control_is_named_after_its_claim() {
        let scenario = example().control("parallel", [S9], NOTHING, "began");
        let names: Vec<_> = scenario.plans().into_iter().map(|plan| plan.name).collect();
        assert_eq!(names, ["ordering::example", "control::S9::parallel"]);
        assert!(of(&[scenario]).is_empty());
    }

    #[test]
    fn each_workload_of_a_scenario_has_a_control_or_a_reason() {
        let three =
            example().on([SENTINEL, GARAGE, DAGSTER_POSTGRESQL]).control("parallel", [S9], NOTHING, "x");
        let bare = |workload: &str| {
            format!("no control of ordering::example runs on {workload}, and nobody says why none need")
        };
        assert_eq!(
            workloads_without_control(std::slice::from_ref(&three)),
            ["garage", "dagster-postgresql"].map(bare)
        );
        assert_eq!(workloads_without_control(&[example()]), [bare("sentinel")]);

        let two = three.alike([GARAGE], "its journal is judged as the sentinel's");
        let all = two.control_on(DAGSTER_POSTGRESQL, "parallel", [S9], NOTHING, "x");
        assert_eq!(workloads_without_control(std::slice::from_ref(&all)), Vec::<String>::new());
        let names: Vec<_> = all.plans().into_iter().map(|plan| (plan.name, plan.workload.name)).collect();
        assert_eq!(names[3], ("control::S9::parallel".to_owned(), "sentinel"));
        assert_eq!(names[4], ("control::S9::parallel::dagster_postgresql".to_owned(), "dagster-postgresql"));
        assert!(of(&[all]).is_empty());
        let elsewhere = example().control_on(GARAGE, "parallel", [S9], NOTHING, "x");
        assert_eq!(of(&[elsewhere]), ["control parallel runs on garage, and ordering::example does not"]);
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
        let stray = example().control("parallel", [S8], NOTHING, "");
        assert_eq!(of(&[stray]).len(), 2);
    }
}
