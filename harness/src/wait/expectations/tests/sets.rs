use super::*;

#[test]
fn a_set_that_starts_above_zero() {
    let promise = Promise::of(&json!({"metadata": {"name": "db"}, "spec": {"ordinals": {"start": 3}}}));
    let ready = set_ready(&promise, 2);
    let objects = [pod("db-3", true), pod("db-4", true), set(2, 1, 1, 2)];
    assert_eq!(ready.check(&world(&objects)), Met);
}

#[test]
fn a_set_whose_controller_is_done_with_other_pods_is_never_ready() {
    let ready = set_ready(&promise(), 2);
    let check = |objects: &[(Kind, Value)]| ready.check(&world(objects));
    let (zero, two, done) = (pod("db-0", true), pod("db-2", true), set(2, 1, 1, 2));
    let why = never(check(&[zero.clone(), two.clone(), done.clone()]));
    assert_eq!(why, "the controller is done, and db-1 does not exist; there are db-0, db-2");
    // It is not done while it has not seen the newest spec, wants or counts others, or one is not ready or too many.
    for objects in [
        vec![zero.clone(), two.clone(), set(2, 2, 1, 2)],
        vec![zero.clone(), two.clone(), set(3, 1, 1, 2)],
        vec![zero.clone(), two.clone(), set(2, 1, 1, 1)],
        vec![zero.clone(), pod("db-2", false), done.clone()],
        vec![zero.clone(), two.clone(), pod("db-3", true), done.clone()],
        vec![zero.clone(), done],
        vec![zero, two],
    ] {
        assert_eq!(not_yet(check(&objects)), "db-1 does not exist");
    }
}

#[test]
fn a_missing_pod_comes_with_what_was_said_of_its_set() {
    let warned = [
        set(1, 1, 1, 0),
        warning("1", "StatefulSet", "db", "set", "FailedCreate"),
        warning("22", "StatefulSet", "other", "set", "Other"),
    ];
    let why = not_yet(set_ready(&promise(), 1).check(&world(&warned)));
    assert_eq!(why, "db-0 does not exist; FailedCreate: why");
}

#[test]
fn pods_without_their_set() {
    let ready = set_ready(&promise(), 1);
    let why = not_yet(ready.check(&world(&[pod("db-0", true)])));
    assert_eq!(why, "the StatefulSet db does not exist");
    let gone = set_gone(&promise());
    assert_eq!(gone.check(&World::default()), Met);
    assert_eq!(not_yet(gone.check(&world(&[set(1, 1, 1, 1)]))), "it is there");
}

#[test]
fn a_set_that_leaves_is_there_until_its_pods_are_gone() {
    let leaving = set_leaving(&promise(), 1);
    let check = |set: (Kind, Value)| leaving.check(&world(&[set]));
    assert_eq!(never(leaving.check(&World::default())), "the StatefulSet db does not exist");
    assert_eq!(not_yet(check(set(2, 1, 1, 1))), "it is not being deleted");
    assert_eq!(not_yet(check(terminating(set(2, 1, 1, 2)))), "it counts 2");
    assert_eq!(check(terminating(set(2, 1, 1, 1))), Met);
}

#[test]
fn what_the_controller_counts_and_which_spec_is_shown() {
    let counted = |available: u32| [with(set(2, 1, 1, 2), "status.availableReplicas", json!(available))];
    let two = available(&promise(), 2);
    assert_eq!(two.check(&world(&counted(2))), Met);
    assert_eq!(not_yet(two.check(&world(&counted(1)))), "it counts 1 available");
    assert_eq!(not_yet(two.check(&World::default())), "the StatefulSet db does not exist");

    let shown = |generation: i64| set_generation(&promise(), 4).check(&world(&[set(1, generation, 1, 1)]));
    assert_eq!(not_yet(shown(3)), "it shows generation 3");
    assert_eq!((shown(4), shown(5)), (Met, Met));
}

#[test]
fn a_set_asks_for_its_replicas_whatever_is_there() {
    let asks = asks_for(&promise(), 2);
    assert_eq!(asks.check(&world(&[set(2, 2, 1, 3)])), Met);
    assert_eq!(not_yet(asks.check(&world(&[set(3, 2, 2, 2)]))), "it asks for 3");
    assert_eq!(not_yet(asks.check(&World::default())), "the StatefulSet db does not exist");
}
