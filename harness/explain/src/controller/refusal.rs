//! A pod that the API server does not let the controller create, and why.

use k8s_openapi::api::core::v1::{Event, Namespace};
use kube::ResourceExt;

use super::{
    default_limit, pod_security,
    refused_change::{self, NOT_ASKED},
    template,
};
use crate::{
    Picture,
    cause::{self, Cause, quote},
    claim,
    evidence::Evidence,
    picture::{message, seen_last, terminating},
};

/// The causes that a pod of the set, or a claim of it, is not created.
pub(crate) fn examine(picture: &Picture, pod: &str) -> Option<Cause> {
    if let Some(home) = picture.leaving() {
        return Some(home_is_leaving(picture, pod, home));
    }
    if let Some(claim) = going(picture, pod) {
        return Some(claim::going(picture, claim));
    }
    // Who waited for a claim to be gone has said so last, and it is gone.
    let old = |event: &&Event| {
        message(event).contains("failed error: pvc ") && message(event).ends_with(" is being deleted")
    };
    let said = newest(picture, pod).filter(|event| !old(event));
    said.map(|event| judge(picture, pod, message(event)).by_event(event))
}

/// In a namespace that is being deleted nothing can be made, and no event be written that says so.
fn home_is_leaving(picture: &Picture, pod: &str, home: &Namespace) -> Cause {
    let namespace = home.name_any();
    let conditions = home.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    let holds = conditions.iter().filter(|condition| condition.status == "True");
    let holds: Vec<String> = holds.filter_map(|condition| condition.message.as_deref().map(quote)).collect();
    let holds = if holds.is_empty() { String::new() } else { format!("; it says: {}", holds.join("; ")) };
    let since = picture.ago(home.metadata.deletion_timestamp.as_ref());
    let seen = format!(
        "pod {pod} is not created: namespace {namespace} is being deleted since {since}, and nothing new can be made in it{holds}"
    );
    Cause::new(cause::NAMESPACE_TERMINATING, format!("namespace/{namespace}"), seen)
        .advise(format!("see what keeps it: kubectl get namespace {namespace} -o yaml"))
        .advise("a deletion can't be taken back: when it is through, make namespace and set anew")
}

/// A claim of the pod that is being deleted: the controller waits until it is gone.
fn going<'a>(
    picture: &'a Picture,
    pod: &str,
) -> Option<&'a k8s_openapi::api::core::v1::PersistentVolumeClaim> {
    let names = picture.template_claims(pod.rsplit('-').next()?.parse().ok()?);
    picture.claims.iter().find(|claim| terminating(*claim) && names.contains(&claim.name_any()))
}

/// What the controller said last of creating this pod, if that was a failure. It says it again while it tries.
fn newest<'a>(picture: &'a Picture, pod: &str) -> Option<&'a Event> {
    let word = format!("Pod {pod} ");
    let creating = |event: &&&Event| {
        matches!(event.reason.as_deref(), Some("FailedCreate" | "SuccessfulCreate"))
            && message(event).contains(&word)
    };
    let events = picture.events_about(&picture.set);
    let newest = events.iter().filter(creating).max_by_key(|event| {
        // The claim's refusal comes in the same second as the pod's, and says the same.
        (seen_last(event), event.reason.as_deref() == Some("FailedCreate"))
    });
    newest.copied().filter(|event| event.reason.as_deref() == Some("FailedCreate"))
}

/// What the API server said of a pod.
struct Said<'a> {
    picture: &'a Picture,
    pod: &'a str,
    text: &'a str,
    /// That, as a report tells it.
    told: String,
}

