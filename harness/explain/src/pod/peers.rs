//! Names that pods need of each other, and whether the set's Service gives them.

use k8s_openapi::api::core::v1::{Container, Pod};
use kube::ResourceExt;
use serde_json::Value;

use crate::{
    Picture,
    cause::{self, Cause, quote},
    evidence::Evidence,
    labels::stands_for,
    log::without_secrets,
    picture::{healthy, spec},
};

/// What libraries say of a name that does not exist.
pub(crate) const NO_SUCH_NAME: &[&str] = &[
    "bad address",
    "could not resolve",
    "could not translate host name",
    "enotfound",
    "failure in name resolution",
    "name does not resolve",
    "name or service not known",
    "no such host",
    "nodename nor servname",
    "nxdomain",
    "unknownhostexception",
];

/// Causes behind which a name may be that is not there.
pub(crate) const SYMPTOMS: &[&str] = &[
    cause::CONTAINER_CRASHES,
    cause::DEPENDENCY_UNREACHABLE,
    cause::INIT_CONTAINER_RUNS,
    cause::LIVENESS_PROBE_FAILING,
    cause::POST_START_HOOK_FAILING,
    cause::READINESS_PROBE_FAILING,
    cause::STARTUP_PROBE_FAILING,
];

/// The set's Service gives its pods these names.
enum Names {
    /// There is no such Service.
    NoService,
    /// It has an address of its own, and so none for each pod.
    NotHeadless,
    /// It selects other pods.
    OfOthers,
    /// Only pods that are Ready have names.
    OfTheReady,
    /// Every pod that has an address has a name.
    OfAll,
}

fn service_name(picture: &Picture) -> Option<&str> {
    picture.set.spec.as_ref()?.service_name.as_deref().filter(|name| !name.is_empty())
}

/// What names the set's pods have; nothing where Services can't be seen.
fn names(picture: &Picture) -> Option<Names> {
    let name = service_name(picture)?;
    let services = picture.services.as_deref().ok()?;
    let Some(service) = services.iter().find(|service| service.name_any() == name) else {
        return Some(Names::NoService);
    };
    let spec = service.spec.as_ref()?;
    let labels = picture.set.spec.as_ref()?.template.metadata.as_ref()?.labels.clone().unwrap_or_default();
    Some(if spec.cluster_ip.as_deref() != Some("None") {
        Names::NotHeadless
    } else if !stands_for(service, &labels) {
        Names::OfOthers
    } else if spec.publish_not_ready_addresses == Some(true) {
        Names::OfAll
    } else {
        Names::OfTheReady
    })
}

/// What is worth knowing of the set's Service, where nothing shows that its names are needed.
pub(crate) fn note(picture: &Picture) -> Option<String> {
    let service = service_name(picture)?;
    let why = match names(picture)? {
        Names::NoService => "does not exist",
        Names::NotHeadless => "is not headless (clusterIP: None)",
        Names::OfOthers => "does not select the set's pods",
        Names::OfTheReady | Names::OfAll => return None,
    };
    Some(format!("Service {service} (serviceName) {why}, so that the pods have no names of their own in DNS"))
}

/// Where a need for names shows: in what fails itself, or in the log.
struct Need {
    text: String,
    evidence: Evidence,
}

fn need(picture: &Picture, pod: &Pod, cause: &Cause) -> Option<Need> {
    let service = service_name(picture)?;
    let all = spec(pod).init_containers.iter().flatten().chain(&spec(pod).containers);
    all.into_iter().find_map(|container| {
        asks(container, cause, service)
            .map(|(path, text)| {
                let path = format!("spec.containers[{}].{path}", container.name);
                let text = without_secrets(pod, &text);
                let evidence = Evidence::field(format!("pod/{}", pod.name_any()), path.as_str(), &text);
                Need { text: format!("its {path} asks for names of Service {service}"), evidence }
            })
            .or_else(|| {
                let line = unresolved(picture, pod, container, service)?;
                let evidence = Evidence::log(&pod.name_any(), &container.name, line);
                Some(Need { text: format!("its log says {}", quote(line)), evidence })
            })
    })
}

/// The part of a container's template that fails, where it names `something.SERVICE`.
fn asks(container: &Container, cause: &Cause, service: &str) -> Option<(&'static str, String)> {
    let value = serde_json::to_value(container).unwrap_or_default();
    let path = match cause.id {
        cause::READINESS_PROBE_FAILING => "readinessProbe",
        cause::STARTUP_PROBE_FAILING => "startupProbe",
        cause::LIVENESS_PROBE_FAILING => "livenessProbe",
        cause::POST_START_HOOK_FAILING => "lifecycle",
        cause::INIT_CONTAINER_RUNS => "command",
        _ => return None,
    };
    // Of an init container, only the one that runs.
    if cause.id == cause::INIT_CONTAINER_RUNS
        && !cause.seen.contains(&format!("container {} of", container.name))
    {
        return None;
    }
    let mut texts = Vec::new();
    strings(&value[path], &mut texts);
    if path == "command" {
        strings(&value["args"], &mut texts);
    }
    texts.into_iter().find(|text| names_pod_of(text, service)).map(|text| (path, text))
}

