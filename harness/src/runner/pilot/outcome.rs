//! What became of pilots, and what that says of the nodes and the storage.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use external::api::objects;
use k8s_openapi::api::core::v1::{Container, Event, PersistentVolumeClaim, Pod};
use kube::ResourceExt;

use super::{CONTAINER, Pilot, VOLUME};
use crate::{
    cluster::{Cluster, terrain::Scout},
    error::{Error, Result},
};

/// How long a volume, or a node that takes the pod, may be waited for.
const PLACED: Duration = Duration::from_secs(120);
/// How long a registry may fail: once is nothing.
const REFUSED: Duration = Duration::from_secs(20);
/// What an autoscaler says of a pod that it makes a node for: the cluster's own, and Karpenter.
const COMING: [&str; 2] = ["TriggeredScaleUp", "Nominated"];
/// What the scheduler writes into a claim that is bound only when its pod has a node: which one that is to be.
const CHOSEN: &str = "volume.kubernetes.io/selected-node";
/// What the scheduler says of a pod that no node takes for want of a volume.
const OF_STORAGE: [&str; 4] = [
    "unbound immediate PersistentVolumeClaims",
    "find available persistent volumes to bind",
    "not have enough free storage",
    "binding volumes",
];

/// What became of a pilot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It ran; the node knows its image by this.
    Ran(String),
    /// The node has no image that it can run.
    Image(String),
    /// There is no volume, or none that can be written.
    Volume(String),
    /// No node takes it, or something else is wrong with it.
    Pod(String),
}

/// What is known of pilots by their pods, and stays known: a pod that has ended may be cleaned away while others are awaited.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// When each was first seen with a node, which may come late: what happens there has its own time.
    placed: BTreeMap<String, Instant>,
    outcomes: BTreeMap<String, Outcome>,
}

/// What became of all of them; an error while one is on its way.
pub(super) async fn outcomes(
    cluster: &Cluster,
    scout: &Scout,
    pilots: &[Pilot],
    began: Instant,
    known: &Mutex<Known>,
) -> Result<Vec<Outcome>> {
    let pods = objects::<Pod>(&cluster.clients.plumbing, &scout.namespace).list().await?;
    let volume_claims =
        objects::<PersistentVolumeClaim>(&cluster.clients.plumbing, &scout.namespace).list().await?;
    let events = events(cluster, scout).await?;
    let mut not_yet = None;
    for pilot in pilots {
        let name = format!("{}-{VOLUME}", pilot.pod);
        let volume_claim = volume_claims.iter().find(|one| one.name_any() == name);
        let mut known = lock(known);
        match pods.iter().find(|pod| pod.name_any() == pilot.pod) {
            _ if known.outcomes.contains_key(&pilot.pod) => {}
            None => not_yet = Some(format!("the pod {} is gone", pilot.pod)),
            Some(pod) => {
                if has_node(pod, volume_claim) {
                    known.placed.entry(pilot.pod.clone()).or_insert_with(Instant::now);
                }
                let waits = match known.placed.get(&pilot.pod) {
                    Some(placed) => Waits { age: placed.elapsed(), coming: false },
                    None => Waits { age: began.elapsed(), coming: is_coming(pod, &events) },
                };
                let outcome = outcome_of(pod, volume_claim, waits);
                match outcome.map(|outcome| told(outcome, &name, &events)) {
                    Ok(outcome) => drop(known.outcomes.insert(pilot.pod.clone(), outcome)),
                    Err(why) => not_yet = Some(format!("{}: {why}", pilot.pod)),
                }
            }
        }
    }
    match not_yet {
        Some(not_yet) => Err(Error::environment(not_yet)),
        None => Ok(pilots.iter().filter_map(|pilot| lock(known).outcomes.get(&pilot.pod).cloned()).collect()),
    }
}

/// A panic between two changes leaves whole maps.
fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long a pilot has waited: since it has a node, or since it was sent while a node may be coming.
#[derive(Debug, Clone, Copy)]
struct Waits {
    age: Duration,
    coming: bool,
}

