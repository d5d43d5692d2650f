//! Where pods come from that come out of order.

use record::law::disorder::{Origin, disorder};
use serde_json::{Value, json};

use crate::fixtures::{history, lines, unready, versions};

fn found(lines: &[Value]) -> Vec<(String, Origin)> {
    let history = history(lines);
    let promise = history.promises().next().unwrap();
    disorder(&history, promise)
}

fn both(origin: Origin) -> Vec<(String, Origin)> {
    ["sentinel-1", "sentinel-2"].map(|pod| (pod.to_owned(), origin)).to_vec()
}

#[test]
fn pods_in_order_come_from_nowhere_else() {
    assert_eq!(found(&lines("scale_up")), []);
}

#[test]
fn a_parallel_set_and_one_that_breaks_its_order() {
    assert_eq!(found(&lines("controls/parallel_up")), both(Origin::Parallel));
    let mut broken = lines("scale_up");
    versions(&mut broken, "Pod", "sentinel-0").for_each(unready);
    assert_eq!(found(&broken), both(Origin::OrderedReady));
}

#[test]
fn every_pod_of_a_deployment_counts() {
    let mut lines = lines("scale_up");
    for version in versions(&mut lines, "Pod", "sentinel-0") {
        version["object"]["metadata"]["ownerReferences"][0]["kind"] = json!("ReplicaSet");
    }
    assert_eq!(found(&lines), [("sentinel-0".to_owned(), Origin::Deployment)]);
}

#[test]
fn each_origin_has_its_words() {
    let words = [Origin::Deployment, Origin::Parallel, Origin::OrderedReady].map(|origin| origin.to_string());
    assert_eq!(words[0], "they come from a Deployment");
    assert_eq!(words[1], "they come from podManagementPolicy Parallel");
    assert_eq!(words[2], "the set is OrderedReady: its controller broke the order");
}
