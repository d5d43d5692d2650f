//! What the set's controller is at, in its own order: create, heal, remove, replace.

mod default_limit;
mod idle;
mod name_taken;
mod pod_security;
pub(crate) mod refusal;
pub(crate) mod refused_change;
pub(crate) mod replaced;
pub(crate) mod rollout;
mod template;

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;

use super::{
    Picture,
    picture::{condition, healthy, phase, seen_last, terminating},
    pod::{self, Examination, failure, termination},
};
use idle::idle;
use rollout::Strategy;

/// What stands at an ordinal that is not healthy.
#[derive(Debug)]
pub(super) struct Trouble {
    /// The pod, there or not.
    pub pod: String,
    /// Whether it is there.
    pub exists: bool,
    /// What was found.
    pub examination: Examination,
}

/// The first thing that the whole set is at before any one pod counts: its deletion, or a controller that has not
/// seen its newest spec.
pub(super) fn whole(picture: &Picture) -> Option<Examination> {
    if terminating(&picture.set) {
        return Some(deleting(picture));
    }
    let asked = picture.set.metadata.generation.unwrap_or(0);
    let seen = picture.set.status.as_ref().and_then(|status| status.observed_generation).unwrap_or(0);
    // A controller that is refused something has looked, whatever its status says.
    if seen >= asked || refused(picture) {
        return None;
    }
    Some(idle(
        picture,
        &format!(
            "it has seen generation {seen} of the set (status.observedGeneration), which is at generation {asked}"
        ),
    ))
}

fn refused(picture: &Picture) -> bool {
    let failed =
        picture.event(&picture.set, &["FailedCreate", "FailedDelete", "FailedUpdate"]).and_then(seen_last);
    // The controller itself writes the status; scaling is a write of the spec.
    let entries = picture.set.metadata.managed_fields.iter().flatten();
    let written = entries.filter(|entry| entry.subresource.as_deref() != Some("status"));
    let written = written.filter_map(|entry| entry.time.as_ref().map(|time| time.0)).max();
    failed.is_some() && failed >= written
}

/// A set that is deleted stays until its pods are gone, where somebody waits for that.
fn deleting(picture: &Picture) -> Examination {
    let pods = picture.pods_of_set();
    let stuck = pods.values().filter(|pod| terminating(**pod)).map(|pod| pod::examine(picture, pod));
    if let Some(blamed) = stuck.into_iter().find(|examination| matches!(examination, Examination::Blamed(_)))
    {
        return blamed;
    }
    let own =
        picture.set.finalizers().iter().filter(|name| *name != "foregroundDeletion" && *name != "orphan");
    let own = own.cloned().collect::<Vec<_>>().join(", ");
    let name = picture.name();
    // With the pods gone first, or with nobody who waits for them, only these are left.
    let first = picture.set.finalizers().iter().any(|name| name == "foregroundDeletion");
    if !own.is_empty() && (pods.is_empty() || !first) {
        return Examination::Blamed(vec![termination::held(picture, "statefulset", &name, &own)]);
    }
    Examination::Moving(format!("statefulset {name} is being deleted and has {} pods left", pods.len()))
}

/// Every ordinal that the set asks for and that is not healthy, lowest first.
pub(super) fn unhealthy(picture: &Picture) -> Vec<Trouble> {
    let pods = picture.pods_of_set();
    let ordinals = picture.wanted().filter(|ordinal| !pods.get(ordinal).is_some_and(|pod| healthy(pod)));
    ordinals.map(|ordinal| at(picture, ordinal, pods.get(&ordinal).copied())).collect()
}

fn at(picture: &Picture, ordinal: i32, found: Option<&Pod>) -> Trouble {
    let name = picture.pod_name(ordinal);
    let refused = found.filter(|pod| to_go(picture, ordinal, pod));
    let refused = refused
        .and_then(|pod| refused_change::deletion(picture, pod, "it has ended, or is of an old revision"));
    let known = template::node_name(picture, found).or(refused);
    let examination = match found {
        _ if known.is_some() => Examination::Blamed(known.into_iter().collect()),
        Some(pod) => match pod::examine(picture, pod) {
            Examination::Blamed(causes) => {
                let stuck = rollout::kept(picture, ordinal, pod, &causes)
                    .or_else(|| rollout::stuck(picture, ordinal, pod, &causes));
                let by_hand = |cause| rollout::by_hand(picture, ordinal, pod, cause);
                Examination::Blamed(match stuck {
                    Some(stuck) => vec![stuck],
                    None => causes.into_iter().map(by_hand).collect(),
                })
            }
            moving => moving,
        },
        None => name_taken::examine(picture, &name).unwrap_or_else(|| missing(picture, &name)),
    };
    let examination = match examination {
        Examination::Moving(what) => failure::again(picture, &name)
            .or_else(|| replaced::often(picture, &name))
            .map_or(Examination::Moving(what), |cause| Examination::Blamed(vec![cause])),
        blamed => blamed,
    };
    Trouble { pod: name, exists: found.is_some(), examination }
}

