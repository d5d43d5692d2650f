//! From a picture to its diagnosis. It knows no cluster and no clock.

use super::{
    Cause, Diagnosis, Picture, State, cause, claim,
    controller::{self, Trouble, refused_change},
    evidence::Evidence,
    notes,
    picture::{healthy, seen_last, status, terminating},
    pod::Examination,
    recurring,
};

/// Events that are shown of a set without a cause.
const SHOWN: usize = 10;

/// What was found of the set, before it is put into words.
#[derive(Default)]
struct Found {
    causes: Vec<Cause>,
    moving: Vec<String>,
    notes: Vec<String>,
}

impl Found {
    fn take(&mut self, pod: Option<&str>, examination: Examination) {
        match examination {
            Examination::Moving(text) => self.moving.push(text),
            Examination::Blamed(causes) => causes.into_iter().for_each(|cause| self.blame(pod, cause)),
        }
    }

    /// Pods that are hit by the same thing share its cause.
    fn blame(&mut self, pod: Option<&str>, mut cause: Cause) {
        let general = |about: &str, pods: &[String]| {
            pods.iter().fold(about.to_owned(), |about, pod| about.replace(pod.as_str(), "POD"))
        };
        cause.pods.extend(pod.map(str::to_owned));
        let about = general(&cause.about, &cause.pods);
        let known = self
            .causes
            .iter_mut()
            .find(|known| known.id == cause.id && general(&known.about, &known.pods) == about);
        match known {
            Some(known) => {
                let new: Vec<String> =
                    cause.pods.into_iter().filter(|pod| !known.pods.contains(pod)).collect();
                known.pods.extend(new);
            }
            None => self.causes.push(cause),
        }
    }
}

/// Says of a set whether it is stuck, and why.
pub fn diagnose(picture: &Picture) -> Diagnosis {
    let mut found = examine(picture);
    found.notes.extend(notes::all(picture));
    let mut state = match (found.causes.is_empty(), found.moving.is_empty()) {
        (false, _) => State::Stuck,
        (true, false) => State::Moving,
        (true, true) => State::Healthy,
    };
    if state == State::Healthy
        && let Some(refused) = refused_change::update(picture)
    {
        found.blame(None, refused);
        state = State::Stuck;
    }
    if state == State::Healthy {
        for (pod, cause) in recurring::examine(picture) {
            found.blame(Some(&pod), cause);
            state = State::Unstable;
        }
    }
    let seen = if state == State::Moving { seen(picture) } else { Vec::new() };
    Diagnosis {
        namespace: picture.namespace(),
        set: picture.name(),
        state,
        wanted: u32::try_from(picture.wanted().len()).unwrap_or(u32::MAX),
        ready: ready(picture),
        numbers: numbers(picture),
        causes: found.causes,
        moving: found.moving,
        seen,
        notes: found.notes,
        not_looked_at: not_looked_at(picture),
    }
}

fn examine(picture: &Picture) -> Found {
    let mut found = Found::default();
    if let Some(examination) = controller::whole(picture) {
        found.take(None, examination);
        return found;
    }
    let recreated = controller::recreated(picture);
    let unhealthy = controller::unhealthy(picture);
    if !recreated.is_empty() {
        all_at_once(recreated, unhealthy, &mut found);
    } else if !unhealthy.is_empty() {
        if picture.ordered() { in_order(picture, unhealthy, &mut found) } else { each(unhealthy, &mut found) }
    } else if let Some(trouble) = controller::surplus(picture) {
        found.take(Some(&trouble.pod), trouble.examination);
    } else if let Some(examination) = controller::roll(picture) {
        found.take(None, examination);
    }
    found
}

/// What was seen of the set and of its pods and claims, the newest last.
fn seen(picture: &Picture) -> Vec<Evidence> {
    let pods = picture.pods_of_set();
    let unready = pods.values().filter(|pod| !healthy(pod));
    let conditions = unready.clone().flat_map(|pod| {
        let all = status(pod).conditions.as_deref().unwrap_or_default().iter();
        all.filter(|condition| condition.status != "True")
            .map(|condition| Evidence::condition(pod, condition))
    });
    let mut events = picture.events_about(&picture.set);
    for pod in unready.clone() {
        events.extend(picture.events_about(*pod));
        for claim in claim::mounted(pod).iter().filter_map(|name| picture.claim(name)) {
            events.extend(picture.events_about(claim));
        }
    }
    events.sort_by_key(|event| seen_last(event));
    let events = events[events.len().saturating_sub(SHOWN)..].iter().map(|event| Evidence::event(event));
    conditions.chain(events).collect()
}