/// Whether a node was chosen for a pilot: one whose claim waits for that has it only when the claim is bound.
fn has_node(pod: &Pod, volume_claim: Option<&PersistentVolumeClaim>) -> bool {
    let chosen = |claim: &PersistentVolumeClaim| unbound(claim) && claim.annotations().contains_key(CHOSEN);
    pod.spec.as_ref().is_some_and(|spec| spec.node_name.is_some()) || volume_claim.is_some_and(chosen)
}

fn unbound(volume_claim: &PersistentVolumeClaim) -> bool {
    volume_claim.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Pending")
}

/// Whether somebody says that a node is made for a pod.
fn is_coming(pod: &Pod, events: &[Event]) -> bool {
    let says = |event: &Event| event.reason.as_deref().is_some_and(|reason| COMING.contains(&reason));
    events.iter().any(|event| event.involved_object.uid == pod.metadata.uid && says(event))
}

/// What became of one; in words, what it waits for.
fn outcome_of(
    pod: &Pod,
    volume_claim: Option<&PersistentVolumeClaim>,
    Waits { age, coming }: Waits,
) -> Result<Outcome, String> {
    let status = pod.status.clone().unwrap_or_default();
    let container = status.container_statuses.iter().flatten().find(|status| status.name == CONTAINER);
    let state = container.and_then(|container| container.state.clone()).unwrap_or_default();
    if let (Some(container), Some(ended)) = (container, &state.terminated) {
        let said = ended.message.as_deref().unwrap_or_default().trim();
        return Ok(match ended.exit_code {
            0 => Outcome::Ran(container.image_id.clone()),
            _ if volume_claim.is_some() && said.contains("/data") => {
                Outcome::Volume(format!("what it gives can't be written: {said}"))
            }
            code => Outcome::Image(format!("it ended with {code}: {said}")),
        });
    }
    if let Some(waiting) = &state.waiting {
        let reason = waiting.reason.as_deref().unwrap_or_default();
        let said = format!("{reason}: {}", waiting.message.as_deref().unwrap_or_default());
        match reason {
            "InvalidImageName" => return Ok(Outcome::Image(said)),
            // Where it is refused, the second of the two says only that it waits until it asks again.
            "ErrImagePull" | "ImagePullBackOff" if age >= REFUSED => {
                return Ok(Outcome::Image(format!("{said}{}", pulled_anew(pod))));
            }
            "RunContainerError" | "CreateContainerError" | "CreateContainerConfigError" if age >= REFUSED => {
                return Ok(Outcome::Image(said));
            }
            _ => {}
        }
    }
    let unbound = volume_claim.is_some_and(unbound);
    let unplaced = status
        .conditions
        .iter()
        .flatten()
        .find(|condition| condition.type_ == "PodScheduled" && condition.status == "False");
    // A claim may be unbound because its pod has no node: why it has none comes first.
    if let Some(why) = unplaced.and_then(|condition| condition.message.clone())
        && !has_node(pod, volume_claim)
    {
        return match unbound && OF_STORAGE.iter().any(|words| why.contains(words)) {
            _ if coming || age < PLACED => Err(why),
            true => Ok(Outcome::Volume(format!("a claim is not bound after {PLACED:?}: {why}"))),
            false => Ok(Outcome::Pod(why)),
        };
    }
    match unbound {
        true if age >= PLACED => Ok(Outcome::Volume(format!("a claim is not bound after {PLACED:?}"))),
        true => Err("its claim is not bound".to_owned()),
        false => {
            Err(state.waiting.and_then(|waiting| waiting.reason).unwrap_or_else(|| "it runs".to_owned()))
        }
    }
}

/// What there is to say of one whose image somebody has pulled however often it is there.
fn pulled_anew(pod: &Pod) -> &'static str {
    let mut containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let always = |container: &Container| {
        container.name == CONTAINER && container.image_pull_policy.as_deref() == Some("Always")
    };
    if containers.any(always) {
        "; somebody has every image pulled anew here (imagePullPolicy Always), so that what was loaded into nodes does not count"
    } else {
        ""
    }
}

/// What is told of pods and claims; nothing to those who may not read it.
async fn events(cluster: &Cluster, scout: &Scout) -> Result<Vec<Event>> {
    match objects::<Event>(&cluster.clients.plumbing, &scout.namespace).list().await {
        Err(error) if error.is_forbidden() => Ok(Vec::new()),
        events => events,
    }
}

