//! Pods that are Ready now, and were not, though they had been: their readiness comes and goes.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::ResourceExt;

use crate::{
    Picture,
    cause::{self, Cause, quote},
    container::probe,
    evidence::{Evidence, times},
    log,
    picture::{age, condition, container, healthy, message, seen_last, status},
};

/// Seconds since which a pod is Ready again, at most, to be told of.
const RECENT: f64 = 300.0;
/// Seconds after the first answer in which a container's start is over.
const STARTED: f64 = 10.0;

/// A readiness probe that fails now and then: it had passed, failed, and passes again.
pub(super) fn comes_and_goes(picture: &Picture, pod: &Pod) -> Option<Cause> {
    let since = condition(pod, "Ready")?.last_transition_time.as_ref()?;
    if !healthy(pod) || picture.since(Some(since)) > RECENT {
        return None;
    }
    let mut containers = status(pod).container_statuses.iter().flatten();
    containers.find_map(|found| {
        let readiness = container(pod, &found.name)?.readiness_probe.as_ref()?;
        let began = found.state.as_ref()?.running.as_ref()?.started_at.as_ref()?.0;
        let failures = failures(picture, pod, &found.name, began);
        let newest = *failures.first()?;
        // What failed from the start on only took its time.
        let first = failures.iter().filter_map(|event| first_seen(event)).min()?;
        let passed = first.duration_since(began).as_secs_f64() - probe::first_answer(readiness) - STARTED;
        let again = age(picture, newest) < RECENT && since.0 > began && passed > 0.0;
        again.then(|| blame(picture, pod, &found.name, newest, readiness.timeout_seconds.unwrap_or(1)))
    })
}

/// The readiness probe's failures in this life of a container, the newest first.
fn failures<'a>(picture: &'a Picture, pod: &Pod, container: &str, began: Timestamp) -> Vec<&'a Event> {
    let path = format!("{{{container}}}");
    let mut events = picture.events_about(pod);
    events.retain(|event| {
        let field = event.involved_object.field_path.as_deref();
        message(event).starts_with("Readiness probe")
            && seen_last(event) >= Some(began)
            && field.is_none_or(|field| field.ends_with(&path))
    });
    events
}

fn first_seen(event: &Event) -> Option<Timestamp> {
    let first = event.first_timestamp.as_ref().map(|at| at.0);
    first.or(event.event_time.as_ref().map(|at| at.0))
}

fn blame(picture: &Picture, pod: &Pod, container: &str, event: &Event, timeout: i32) -> Cause {
    let name = pod.name_any();
    let ready = condition(pod, "Ready");
    let ago = picture.ago(ready.and_then(|ready| ready.last_transition_time.as_ref()));
    let seen = format!(
        "the readiness probe of container {container} of pod {name} fails now and then ({} times): it is Ready again since {ago}: {}",
        times(event),
        quote(message(event))
    );
    Cause::new(cause::READINESS_PROBE_FAILING, format!("pod/{name}"), seen)
        .by_event(event)
        .by(ready.map(|ready| Evidence::condition(pod, ready)))
        .by(log::evidence(picture, pod, container))
        .advise(format!("see how long it takes to answer, and what the container is short of then (CPU limit, memory, its disk): {}", picture.kubectl(&format!("top pod {name} --containers"))))
        .advise(format!("give the probe more time: readinessProbe.timeoutSeconds is {timeout} s; failureThreshold says how often it may fail in a row"))
}
