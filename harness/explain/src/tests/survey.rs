use serde_json::json;

use super::{World, diagnose};
use crate::{State, cause, survey};

#[test]
fn the_worst_set_comes_first_and_healthy_ones_are_counted() {
    let named = |world: World, name: &str| {
        let mut diagnosis = diagnose(&world.picture());
        diagnosis.set = name.to_owned();
        diagnosis
    };
    let survey = survey(vec![
        named(World::new(3), "well"),
        named(World::new(3).set(json!({"metadata": {"generation": 4}})), "moving"),
        named(World::new(3).probe_fails(2), "nearly"),
        named(World::new(1).probe_fails(0), "down"),
    ]);
    let order: Vec<&str> = survey.sets.iter().map(|diagnosis| diagnosis.set.as_str()).collect();
    assert_eq!(order, ["down", "nearly", "moving"]);
    assert_eq!((survey.healthy, survey.state()), (1, State::Stuck));
    let text = survey.to_string();
    assert!(text.contains(cause::READINESS_PROBE_FAILING) && text.ends_with("1 of 4 sets healthy"), "{text}");
    let json = serde_json::to_value(&survey).unwrap();
    assert_eq!(json["sets"][0]["causes"][0]["evidence"][0]["source"], "event");
    assert_eq!(json["sets"][0]["causes"][0]["certainty"], "certain");
}
