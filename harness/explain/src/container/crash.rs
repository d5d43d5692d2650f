//! Containers that end, and those that were told to and do not: by themselves, for memory, by a probe.

use k8s_openapi::api::core::v1::{ContainerStateTerminated, Event, Probe};
use kube::ResourceExt;

use super::{At, exit_code, hook, not_made, probe};
use crate::{
    cause::{self, Cause, quote},
    claim,
    evidence::{Evidence, times},
    log::{self, given, last_words, needs, read_only},
    picture::{age, message, seen_last, spec},
    thousandths,
};
use record::words;

/// Longer than a process needs that ends when told.
const STOPPING_MAY_TAKE: f64 = 20.0;

/// A probe that kills.
#[derive(Clone, Copy)]
enum Killer {
    Liveness,
    Startup,
}

impl Killer {
    const ALL: [Self; 2] = [Self::Liveness, Self::Startup];

    fn word(self) -> &'static str {
        match self {
            Self::Liveness => "liveness",
            Self::Startup => "startup",
        }
    }

    fn said(self) -> &'static str {
        match self {
            Self::Liveness => "Liveness probe",
            Self::Startup => "Startup probe",
        }
    }

    fn probe(self, at: &At<'_>) -> Option<Probe> {
        let template = at.template()?;
        match self {
            Self::Liveness => template.liveness_probe.clone(),
            Self::Startup => template.startup_probe.clone(),
        }
    }
}

/// A kill: the probe, the kubelet's word of it, and what the probe said.
struct Kill<'a> {
    by: Killer,
    event: &'a Event,
    said: Option<&'a Event>,
}

/// A container that ended, though it should run.
pub(crate) fn crashed(at: &At<'_>, ended: &ContainerStateTerminated) -> Cause {
    let reason = ended.reason.as_deref().unwrap_or("no reason given");
    // It may be the end of the log.
    let told = log::without_secrets(at.pod, ended.message.as_deref().unwrap_or_default());
    let told = told.as_str();
    let restarts = restarts(at);
    if ["StartError", "ContainerCannotRun"].contains(&reason) {
        return not_made::not_started(at, reason, told);
    }
    let logs = format!("see what it was at: {}", logs(at));
    if reason == "OOMKilled" {
        let cause = thousandths::note(at.picture, at.pod, out_of_memory(at, &restarts));
        return end(at, cause, ended).advise(logs);
    }
    if let Some(failing) = hook::failed(at, ended) {
        return failing;
    }
    if let Some(kill) = killed(at, ended.started_at.as_ref().map(|time| time.0)) {
        return end(at, by_probe(at, &kill, &restarts), ended).advise(logs);
    }
    if let Some(known) = last_words::examine(at)
        .or_else(|| given::examine(at))
        .or_else(|| read_only::examine(at))
        .or_else(|| needs::examine(at))
    {
        return end(at, known, ended).advise(logs);
    }
    let told = if told.is_empty() { String::new() } else { format!(": {}", quote(told)) };
    let meaning = exit_code::meaning(ended.exit_code).map(|meaning| format!("; {meaning}"));
    let seen = format!(
        "ends with exit code {} ({reason}, {restarts}{}){told}",
        ended.exit_code,
        meaning.unwrap_or_default()
    );
    let cause = end(at, at.cause(cause::CONTAINER_CRASHES, &seen), ended).by(log::evidence(
        at.picture,
        at.pod,
        &at.container.name,
    ));
    let cause = if ended.exit_code == 0 {
        cause.advise(format!("it ends by itself, and well, while a container of a set is one that runs on: see command and args in statefulset {}; a shell that starts its server in the background ends at once", at.picture.name()))
    } else {
        cause
    };
    cause.advise(logs)
}

/// Killed for memory: its own limit's, or that of its pod or node where it has none.
fn out_of_memory(at: &At<'_>, restarts: &str) -> Cause {
    let set = at.picture.name();
    match memory_limit(at) {
        Some(limit) => {
            let seen =
                format!("is killed for using more memory than its limit of {limit} (OOMKilled, {restarts})");
            at.cause(cause::OUT_OF_MEMORY, &seen)
                .advise(format!("raise resources.limits.memory in statefulset {set}, or make it use less"))
        }
        None => {
            let seen = format!(
                "is killed for memory, of which it has no limit of its own: its pod's or its node's was used up (OOMKilled, {restarts})"
            );
            let node = spec(at.pod).node_name.as_deref().unwrap_or("NODE");
            at.cause(cause::OUT_OF_MEMORY, &seen)
                .advise(format!("see who uses the node's memory: kubectl describe node {node}"))
                .advise(format!("ask for what it needs, so that it gets a node that has it: resources.requests.memory in statefulset {set}"))
        }
    }
}

