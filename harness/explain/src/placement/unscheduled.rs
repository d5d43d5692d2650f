//! A pod that no scheduler speaks of: what others say of it, and the devices that it claims, which a scheduler waits for
//! without a word.

use k8s_openapi::api::core::v1::{Event, Pod, PodResourceClaim};
use kube::ResourceExt;

use crate::{
    Picture,
    cause::{self, Cause, quote},
    evidence::{Evidence, often},
    picture::{age, message, spec, status},
};

/// What the controller says that makes ResourceClaims of templates.
const NOT_CREATED: &str = "FailedResourceClaimCreation";
/// What a scheduler says itself.
const SCHEDULERS: &[&str] = &["FailedScheduling", "Preempted"];
/// Controllers try again within minutes: an older warning may be about what has ended.
const RECENT: f64 = 900.0;

/// Devices that the pod claims and that nobody can make a claim for, as an event says.
pub(super) fn examine(picture: &Picture, pod: &Pod) -> Option<Cause> {
    let event = picture.event(pod, &[NOT_CREATED]).filter(|event| age(picture, event) < RECENT)?;
    let told = message(event);
    let claim = unmade(pod).find(|claim| told.starts_with(&format!("PodResourceClaim {}:", claim.name)))?;
    let (name, set) = (pod.name_any(), picture.name());
    let seen = format!(
        "pod {name} claims a device ({}), and its claim can't be made{}, which its scheduler waits for without a word: {}",
        claim.name,
        often(event),
        quote(told)
    );
    let template = claim.resource_claim_template_name.as_deref();
    let about = template.map_or_else(|| format!("pod/{name}"), |it| format!("resourceclaimtemplate/{it}"));
    let cause = Cause::new(cause::CLAIM_MISSING, about, seen).by_event(event).by([named(&name, claim)]);
    Some(match template.filter(|_| told.contains("not found")) {
        Some(template) => cause
            .advise(format!("create ResourceClaimTemplate {template} in namespace {}: the claim is then made by itself", picture.namespace()))
            .advise(format!("or correct the name in statefulset {set} (resourceClaims, resourceClaimTemplateName): those there are: {}", picture.kubectl("get resourceclaimtemplates"))),
        None => cause
            .advise("end what is complained about; the claim is then made by itself")
            .advise(format!("see the template: {}", picture.kubectl("get resourceclaimtemplates -o yaml"))),
    })
}

/// Devices that the pod claims, while nobody says anything: their claims may not be there.
pub(super) fn claimed(picture: &Picture, pod: &Pod) -> Option<Cause> {
    let claim = unmade(pod).next()?;
    let name = pod.name_any();
    let asked = claim.resource_claim_name.as_ref().or(claim.resource_claim_template_name.as_ref())?;
    let seen = format!(
        "no scheduler has said anything of pod {name}, which claims a device ({}: {asked}): a scheduler waits without a word until all claims of a pod are there",
        claim.name
    );
    let cause = Cause::new(cause::CLAIM_MISSING, format!("pod/{name}"), seen)
        .by([named(&name, claim)])
        .likely(format!("see what there is: {}", picture.kubectl("get resourceclaims,resourceclaimtemplates")))
        .advise(format!(
            "create {asked} in namespace {}, or correct its name in statefulset {} (resourceClaims)",
            picture.namespace(),
            picture.name()
        ))
        .advise("if it is there, see whether the scheduler runs: kubectl -n kube-system get pods -l component=kube-scheduler");
    Some(cause)
}

/// The newest warning about the pod that is no scheduler's.
pub(super) fn warning<'a>(picture: &'a Picture, pod: &Pod) -> Option<&'a Event> {
    let others = |event: &&Event| {
        event.type_.as_deref() == Some("Warning")
            && !event.reason.as_deref().is_some_and(|reason| SCHEDULERS.contains(&reason))
            && age(picture, event) < RECENT
    };
    picture.events_about(pod).into_iter().find(others)
}

/// The devices that the pod claims and that its status names no claim for.
fn unmade(pod: &Pod) -> impl Iterator<Item = &PodResourceClaim> {
    let made = status(pod).resource_claim_statuses.as_deref().unwrap_or_default();
    let claims = spec(pod).resource_claims.as_deref().unwrap_or_default().iter();
    claims.filter(|claim| {
        !made.iter().any(|made| made.name == claim.name && made.resource_claim_name.is_some())
    })
}

fn named(pod: &str, claim: &PodResourceClaim) -> Evidence {
    let (field, value) = match (&claim.resource_claim_template_name, &claim.resource_claim_name) {
        (Some(template), _) => ("resourceClaimTemplateName", template.as_str()),
        (None, name) => ("resourceClaimName", name.as_deref().unwrap_or_default()),
    };
    Evidence::field(format!("pod/{pod}"), format!("spec.resourceClaims[{}].{field}", claim.name), value)
}
