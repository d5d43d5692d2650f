//! What keeps pods away, in the words of who refuses them, does not place them or can't pull their images: raw, so that a diagnosis
//! which is wrong about it stays to be seen.

use std::{collections::BTreeSet, sync::Arc};

use external::refusal;

use super::witness;
use crate::{
    explain::{
        accounts_for_each_node,
        cause::{PREEMPTION_PENDING, SANDBOX_FAILED},
        lacks,
    },
    journal::{
        World,
        fact::{Container, Pod},
    },
    law::Obstacle,
};

/// What is in the way, and who says so.
type Hindrance = (Obstacle, String);

fn pods_of<'a>(world: &'a World, set: &'a str) -> impl Iterator<Item = &'a Arc<Pod>> {
    world.pods.values().filter(move |pod| pod.meta.owner().is_some_and(|owner| owner.name == set))
}

/// What keeps the pods of a set away and is none of these causes.
pub(super) fn of_set(world: &World, set: &str, causes: &[&str]) -> Option<Hindrance> {
    let pods = || pods_of(world, set);
    // A set that has all its pods was refused one in the past.
    let lacks_one = world.sets.get(set).is_none_or(|set| pods().count() < set.replicas as usize);
    let refused = refused(world, &format!("StatefulSet/{set}"), causes).filter(|_| lacks_one);
    refused.or_else(|| pods().find_map(|pod| of_pod(world, pod, causes)))
}

/// What keeps pods away that are of none of these sets, a Deployment's or one beside the workload, and is none of these causes.
pub(super) fn of_others(world: &World, sets: &BTreeSet<String>, causes: &[&str]) -> Option<Hindrance> {
    let of_none = |pod: &&Arc<Pod>| {
        pod.meta.owner().is_none_or(|owner| owner.kind != "StatefulSet" || !sets.contains(&owner.name))
    };
    let pod = world.pods.values().filter(of_none).find_map(|pod| of_pod(world, pod, causes));
    let mut events = world.events.values().filter(|event| event.regarding.starts_with("ReplicaSet/"));
    pod.or_else(|| events.find_map(|event| refused(world, &event.regarding, causes)))
}

/// Whether the scheduler leaves a pod of the set without a node, and does not say why it takes none of some of them: then nothing
/// that it says of the others is in the way.
pub(super) fn unexplained(world: &World, set: &str) -> bool {
    let mut said = pods_of(world, set).filter_map(|pod| pod.unschedulable.as_deref());
    said.any(|said| !accounts_for_each_node(said))
}

/// Whether these causes are of other kinds.
fn are_others(causes: &[&str], kind: Obstacle) -> bool {
    causes.iter().all(|cause| witness::obstacle(cause) != Some(kind))
}

/// What keeps a pod from running that is there.
fn of_pod(world: &World, pod: &Pod, causes: &[&str]) -> Option<Hindrance> {
    let name = &pod.meta.name;
    // Who waits for another to go lacks room until then.
    let expected = |lack: &str| causes.contains(&lack) || causes.contains(&PREEMPTION_PENDING);
    // All that a node lacks is said at once: another lack may come beside the one that is the cause, and not instead of it.
    let lacks_more = |said: &&str| {
        accounts_for_each_node(said)
            && lacks(said).any(|lack| !expected(lack))
            && (are_others(causes, Obstacle::Room) || lacks(said).any(expected))
    };
    if let Some(said) = pod.unschedulable.as_deref().filter(lacks_more) {
        return Some((Obstacle::Room, format!("{name} is not scheduled: {said}")));
    }
    if let Some(said) = without_sandbox(world, pod).filter(|_| !causes.contains(&SANDBOX_FAILED)) {
        return Some((Obstacle::Node, format!("{name} has no sandbox: {said}")));
    }
    // Who is to find no node has no image to wait for.
    if !(are_others(causes, Obstacle::Room) && are_others(causes, Obstacle::Taint)) {
        return None;
    }
    // Of all that a container waits for, only what is wrong with its image has the word in its name.
    let mut waiting = pod.containers.iter().filter_map(|container| container.waiting.as_ref());
    let (reason, message) = waiting.find(|(reason, _)| reason.contains("Image"))?;
    let words = || format!("{name} waits for its image: {reason}: {message}");
    are_others(causes, Obstacle::Image).then(|| (Obstacle::Image, words()))
}

/// What its node says of a pod none of whose containers was ever made, where it can make none: it has no address left, for one.
fn without_sandbox<'a>(world: &'a World, pod: &Pod) -> Option<&'a str> {
    let made = |container: &Container| container.waiting.is_none() || container.restarts > 0;
    if pod.node.is_none() || pod.containers.iter().any(made) {
        return None;
    }
    let events = world.events_about(&format!("Pod/{}", pod.meta.name)).into_iter();
    let of_it = events.filter(|event| event.regarding_uid == pod.meta.uid && event.severity == "Warning");
    let newest = of_it.max_by_key(|event| event.at)?;
    (newest.reason == "FailedCreatePodSandBox").then_some(&*newest.message)
}