/// Pods that do not wait for each other. Where one can't be made, the controller may not come to those after it.
fn each(unhealthy: Vec<Trouble>, found: &mut Found) {
    let refused = unhealthy.iter().any(|trouble| !trouble.exists && !controller_at_it(trouble));
    let mut waiting = Vec::new();
    for trouble in unhealthy {
        if refused && !trouble.exists && controller_at_it(&trouble) {
            waiting.push(trouble.pod);
        } else {
            found.take(Some(&trouble.pod), trouble.examination);
        }
    }
    for cause in &mut found.causes {
        cause.waiting.clone_from(&waiting);
    }
}

/// Pods that all must go before any other one comes.
fn all_at_once(recreated: Vec<Trouble>, unhealthy: Vec<Trouble>, found: &mut Found) {
    let comes = |trouble: &Trouble| !recreated.iter().any(|old| old.pod == trouble.pod);
    let waiting: Vec<String> = unhealthy.into_iter().filter(comes).map(|trouble| trouble.pod).collect();
    each(recreated, found);
    for cause in &mut found.causes {
        cause.waiting.clone_from(&waiting);
    }
}

/// Of pods in order the lowest counts; those above it wait, whatever else they have.
fn in_order(picture: &Picture, unhealthy: Vec<Trouble>, found: &mut Found) {
    let mut unhealthy = unhealthy.into_iter();
    let Some(lowest) = unhealthy.next() else { return };
    let mut waiting = Vec::new();
    for trouble in unhealthy {
        if let (true, Examination::Blamed(causes)) = (trouble.exists, &trouble.examination) {
            for cause in causes {
                found.notes.push(format!(
                    "{} is not Ready for a reason of its own, which counts when {} is: {}: {}",
                    trouble.pod, lowest.pod, cause.id, cause.seen
                ));
            }
        }
        waiting.push(trouble.pod);
    }
    let wanted = picture.wanted();
    let surplus = picture.pods_of_set().into_keys().filter(|ordinal| !wanted.contains(ordinal));
    waiting.extend(surplus.map(|ordinal| format!("{} (to be removed)", picture.pod_name(ordinal))));
    // A pod that is Ready may hold back those above it for minReadySeconds.
    match controller::settling(picture) {
        Some(settling) if !lowest.exists && controller_at_it(&lowest) => found.take(None, settling),
        _ => found.take(Some(&lowest.pod), lowest.examination),
    }
    for cause in &mut found.causes {
        cause.waiting.clone_from(&waiting);
    }
}

/// Whether nothing but the controller keeps a pod from being there.
fn controller_at_it(trouble: &Trouble) -> bool {
    match &trouble.examination {
        Examination::Moving(_) => true,
        Examination::Blamed(causes) => causes.iter().all(|cause| cause.id == cause::CONTROLLER_IDLE),
    }
}

fn ready(picture: &Picture) -> u32 {
    let pods = picture.pods_of_set();
    let ready = picture.wanted().filter(|ordinal| pods.get(ordinal).is_some_and(|pod| healthy(pod))).count();
    u32::try_from(ready).unwrap_or(u32::MAX)
}

fn numbers(picture: &Picture) -> String {
    let pods = picture.pods_of_set();
    let wanted = picture.wanted();
    let ready = ready(picture);
    let above = pods.keys().filter(|ordinal| !wanted.contains(ordinal)).count();
    let mut text = format!("{ready} of {} pods are Running and Ready", wanted.len());
    if above > 0 {
        text.push_str(&format!(", {above} to be removed"));
    }
    if terminating(&picture.set) {
        text.push_str(", and the set is being deleted");
    }
    text
}

fn not_looked_at(picture: &Picture) -> Vec<String> {
    let looks = [
        ("the namespace", picture.home.as_ref().err()),
        ("persistentvolumes", picture.volumes.as_ref().err()),
        ("storageclasses", picture.classes.as_ref().err()),
        ("nodes", picture.nodes.as_ref().err()),
        ("csinodes", picture.drivers.as_ref().err()),
        ("volumeattachments", picture.attachments.as_ref().err()),
        ("services", picture.services.as_ref().err()),
        ("networkpolicies", picture.policies.as_ref().err()),
        ("pods of other namespaces", picture.neighbours.as_ref().err()),
        ("how full volumes are", picture.usage.as_ref().err()),
        ("resourcequotas", picture.quotas.as_ref().err()),
        ("poddisruptionbudgets", picture.budgets.as_ref().err()),
        ("controllerrevisions", picture.revisions.as_ref().err()),
    ];
    looks.into_iter().filter_map(|(what, why)| Some(format!("{what} ({})", why?))).collect()
}