/// Each knows one refusal. What the first says holds, so that those that are sure of a word come before those that guess.
const KNOWN: [fn(&Said<'_>) -> Option<Cause>; 12] = [
    namespace_goes,
    |said| template::name_too_long(said.picture, said.pod, said.text),
    webhook_is_silent,
    |said| pod_security::refusal(said.picture, said.text, &said.told),
    |said| class_missing(said.picture, said.text, &said.told),
    quota_of_a_scope,
    quota_is_used_up,
    quota_wants_requests,
    service_account_missing,
    limit_range,
    exceeds_a_default_limit,
    invalid,
];

fn judge(picture: &Picture, pod: &str, text: &str) -> Cause {
    let said = Said { picture, pod, text, told: format!("pod {pod} is not created: {}", quote(text)) };
    KNOWN.iter().find_map(|known| known(&said)).unwrap_or_else(|| other(&said))
}

impl Said<'_> {
    fn has(&self, words: &str) -> bool {
        self.text.contains(words)
    }

    /// A cause that is seen at the set.
    fn of_set(&self, id: &'static str) -> Cause {
        Cause::new(id, format!("statefulset/{}", self.picture.name()), self.told.as_str())
    }
}

fn namespace_goes(said: &Said<'_>) -> Option<Cause> {
    let namespace = said.picture.namespace();
    said.has("because it is being terminated").then(|| {
        Cause::new(cause::NAMESPACE_TERMINATING, format!("namespace/{namespace}"), said.told.as_str())
            .advise(format!("see what keeps the namespace: kubectl get namespace {namespace} -o yaml"))
    })
}

fn webhook_is_silent(said: &Said<'_>) -> Option<Cause> {
    let cause = || said.of_set(cause::WEBHOOK_UNREACHABLE);
    said.has(NOT_ASKED).then(|| refused_change::end_it(said.picture, cause(), said.text))
}

fn quota_of_a_scope(said: &Said<'_>) -> Option<Cause> {
    let (namespace, set) = (said.picture.namespace(), said.picture.name());
    said.has("insufficient quota to match these scopes").then(|| {
        said.of_set(cause::QUOTA_EXCEEDED)
            .advise(format!("pods of this PriorityClass are only let into namespaces with a ResourceQuota for it: make one whose scopeSelector names it in namespace {namespace}"))
            .advise(format!("or take priorityClassName out of statefulset {set}"))
    })
}

fn quota_is_used_up(said: &Said<'_>) -> Option<Cause> {
    let (_, quota) = said.text.split_once("exceeded quota: ")?;
    let name = quota.split(',').next().unwrap_or_default().trim();
    let told = format!("{}{}", said.told, used(said.picture, name));
    let describe = said.picture.kubectl(&format!("describe resourcequota {name}"));
    let cause = Cause::new(cause::QUOTA_EXCEEDED, format!("resourcequota/{name}"), told)
        .advise(format!("see it: {describe}"))
        .advise("raise the quota, or free some of it; the controller tries again by itself, after minutes at most");
    Some(cause)
}

fn quota_wants_requests(said: &Said<'_>) -> Option<Cause> {
    let set = said.picture.name();
    said.has("failed quota: ").then(|| {
        said.of_set(cause::QUOTA_EXCEEDED).advise(format!(
            "the quota wants requests or limits to be stated: add them to the template of statefulset {set}"
        ))
    })
}

fn service_account_missing(said: &Said<'_>) -> Option<Cause> {
    let (_, rest) = said.text.split_once("serviceaccount \"").filter(|_| said.has("not found"))?;
    let account = rest.split('"').next().unwrap_or("NAME");
    let create = said.picture.kubectl(&format!("create serviceaccount {account}"));
    let about = format!("serviceaccount/{account}");
    let cause = Cause::new(cause::SERVICE_ACCOUNT_MISSING, about, said.told.as_str())
        .advise(format!("create the ServiceAccount: {create}"));
    Some(cause)
}

