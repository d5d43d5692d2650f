//! Containers that do not run, or not for long.

use k8s_openapi::api::core::v1::{
    ContainerState, ContainerStateTerminated, ContainerStateWaiting, ContainerStatus, Pod,
};
use kube::ResourceExt;

use super::{
    Picture,
    cause::{self, Cause, quote},
    picture::{message, seen_last, spec, status},
};

/// Seconds after which the end of a container is an event of its own, and not one of a series.
const LONG_LIFE: f64 = 300.0;

/// A container with its pod.
struct At<'a> {
    picture: &'a Picture,
    pod: &'a Pod,
    container: &'a ContainerStatus,
}

/// The first container, in the order in which they start, that something is wrong with.
pub(super) fn examine(picture: &Picture, pod: &Pod) -> Option<Cause> {
    let status = status(pod);
    let all = status.init_container_statuses.iter().chain(&status.container_statuses).flatten();
    all.into_iter().find_map(|container| At { picture, pod, container }.examine())
}

impl At<'_> {
    fn examine(&self) -> Option<Cause> {
        let state = self.container.state.as_ref()?;
        match (&state.waiting, &state.terminated) {
            (Some(waiting), _) => self.waits(waiting),
            (None, Some(ended)) if self.stays_ended(ended) => None,
            (None, Some(ended)) => Some(self.crashed(ended)),
            (None, None) => self.runs(state),
        }
    }

    /// An init container that ended well has done its part.
    fn stays_ended(&self, ended: &ContainerStateTerminated) -> bool {
        let init = spec(self.pod).init_containers.iter().flatten();
        ended.exit_code == 0 && init.into_iter().any(|init| init.name == self.container.name)
    }

    /// Who runs, and has not yet run for longer than the last time, is still about to crash.
    fn runs(&self, state: &ContainerState) -> Option<Cause> {
        let ended = self.last_end()?;
        let running = self.picture.since(state.running.as_ref()?.started_at.as_ref());
        let lifetime = match (&ended.started_at, &ended.finished_at) {
            (Some(begin), Some(end)) => end.0.duration_since(begin.0).as_secs_f64(),
            _ => 0.0,
        };
        // One end after a long life is no habit: a node that was started again, a deadlock once a week.
        let crashing = !self.container.ready && lifetime < LONG_LIFE && running < lifetime * 2.0 + 10.0;
        crashing.then(|| self.crashed(ended))
    }

    fn last_end(&self) -> Option<&ContainerStateTerminated> {
        self.container.last_state.as_ref()?.terminated.as_ref()
    }

    fn waits(&self, waiting: &ContainerStateWaiting) -> Option<Cause> {
        let reason = waiting.reason.as_deref().unwrap_or_default();
        let told = waiting.message.as_deref().unwrap_or_default();
        match reason {
            "ErrImagePull"
            | "ImagePullBackOff"
            | "InvalidImageName"
            | "ErrImageNeverPull"
            | "RegistryUnavailable"
            | "ImageInspectError"
            | "SignatureValidationFailed" => Some(self.image(reason, told)),
            "CreateContainerConfigError" => {
                Some(missing(self.picture, self.pod, told).unwrap_or_else(|| {
                    self.cause(
                        cause::CONTAINER_CONFIG_INVALID,
                        &format!("can't be configured ({reason}): {}", quote(told)),
                    )
                    .advise(format!("change what is complained about in statefulset {}", self.picture.name()))
                }))
            }
            "CreateContainerError" | "RunContainerError" | "PostStartHookError" => {
                Some(self.cannot_start(reason, told))
            }
            // Before the first end, nothing is known against it: it may be created, or wait for those before it.
            "CrashLoopBackOff" => self.last_end().map(|ended| self.crashed(ended)),
            _ => None,
        }
    }

    fn cause(&self, id: &'static str, what: &str) -> Cause {
        let (pod, container) = (self.pod.name_any(), &self.container.name);
        Cause::new(id, format!("pod/{pod}"), format!("container {container} of pod {pod} {what}"))
    }

    fn image(&self, reason: &str, told: &str) -> Cause {
        // The event keeps the registry's answer, which the status shows only between two tries.
        let pulled = |event: &&k8s_openapi::api::core::v1::Event| {
            event.reason.as_deref() == Some("Failed")
                && message(event).contains(&self.container.image)
                && message(event).contains("Failed to pull")
        };
        let events = self.picture.events_about(self.pod);
        let told = events.into_iter().find(pulled).map_or(told, message);
        let image = &self.container.image;
        self.cause(
            cause::IMAGE_UNAVAILABLE,
            &format!("waits for its image {image} ({reason}): {}", quote(told)),
        )
        .advise(format!(
            "see that {image} is spelled right and in its registry; the kubelet tries again by itself"
        ))
        .advise(format!(
            "to change it: {}",
            self.picture.kubectl(&format!(
                "set image statefulset/{} {}=IMAGE",
                self.picture.name(),
                self.container.name
            ))
        ))
        .advise("if the registry asks for a login, name its Secret in imagePullSecrets")
    }

    fn cannot_start(&self, reason: &str, told: &str) -> Cause {
        self.cause(cause::CONTAINER_CANNOT_START, &format!("can't be started ({reason}): {}", quote(told)))
            .advise(format!("change command, args, mounts or security settings of statefulset {}, whichever is complained about", self.picture.name()))
    }

    fn crashed(&self, ended: &ContainerStateTerminated) -> Cause {
        let reason = ended.reason.as_deref().unwrap_or("no reason given");
        let told = ended.message.as_deref().unwrap_or_default();
        let pod = self.pod.name_any();
        let restarts = match self.container.restart_count {
            0 => "not restarted yet".to_owned(),
            1 => "restarted once".to_owned(),
            times => format!("restarted {times} times"),
        };
        if ["StartError", "ContainerCannotRun"].contains(&reason) {
            return self.cannot_start(reason, told);
        }
        let logs = self.picture.kubectl(&format!("logs {pod} -c {} --previous", self.container.name));
        let logs = format!("see what it was at: {logs}");
        if reason == "OOMKilled" {
            let limit = self.memory_limit();
            let seen =
                format!("is killed for using more memory than its limit of {limit} (OOMKilled, {restarts})");
            let set = self.picture.name();
            let raise = format!("raise resources.limits.memory in statefulset {set}, or make it use less");
            return self.cause(cause::OUT_OF_MEMORY, &seen).advise(raise).advise(logs);
        }
        if let Some(said) = self.killed_by_probe(ended) {
            let said = quote(&said);
            let seen = format!("is restarted because its liveness probe fails ({restarts}): {said}");
            return self
                .cause(cause::LIVENESS_PROBE_FAILING, &seen)
                .advise("see whether the process hangs, or the probe asks too early or too much")
                .advise("its initialDelaySeconds, timeoutSeconds and failureThreshold say when it gives up")
                .advise(logs);
        }
        let told = if told.is_empty() { String::new() } else { format!(": {}", quote(told)) };
        let seen = format!("ends with exit code {} ({reason}, {restarts}){told}", ended.exit_code);
        self.cause(cause::CONTAINER_CRASHES, &seen).advise(logs)
    }

    /// A limit as the pod's spec has it.
    fn memory_limit(&self) -> String {
        let limit = spec(self.pod)
            .containers
            .iter()
            .chain(spec(self.pod).init_containers.iter().flatten())
            .find(|container| container.name == self.container.name)
            .and_then(|container| {
                Some(container.resources.as_ref()?.limits.as_ref()?.get("memory")?.0.clone())
            });
        limit.unwrap_or_else(|| "its pod or node".to_owned())
    }

    /// What the liveness probe said, of a container whose last end was the kubelet's doing.
    fn killed_by_probe(&self, ended: &ContainerStateTerminated) -> Option<String> {
        let began = ended.started_at.as_ref().map(|time| time.0);
        // What was said of an earlier life says nothing of how this one ended.
        let mut events = self.picture.events_about(self.pod);
        events.retain(|event| seen_last(event) >= began);
        let word = format!("Container {} failed liveness probe", self.container.name);
        events.iter().find(|event| message(event).contains(&word))?;
        let said = events.iter().find(|event| message(event).starts_with("Liveness probe"))?;
        Some(message(said).to_owned())
    }
}

