//! Images that can't be had. The registry's answer is in no field of the API, so that its own words choose the advice.

use k8s_openapi::api::core::v1::Event;
use kube::ResourceExt;

use super::At;
use crate::{
    cause::{self, Cause, quote},
    log::last_words,
    picture::{message, spec},
    remedy::{self, Remedies},
};

/// What kubelets say when a Secret of imagePullSecrets can't be had.
const NO_SECRET: &str = "FailedToRetrieveImagePullSecret";
/// The answers of a registry that has the image, and not for this node's processor or system.
const OTHER_PLATFORM: &[&str] =
    &["no match for platform", "no matching manifest for", "image operating system"];

/// Answers, with what helps against each.
const ANSWERS: Remedies = &[
    (
        &["toomanyrequests", "too many requests", "rate limit"],
        "the registry gives only so many images in a time: wait, pull with a login (imagePullSecrets), or from a mirror of your own",
    ),
    (
        &[
            "unauthorized",
            "authentication required",
            "denied",
            " 403 ",
            "no basic auth",
            "authorization failed",
        ],
        "the registry asks for a login, or does not know the image: see that it is spelled right, and name a Secret that may read it in imagePullSecrets of the pod or its ServiceAccount; a Secret counts only in the pod's own namespace",
    ),
    (
        &["x509", "certificate"],
        "the node's container runtime does not trust the registry's certificate: give it the authority, or pull from a registry that it trusts",
    ),
    (
        &["server gave http response to https"],
        "the registry speaks plain HTTP: let the node's container runtime know it as such",
    ),
    (
        &["no space left", "disk quota"],
        "the node's disk is full: free some there (crictl rmi --prune), or give it more",
    ),
    (
        &[
            "no such host",
            "i/o timeout",
            "connection refused",
            "deadline exceeded",
            "tls handshake timeout",
            "no route to host",
            "connection reset",
            "context canceled",
        ],
        "the node does not reach the registry, or not in time: see its network, proxy and DNS; a large image may need a mirror nearby",
    ),
    (
        &["never"],
        "the pull policy is Never: load the image onto the node, or set imagePullPolicy: IfNotPresent",
    ),
];

/// A container that waits for its image, with what its status says of that.
pub(super) fn unavailable(at: &At<'_>, reason: &str, told: &str) -> Cause {
    // The event keeps the registry's answer, which the status shows only between two tries.
    let pulled = |event: &&Event| {
        event.reason.as_deref() == Some("Failed")
            && message(event).contains(&at.container.image)
            && message(event).contains("Failed to pull")
    };
    let events = at.picture.events_about(at.pod);
    let told = events.iter().copied().find(pulled).map_or(told, message);
    let lower = told.to_lowercase();
    if OTHER_PLATFORM.iter().any(|words| lower.contains(words)) {
        return last_words::wrong_architecture(at, told);
    }
    if let Some(event) = events.iter().find(|event| event.reason.as_deref() == Some(NO_SECRET))
        && let Some(secret) = absent_secret(at, event)
    {
        return no_secret(at, event, &secret, told);
    }
    let image = &at.container.image;
    let set = at.picture.name();
    let helps = remedy::against(ANSWERS, &lower)
        .map_or_else(|| format!("see that {image} is spelled right and in its registry"), str::to_owned);
    at.cause(cause::IMAGE_UNAVAILABLE, &format!("waits for its image {image} ({reason}): {}", quote(told)))
        .advise(format!("{helps}; the kubelet tries again by itself"))
        .advise(format!(
            "to change it: {}",
            at.picture.kubectl(&format!("set image statefulset/{set} {}=IMAGE", at.container.name))
        ))
}

/// The Secret that an event says it can't have, if the pod names it.
fn absent_secret(at: &At<'_>, event: &Event) -> Option<String> {
    let (_, names) = message(event).split_once('(')?;
    let names: Vec<&str> = names.split(')').next()?.split(", ").collect();
    let own = spec(at.pod).image_pull_secrets.as_deref().unwrap_or_default().iter();
    own.map(|secret| secret.name.clone()).find(|own| names.contains(&own.as_str()))
}

fn no_secret(at: &At<'_>, event: &Event, secret: &str, told: &str) -> Cause {
    let (pod, namespace) = (at.pod.name_any(), at.picture.namespace());
    let create = at.picture.kubectl(&format!(
        "create secret docker-registry {secret} --docker-server=REGISTRY --docker-username=NAME --docker-password=PASSWORD"
    ));
    let seen = format!(
        "pod {pod} pulls with Secret {secret} (imagePullSecrets), which the kubelet can't have, and its image {} can't be had: {}",
        at.container.image,
        quote(told)
    );
    Cause::new(cause::SECRET_MISSING, format!("secret/{secret}"), seen)
        .by_event(event)
        .likely(format!("see whether it is in namespace {namespace}: {}", at.picture.kubectl(&format!("get secret {secret}"))))
        .advise(format!("create it in namespace {namespace}, where each namespace needs its own: {create}; the kubelet tries again by itself"))
        .advise(format!("or correct the name in imagePullSecrets of statefulset {} or its ServiceAccount", at.picture.name()))
}