/// The last end, as evidence.
fn end(at: &At<'_>, cause: Cause, ended: &ContainerStateTerminated) -> Cause {
    let field = format!("status.containerStatuses[{}].lastState.terminated", at.container.name);
    let times = [("startedAt", &ended.started_at), ("finishedAt", &ended.finished_at)];
    let times = times.iter().filter_map(|(name, time)| Some(format!("{name} {}", time.as_ref()?.0)));
    let text = format!(
        "exitCode {}, reason {}, {}, restartCount {}",
        ended.exit_code,
        ended.reason.as_deref().unwrap_or("none"),
        times.collect::<Vec<_>>().join(", "),
        at.container.restart_count
    );
    cause.by([Evidence::field(format!("pod/{}", at.pod.name_any()), field, &text)])
}

fn restarts(at: &At<'_>) -> String {
    match at.container.restart_count {
        0 => "not restarted yet".to_owned(),
        1 => "restarted once".to_owned(),
        times => format!("restarted {times} times"),
    }
}

fn logs(at: &At<'_>) -> String {
    at.picture.kubectl(&format!("logs {} -c {} --previous", at.pod.name_any(), at.container.name))
}

/// A limit as the pod's spec has it.
fn memory_limit(at: &At<'_>) -> Option<String> {
    Some(at.template()?.resources.as_ref()?.limits.as_ref()?.get("memory")?.0.clone())
}

/// Whether a probe ended the container's last life.
pub(crate) fn by_a_probe(at: &At<'_>, ended: &ContainerStateTerminated) -> bool {
    killed(at, ended.started_at.as_ref().map(|time| time.0)).is_some()
}

/// The probe for which the kubelet ended a container, since this moment. Only the event's words say which probe it was.
fn killed<'a>(at: &At<'a>, since: Option<jiff::Timestamp>) -> Option<Kill<'a>> {
    // What was said of an earlier life says nothing of how this one ended.
    let mut events = at.picture.events_about(at.pod);
    events.retain(|event| seen_last(event) >= since);
    let field = format!("{{{}}}", at.container.name);
    let of_it =
        |event: &Event| event.involved_object.field_path.as_deref().is_none_or(|path| path.ends_with(&field));
    Killer::ALL.into_iter().find_map(|by| {
        let word = format!("Container {} failed {} probe", at.container.name, by.word());
        let event = events
            .iter()
            .find(|event| event.reason.as_deref() == Some("Killing") && message(event).contains(&word))?;
        let said = events.iter().find(|event| message(event).starts_with(by.said()) && of_it(event));
        Some(Kill { by, event, said: said.copied() })
    })
}

/// `8 x 5 s`: when a probe gives up.
pub(crate) fn patience(probe: &Probe) -> String {
    let (times, period) = (probe.failure_threshold.unwrap_or(3), probe.period_seconds.unwrap_or(10));
    format!("after {times} x {period} s")
}

fn by_probe(at: &At<'_>, kill: &Kill<'_>, restarts: &str) -> Cause {
    let word = kill.by.word();
    let gives_up = kill.by.probe(at).map(|probe| format!(", which gives up {}", patience(&probe)));
    let said = kill.said.map_or_else(String::new, |said| format!(": {}", quote(message(said))));
    let often = match times(kill.event) {
        1 => restarts.to_owned(),
        times => format!("{restarts}, {times} times by this probe"),
    };
    let half = half_made(at, kill).unwrap_or_default();
    let seen = format!(
        "is restarted because its {word} probe fails{} ({often}){said}{half}",
        gives_up.unwrap_or_default()
    );
    let id = match kill.by {
        Killer::Liveness => cause::LIVENESS_PROBE_FAILING,
        Killer::Startup => cause::STARTUP_PROBE_FAILING,
    };
    let cause = at
        .cause(id, &seen)
        .by_event(kill.event)
        .by(kill.said.map(Evidence::event))
        .by(log::evidence(at.picture, at.pod, &at.container.name));
    let cause = probe::with_answer(cause, kill.said);
    match kill.by {
        Killer::Liveness => cause
            .advise("see whether the process hangs, or the probe asks too early or too much")
            .advise("its initialDelaySeconds, timeoutSeconds and failureThreshold say when it gives up; a startupProbe keeps it from asking before the process is up"),
        Killer::Startup => cut_off(at, cause.advise("give the probe as much time as the longest start needs: startupProbe.failureThreshold x periodSeconds; or correct what it asks")),
    }
}