/// What a rule of the cluster refused last of what a controller was to create, where it has created nothing since.
fn refused(world: &World, controller: &str, causes: &[&str]) -> Option<Hindrance> {
    let events = world.events_about(controller).into_iter();
    let creating =
        events.filter(|event| ["FailedCreate", "SuccessfulCreate"].contains(&event.reason.as_str()));
    // A claim may be made in the same second in which its pod is refused.
    let newest = creating.max_by_key(|event| (event.at, event.reason == "FailedCreate"))?;
    let kind = refusal::behind(&newest.message).filter(|_| newest.reason == "FailedCreate")?;
    are_others(causes, kind).then(|| (kind, format!("{controller}: {}", newest.message)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        explain::cause::*,
        journal::{Change, Entry, Kind, Record, Reducer},
    };

    const QUOTA: &str = "create Claim data-db-0 for Pod db-0 in StatefulSet db failed error: persistentvolumeclaims \
                         \"data-db-0\" is forbidden: exceeded quota: few, requested: persistentvolumeclaims=1";

    fn world(objects: impl IntoIterator<Item = (Kind, Value)>) -> World {
        let mut world = World::default();
        for (kind, object) in objects {
            let fact = Reducer::default().reduce(kind, &object).unwrap();
            let record = Record::Object { change: Change::Added, revision: 1, fact };
            world.apply(&Entry { line: 1, at: jiff::Timestamp::UNIX_EPOCH, record });
        }
        world
    }

    fn event(about: (&str, &str), reason: &str, second: u32, message: &str) -> (Kind, Value) {
        let name = format!("{reason}-{second}");
        let event = json!({"metadata": {"name": name, "uid": name}, "reason": reason, "message": message,
            "involvedObject": {"kind": about.0, "name": about.1}, "type": "Warning",
            "lastTimestamp": format!("2026-11-30T10:00:{second:02}Z")});
        (Kind::Event, event)
    }

    fn pod(owner: &str, status: Value) -> (Kind, Value) {
        let owner =
            json!([{"apiVersion": "apps/v1", "kind": owner, "name": "db", "uid": "one", "controller": true}]);
        let metadata = json!({"name": "db-0", "uid": "two", "ownerReferences": owner});
        (Kind::Pod, json!({"metadata": metadata, "spec": {"containers": []}, "status": status}))
    }

    fn unplaced(said: &str) -> Value {
        json!({"conditions": [{"type": "PodScheduled", "status": "False", "message": said}]})
    }

    fn kind(found: Option<Hindrance>) -> Option<Obstacle> {
        found.map(|(obstacle, _)| obstacle)
    }

    #[test]
    fn a_rule_of_the_cluster_is_in_the_way_until_the_controller_gets_on() {
        let set = ("StatefulSet", "db");
        let refused = || event(set, "FailedCreate", 10, QUOTA);
        let found = |more: Vec<(Kind, Value)>, causes: &[&str]| kind(of_set(&world(more), "db", causes));
        assert_eq!(found(vec![refused()], &[NO_NODE_MATCHES]), Some(Obstacle::Quota));
        assert_eq!(found(vec![refused()], &[QUOTA_EXCEEDED]), None);
        assert_eq!(
            found(vec![refused(), event(set, "SuccessfulCreate", 10, "a claim")], &[]),
            Some(Obstacle::Quota)
        );
        assert_eq!(found(vec![refused(), event(set, "SuccessfulCreate", 11, "a claim")], &[]), None);
        let one = json!({"metadata": {"name": "db"},
            "spec": {"replicas": 1, "selector": {}, "serviceName": "", "template": {}}});
        let of_one = |more| [vec![(Kind::StatefulSet, one.clone()), refused()], more].concat();
        assert_eq!(found(of_one(vec![]), &[]), Some(Obstacle::Quota));
        assert_eq!(found(of_one(vec![pod("StatefulSet", json!({}))]), &[]), None);
        // What the API itself refuses is the set's own trouble, and another set's is another's.
        assert_eq!(found(vec![event(set, "FailedCreate", 10, "is invalid: spec")], &[]), None);
        assert_eq!(found(vec![event(("StatefulSet", "other"), "FailedCreate", 10, QUOTA)], &[]), None);
    }

    #[test]
    fn a_lack_of_room_is_in_the_way_unless_it_is_the_cause() {
        let found = |said: &str, causes: &[&str]| {
            kind(of_set(&world([pod("StatefulSet", unplaced(said))]), "db", causes))
        };
        let both = "0/2 nodes are available: 1 Insufficient memory, 1 Too many pods.";
        assert_eq!(found(both, &[INSUFFICIENT_MEMORY]), Some(Obstacle::Room));
        assert_eq!(found(both, &[INSUFFICIENT_MEMORY, TOO_MANY_PODS]), None);
        assert_eq!(found(both, &[PREEMPTION_PENDING]), None);
        // A scheduler that names another lack than the one that there is.
        assert_eq!(found("0/2 nodes are available: 2 Insufficient cpu.", &[INSUFFICIENT_MEMORY]), None);
        assert_eq!(
            found("0/2 nodes are available: 2 Insufficient cpu.", &[NO_DEFAULT_STORAGE_CLASS]),
            Some(Obstacle::Room)
        );
        let selector = "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.";
        assert_eq!(found(selector, &[]), None);
        // A scheduler that says nothing of one of its nodes.
        let silent = "0/2 nodes are available: 1 Insufficient cpu.";
        assert_eq!(found(silent, &[]), None);
        assert!(unexplained(&world([pod("StatefulSet", unplaced(silent))]), "db"));
        assert!(!unexplained(&world([pod("StatefulSet", unplaced(both))]), "db"));
    }

    #[test]
    fn pods_of_no_set_are_looked_at_for_themselves() {
        let full = unplaced("0/2 nodes are available: 2 Too many pods.");
        let db = BTreeSet::from(["db".to_owned()]);
        let found = |object: (Kind, Value), causes: &[&str]| kind(of_others(&world([object]), &db, causes));
        assert_eq!(found(pod("ReplicaSet", full.clone()), &[]), Some(Obstacle::Room));
        assert_eq!(found(pod("ReplicaSet", full.clone()), &[TOO_MANY_PODS]), None);
        assert_eq!(found(pod("StatefulSet", full.clone()), &[]), None);
        // A set of the scenario's own, of which nothing is promised.
        let promised = BTreeSet::new();
        let of_case = of_others(&world([pod("StatefulSet", full)]), &promised, &[]);
        assert_eq!(kind(of_case), Some(Obstacle::Room));
        let refused = |kind: &str| event((kind, "web-5f"), "FailedCreate", 10, QUOTA);
        assert_eq!(found(refused("ReplicaSet"), &[]), Some(Obstacle::Quota));
        assert_eq!(found(refused("StatefulSet"), &[]), None);
    }

    #[test]
    fn a_node_that_makes_no_sandbox_is_in_the_way_unless_that_is_the_cause() {
        let waits = |ready: &str| {
            let (kind, mut pod) = pod(
                "StatefulSet",
                json!({"containerStatuses": [{"name": "main", "image": "",
                "imageID": "", "ready": false, "restartCount": 0, "state": {ready: {"reason": "ContainerCreating"}}}]}),
            );
            pod["spec"]["nodeName"] = json!("worker");
            (kind, pod)
        };
        let said = |reason: &str, second| {
            let (kind, mut event) = event(("Pod", "db-0"), reason, second, "no IP addresses available");
            event["involvedObject"]["uid"] = json!("two");
            (kind, event)
        };
        let found =
            |objects: Vec<(Kind, Value)>, causes: &[&str]| kind(of_set(&world(objects), "db", causes));
        let failed = || said("FailedCreatePodSandBox", 10);
        assert_eq!(found(vec![waits("waiting"), failed()], &[CONTAINER_CRASHES]), Some(Obstacle::Node));
        assert_eq!(found(vec![waits("waiting"), failed()], &[SANDBOX_FAILED]), None);
        assert_eq!(found(vec![waits("waiting"), failed(), said("Failed", 11)], &[]), None);
        assert_eq!(found(vec![waits("running"), failed()], &[]), None);
        assert_eq!(found(vec![waits("waiting")], &[]), None);
    }

    #[test]
    fn an_image_that_can_t_be_had_is_in_the_way_unless_it_is_the_cause() {
        let found = |reason: &str, causes: &[&str]| {
            let waits = json!({"containerStatuses": [{"name": "main", "image": "", "imageID": "", "ready": false,
                "restartCount": 0, "state": {"waiting": {"reason": reason, "message": "why"}}}]});
            kind(of_set(&world([pod("StatefulSet", waits)]), "db", causes))
        };
        assert_eq!(found("ErrImagePull", &[SECRET_MISSING]), Some(Obstacle::Image));
        assert_eq!(found("ImagePullBackOff", &[IMAGE_UNAVAILABLE]), None);
        // It has been placed, which it was not to be.
        assert_eq!(found("ErrImagePull", &[NODES_CORDONED]), None);
        assert_eq!(found("ErrImagePull", &[INSUFFICIENT_CPU]), None);
        assert_eq!(found("CrashLoopBackOff", &[]), None);
    }
}
