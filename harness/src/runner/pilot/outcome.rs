//! What became of pilots, and what that says of the nodes and the storage.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use external::api::objects;
use k8s_openapi::api::core::v1::{Container, Event, PersistentVolumeClaim, Pod};
use kube::ResourceExt;

use super::{CONTAINER, Pilot, VOLUME};
use crate::{
    cluster::{Cluster, terrain::Scout},
    error::{Error, Result, exit},
};

/// How long a volume, or a node that takes the pod, may be waited for.
const PLACED: Duration = Duration::from_secs(120);
/// How long a registry may fail: once is nothing.
const REFUSED: Duration = Duration::from_secs(20);

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

/// What became of all of them; an error while one is on its way. What is known of one stays known: a pod that has ended may be
/// cleaned away while others are awaited.
pub(super) async fn outcomes(
    cluster: &Cluster,
    scout: &Scout,
    pilots: &[Pilot],
    began: Instant,
    known: &Mutex<BTreeMap<String, Outcome>>,
) -> Result<Vec<Outcome>> {
    let pods = objects::<Pod>(&cluster.clients.plumbing, &scout.namespace).list().await?;
    let volume_claims =
        objects::<PersistentVolumeClaim>(&cluster.clients.plumbing, &scout.namespace).list().await?;
    let mut not_yet = None;
    for pilot in pilots {
        let ended = |outcome| drop(lock(known).insert(pilot.pod.clone(), outcome));
        let name = format!("{}-{VOLUME}", pilot.pod);
        let volume_claim = volume_claims.iter().find(|one| one.name_any() == name);
        match pods.iter().find(|pod| pod.name_any() == pilot.pod) {
            _ if lock(known).contains_key(&pilot.pod) => {}
            None => not_yet = Some(format!("the pod {} is gone", pilot.pod)),
            Some(pod) => match outcome_of(pod, volume_claim, began.elapsed()) {
                Ok(Outcome::Volume(why)) => {
                    let told = last_event(cluster, scout, &name).await?;
                    ended(Outcome::Volume(told.map_or(why.clone(), |told| format!("{why}: {told}"))));
                }
                Ok(outcome) => ended(outcome),
                Err(why) => not_yet = Some(format!("{}: {why}", pilot.pod)),
            },
        }
    }
    match not_yet {
        Some(not_yet) => Err(Error::environment(not_yet)),
        None => Ok(pilots.iter().filter_map(|pilot| lock(known).get(&pilot.pod).cloned()).collect()),
    }
}

