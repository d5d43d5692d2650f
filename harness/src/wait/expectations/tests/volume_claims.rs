use super::*;

fn volume_claim(name: &str, phase: &str) -> (Kind, Value) {
    let volume_claim = json!({"metadata": {"name": name, "uid": format!("uid-{name}")}, "spec": {},
        "status": {"phase": phase}});
    (Kind::PersistentVolumeClaim, volume_claim)
}

fn owned(volume_claim: (Kind, Value), owners: &[(&str, &str, &str)]) -> (Kind, Value) {
    let owners = owners
        .iter()
        .map(|(kind, name, uid)| json!({"apiVersion": "v1", "kind": kind, "name": name, "uid": uid}));
    with(volume_claim, "metadata.ownerReferences", owners.collect())
}

const NOBODY_MAKES_IT: &str =
    "data-db-0 does not exist, and nothing makes it again: the StatefulSet db does not exist";

#[test]
fn a_volume_claim_that_goes_may_be_another_at_once() {
    let goes = volume_claim_goes("data-db-0", "uid-data-db-0");
    let check = |objects: &[(Kind, Value)]| goes.check(&world(objects));
    assert_eq!(not_yet(check(&[volume_claim("data-db-0", "Pending")])), "data-db-0 is Pending");
    assert_eq!(check(&[another(volume_claim("data-db-0", "Pending"))]), Met);
    assert_eq!(check(&[]), Met);
}

#[test]
fn a_volume_claim_that_is_made_again() {
    let again = volume_claim_is_another(&promise(), "data-db-0", "uid-data-db-0");
    let check = |objects: &[(Kind, Value)]| again.check(&world(objects));
    assert_eq!(not_yet(check(&[set(1, 1, 1, 1)])), "data-db-0 does not exist");
    assert_eq!(never(check(&[])), NOBODY_MAKES_IT);
    assert_eq!(not_yet(check(&[volume_claim("data-db-0", "Bound")])), "data-db-0 is still the old one");
    assert_eq!(not_yet(check(&[another(volume_claim("data-db-0", "Pending"))])), "data-db-0 is Pending");
    assert_eq!(check(&[another(volume_claim("data-db-0", "Bound"))]), Met);
}

#[test]
fn a_volume_claim_that_is_made_again_has_no_volume_before_a_pod_needs_it() {
    let again = volume_claim_made_again(&promise(), "data-db-0", "uid-data-db-0");
    let check = |objects: &[(Kind, Value)]| again.check(&world(objects));
    assert_eq!(not_yet(check(&[set(1, 1, 1, 1)])), "data-db-0 does not exist");
    assert_eq!(never(check(&[])), NOBODY_MAKES_IT);
    assert_eq!(not_yet(check(&[volume_claim("data-db-0", "Pending")])), "data-db-0 is still the old one");
    assert_eq!(check(&[another(volume_claim("data-db-0", "Pending"))]), Met);
}

#[test]
fn a_volume_claim_without_a_volume() {
    let unbound = volume_claim_unbound("data-db-0");
    let check = |objects: &[(Kind, Value)]| unbound.check(&world(objects));
    let given = |phase: &str| with(volume_claim("data-db-0", phase), "spec.volumeName", json!("pv-0"));
    assert_eq!(check(&[volume_claim("data-db-0", "Pending")]), Met);
    assert_eq!(never(check(&[given("Bound")])), "data-db-0 is Bound, with pv-0");
    // As on the way there.
    assert_eq!(never(check(&[given("Pending")])), "data-db-0 is Pending, with pv-0");
    assert_eq!(never(check(&[volume_claim("data-db-0", "Lost")])), "data-db-0 is Lost, with no volume");
    assert_eq!(not_yet(check(&[])), "data-db-0 does not exist");
}

/// A promise of one claim for each pod.
fn with_volume_claims() -> Promise {
    let template = json!([{"metadata": {"name": "data"}, "spec": {}}]);
    Promise::of(&json!({"metadata": {"name": "db"}, "spec": {"volumeClaimTemplates": template}}))
}