/// A server that finds a database and makes none, while its startup probe fails: the first start may not have ended.
fn half_made(at: &At<'_>, kill: &Kill<'_>) -> Option<String> {
    let found = last_words::begun_before(at).filter(|_| matches!(kill.by, Killer::Startup))?;
    if own_claims(at).is_empty() {
        return None;
    }
    let lacks = kill.said.is_some_and(|said| message(said).contains("does not exist"));
    Some(format!(
        "; its volume holds a database already ({}), {}",
        quote(found),
        if lacks {
            "without what the probe asks for, as a first start leaves it that was cut off"
        } else {
            "and lacks what its first start should have made, if that was cut off"
        }
    ))
}

fn own_claims(at: &At<'_>) -> Vec<String> {
    claim::mounted(at.pod).into_iter().filter(|name| at.picture.claim(name).is_some()).collect()
}

/// A first start that was cut off leaves half of its work on the volume, and later ones do not make up for it.
fn cut_off(at: &At<'_>, cause: Cause) -> Cause {
    let claims = own_claims(at);
    if claims.is_empty() {
        return cause;
    }
    let (set, count) = (at.picture.name(), at.picture.wanted().len());
    let steps = format!(
        "{}; {}; {}",
        at.picture.kubectl(&format!("scale statefulset {set} --replicas 0")),
        at.picture.kubectl(&format!("delete pvc {}", claims.join(" "))),
        at.picture.kubectl(&format!("scale statefulset {set} --replicas {count}"))
    );
    let begun = "where the first start was cut off, the volume lacks what it should have made, and more time alone does not help any more";
    cause.advise(format!(
        "{begun}: then start again with an empty volume, if nothing on it is needed: {steps}"
    ))
}

/// A container that the kubelet told to stop after a probe failed, and that still runs: it waits for the whole grace.
pub(crate) fn does_not_stop(at: &At<'_>) -> Option<Cause> {
    let began = at.container.state.as_ref()?.running.as_ref()?.started_at.as_ref()?;
    let kill = killed(at, Some(began.0))?;
    // Told before this life began, or a moment ago.
    if seen_last(kill.event) <= Some(began.0) || age(at.picture, kill.event) < STOPPING_MAY_TAKE {
        return None;
    }
    let word = kill.by.word();
    let of_probe = kill.by.probe(at).and_then(|probe| probe.termination_grace_period_seconds);
    let of_pod = spec(at.pod).termination_grace_period_seconds.unwrap_or(30);
    let (grace, field) = of_probe.map_or((of_pod, "terminationGracePeriodSeconds of the pod"), |own| {
        (own, "terminationGracePeriodSeconds of the probe")
    });
    let told = words::seconds(age(at.picture, kill.event));
    let said =
        kill.said.map_or_else(String::new, |said| format!("; the probe said: {}", quote(message(said))));
    let hook = at.template().and_then(|container| container.lifecycle.as_ref()?.pre_stop.as_ref());
    let hook = hook.map_or("", |_| "; its preStop hook runs first, within the same time");
    let seen = format!(
        "was told to stop {told} ago because its {word} probe failed ({}), and still runs: the kubelet waits for {grace} s ({field}) before it kills and restarts it{hook}; meanwhile the pod may look Running and Ready{said}",
        quote(message(kill.event))
    );
    let name = at.pod.name_any();
    let cause = at
        .cause(cause::CONTAINER_DOES_NOT_STOP, &seen)
        .by_event(kill.event)
        .by(kill.said.map(Evidence::event))
        .by([Evidence::field(format!("pod/{name}"), field, &grace.to_string())])
        .advise(format!("give it seconds and no more when a probe fails: {word}Probe.terminationGracePeriodSeconds in statefulset {}", at.picture.name()))
        .advise("let the process end on SIGTERM")
        .advise(format!("see why the probe fails: {}", at.picture.kubectl(&format!("logs {name} -c {} --tail 50", at.container.name))));
    Some(cause)
}