/// A panic between two changes leaves a whole map.
fn lock(known: &Mutex<BTreeMap<String, Outcome>>) -> MutexGuard<'_, BTreeMap<String, Outcome>> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What became of one; in words, what it waits for.
fn outcome_of(
    pod: &Pod,
    volume_claim: Option<&PersistentVolumeClaim>,
    age: Duration,
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
    let phase = volume_claim.and_then(|one| one.status.as_ref()?.phase.clone());
    if phase.as_deref() == Some("Pending") && age >= PLACED {
        return Ok(Outcome::Volume(format!("a claim is not bound after {PLACED:?}")));
    }
    let unplaced = status
        .conditions
        .iter()
        .flatten()
        .find(|condition| condition.type_ == "PodScheduled" && condition.status == "False");
    match unplaced.and_then(|condition| condition.message.clone()) {
        Some(why) if age >= PLACED => Ok(Outcome::Pod(why)),
        Some(why) => Err(why),
        None => Err(state.waiting.and_then(|waiting| waiting.reason).unwrap_or_else(|| "it runs".to_owned())),
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

/// What was told last of a claim that waits.
async fn last_event(cluster: &Cluster, scout: &Scout, volume_claim: &str) -> Result<Option<String>> {
    let events = match objects::<Event>(&cluster.clients.plumbing, &scout.namespace).list().await {
        Err(error) if error.is_forbidden() => return Ok(None),
        events => events?,
    };
    let about =
        events.into_iter().filter(|event| event.involved_object.name.as_deref() == Some(volume_claim));
    Ok(about
        .max_by_key(|event| event.last_timestamp.clone().map(|time| time.0))
        .and_then(|event| event.message))
}

/// What the nodes can't run, or what keeps a pod from running there, in one message.
pub(super) fn verdict(pilots: &[Pilot], outcomes: &[Outcome], class: Option<&str>) -> Result<()> {
    let (mut images, mut volumes, mut pods) = (Vec::new(), BTreeSet::new(), Vec::new());
    for (pilot, outcome) in pilots.iter().zip(outcomes) {
        let on = pilot.architecture.as_ref().map(|name| format!(" on {name}")).unwrap_or_default();
        match outcome {
            Outcome::Ran(_) => {}
            Outcome::Image(why) => images.push(format!("  {}{on}: {why}", pilot.image)),
            Outcome::Volume(why) => drop(volumes.insert(why.clone())),
            Outcome::Pod(why) => pods.push(format!("  {}{on}: {why}", pilot.image)),
        }
    }
    if !images.is_empty() {
        return Err(Error::trouble(
            exit::NO_VERSION,
            format!(
                "the nodes can't run these images:\n{}\n`steadfast images push REGISTRY` brings ours to a registry that they reach, built for \
                 the machine it runs on; STEADFAST_IMAGE_REGISTRY=REGISTRY then says where they are, and STEADFAST_PULL_SECRETS or \
                 STEADFAST_PULL_CONFIG who may pull them",
                images.join("\n")
            ),
        ));
    }
    if !volumes.is_empty() {
        let class = class.map_or_else(
            || "the default storage class".to_owned(),
            |name| format!("the storage class {name}"),
        );
        let why: Vec<_> = volumes.into_iter().collect();
        return Err(Error::trouble(
            exit::NO_STORAGE_CLASS,
            format!(
                "{class} gives no volume that can be used: {}: nothing can be judged of it",
                why.join("; ")
            ),
        ));
    }
    match pods.is_empty() {
        true => Ok(()),
        false => {
            Err(Error::environment(format!("no node takes a pod of these images:\n{}", pods.join("\n"))))
        }
    }
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
        outcome_of(pod, claim.as_ref(), Duration::from_secs(seconds))
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
        let waits = seen(
            json!({"conditions": [{"type": "PodScheduled", "status": "False", "message": "unbound claims"}]}),
        );
        assert_eq!(after(60, &waits, Some("Pending")), Err("unbound claims".into()));
        assert_eq!(
            after(121, &waits, Some("Pending")),
            Ok(Outcome::Volume("a claim is not bound after 120s".into()))
        );
        assert_eq!(after(121, &waits, None), Ok(Outcome::Pod("unbound claims".into())));
    }

    #[test]
    fn one_message_says_which_images_and_how_to_bring_them() {
        let pilot = |image: &str, architecture: &str| Pilot {
            pod: String::new(),
            image: image.to_owned(),
            architecture: Some(architecture.to_owned()),
        };
        let pilots = [pilot("r.example/garage:1", "amd64"), pilot("r.example/garage:1", "arm64")];
        let (well, foreign) = (Outcome::Ran("1".into()), Outcome::Image("no match for platform".into()));
        assert!(verdict(&pilots, &[well.clone(), well.clone()], None).is_ok());
        let error = verdict(&pilots, &[well.clone(), foreign], None).unwrap_err();
        assert_eq!(error.exit_code(), exit::NO_VERSION);
        let words = error.to_string();
        assert!(words.contains("r.example/garage:1 on arm64: no match for platform"), "{words}");
        assert!(!words.contains("amd64") && words.contains("steadfast images push"), "{words}");
        let silent = Outcome::Volume("a claim is not bound".into());
        let error = verdict(&pilots, &[well, silent], Some("slow")).unwrap_err();
        assert_eq!(error.exit_code(), exit::NO_STORAGE_CLASS);
        assert!(
            error.to_string().starts_with("the storage class slow gives no volume that can be used: a claim")
        );
    }
}
