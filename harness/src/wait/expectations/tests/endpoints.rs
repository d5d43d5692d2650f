//! Endpoints of services.

use super::*;

/// A slice of this service: the UID of each pod, with what is told of it.
fn slice(name: &str, service: &str, endpoints: &[(&str, Value)]) -> (Kind, Value) {
    let endpoints: Vec<_> = (1..)
        .zip(endpoints)
        .map(|(number, (uid, conditions))| {
            json!({"addresses": [format!("10.0.{}.{number}", name.len())], "conditions": conditions,
                "targetRef": {"kind": "Pod", "uid": uid}})
        })
        .collect();
    let slice = json!({"metadata": {"name": name, "uid": name, "labels": {"kubernetes.io/service-name": service}},
        "addressType": "IPv4", "endpoints": endpoints});
    (Kind::EndpointSlice, slice)
}

fn addressed(pod: (Kind, Value)) -> (Kind, Value) {
    with(pod, "status.podIP", json!("10.0.0.1"))
}

#[test]
fn exactly_the_pods_that_are_to_be_ready_are_listed_so() {
    let wanted = endpoints_ready(&promise(), "db-headless", [0]);
    let pods = [addressed(pod("db-0", true)), addressed(terminating(pod("db-1", true)))];
    let check = |slices: &[(Kind, Value)]| wanted.check(&world(&[&pods, slices].concat()));
    let ready = json!({"ready": true, "serving": true, "terminating": false});
    let leaving = json!({"ready": false, "serving": true, "terminating": true});
    let both = |zero: &Value, one: &Value| {
        slice("one", "db-headless", &[("uid-db-0", zero.clone()), ("uid-db-1", one.clone())])
    };
    assert_eq!(check(&[both(&ready, &leaving)]), Met);
    let words = not_yet(check(&[both(&ready, &ready)]));
    assert!(words.starts_with("db-1 is listed as ready; the pod is Running, Ready, terminating"), "{words}");
    let words = not_yet(check(&[both(&leaving, &leaving)]));
    assert!(words.starts_with("db-0 is listed as not ready, terminating and serving; the pod is"), "{words}");
    assert_eq!(not_yet(check(&[])), "db-0 is not listed");
    // Another service's slice says nothing, and one service may have several slices.
    assert_eq!(not_yet(check(&[slice("other", "db", &[("uid-db-0", ready.clone())])])), "db-0 is not listed");
    let apart = [
        slice("one", "db-headless", &[("uid-db-0", ready.clone())]),
        slice("three", "db-headless", &[("uid-db-1", leaving.clone())]),
    ];
    assert_eq!(check(&apart), Met);
    let gone = |told: &Value| {
        [apart.as_slice(), &[slice("fifth", "db-headless", &[("gone", told.clone())])]].concat()
    };
    assert_eq!(not_yet(check(&gone(&ready))), "a pod that is gone is listed as ready");
    assert_eq!(check(&gone(&leaving)), Met);
}

#[test]
fn a_pod_without_an_address_is_not_listed_and_one_that_must_be_ready_is_there() {
    let none = endpoints_ready(&promise(), "db-headless", []);
    assert_eq!(none.check(&world(&[pod("db-0", false)])), Met);
    assert_eq!(not_yet(none.check(&world(&[addressed(pod("db-0", false))]))), "db-0 is not listed");
    let one = endpoints_ready(&promise(), "db-headless", [0]);
    assert_eq!(not_yet(one.check(&World::default())), "db-0 does not exist");
    assert_eq!(not_yet(one.check(&world(&[pod("db-0", false)]))), "db-0 is not listed");
}

#[test]
fn a_pod_on_its_way_out_is_listed_as_such() {
    let leaving = endpoint_leaving(&fact(pod("db-1", true)), "db-headless");
    let told = |ready: bool, serving: bool, terminating: bool| {
        let conditions = json!({"ready": ready, "serving": serving, "terminating": terminating});
        let slices = [slice("one", "db-headless", &[("uid-db-1", conditions)])];
        leaving.check(&world(&[&[terminating_pod()], slices.as_slice()].concat()))
    };
    assert_eq!(told(false, true, true), Met);
    assert_eq!(never(told(true, true, true)), "db-1 is listed as ready, terminating and serving");
    assert_eq!(not_yet(told(false, false, true)), "db-1 is listed as not ready, terminating");
    assert_eq!(not_yet(told(false, true, false)), "db-1 is listed as not ready");
    assert_eq!(not_yet(leaving.check(&world(&[terminating_pod()]))), "db-1 is not listed");
    assert!(not_yet(leaving.check(&world(&[pod("db-1", true)]))).starts_with("db-1 is Running"));
    // As where its node is not heard of, or its probe times out: its endpoint is as it is.
    let unready = leaving.check(&world(&[terminating(pod("db-1", false))]));
    assert!(matches!(unready, Progress::Prevented(Obstacle::Prober, why) if why.contains("not Ready")));
    for ended in [world(&[]), world(&[another(terminating_pod())])] {
        assert_eq!(never(leaving.check(&ended)), "db-1 ended before db-headless led nobody there");
    }
}

fn terminating_pod() -> (Kind, Value) {
    terminating(pod("db-1", true))
}

fn fact((kind, object): (Kind, Value)) -> std::sync::Arc<crate::journal::fact::Pod> {
    match Reducer::default().reduce(kind, &object).unwrap() {
        crate::journal::Fact::Pod(pod) => pod,
        other => panic!("a pod became {other:?}"),
    }
}

#[test]
fn a_pod_is_listed_as_it_is_or_not_at_all() {
    let listed = |listed: bool, ready: bool, slices: &[(Kind, Value)]| {
        let (expected, one) = (fact(pod("db-1", true)), pod("db-1", ready));
        endpoint_listed(&expected, "db", listed).check(&world(&[&[one], slices].concat()))
    };
    let told = |name: &str, service: &str, uid: &str, ready: bool| {
        slice(name, service, &[(uid, json!({"ready": ready, "serving": true, "terminating": false}))])
    };
    let others = [told("one", "other", "uid-db-1", true), told("two", "db", "uid-db-2", true)];
    assert_eq!(not_yet(listed(true, true, &others)), "db-1 is not listed");
    assert_eq!(listed(false, true, &others), Met);
    for (ready, words) in [(true, "db-1 is listed as ready"), (false, "db-1 is listed as not ready")] {
        let own = [told("one", "db", "uid-db-1", ready)];
        assert_eq!(listed(true, ready, &own), Met);
        assert_eq!(not_yet(listed(true, !ready, &own)), words);
        assert_eq!(not_yet(listed(false, ready, &own)), words);
    }
    // One for each family of addresses.
    let both = [told("one", "db", "uid-db-1", true), told("two", "db", "uid-db-1", false)];
    assert_eq!(not_yet(listed(true, true, &both)), "db-1 is listed as not ready");
}
