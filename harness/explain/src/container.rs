//! Containers that do not run, or not for long.

mod awaited;
pub(crate) mod crash;
mod exit_code;
mod hook;
mod image;
pub(crate) mod mounted;
mod not_made;
pub(crate) mod probe;
mod probe_port;
mod program;

use k8s_openapi::api::core::v1::{
    Container, ContainerState, ContainerStateTerminated, ContainerStateWaiting, ContainerStatus, Pod,
};
use kube::ResourceExt;

use super::{
    Picture,
    cause::{self, Cause},
    evidence::Evidence,
    log,
    picture::{container, sidecar, spec, status},
};

/// Seconds after which the end of a container is an event of its own, and not one of a series.
pub(super) const LONG_LIFE: f64 = 300.0;
/// Seconds within which an init container that runs is nothing to speak of.
const INIT_MAY_TAKE: f64 = 30.0;
/// Seconds after which an init container may be meant to run on.
const SIDECAR_SUSPECTED: f64 = 60.0;

/// A container with its pod.
pub(super) struct At<'a> {
    pub picture: &'a Picture,
    pub pod: &'a Pod,
    pub container: &'a ContainerStatus,
}

/// The first container, in the order in which they start, that something is wrong with.
pub(super) fn examine(picture: &Picture, pod: &Pod) -> Option<Cause> {
    let status = status(pod);
    let all = status.init_container_statuses.iter().chain(&status.container_statuses).flatten();
    all.into_iter().find_map(|container| {
        let at = At { picture, pod, container };
        Some(at.injected(at.examine()?))
    })
}