/// All texts in a value.
pub(crate) fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|value| strings(value, found)),
        Value::Object(all) => all.values().for_each(|value| strings(value, found)),
        _ => {}
    }
}

/// Whether a text has `something.SERVICE`, and not only as part of another word.
fn names_pod_of(text: &str, service: &str) -> bool {
    text.match_indices(&format!(".{service}")).any(|(at, found)| {
        let before = text[..at].chars().next_back();
        let after = text[at + found.len()..].chars().next();
        before.is_some_and(|letter| letter.is_ascii_alphanumeric() || ")}\"".contains(letter))
            && after.is_none_or(|letter| !letter.is_ascii_alphanumeric() && letter != '-')
    })
}

/// The newest line of a log that says that a name of the set's pods does not exist.
fn unresolved<'a>(picture: &'a Picture, pod: &Pod, container: &Container, service: &str) -> Option<&'a str> {
    picture.log(pod, &container.name)?.lines().rev().find(|line| {
        let lower = line.to_lowercase();
        NO_SUCH_NAME.iter().any(|word| lower.contains(word)) && names_pod_of(line, service)
    })
}

/// What stands behind a symptom, where the pod needs names that its set's Service does not give. What the pod does with a
/// name that it lacks is its own affair, so that this is likely and no more.
pub(crate) fn behind(picture: &Picture, pod: &Pod, cause: Cause) -> Cause {
    if !SYMPTOMS.contains(&cause.id) {
        return cause;
    }
    let Some((need, service)) = need(picture, pod, &cause).zip(service_name(picture)) else { return cause };
    let pods = picture.pods_of_set();
    let nobody_ready = !pods.values().any(|pod| healthy(pod));
    let (set, name) = (picture.name(), pod.name_any());
    let sure = "see whether the names are there: kubectl run -it --rm ask --image=busybox --restart=Never -- nslookup POD.SERVICE.NAMESPACE";
    let new = |id, about: String, why: &str| {
        let seen = format!("{why}; {}; what is seen of it: {}", need.text, cause.seen);
        let mut new =
            Cause::new(id, about, seen).by(cause.evidence.clone()).by([need.evidence.clone()]).likely(sure);
        new.pods.clone_from(&cause.pods);
        new
    };
    let about = format!("service/{service}");
    match names(picture) {
        Some(Names::NoService) => new(cause::SERVICE_GIVES_NO_NAMES, about, &format!("pod {name} waits for names that nobody gives: Service {service}, the set's serviceName, does not exist"))
            .advise(format!("make a headless Service {service} (clusterIP: None) that selects the set's pods, with publishNotReadyAddresses: true if they need each other to become Ready"))
            .advise("the pods go on by themselves when it is there"),
        Some(Names::NotHeadless) => new(cause::SERVICE_GIVES_NO_NAMES, about, &format!("pod {name} waits for names that nobody gives: Service {service} is not headless, so that pods have no names in it"))
            .advise(format!("make Service {service} anew with clusterIP: None: that can't be changed")),
        Some(Names::OfOthers) => new(cause::SERVICE_GIVES_NO_NAMES, about, &format!("pod {name} waits for names that nobody gives: the selector of Service {service} does not select the set's pods"))
            .advise(format!("give Service {service} the labels of the pod template as its selector")),
        Some(Names::OfTheReady) if nobody_ready => new(cause::PEERS_NOT_PUBLISHED, about, &format!("no pod of statefulset {set} becomes Ready, and each waits for names that only Ready pods have: publishNotReadyAddresses of the headless Service {service} is not set"))
            .advise(format!("give names to all of them: {}; the pods become Ready by themselves", picture.kubectl(&format!("patch service {service} --type merge -p '{{\"spec\":{{\"publishNotReadyAddresses\":true}}}}'"))))
            .advise("the failing probe is the symptom"),
        Some(Names::OfAll) if picture.ordered() && later(picture, pod, &need) => new(cause::PEERS_COME_LATER, format!("statefulset/{set}"), &format!("pod {name} waits for pods that are made only when it is Ready (podManagementPolicy OrderedReady)"))
            .advise(format!("make the set anew with podManagementPolicy: Parallel, which can't be changed: {}, and apply the manifest", picture.kubectl(&format!("delete statefulset {set} --cascade=orphan"))))
            .advise("or let the probe pass before the others are there"),
        _ => cause,
    }
}

/// Whether a pod is needed that is not there and comes after this one.
fn later(picture: &Picture, pod: &Pod, need: &Need) -> bool {
    let pods = picture.pods_of_set();
    let own = pods.iter().find(|(_, found)| found.name_any() == pod.name_any()).map(|(ordinal, _)| *ordinal);
    let missing = picture.wanted().filter(|ordinal| Some(*ordinal) > own && !pods.contains_key(ordinal));
    let mut missing = missing.map(|ordinal| picture.pod_name(ordinal));
    missing.any(|name| need.evidence.text.contains(&format!("{name}.")))
}
