//! Hooks of containers: a postStart hook that does not return, or fails.

use k8s_openapi::api::core::v1::ContainerStateTerminated;
use kube::ResourceExt;

use super::At;
use crate::{
    cause::{self, Cause, quote},
    evidence::Evidence,
    log,
    picture::{age, message, seen_last},
};
use record::words;

/// Seconds that a hook may take before it is named.
const HOOK_MAY_TAKE: f64 = 15.0;

/// A container that was started and is not yet said to run: the kubelet waits for its postStart hook.
pub(super) fn running(at: &At<'_>) -> Option<Cause> {
    let what = what(at)?;
    let started = at.picture.container_event(at.pod, &at.container.name, "Started")?;
    // The event of an earlier life, where it has ended since.
    let ended = at.last_end().and_then(|ended| ended.finished_at.as_ref()).map(|end| end.0);
    if age(at.picture, started) < HOOK_MAY_TAKE
        || ended.is_some_and(|ended| seen_last(started) <= Some(ended))
    {
        return None;
    }
    let (set, name) = (at.picture.name(), &at.container.name);
    let ago = words::seconds(age(at.picture, started));
    let seen = format!(
        "was started {ago} ago ({}), and its postStart hook has not returned: until it does, the kubelet reports neither the container as Running nor the pod's address, so that a hook that waits for the pod's own name or endpoint waits for ever",
        quote(message(started))
    );
    let cause = at
        .cause(cause::POST_START_HOOK_RUNNING, &seen)
        .by_event(started)
        .by([what])
        .by(log::evidence(at.picture, at.pod, name))
        .advise(format!("make the hook end whatever happens (a bound on its loop), or move what it waits for into the container's own start or a readiness probe, in statefulset {set}"))
        .advise("a hook's output is in no log; what it runs is in the pod's spec: lifecycle.postStart");
    Some(cause)
}

/// What a container's hook runs, as evidence.
fn what(at: &At<'_>) -> Option<Evidence> {
    let hook = at.template()?.lifecycle.as_ref()?.post_start.as_ref()?;
    let command = hook.exec.as_ref().and_then(|exec| exec.command.as_ref()).map(|command| command.join(" "));
    let what = command.map_or_else(|| "a request".to_owned(), |what| log::without_secrets(at.pod, &what));
    let path = format!("spec.containers[{}].lifecycle.postStart", at.container.name);
    Some(Evidence::field(format!("pod/{}", at.pod.name_any()), path, &what))
}

/// The program that a hook runs.
fn program<'a>(at: &'a At<'_>) -> Option<&'a str> {
    let hook = at.template()?.lifecycle.as_ref()?.post_start.as_ref()?;
    hook.exec.as_ref()?.command.as_ref()?.first().map(String::as_str)
}

/// A hook that the kubelet says has failed just now.
pub(super) fn failing(at: &At<'_>, told: &str) -> Cause {
    let event = at.picture.container_event(at.pod, &at.container.name, "FailedPostStartHook");
    let told = event.map_or(told, message);
    let (hook, set) = (what(at), at.picture.name());
    let runs = hook.as_ref().map(|hook| format!(" ({})", quote(&hook.text))).unwrap_or_default();
    let seen = format!("is killed because its postStart hook{runs} fails: {}", quote(told));
    let cause = at
        .cause(cause::POST_START_HOOK_FAILING, &seen)
        .by(event.map(Evidence::event))
        .by(hook)
        .by(log::evidence(at.picture, at.pod, &at.container.name));
    let cause = match program(at) {
        Some(program) => cause.advise(format!("see that image {} has {program} at all: neither what a hook says nor that its program is not there is in any log", at.container.image)),
        None => cause,
    };
    cause
        .advise(format!("correct the hook's command in statefulset {set}, or let it end well whatever happens: a container whose postStart hook fails is killed"))
        .advise("move what may fail into the container's own start or a readiness probe")
}

/// An end that was a failed hook's doing.
pub(super) fn failed(at: &At<'_>, ended: &ContainerStateTerminated) -> Option<Cause> {
    let event = at.picture.container_event(at.pod, &at.container.name, "FailedPostStartHook")?;
    let began = ended.started_at.as_ref().map(|time| time.0);
    (seen_last(event) >= began).then(|| failing(at, message(event)))
}