/// A pod that is not there: it may not be made, or the controller does not act.
fn missing(picture: &Picture, name: &str) -> Examination {
    refusal::examine(picture, name).map_or_else(
        || idle(picture, &format!("pod {name} does not exist, and nothing keeps it from being created")),
        |cause| Examination::Blamed(vec![cause]),
    )
}

/// Whether the controller wants to delete this pod of the set, and not only to see it Ready.
fn to_go(picture: &Picture, ordinal: i32, pod: &Pod) -> bool {
    let rolled = matches!(rollout::strategy(picture), Strategy::Rolling(from) if ordinal >= from);
    ["Failed", "Succeeded"].contains(&phase(pod)) || (rolled && rollout::other(picture, pod))
}

/// Under Recreate, every pod of an old revision: all go at once, those above what the set asks for as well, and nothing
/// else is done before the last of them is gone.
pub(super) fn recreated(picture: &Picture) -> Vec<Trouble> {
    if !matches!(rollout::strategy(picture), Strategy::Recreate) {
        return Vec::new();
    }
    let old = picture.pods_of_set().into_values().filter(|pod| rollout::other(picture, pod));
    let trouble = |pod: &Pod| {
        let pod_name = pod.name_any();
        let examination = if terminating(pod) {
            pod::examine(picture, pod)
        } else {
            deleted(
                picture,
                pod,
                "updateStrategy is Recreate, and it is of an old revision",
                &format!("pod {pod_name} is not of the newest revision, and updateStrategy is Recreate"),
            )
        };
        Trouble { pod: pod_name, exists: true, examination }
    };
    old.map(trouble).collect()
}

/// The pods above what the set asks for: at most one keeps the others from being removed.
pub(super) fn surplus(picture: &Picture) -> Option<Trouble> {
    let pods = picture.pods_of_set();
    let wanted = picture.wanted();
    let surplus: Vec<(&i32, &&Pod)> = pods.iter().filter(|(ordinal, _)| !wanted.contains(ordinal)).collect();
    let (_, highest) = surplus.last()?;
    let trouble = |pod: &Pod, examination| Some(Trouble { pod: pod.name_any(), exists: true, examination });
    if let Some((_, pod)) = surplus.iter().rev().find(|(_, pod)| terminating(**pod)) {
        return trouble(pod, pod::examine(picture, pod));
    }
    // The highest goes next, unless a lower one is not healthy either: then that one must heal first.
    let first = surplus.iter().find(|(_, pod)| !healthy(pod)).map(|(_, pod)| *pod);
    if let Some(first) =
        first.filter(|first| picture.ordered() && !healthy(highest) && first.name_any() != highest.name_any())
    {
        return trouble(first, pod::examine(picture, first));
    }
    let name = highest.name_any();
    let what = format!("pod {name} is above what the set asks for, and nothing keeps it from being removed");
    trouble(
        highest,
        deleted(
            picture,
            highest,
            "it is above what the set asks for, and the set gets no smaller before it is gone",
            &what,
        ),
    )
}

/// A pod that the controller should delete: it may not, or it does not act.
fn deleted(picture: &Picture, pod: &Pod, why: &str, what: &str) -> Examination {
    refused_change::deletion(picture, pod, why)
        .map_or_else(|| idle(picture, what), |cause| Examination::Blamed(vec![cause]))
}

/// A roll that is not through, though every pod is healthy.
pub(super) fn roll(picture: &Picture) -> Option<Examination> {
    let Strategy::Rolling(from) = rollout::strategy(picture) else { return None };
    let pods = picture.pods_of_set();
    let (ordinal, pod) =
        pods.iter().rev().find(|(ordinal, pod)| **ordinal >= from && rollout::other(picture, pod))?;
    let what = format!("pod {} is not of the newest revision yet", picture.pod_name(*ordinal));
    Some(settling(picture).unwrap_or_else(|| {
        deleted(
            picture,
            pod,
            "it is of an old revision, and the roll does not go on before it is gone",
            &what,
        )
    }))
}

/// Ready, but not for as long as the set wants it to be.
fn young(picture: &Picture, pod: &Pod) -> bool {
    let ready = condition(pod, "Ready").and_then(|ready| ready.last_transition_time.as_ref());
    healthy(pod) && picture.since(ready) < f64::from(least_ready(picture))
}

fn least_ready(picture: &Picture) -> i32 {
    picture.set.spec.as_ref().and_then(|spec| spec.min_ready_seconds).unwrap_or(0)
}

/// A pod that must be Ready for longer before another one's turn.
pub(super) fn settling(picture: &Picture) -> Option<Examination> {
    let pods = picture.pods_of_set();
    let pod = pods.values().find(|pod| young(picture, pod))?;
    let text = format!(
        "pod {} is Ready, and must stay so for {} s (minReadySeconds)",
        pod.name_any(),
        least_ready(picture)
    );
    Some(Examination::Moving(text))
}
