//! Something else has the name of a pod of the set: another's pod, one of an earlier set that does not go, or the set's
//! own, that it has lost with its labels.

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;

use crate::{
    Picture,
    cause::{self, Cause},
    picture::terminating,
    pod::{self, Examination},
};

/// What is in the way of a pod of the set that does not exist.
pub(super) fn examine(picture: &Picture, name: &str) -> Option<Examination> {
    let stranger = picture.stranger(name)?;
    if !terminating(stranger) {
        return Some(Examination::Blamed(vec![taken(picture, name, stranger)]));
    }
    Some(match pod::examine(picture, stranger) {
        Examination::Blamed(causes) => {
            let told = |mut cause: Cause| {
                cause.seen = format!(
                    "pod {name} of an earlier set is being deleted, and keeps this set's own from being made: {}",
                    cause.seen
                );
                cause
            };
            Examination::Blamed(causes.into_iter().map(told).collect())
        }
        Examination::Moving(text) => {
            Examination::Moving(format!("an earlier set's pod has the name and goes: {text}"))
        }
    })
}

fn taken(picture: &Picture, name: &str, stranger: &Pod) -> Cause {
    let seen = format!(
        "a pod {name} exists that is not of statefulset {}, so that the set can't have its own",
        picture.name()
    );
    let about = format!("pod/{name}");
    let cause = match lost_labels(picture, stranger) {
        Some(labels) => Cause::new(
            cause::NAME_TAKEN,
            about,
            format!("{seen}; nobody owns it, and it lacks what the set's selector asks for: {labels}"),
        )
        .advise(format!(
            "if it was the set's own, give it its labels back, and the set takes it in again as it runs: {}",
            picture.kubectl(&format!("label pod {name} {labels} --overwrite"))
        )),
        None => Cause::new(cause::NAME_TAKEN, about, seen),
    };
    cause.advise(format!("see whose it is: {}", picture.kubectl(&format!("get pod {name} -o yaml")))).advise(
        format!(
            "if it may go: {}; the set's own comes by itself",
            picture.kubectl(&format!("delete pod {name}"))
        ),
    )
}

/// The labels of the set's selector that a pod lacks which nobody owns.
fn lost_labels(picture: &Picture, stranger: &Pod) -> Option<String> {
    if stranger.owner_references().iter().any(|owner| owner.controller == Some(true)) {
        return None;
    }
    let wanted = picture.set.spec.as_ref()?.selector.match_labels.clone().unwrap_or_default();
    let lacks = wanted.iter().filter(|(key, value)| stranger.labels().get(*key) != Some(value));
    let lacks: Vec<String> = lacks.map(|(key, value)| format!("{key}={value}")).collect();
    (!lacks.is_empty()).then(|| lacks.join(" "))
}
