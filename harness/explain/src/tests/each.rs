//! Each cause has a world, is named there, and no other.

use proptest::prelude::*;
use serde_json::json;

use super::{Case, World, containers, controller, diagnose, placement, refused, reports, storage, templates};
use crate::{Certainty, State, cause};

fn cases() -> Vec<Case> {
    [
        storage::cases(),
        placement::cases(),
        containers::cases(),
        controller::cases(),
        templates::cases(),
        refused::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn each_world_has_its_cause_and_no_other() {
    for case in cases() {
        let diagnosis = diagnose(&case.world.picture());
        assert_eq!(diagnosis.ids(), [case.id], "{diagnosis}");
        assert_eq!(diagnosis.state, State::Stuck, "{diagnosis}");
        for quoted in case.quotes {
            assert!(diagnosis.to_string().contains(quoted), "expected {quoted:?} in\n{diagnosis}");
        }
        assert!(diagnosis.causes.iter().all(|cause| !cause.advice.is_empty()), "{diagnosis}");
        assert!(
            diagnosis
                .causes
                .iter()
                .all(|cause| (cause.certainty == Certainty::Likely) == cause.to_be_sure.is_some()),
            "{diagnosis}"
        );
    }
}

#[test]
fn every_cause_has_a_world() {
    let covered: Vec<&str> = cases().into_iter().map(|case| case.id).chain(reports::causes()).collect();
    let missing: Vec<&str> =
        cause::ALL.iter().map(|(id, _)| *id).filter(|id| !covered.contains(id)).collect();
    assert!(missing.is_empty(), "no world for {missing:?}");
}

#[test]
fn ids_are_stable_words() {
    let mut ids: Vec<&str> = cause::ALL.iter().map(|(id, _)| *id).collect();
    assert!(ids.iter().all(|id| id.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-')));
    ids.dedup();
    assert_eq!(ids.len(), cause::ALL.len());
}

#[test]
fn what_can_not_be_looked_at_is_said_and_fails_nothing() {
    for case in cases() {
        let mut picture = case.world.picture();
        let forbidden = || "forbidden".to_owned();
        picture.quotas = Err(forbidden());
        picture.budgets = Err(forbidden());
        picture.revisions = Err(forbidden());
        picture.neighbours = Err(forbidden());
        let diagnosis = diagnose(&picture);
        assert_eq!(diagnosis.ids(), [case.id], "{diagnosis}");
        assert_eq!(diagnosis.not_looked_at.len(), 4);
        assert!(diagnosis.to_string().contains("not looked at: resourcequotas (forbidden)"), "{diagnosis}");
        picture.nodes = Err(forbidden());
        picture.classes = Err(forbidden());
        picture.volumes = Err(forbidden());
        diagnose(&picture);
    }
}

#[test]
fn a_terminal_is_not_moved_by_what_a_cluster_says() {
    let world = World::new(1)
        .pod(0, json!({"status": {"phase": "Pending"}, "spec": {"nodeName": null}}))
        .unready(0)
        .unscheduled(0, "0/1 nodes are available: \u{1b}[2J\nsomething new.");
    let text = diagnose(&world.picture()).to_string();
    assert!(!text.contains('\u{1b}') && text.contains("something new"), "{text}");
}

proptest! {
    #[test]
    fn of_ordered_pods_the_lowest_is_to_blame(replicas in 1i32..7, lowest in 0i32..7, others in any::<u8>()) {
        prop_assume!(lowest < replicas);
        let mut world = World::new(replicas).probe_fails(lowest);
        for ordinal in lowest + 1..replicas {
            if others & (1 << ordinal) != 0 {
                world = world.without_pod(ordinal);
            }
        }
        let gone = (lowest + 1..replicas).filter(|ordinal| others & (1 << ordinal) != 0).count();
        let diagnosis = diagnose(&world.picture());
        prop_assert_eq!(diagnosis.ids(), [cause::READINESS_PROBE_FAILING]);
        prop_assert_eq!(&diagnosis.causes[0].about, &format!("pod/web-{lowest}"));
        prop_assert_eq!(diagnosis.causes[0].waiting.len(), gone);
    }

    #[test]
    fn parallel_pods_share_a_cause(replicas in 1i32..7, sick in 1u8..127) {
        let hit: Vec<i32> = (0..replicas).filter(|ordinal| sick & (1 << ordinal) != 0).collect();
        prop_assume!(!hit.is_empty());
        let world = World::new(replicas).set(json!({"spec": {"podManagementPolicy": "Parallel"}}));
        let world = hit.iter().fold(world, |world, ordinal| world.probe_fails(*ordinal));
        let diagnosis = diagnose(&world.picture());
        prop_assert_eq!(diagnosis.ids(), [cause::READINESS_PROBE_FAILING]);
        let names: Vec<String> = hit.iter().map(|ordinal| format!("web-{ordinal}")).collect();
        prop_assert_eq!(&diagnosis.causes[0].pods, &names);
        prop_assert!(diagnosis.causes[0].waiting.is_empty());
    }
}
