use super::*;

fn owned(name: &str, ready: bool) -> (Kind, Value) {
    let owner = json!([{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": "uid", "controller": true}]);
    with(
        with(pod(name, ready), "metadata.ownerReferences", owner),
        "metadata.labels",
        json!({"controller-revision-hash": "db-1"}),
    )
}

fn told(counters: [u32; 5]) -> (Kind, Value) {
    let [replicas, ready, available, current, updated] = counters;
    let status = json!({"replicas": replicas, "readyReplicas": ready, "availableReplicas": available,
        "currentReplicas": current, "updatedReplicas": updated, "observedGeneration": 1,
        "currentRevision": "db-1", "updateRevision": "db-1"});
    with(with(set(2, 1, 1, 2), "metadata.uid", json!("uid")), "status", status)
}

#[test]
fn a_status_agrees_with_its_pods_in_every_counter() {
    let pods = [owned("db-0", true), owned("db-1", false), pod("db-7", true)];
    let asked = |set: (Kind, Value)| status_agrees(&promise()).check(&world(&[&pods[..], &[set]].concat()));
    assert_eq!(asked(told([2, 1, 1, 2, 2])), Met);
    for (counters, why) in [
        ([3, 1, 1, 2, 2], "replicas is 3; its pods give 2"),
        ([2, 2, 1, 2, 2], "readyReplicas is 2; its pods give 1"),
        ([2, 1, 2, 2, 2], "availableReplicas is 2; its pods give 0 to 1"),
        ([2, 1, 1, 1, 2], "currentReplicas is 1; its pods give 2"),
        ([2, 1, 1, 2, 3], "updatedReplicas is 3; its pods give 2"),
    ] {
        assert_eq!(asked(told(counters)), NotYet(why.to_owned()));
    }
    let behind = with(told([2, 1, 1, 2, 2]), "metadata.generation", json!(2));
    assert_eq!(asked(behind), NotYet("observedGeneration is 1, the generation 2".to_owned()));
    let gone = NotYet("the StatefulSet db does not exist".to_owned());
    assert_eq!(status_agrees(&promise()).check(&world(&pods)), gone);
}