#[test]
fn one_bound_claim_for_each_replica_and_no_other() {
    let exactly = volume_claims_exactly(&with_volume_claims(), 2);
    let check = |objects: &[(Kind, Value)]| exactly.check(&world(objects));
    let (zero, one) = (volume_claim("data-db-0", "Bound"), volume_claim("data-db-1", "Bound"));
    assert_eq!(exactly.sentence, "the claims data-db-0, data-db-1 are bound, and there is no other");
    assert_eq!(check(&[zero.clone(), one.clone(), volume_claim("data-other-2", "Bound")]), Met);
    assert_eq!(not_yet(check(std::slice::from_ref(&zero))), "data-db-1 does not exist");
    assert_eq!(not_yet(check(&[zero.clone(), volume_claim("data-db-1", "Pending")])), "data-db-1 is Pending");
    assert_eq!(
        not_yet(check(&[zero, one, volume_claim("data-db-2", "Bound")])),
        "data-db-2 is there as well"
    );
}

#[test]
fn a_pod_may_be_heard_before_its_claims() {
    let have = pods_have_volume_claims(&with_volume_claims());
    let check = |objects: &[(Kind, Value)]| have.check(&world(objects));
    let (zero, one) = (volume_claim("data-db-0", "Bound"), volume_claim("data-db-1", "Pending"));
    let pods = [pod("db-0", true), pod("db-1", false)];
    assert_eq!(check(&[pods.to_vec(), vec![zero.clone(), one]].concat()), Met);
    assert_eq!(not_yet(check(&[pods.to_vec(), vec![zero]].concat())), "data-db-1 does not exist");
    assert_eq!(check(&[]), Met);
}

/// An event about a claim, of whatever severity.
fn said(name: &str, about: &str, reason: &str) -> (Kind, Value) {
    let event = warning(name, "PersistentVolumeClaim", about, &format!("uid-{about}"), reason);
    with(event, "type", json!("Normal"))
}

#[test]
fn volume_claims_that_are_bound_and_what_one_that_is_not_waits_for() {
    let bound = volume_claims_bound(&with_volume_claims(), 0);
    let check = |objects: &[(Kind, Value)]| bound.check(&world(objects));
    assert_eq!(check(&[volume_claim("data-db-0", "Bound")]), Met);
    assert_eq!(not_yet(check(&[])), "data-db-0 does not exist");
    let pending = volume_claim("data-db-0", "Pending");
    assert_eq!(not_yet(check(std::slice::from_ref(&pending))), "data-db-0 is Pending");
    let said = [
        pending,
        said("e", "data-db-0", "WaitForFirstConsumer"),
        said("ee", "data-db-0", "ExternalProvisioning"),
        said("eee", "data-db-1", "Elsewhere"),
    ];
    assert_eq!(not_yet(check(&said)), "data-db-0 is Pending (ExternalProvisioning: why)");
    let failed = warning("f", "PersistentVolumeClaim", "data-db-0", "uid-data-db-0", "ProvisioningFailed");
    let warned = [said.to_vec(), vec![failed]].concat();
    assert_eq!(not_yet(check(&warned)), "data-db-0 is Pending (ProvisioningFailed: why)");
}

#[test]
fn a_pod_that_is_pending_is_told_with_what_its_claim_waits_for() {
    let volumes = json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}}]);
    let pending = with(with(pod("db-0", false), "spec.volumes", volumes), "status.phase", json!("Pending"));
    let why = |objects: &[(Kind, Value)]| not_yet(pod_ready("db-0", None).check(&world(objects)));
    let objects =
        [pending.clone(), volume_claim("data-db-0", "Pending"), said("e", "data-db-0", "ProvisioningFailed")];
    let words = why(&objects);
    let told = "; its claim data-db-0 is Pending (ProvisioningFailed: why)";
    assert!(words.starts_with("db-0 is Pending, not Ready") && words.ends_with(told), "{words}");
    assert!(!why(&[pending.clone(), volume_claim("data-db-0", "Bound")]).contains("claim"));
    assert!(why(&[pending]).ends_with("; its claim data-db-0 does not exist"));
}

