//! What the API server does not let the controller do with pods that are there: delete them, or bring them up to date.

use k8s_openapi::api::core::v1::{Event, Pod};
use kube::ResourceExt;

use crate::{
    Picture,
    cause::{self, Cause, quote},
    claim,
    evidence::{Evidence, times},
    picture::{age, message, seen_last, spec, terminating},
};
use record::words;

/// What the API server says of a webhook that it could not ask.
pub(crate) const NOT_ASKED: &str = "failed calling webhook";

/// What came of the newest attempt to change this pod so, if it was refused, the pod is older than that and not on its way.
fn refusal<'a>(picture: &'a Picture, pod: &Pod, change: &str) -> Option<&'a Event> {
    let word = format!("Pod {} ", pod.name_any());
    let made = pod.metadata.creation_timestamp.as_ref().map(|made| made.0);
    let events = picture.events_about(&picture.set);
    let (refused, done) = (format!("Failed{change}"), format!("Successful{change}"));
    let is = |event: &Event, reason: &str| event.reason.as_deref() == Some(reason);
    let of_it = |event: &&Event| (is(event, &refused) || is(event, &done)) && message(event).contains(&word);
    let newest = events.into_iter().find(of_it).filter(|event| is(event, &refused))?;
    (seen_last(newest) >= made && !terminating(pod)).then_some(newest)
}

fn often(picture: &Picture, event: &Event) -> String {
    let ago = words::seconds(age(picture, event));
    match times(event) {
        1 => format!("{ago} ago"),
        times => format!("{times} times, last {ago} ago"),
    }
}

/// A pod that is to go, for this reason, and that the controller may not delete.
pub(crate) fn deletion(picture: &Picture, pod: &Pod, why: &str) -> Option<Cause> {
    let event = refusal(picture, pod, "Delete")?;
    let (name, told) = (pod.name_any(), message(event));
    let seen = format!(
        "pod {name} is to go ({why}), and the API server does not let the controller delete it ({}): {}",
        often(picture, event),
        quote(told)
    );
    let id = if told.contains(NOT_ASKED) { cause::WEBHOOK_UNREACHABLE } else { cause::DELETION_REFUSED };
    let cause = Cause::new(id, format!("pod/{name}"), seen).by_event(event);
    Some(end_it(picture, cause, told))
}

/// Advice against who refuses, by what the refusal names.
pub(crate) fn end_it(picture: &Picture, cause: Cause, told: &str) -> Cause {
    let again = "the controller tries again by itself, after minutes at most";
    if told.contains(NOT_ASKED) {
        return cause
            .advise("see that the webhook's Service has pods that run, and that its certificate is valid: kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations")
            .advise(format!("or let it be passed by while it is away: failurePolicy: Ignore; {again}"));
    }
    let who = if told.contains("ValidatingAdmissionPolicy") {
        "the ValidatingAdmissionPolicy: kubectl get validatingadmissionpolicies,validatingadmissionpolicybindings"
    } else if told.contains("admission webhook") {
        "the webhook: kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations"
    } else if told.contains("cannot") && told.contains("User ") {
        "the rights of the controller: kubectl get clusterrole system:controller:statefulset-controller -o yaml"
    } else {
        "what refuses it"
    };
    cause
        .advise(format!("end what is complained about, or change {who}; {again}"))
        .advise(format!("see it tried: {}", picture.kubectl("get events --field-selector type=Warning")))
}

/// A pod that is there and that the controller can't bring up to date: it gets no further, with this pod or another.
pub(crate) fn update(picture: &Picture) -> Option<Cause> {
    let pods = picture.pods_of_set();
    let refused = pods.values().find_map(|pod| Some((*pod, refusal(picture, pod, "Update")?)));
    if let Some((pod, event)) = refused {
        return Some(adopted(picture, pod, Some(event)).unwrap_or_else(|| updated(picture, pod, event)));
    }
    // The event may be gone; a running pod gets no volume all the same.
    pods.values().filter(|_| picture.quiet).find_map(|pod| adopted(picture, pod, None))
}

/// A pod that lacks a volume of the set's claim templates: it was made by another set of this name.
fn adopted(picture: &Picture, pod: &Pod, event: Option<&Event>) -> Option<Cause> {
    let ordinal = picture.pods_of_set().into_iter().find(|(_, found)| found.name_any() == pod.name_any())?.0;
    let mounted = claim::mounted(pod);
    let lacks: Vec<String> =
        picture.template_claims(ordinal).into_iter().filter(|name| !mounted.contains(name)).collect();
    if lacks.is_empty() || terminating(pod) || spec(pod).containers.is_empty() {
        return None;
    }
    let (name, set) = (pod.name_any(), picture.name());
    let told = event
        .map_or_else(String::new, |event| format!(" ({}): {}", often(picture, event), quote(message(event))));
    let seen = format!(
        "pod {name} has no volume for PVC {}, which the claim templates of statefulset {set} ask for: the set was made again around it; the controller tries to add it to the running pod, which the API server refuses, and gets no further: no roll, no scaling{told}",
        lacks.join(", ")
    );
    let cause = Cause::new(cause::ADOPTED_POD_DIFFERS, format!("pod/{name}"), seen)
        .by(event.map(Evidence::event))
        .by([Evidence::field(
            format!("pod/{name}"),
            "spec.volumes[].persistentVolumeClaim",
            &mounted.join(", "),
        )])
        .advise(format!(
            "delete the pod: {}; it comes back with the new claim and the newest template",
            picture.kubectl(&format!("delete pod {name}"))
        ));
    Some(cause)
}

fn updated(picture: &Picture, pod: &Pod, event: &Event) -> Cause {
    let (name, told) = (pod.name_any(), message(event));
    let seen = format!(
        "the controller can't bring pod {name} up to date, and gets no further ({}): {}",
        often(picture, event),
        quote(told)
    );
    let id = if told.contains(NOT_ASKED) { cause::WEBHOOK_UNREACHABLE } else { cause::UPDATE_REFUSED };
    end_it(picture, Cause::new(id, format!("pod/{name}"), seen).by_event(event), told)
}