/// An outcome that is the volume's, with what was told last of its claim.
fn told(outcome: Outcome, volume_claim: &str, events: &[Event]) -> Outcome {
    let Outcome::Volume(why) = outcome else { return outcome };
    let about = events.iter().filter(|event| event.involved_object.name.as_deref() == Some(volume_claim));
    let last = about.max_by_key(|event| event.last_timestamp.clone().map(|time| time.0));
    let told = last.and_then(|event| event.message.as_deref()).map(|message| format!(": {message}"));
    Outcome::Volume(why + &told.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn seen(status: Value) -> Pod {
        serde_json::from_value(json!({"metadata": {"name": "pilot-sentinel-amd64"},
            "status": status}))
        .unwrap()
    }

    fn of_container(state: Value) -> Pod {
        seen(json!({"containerStatuses": [
            {"name": "mesh", "image": "", "imageID": "", "ready": true, "restartCount": 0, "state": {"running": {}}},
            {"name": "pilot", "image": "", "imageID": "sha256:1", "ready": false, "restartCount": 0, "state": state}]}))
    }

    fn after(seconds: u64, pod: &Pod, phase: Option<&str>) -> Result<Outcome, String> {
        let claim = phase.map(|phase| serde_json::from_value(json!({"status": {"phase": phase}})).unwrap());
        outcome_of(pod, claim.as_ref(), Waits { age: Duration::from_secs(seconds), coming: false })
    }

    #[test]
    fn a_pilot_runs_or_says_what_is_wrong_and_when_it_is_sure() {
        let ended =
            |code: i32, said: &str| of_container(json!({"terminated": {"exitCode": code, "message": said}}));
        assert_eq!(after(1, &ended(0, ""), Some("Bound")), Ok(Outcome::Ran("sha256:1".into())));
        let foreign = after(1, &ended(255, "exec /sentinel: exec format error"), None);
        assert_eq!(
            foreign,
            Ok(Outcome::Image("it ended with 255: exec /sentinel: exec format error".into()))
        );
        let unwritten = after(1, &ended(1, "cannot write steadfast-mark in /data"), Some("Bound"));
        assert!(matches!(unwritten, Ok(Outcome::Volume(_))), "{unwritten:?}");
        let absent =
            of_container(json!({"waiting": {"reason": "ImagePullBackOff", "message": "no such host"}}));
        assert_eq!(after(5, &absent, None), Err("ImagePullBackOff".into()));
        assert_eq!(after(25, &absent, None), Ok(Outcome::Image("ImagePullBackOff: no such host".into())));
        let mut anew = absent;
        let container = json!({"name": "pilot", "imagePullPolicy": "Always"});
        anew.spec = serde_json::from_value(json!({"containers": [container]})).unwrap();
        let Ok(Outcome::Image(why)) = after(25, &anew, None) else { panic!("it ran") };
        assert!(
            why.starts_with("ImagePullBackOff: no such host; somebody has every image pulled anew"),
            "{why}"
        );
        let pulling = of_container(json!({"waiting": {"reason": "ContainerCreating"}}));
        assert_eq!(after(300, &pulling, Some("Bound")), Err("ContainerCreating".into()));
    }

    fn unplaced(why: &str) -> Pod {
        seen(json!({"conditions": [{"type": "PodScheduled", "status": "False", "message": why}]}))
    }

    #[test]
    fn a_claim_is_not_blamed_for_a_pod_that_no_node_takes() {
        let full = unplaced("0/3 nodes are available: 3 Insufficient cpu.");
        let why = "0/3 nodes are available: 3 Insufficient cpu.".to_owned();
        assert_eq!(after(119, &full, Some("Pending")), Err(why.clone()));
        assert_eq!(after(121, &full, Some("Pending")), Ok(Outcome::Pod(why.clone())));
        assert_eq!(after(121, &full, None), Ok(Outcome::Pod(why.clone())));
        let coming = Waits { age: Duration::from_secs(500), coming: true };
        assert_eq!(outcome_of(&full, None, coming), Err(why));
    }

    #[test]
    fn a_claim_that_its_storage_leaves_unbound_is_told() {
        for why in [
            "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
            "0/3 nodes are available: 3 node(s) didn't find available persistent volumes to bind.",
            "0/3 nodes are available: 3 node(s) did not have enough free storage.",
            "running PreBind plugin \"VolumeBinding\": binding volumes: context deadline exceeded",
        ] {
            let told = Outcome::Volume(format!("a claim is not bound after 120s: {why}"));
            assert_eq!(after(121, &unplaced(why), Some("Pending")), Ok(told));
            assert_eq!(after(121, &unplaced(why), Some("Bound")), Ok(Outcome::Pod(why.to_owned())));
        }
        // A node was chosen, by which the former word of the scheduler is over, and its claim has its own two minutes.
        let chosen: PersistentVolumeClaim = serde_json::from_value(
            json!({"metadata": {"annotations": {CHOSEN: "worker"}}, "status": {"phase": "Pending"}}),
        )
        .unwrap();
        let of = |seconds| {
            let waits = Waits { age: Duration::from_secs(seconds), coming: false };
            outcome_of(&unplaced("3 Insufficient cpu"), Some(&chosen), waits)
        };
        assert_eq!(of(60), Err("its claim is not bound".into()));
        assert_eq!(of(121), Ok(Outcome::Volume("a claim is not bound after 120s".into())));
        // Nobody says anything of the pod.
        assert_eq!(
            after(121, &seen(json!({})), Some("Pending")),
            Ok(Outcome::Volume("a claim is not bound after 120s".into()))
        );
    }

    #[test]
    fn a_node_is_coming_where_an_autoscaler_says_so_of_this_pod() {
        let told = |reason: &str, uid: &str| -> Vec<Event> {
            vec![
                serde_json::from_value(
                    json!({"metadata": {}, "reason": reason, "involvedObject": {"uid": uid}}),
                )
                .unwrap(),
            ]
        };
        let mut pod = unplaced("3 Insufficient cpu");
        pod.metadata.uid = Some("1".to_owned());
        assert!(is_coming(&pod, &told("TriggeredScaleUp", "1")) && is_coming(&pod, &told("Nominated", "1")));
        assert!(
            !is_coming(&pod, &told("NotTriggerScaleUp", "1")) && !is_coming(&pod, &told("Nominated", "2"))
        );
    }

    #[test]
    fn a_pilot_has_a_node_when_it_is_on_it_or_its_claim_is_to_be() {
        let claim = |phase: &str, annotations: Value| -> PersistentVolumeClaim {
            let claim = json!({"metadata": {"annotations": annotations}, "status": {"phase": phase}});
            serde_json::from_value(claim).unwrap()
        };
        let chosen = || json!({CHOSEN: "worker"});
        let (nowhere, mut there) = (seen(json!({})), seen(json!({})));
        there.spec = serde_json::from_value(json!({"containers": [], "nodeName": "worker"})).unwrap();
        assert!(has_node(&there, None) && has_node(&nowhere, Some(&claim("Pending", chosen()))));
        // What was chosen for a claim that is bound is over.
        assert!(!has_node(&nowhere, Some(&claim("Bound", chosen()))));
        assert!(!has_node(&nowhere, None) && !has_node(&nowhere, Some(&claim("Pending", json!({})))));
    }

    #[test]
    fn what_was_told_last_of_a_claim_is_told_with_its_volume() {
        let event = |name: &str, minute: u32, message: &str| -> Event {
            serde_json::from_value(
                json!({"metadata": {}, "involvedObject": {"name": name}, "message": message,
                "lastTimestamp": format!("2026-12-01T10:{minute:02}:00Z")}),
            )
            .unwrap()
        };
        let events =
            [event("a-data", 2, "no space"), event("a-data", 1, "waits"), event("b-data", 3, "of b")];
        let outcome = told(Outcome::Volume("unbound".into()), "a-data", &events);
        assert_eq!(outcome, Outcome::Volume("unbound: no space".into()));
        assert_eq!(told(Outcome::Pod("full".into()), "a-data", &events), Outcome::Pod("full".into()));
    }
}