#[test]
fn volume_claims_that_go() {
    let gone = volume_claims_gone(["data-db-0".to_owned(), "data-db-1".to_owned()]);
    let check = |objects: &[(Kind, Value)]| gone.check(&world(objects));
    assert_eq!(check(&[volume_claim("data-db-2", "Bound")]), Met);
    assert_eq!(not_yet(check(&[volume_claim("data-db-1", "Bound")])), "data-db-1 is Bound");
    assert_eq!(
        not_yet(check(&[terminating(volume_claim("data-db-1", "Bound"))])),
        "data-db-1 is being deleted"
    );
}

#[test]
fn volume_claims_that_belong_to_somebody() {
    let expected = volume_claims_owned(["data-db-0".to_owned()], &["StatefulSet", "Pod"]);
    let check = |objects: &[(Kind, Value)]| expected.check(&world(objects));
    let both = [("Pod", "db-0", "pod"), ("StatefulSet", "db", "set")];
    assert_eq!(check(&[owned(volume_claim("data-db-0", "Bound"), &both)]), Met);
    let one = [owned(volume_claim("data-db-0", "Bound"), &both[..1])];
    assert_eq!(not_yet(check(&one)), r#"data-db-0 is owned by {"Pod"}"#);
    assert_eq!(not_yet(check(&[])), "data-db-0 does not exist");
    let another = [owned(volume_claim("data-db-0", "Bound"), &[("Backup", "nightly", "backup"), both[1]])];
    let words = "somebody gave data-db-0 a Backup as an owner".to_owned();
    assert_eq!(check(&another), Progress::Prevented(Obstacle::Admission, words));
}

#[test]
fn volume_claims_are_settled_when_none_is_about_to_go() {
    let settled = volume_claims_settled(&with_volume_claims());
    let check = |objects: &[(Kind, Value)]| settled.check(&world(objects));
    let bound = volume_claim("data-db-0", "Bound");
    assert_eq!(check(std::slice::from_ref(&bound)), Met);
    assert_eq!(not_yet(check(&[terminating(bound.clone())])), "data-db-0 is being deleted");
    assert_eq!(check(&[terminating(volume_claim("data-other-0", "Bound"))]), Met);
    // A pod that is there holds it; one of the same name that came since does not, and a set is no pod.
    let of = |kind: &str, uid: &str| [owned(bound.clone(), &[(kind, "db-0", uid)]), pod("db-0", true)];
    assert_eq!(check(&of("Pod", "uid-db-0")), Met);
    assert_eq!(not_yet(check(&of("Pod", "older"))), "data-db-0 belongs to db-0, which is gone");
    assert_eq!(not_yet(check(&of("Pod", "older")[..1])), "data-db-0 belongs to db-0, which is gone");
    assert_eq!(check(&of("StatefulSet", "older")), Met);
}

#[test]
fn a_volume_claim_that_is_being_deleted_and_stays() {
    let lingers =
        volume_claims_linger(&BTreeMap::from([("data-db-0".to_owned(), "uid-data-db-0".to_owned())]));
    let check = |objects: &[(Kind, Value)]| lingers.check(&world(objects));
    let bound = volume_claim("data-db-0", "Bound");
    assert_eq!(check(&[terminating(bound.clone())]), Met);
    assert_eq!(not_yet(check(std::slice::from_ref(&bound))), "data-db-0 is not being deleted");
    assert_eq!(not_yet(check(&[another(terminating(bound))])), "data-db-0 is another claim");
    assert_eq!(not_yet(check(&[terminating(volume_claim("data-db-0", "Lost"))])), "data-db-0 is Lost");
    assert_eq!(not_yet(check(&[])), "data-db-0 does not exist");
}
