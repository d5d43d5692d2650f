//! What can and what can't be asked of a cluster that is not ours, claim by claim, by what is seen of it before anything is made.

use super::{Need, Scenario};
use crate::{claim::Claim, report::terrain::Terrain};

/// Why a claim can't be asked; none where it can, as far as is seen.
#[derive(Debug)]
pub struct Outlook {
    /// The claim.
    pub claim: Claim,
    /// Why not.
    pub why_not: Option<String>,
}

/// The outlook of each claim that a scenario of the catalogue proves, in the order of claims.
pub fn outlook(catalogue: &[Scenario], terrain: &Terrain) -> Vec<Outlook> {
    let proved = |claim: &&Claim| catalogue.iter().any(|scenario| scenario.claims.contains(claim));
    let claims = crate::claim::ALL.iter().filter(proved);
    claims.map(|claim| Outlook { claim: *claim, why_not: why_not(catalogue, terrain, *claim) }).collect()
}

fn why_not(catalogue: &[Scenario], terrain: &Terrain, claim: Claim) -> Option<String> {
    let right = terrain.lacking.iter().find(|right| right.claims.iter().any(|one| one == claim.id));
    if let Some(right) = right {
        return Some(format!("these credentials may not {right}"));
    }
    // One scenario that can be run is enough.
    let scenarios = catalogue.iter().filter(|scenario| scenario.claims.contains(&claim));
    let reasons: Option<Vec<String>> = scenarios.map(|scenario| lacking(scenario, terrain)).collect();
    reasons.and_then(|reasons| reasons.into_iter().next())
}

/// What a scenario needs that the cluster lacks.
fn lacking(scenario: &Scenario, terrain: &Terrain) -> Option<String> {
    scenario.needs.iter().find_map(|need| match need {
        Need::OwnNodes => Some(format!("it needs {need}")),
        need => need.lacking(terrain).map(|why| format!("it needs {need}: {why}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        claim::{K16, K22, S9, S22},
        report::terrain::Right,
        runner::scenario,
    };

    #[test]
    fn a_claim_can_be_asked_when_a_scenario_can_be_run_and_no_right_is_lacking() {
        let plain = |name, claims: &[Claim]| scenario(name, "", |_| async { Ok(()) }).proves(claims.to_vec());
        let catalogue = [
            plain("a", &[S9, K16]),
            plain("b", &[S9, K22]).alone(),
            plain("c", &[S22]).needs([Need::GrowingClass]),
        ];
        let mut terrain = Terrain::default();
        let why = |terrain: &Terrain, claim: Claim| {
            let all = outlook(&catalogue, terrain);
            assert_eq!(all.len(), 4);
            all.into_iter().find(|one| one.claim == claim).unwrap().why_not
        };
        assert_eq!(why(&terrain, S9), None);
        assert!(why(&terrain, K22).unwrap().starts_with("it needs a cluster of our own"));
        assert!(why(&terrain, S22).unwrap().ends_with("no storage class has allowVolumeExpansion"));
        terrain.lacking.push(Right {
            verbs: vec!["create".into()],
            resource: "pods/eviction".into(),
            purpose: "evictions".into(),
            claims: vec!["K16".into()],
        });
        assert_eq!(why(&terrain, K16).unwrap(), "these credentials may not create pods/eviction: evictions");
        assert_eq!(why(&terrain, S9), None);
    }
}