impl At<'_> {
    fn examine(&self) -> Option<Cause> {
        let state = self.container.state.as_ref()?;
        match (&state.waiting, &state.terminated) {
            (Some(waiting), _) => self.waits(waiting),
            (None, Some(ended)) if self.initial() && ended.exit_code == 0 => None,
            (None, Some(ended)) => Some(crash::crashed(self, ended)),
            (None, None) => {
                crash::does_not_stop(self).or_else(|| self.runs(state)).or_else(|| self.does_not_end(state))
            }
        }
    }

    /// Its template in the pod.
    pub(super) fn template(&self) -> Option<&Container> {
        container(self.pod, &self.container.name)
    }

    /// What is in the way of a container that the set's template does not have: a change of the set does not reach it.
    fn injected(&self, mut cause: Cause) -> Cause {
        let Some(template) = self.picture.template().filter(|template| !template.containers.is_empty())
        else {
            return cause;
        };
        let mut own = template.init_containers.iter().flatten().chain(&template.containers);
        let name = &self.container.name;
        if own.any(|own| own.name == *name) {
            return cause;
        }
        cause.seen.push_str(
            "; the set's template has no such container: an admission webhook has put it into the pod",
        );
        cause.advise(format!("see who puts {name} in, and its settings: kubectl get mutatingwebhookconfigurations; most heed an annotation or label of the pod template or the namespace that says to leave it out"))
    }

    /// Whether it is to end before the others start.
    fn initial(&self) -> bool {
        let init = spec(self.pod).init_containers.iter().flatten();
        init.into_iter().any(|init| init.name == self.container.name && !sidecar(init))
    }

    /// Who runs, and has not yet run for longer than the last time, is still about to crash.
    fn runs(&self, state: &ContainerState) -> Option<Cause> {
        let ended = self.last_end()?;
        let running = self.picture.since(state.running.as_ref()?.started_at.as_ref());
        let lifetime = lifetime(ended);
        // One end after a long life is no habit: a node that was started again, a deadlock once a week.
        let crashing = !self.container.ready && lifetime < LONG_LIFE && running < lifetime * 2.0 + 10.0;
        crashing.then(|| crash::crashed(self, ended))
    }

    /// An init container that runs: nothing else of its pod starts before it has ended.
    fn does_not_end(&self, state: &ContainerState) -> Option<Cause> {
        let began = state.running.as_ref()?.started_at.as_ref();
        if !self.initial() || self.picture.since(began) < INIT_MAY_TAKE {
            return None;
        }
        let (pod, name, ago) = (self.pod.name_any(), &self.container.name, self.picture.ago(began));
        let seen = format!(
            "is an init container, runs since {ago}, and has not ended: no other container of the pod starts before it has"
        );
        let cause = self
            .cause(cause::INIT_CONTAINER_RUNS, &seen)
            .by([Evidence::field(
                format!("pod/{pod}"),
                format!("status.initContainerStatuses[{name}].state.running"),
                &ago,
            )])
            .by(log::evidence(self.picture, self.pod, name));
        if let Some(service) = awaited::nobody(self) {
            return Some(awaited::blame(self.picture, service, cause));
        }
        let cause = cause
            .likely(format!("it may only be slow: what it is at, its log or its command says: {}", self.picture.kubectl(&format!("logs {pod} -c {name}"))))
            .advise(format!("see what it waits for: {}", self.picture.kubectl(&format!("get pod {pod} -o jsonpath='{{.spec.initContainers[?(@.name==\"{name}\")]}}'"))))
            .advise("give it what it waits for, or make it end whatever happens: a bound on its loop, a timeout on its calls");
        let meant_to_run = self.picture.since(began) > SIDECAR_SUSPECTED;
        Some(if meant_to_run {
            cause.advise("if it is to run beside the others, make it a sidecar: restartPolicy: Always in the init container")
        } else {
            cause
        })
    }

    pub(super) fn last_end(&self) -> Option<&ContainerStateTerminated> {
        self.container.last_state.as_ref()?.terminated.as_ref()
    }

    /// The exit code of its newest end.
    pub(super) fn last_code(&self) -> Option<i32> {
        let state = self.container.state.as_ref().and_then(|state| state.terminated.as_ref());
        state.or_else(|| self.last_end()).map(|ended| ended.exit_code)
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
            | "SignatureValidationFailed" => Some(image::unavailable(self, reason, told)),
            "CreateContainerConfigError" => Some(not_made::not_configured(self, reason, told)),
            "PostStartHookError" => Some(hook::failing(self, told)),
            "CreateContainerError" | "RunContainerError" => Some(not_made::not_started(self, reason, told)),
            // Before the first end, nothing is known against it: it may be created, or wait for those before it.
            "CrashLoopBackOff" => self.last_end().map(|ended| crash::crashed(self, ended)),
            _ => hook::running(self),
        }
    }

    /// A cause in this container.
    pub(super) fn cause(&self, id: &'static str, what: &str) -> Cause {
        let (pod, container) = (self.pod.name_any(), &self.container.name);
        let state = self.container.state.as_ref().map(state_text).unwrap_or_default();
        let field = format!("status.containerStatuses[{container}].state");
        Cause::new(id, format!("pod/{pod}"), format!("container {container} of pod {pod} {what}"))
            .by([Evidence::field(format!("pod/{pod}"), field, &state)])
    }
}

/// Seconds between a container's start and its end.
pub(super) fn lifetime(ended: &ContainerStateTerminated) -> f64 {
    match (&ended.started_at, &ended.finished_at) {
        (Some(begin), Some(end)) => end.0.duration_since(begin.0).as_secs_f64(),
        _ => 0.0,
    }
}

fn state_text(state: &ContainerState) -> String {
    if let Some(waiting) = &state.waiting {
        let texts = [waiting.reason.as_deref(), waiting.message.as_deref()];
        return format!("waiting: {}", texts.into_iter().flatten().collect::<Vec<_>>().join(": "));
    }
    if let Some(ended) = &state.terminated {
        return format!(
            "terminated: exit code {}, {}",
            ended.exit_code,
            ended.reason.as_deref().unwrap_or_default()
        );
    }
    let began = state.running.as_ref().and_then(|running| running.started_at.as_ref());
    began.map(|began| format!("running since {}", began.0)).unwrap_or_default()
}
