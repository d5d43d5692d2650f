//! Containers that run and are not Ready: probes and readiness gates.

use k8s_openapi::api::core::v1::{ContainerStatus, Event, Pod, Probe};
use kube::ResourceExt;

use super::{crash::patience, probe_port};
use crate::{
    Picture,
    cause::{self, Cause, quote},
    evidence::{Evidence, often},
    log,
    picture::{condition, container as template, is_true, message, seen_last, sidecar, spec, status},
    remedy::{self, Remedies},
};

/// What probes end with, and what that may mean. The event has it in words alone.
const ANSWERS: Remedies = &[
    (
        &["executable file not found", "no such file or directory"],
        "the probe's command is not in the container's image: name one that is, or ask by httpGet or tcpSocket",
    ),
    (
        &["connection refused"],
        "nobody listens on the port that it asks: the server is not up yet, listens on another port, or on localhost only",
    ),
    (
        &["deadline exceeded", "timed out", "timeout"],
        "no answer within timeoutSeconds (1 by default): the server is busy, or throttled by its CPU limit; an exec probe that starts a runtime of its own takes longer",
    ),
    (&["statuscode: 404"], "the path that it asks for is not there: see httpGet.path"),
    (
        &["statuscode: 401", "statuscode: 403"],
        "the path that it asks for needs a login: ask one that does not",
    ),
    (
        &["http response to https", "malformed http", "tls"],
        "one speaks HTTPS and the other HTTP: see httpGet.scheme",
    ),
];

/// Why a pod whose containers run is not Ready.
pub(crate) fn examine(picture: &Picture, pod: &Pod) -> Option<Cause> {
    let status = status(pod);
    let sidecars = status.init_container_statuses.iter().flatten();
    let sidecars = sidecars.filter(|container| is_sidecar(pod, &container.name));
    let unready =
        sidecars.chain(status.container_statuses.iter().flatten()).find(|container| !container.ready);
    match unready {
        Some(container) => failing(picture, pod, container),
        None if is_true(pod, "ContainersReady") => gate(picture, pod),
        None => None,
    }
}

fn is_sidecar(pod: &Pod, name: &str) -> bool {
    spec(pod).init_containers.iter().flatten().any(|init| init.name == name && sidecar(init))
}

fn failing(picture: &Picture, pod: &Pod, container: &ContainerStatus) -> Option<Cause> {
    let running = container.state.as_ref()?.running.as_ref()?;
    let of_spec = template(pod, &container.name)?;
    let starting = container.started == Some(false) && of_spec.startup_probe.is_some();
    let (id, kind, probe) = if starting {
        (cause::STARTUP_PROBE_FAILING, "startup", &of_spec.startup_probe)
    } else {
        (cause::READINESS_PROBE_FAILING, "readiness", &of_spec.readiness_probe)
    };
    let probe = probe.as_ref()?;
    let word = if starting { "Startup probe" } else { "Readiness probe" };
    let began = running.started_at.as_ref().map(|time| time.0);
    let path = format!("{{{}}}", container.name);
    // What probes said of an earlier life, or of another container, is no matter.
    let said = picture.events_about(pod).into_iter().find(|event| {
        let field = event.involved_object.field_path.as_deref();
        message(event).starts_with(word)
            && seen_last(event) >= began
            && field.is_none_or(|field| field.ends_with(&path))
    });
    let runs = picture.since(running.started_at.as_ref());
    let told = match said {
        Some(event) => quote(message(event)),
        // Events go after an hour; before the first answers nobody can say.
        None if runs > first_answer(probe) => condition(pod, "Ready")
            .and_then(|ready| ready.message.as_deref())
            .map_or_else(|| "no event says how".to_owned(), quote),
        None => return None,
    };
    let (name, container) = (pod.name_any(), &container.name);
    let ago = picture.ago(running.started_at.as_ref());
    let often = said.map(often);
    let gives_up = if starting { format!("; it gives up {}", patience(probe)) } else { String::new() };
    let seen = format!(
        "container {container} of pod {name} runs since {ago}, and its {kind} probe fails{}{gives_up}: {told}",
        often.unwrap_or_default()
    );
    let cause = Cause::new(id, format!("pod/{name}"), seen)
        .by(said.map(Evidence::event))
        .by(condition(pod, "Ready").map(|ready| Evidence::condition(pod, ready)))
        .by(log::evidence(picture, pod, container));
    if let Some(port) = probe_port::unnamed(of_spec, probe) {
        return Some(probe_port::correct(picture, pod, of_spec, kind, port, cause));
    }
    let cause = cause
        .advise(format!(
            "see what the container says: {}",
            picture.kubectl(&format!("logs {name} -c {container} --tail 50"))
        ))
        .advise(format!(
            "see what the probe asks: {}",
            picture.kubectl(&format!(
                "get pod {name} -o jsonpath='{{..[?(@.name==\"{container}\")].{kind}Probe}}'"
            ))
        ));
    let cause = with_answer(cause, said);
    Some(if picture.ordered() && !starting {
        cause.advise("a probe that passes only when the other pods are there can never pass with podManagementPolicy OrderedReady")
    } else {
        cause
    })
}

/// With what helps against what a probe was answered, where its event says that.
pub(crate) fn with_answer(cause: Cause, said: Option<&Event>) -> Cause {
    let answer = said.map(message).unwrap_or_default().to_lowercase();
    match probe_port::other_protocol(&answer).or_else(|| remedy::against(ANSWERS, &answer)) {
        Some(helps) => cause.advise(helps),
        None => cause,
    }
}

/// Seconds within which a probe has given its first answer, whichever.
pub(crate) fn first_answer(probe: &Probe) -> f64 {
    let seconds = probe.initial_delay_seconds.unwrap_or(0)
        + probe.period_seconds.unwrap_or(10) * probe.failure_threshold.unwrap_or(3)
        + probe.timeout_seconds.unwrap_or(1);
    f64::from(seconds)
}

fn gate(picture: &Picture, pod: &Pod) -> Option<Cause> {
    let gates = spec(pod).readiness_gates.as_deref().unwrap_or_default();
    let unset = gates.iter().map(|gate| gate.condition_type.as_str()).filter(|kind| !is_true(pod, kind));
    let unset = unset.collect::<Vec<_>>().join(", ");
    if unset.is_empty() {
        return None;
    }
    let name = pod.name_any();
    let seen =
        format!("all containers of pod {name} are ready, but its readiness gates are not True: {unset}");
    let cause = Cause::new(cause::READINESS_GATE_UNSET, format!("pod/{name}"), seen)
        .advise("look after the program that should set these conditions in the pod's status (a load balancer's controller, an operator)")
        .advise(format!("see them: {}", picture.kubectl(&format!("get pod {name} -o jsonpath='{{.status.conditions}}'"))));
    Some(cause)
}