fn limit_range(said: &Said<'_>) -> Option<Cause> {
    let bound = said.has("minimum ") || said.has("maximum ");
    let set = said.picture.name();
    (bound && said.has(" per ") || said.has("limit to request ratio")).then(|| {
        said.of_set(cause::LIMIT_RANGE_REFUSED)
            .advise(format!("see the limits: {}", said.picture.kubectl("describe limitrange")))
            .advise(format!("change resources in statefulset {set}, or the LimitRange"))
    })
}

fn exceeds_a_default_limit(said: &Said<'_>) -> Option<Cause> {
    let (request, helps) = default_limit::exceeded(said.picture, said.text)?;
    Some(said.of_set(cause::ADMISSION_REFUSED).by([request]).advise(helps))
}

fn invalid(said: &Said<'_>) -> Option<Cause> {
    let (field, set) = (invalid_field(said.text)?, said.picture.name());
    Some(said.of_set(cause::ADMISSION_REFUSED).advise(format!(
        "correct {field} in the template of statefulset {set}; the controller tries again by itself"
    )))
}

fn other(said: &Said<'_>) -> Cause {
    let describe = said.picture.kubectl(&format!("describe statefulset {}", said.picture.name()));
    let refused = said.of_set(cause::ADMISSION_REFUSED);
    // Some answers are no refusal: a server that is busy, or loses its store.
    let refused = match ["denied", "forbidden", "invalid"].iter().any(|word| said.has(word)) {
        true => refused,
        false => refused.unknown(),
    };
    refused
        .advise(format!("change what is complained about; the controller tries again by itself: {describe}"))
}

/// The PriorityClass or RuntimeClass that the template names, where the API server says that it is not there.
fn class_missing(picture: &Picture, text: &str, said: &str) -> Option<Cause> {
    let template = picture.template()?;
    let priority =
        template.priority_class_name.as_deref().map(|name| ("priorityclass", "priorityClassName", name));
    let runtime =
        template.runtime_class_name.as_deref().map(|name| ("runtimeclass", "runtimeClassName", name));
    let says = |(kind, _, name): &(&str, &str, &str)| match *kind {
        "priorityclass" => text.contains(&format!("no PriorityClass with name {name} was found")),
        _ => text.contains(&format!("RuntimeClass \"{name}\" not found")),
    };
    let (kind, field, name) = [priority, runtime].into_iter().flatten().find(says)?;
    let create = match kind {
        "priorityclass" => format!("create it: kubectl create priorityclass {name} --value=VALUE"),
        _ => format!("create RuntimeClass {name} with the handler that the nodes' container runtime knows"),
    };
    let set = picture.name();
    let cause = Cause::new(cause::POD_CLASS_MISSING, format!("{kind}/{name}"), said)
        .by([Evidence::field(format!("statefulset/{set}"), format!("spec.template.spec.{field}"), name)])
        .advise(format!("{create}; the controller tries again by itself"))
        .advise(format!("or correct {field} in statefulset {set}: kubectl get {kind}"));
    Some(cause)
}

/// `Pod "web-0" is invalid: spec.containers[0].image: Required value`
fn invalid_field(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(" is invalid: ")?;
    let field = rest.trim_start_matches('[').split(": ").next()?;
    (field.contains('.') && !field.contains(' ')).then_some(field)
}

/// What the quota says now: it may be another than when the pod was refused.
fn used(picture: &Picture, quota: &str) -> String {
    let quotas = picture.quotas.as_deref().unwrap_or_default();
    let status =
        quotas.iter().find(|found| found.name_any() == quota).and_then(|found| found.status.as_ref());
    let Some((hard, used)) = status.and_then(|status| Some((status.hard.as_ref()?, status.used.as_ref()?)))
    else {
        return String::new();
    };
    let line = |(resource, hard): (&String, &k8s_openapi::apimachinery::pkg::api::resource::Quantity)| {
        let used = used.get(resource).map_or("0", |used| used.0.as_str());
        format!("{resource} {used} of {}", hard.0)
    };
    format!("; used now: {}", hard.iter().map(line).collect::<Vec<_>>().join(", "))
}
