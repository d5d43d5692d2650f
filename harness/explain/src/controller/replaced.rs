//! Pods that are made anew again and again, without having failed: somebody deletes them, and no object says who.

use std::collections::BTreeSet;

use kube::ResourceExt;

use crate::{
    Picture,
    cause::{self, Cause},
    evidence::Evidence,
    picture::age,
};

/// Seconds that are looked back.
const WINDOW: f64 = 1800.0;
/// Earlier pods of a name that are no chance.
const OFTEN: usize = 4;

/// A pod of the set whose name many have had of late, more than the set's template has changed.
pub(crate) fn often(picture: &Picture, pod: &str) -> Option<Cause> {
    let now = picture.pods.iter().find(|found| found.name_any() == pod).and_then(ResourceExt::uid);
    let about = picture.events.iter().filter(|event| {
        let object = &event.involved_object;
        object.kind.as_deref() == Some("Pod")
            && object.name.as_deref() == Some(pod)
            && object.uid != now
            && age(picture, event) < WINDOW
    });
    let uids: BTreeSet<&str> =
        about.clone().filter_map(|event| event.involved_object.uid.as_deref()).collect();
    let rolls = picture.revisions.as_deref().unwrap_or_default().iter().filter(|revision| {
        let of_set =
            revision.owner_references().iter().any(|owner| Some(&owner.uid) == picture.set.uid().as_ref());
        of_set && picture.since(revision.metadata.creation_timestamp.as_ref()) < WINDOW
    });
    if uids.len() < OFTEN + rolls.count() {
        return None;
    }
    let killed = about.filter(|event| event.reason.as_deref() == Some("Killing"));
    let last = killed.max_by_key(|event| crate::picture::seen_last(event));
    let seen = format!(
        "{} pods of the name {pod} have been there and gone within half an hour, and none has failed: somebody deletes them",
        uids.len()
    );
    let cause = Cause::new(cause::POD_REPLACED_OFTEN, format!("pod/{pod}"), seen)
        .unknown()
        .by(last.map(Evidence::event))
        .advise("no object says who deletes pods; the API server's audit log does. Those that often do: a descheduler, a node autoscaler that moves pods, an operator, a job that restarts, an eviction by taints")
        .advise(format!("see whether the set itself is changed each time: {}", picture.kubectl(&format!("get statefulset {} -o yaml --show-managed-fields", picture.name()))));
    Some(cause)
}