/// The ConfigMap or Secret that a message says is not there.
pub(super) fn missing(picture: &Picture, pod: &Pod, told: &str) -> Option<Cause> {
    let lower = told.to_lowercase();
    let absent = ["not found", "couldn't find key", "non-existent config key", "non-existent secret key"];
    if !absent.iter().any(|word| lower.contains(word)) {
        return None;
    }
    // A missing key of a volume's ConfigMap is said without its name.
    let (id, kind) = if lower.contains("configmap") || lower.contains("config key") {
        (cause::CONFIG_MAP_MISSING, "configmap")
    } else if lower.contains("secret") {
        (cause::SECRET_MISSING, "secret")
    } else {
        return None;
    };
    let name = named(told, kind);
    let about =
        name.as_ref().map_or_else(|| format!("pod/{}", pod.name_any()), |name| format!("{kind}/{name}"));
    let name = name.unwrap_or_else(|| "NAME".to_owned());
    let seen =
        format!("pod {} needs a {kind} that is not there, or lacks a key: {}", pod.name_any(), quote(told));
    let cause = Cause::new(id, about, seen)
        .advise(format!(
            "create {name}, or add the key: {}; the kubelet tries again by itself",
            picture.kubectl(&format!("get {kind}"))
        ))
        .advise(format!("or correct the name in statefulset {}", picture.name()));
    Some(cause)
}

/// `configmap "settings" not found`, `couldn't find key host in ConfigMap garage/settings`
fn named(told: &str, kind: &str) -> Option<String> {
    let at = told.to_lowercase().find(&format!("{kind} "))? + kind.len() + 1;
    let word = told.get(at..)?.split_whitespace().next()?;
    let word = word.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
    let name = word.rsplit('/').next().unwrap_or(word);
    (!name.is_empty()).then(|| name.to_owned())
}
