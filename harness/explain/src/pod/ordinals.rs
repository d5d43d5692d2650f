//! Pods that a set never makes: its ordinals begin later, and something waits for an earlier one.

use k8s_openapi::api::core::v1::{Container, Pod};
use kube::ResourceExt;

use super::peers::{SYMPTOMS, strings};
use crate::{
    Picture,
    cause::{self, Cause, quote},
    evidence::Evidence,
    log::without_secrets,
    picture::spec,
};

/// What of a container may name another pod.
const FIELDS: &[&str] =
    &["command", "args", "env", "readinessProbe", "startupProbe", "livenessProbe", "lifecycle"];
/// Names that are looked for; ordinals may begin at a million.
const LOOKED_FOR: i32 = 1000;

/// What stands behind a symptom, where the pod speaks of one that its set never has. What it does without that one is its
/// own affair, so that this is likely and no more.
pub(super) fn behind(picture: &Picture, pod: &Pod, cause: Cause) -> Cause {
    let start = picture.wanted().start;
    if start <= 0 || !SYMPTOMS.contains(&cause.id) {
        return cause;
    }
    let mut earlier = (0..start.min(LOOKED_FOR)).map(|ordinal| picture.pod_name(ordinal));
    let found = earlier.find_map(|peer| Some((mention(picture, pod, &peer)?, peer)));
    match found {
        Some((mention, peer)) if !picture.pods.iter().any(|pod| pod.name_any() == peer) => {
            blame(picture, pod, &cause, mention, &peer)
        }
        _ => cause,
    }
}

fn blame(picture: &Picture, pod: &Pod, cause: &Cause, mention: Mention, peer: &str) -> Cause {
    let (set, start) = (picture.name(), picture.wanted().start);
    let seen = format!(
        "pod {} waits for pod {peer}, as it seems ({}), and the ordinals of statefulset {set} begin at {start}, so that {peer} is never made; what is seen of it: {}",
        pod.name_any(),
        mention.text,
        cause.seen
    );
    let field = Evidence::field(format!("statefulset/{set}"), "spec.ordinals.start", &start.to_string());
    let mut new = Cause::new(cause::PEER_NEVER_MADE, format!("statefulset/{set}"), seen)
        .by(cause.evidence.clone())
        .by([field, mention.evidence])
        .likely(format!("see what it does until {peer} is there: {}", picture.kubectl(&format!("get pod {} -o yaml", pod.name_any()))))
        .advise(format!("let it look for {} instead, the first pod of the set, in the template of statefulset {set}", picture.pod_name(start)))
        .advise(format!("or let the ordinals begin at 0 (spec.ordinals.start), where no set of another cluster or namespace has {peer}: the controller then makes the pods anew under other names, with other claims"));
    new.pods.clone_from(&cause.pods);
    new
}

/// Where a pod is spoken of.
struct Mention {
    text: String,
    evidence: Evidence,
}

fn mention(picture: &Picture, pod: &Pod, peer: &str) -> Option<Mention> {
    let all = spec(pod).init_containers.iter().flatten().chain(&spec(pod).containers);
    all.into_iter()
        .find_map(|container| in_log(picture, pod, container, peer).or_else(|| in_spec(pod, container, peer)))
}

fn in_log(picture: &Picture, pod: &Pod, container: &Container, peer: &str) -> Option<Mention> {
    let mut lines = picture.log(pod, &container.name)?.lines().rev();
    let line = lines.find(|line| has_name(line, peer))?;
    let evidence = Evidence::log(&pod.name_any(), &container.name, line);
    Some(Mention { text: format!("its log says {}", quote(line)), evidence })
}

fn in_spec(pod: &Pod, container: &Container, peer: &str) -> Option<Mention> {
    let value = serde_json::to_value(container).unwrap_or_default();
    let (field, text) = FIELDS.iter().find_map(|field| {
        let mut texts = Vec::new();
        strings(&value[*field], &mut texts);
        Some((*field, texts.into_iter().find(|text| has_name(text, peer))?))
    })?;
    let (path, text) = (format!("spec.containers[{}].{field}", container.name), without_secrets(pod, &text));
    let evidence = Evidence::field(format!("pod/{}", pod.name_any()), path, &text);
    Some(Mention { text: format!("its {field} names it"), evidence })
}

/// Whether a text has a pod's name, and not only as part of another.
fn has_name(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, found)| {
        let before = text[..at].chars().next_back();
        let after = text[at + found.len()..].chars().next();
        let of_name = |letter: Option<char>| {
            letter.is_some_and(|letter| letter.is_ascii_alphanumeric() || letter == '-')
        };
        !of_name(before) && !of_name(after)
    })
}
