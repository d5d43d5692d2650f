use super::*;

fn wanted() -> BTreeMap<String, String> {
    BTreeMap::from([("db-0".to_owned(), "uid-db-0".to_owned())])
}

#[test]
fn pods_that_stay_and_pods_that_are_replaced() {
    let (stay, replaced) = (pods_stay(&wanted()), pods_replaced(&wanted()));
    let of = |expectation: &Expectation, objects: &[(Kind, Value)]| expectation.check(&world(objects));
    let (old, new) = ([pod("db-0", false)], [another(pod("db-0", true))]);
    assert_eq!(of(&stay, &old), Met);
    assert_eq!(not_yet(of(&stay, &new)), "db-0 is another object: another instead of uid-db-0");
    assert_eq!(not_yet(of(&stay, &[terminating(pod("db-0", true))])), "db-0 is being deleted");
    assert_eq!(not_yet(of(&stay, &[])), "db-0 does not exist");
    assert_eq!(not_yet(of(&replaced, &old)), "db-0 is still the old object");
    assert_eq!((of(&replaced, &new), of(&replaced, &[])), (Met, Met));
}

#[test]
fn pods_at_a_revision() {
    let at = pods_at(&promise(), [0, 1], "new");
    let pod = |name: &str, revision: &str| {
        with(pod(name, false), "metadata.labels", json!({"controller-revision-hash": revision}))
    };
    let check = |objects: &[(Kind, Value)]| at.check(&world(objects));
    assert_eq!(check(&[pod("db-0", "new"), pod("db-1", "new")]), Met);
    assert_eq!(not_yet(check(&[pod("db-0", "new"), pod("db-1", "old")])), "db-1 is at old");
    assert_eq!(not_yet(check(&[pod("db-0", "new")])), "db-1 does not exist");
}

#[test]
fn a_roll_is_over_when_every_count_and_the_revision_say_so() {
    let over = rolled(&promise(), 2);
    let rolled = |change: &[(&str, Value)]| {
        let done = [
            ("updatedReplicas", json!(2)),
            ("currentRevision", json!("new")),
            ("updateRevision", json!("new")),
        ];
        let set = done.iter().chain(change).fold(set(2, 3, 3, 2), |set, (field, value)| {
            with(set, &format!("status.{field}"), value.clone())
        });
        over.check(&world(&[set]))
    };
    assert_eq!(rolled(&[]), Met);
    assert_eq!(not_yet(rolled(&[("updatedReplicas", json!(1))])), "1 of 2 pods are at new, 2 are ready");
    assert_eq!(not_yet(rolled(&[("readyReplicas", json!(1))])), "2 of 2 pods are at new, 1 are ready");
    not_yet(rolled(&[("replicas", json!(3))]));
    not_yet(rolled(&[("currentRevision", json!("old"))]));
    assert!(not_yet(rolled(&[("observedGeneration", json!(2))])).contains("generation 2 of 3"));
}

#[test]
fn a_template_is_of_a_revision() {
    let of = |revision: &str| with(set(2, 3, 3, 2), "status.updateRevision", json!(revision));
    let is = revision_is(&promise(), "old");
    assert_eq!(is.check(&world(&[of("old")])), Met);
    assert_eq!(not_yet(is.check(&world(&[of("new")]))), "it is of new");
    assert_eq!(not_yet(is.check(&world(&[]))), "the StatefulSet db does not exist");
}

#[test]
fn revisions_are_kept_by_name() {
    let revision = |name: &str| (Kind::ControllerRevision, json!({"metadata": {"name": name, "uid": name}}));
    let two = revisions_are(["one", "two"].map(str::to_owned));
    assert_eq!(two.check(&world(&[revision("one"), revision("two")])), Met);
    assert_eq!(not_yet(two.check(&world(&[revision("one")]))), r#"there are {"one"}"#);
    assert_eq!(
        not_yet(two.check(&world(&[revision("one"), revision("zero")]))),
        r#"there are {"one", "zero"}"#
    );
}
