//! Nothing moves, and nothing that can be seen keeps the controller from acting.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::ResourceExt;
use record::words;

use super::refused_change;
use crate::{
    Picture,
    cause::{self, Cause},
    evidence::Evidence,
    pod::Examination,
    quantity,
};

/// What a quota calls the revisions of sets.
const REVISIONS: &str = "count/controllerrevisions.apps";

/// Nothing moves, though the controller could act: its fault, if that stays so and it has not said what it can't do.
pub(super) fn idle(picture: &Picture, what: &str) -> Examination {
    if let Some(refused) = refused_change::update(picture) {
        return Examination::Blamed(vec![refused]);
    }
    if !picture.quiet {
        return Examination::Moving(format!("the controller's turn: {what}"));
    }
    let lease = lease(picture);
    if let (Lease::Held(ago), true) = (&lease, unseen(picture)) {
        return Examination::Blamed(vec![unheard(picture, what, ago)]);
    }
    if let Lease::Held(ago) = &lease {
        return Examination::Moving(format!(
            "the controller's turn: {what}; the controller manager is alive (it renewed its lease {ago} ago), and no event says what it waits for"
        ));
    }
    let set = picture.name();
    let seen = format!("the StatefulSet controller does not act: {what}");
    let system = "kubectl -n kube-system";
    let label = "component=kube-controller-manager";
    let (id, about) = (cause::CONTROLLER_IDLE, format!("statefulset/{set}"));
    let cause = match lease {
        Lease::Given(ago) => Cause::new(
            id,
            about,
            format!("{seen}; the controller manager has not renewed its lease for {ago}"),
        )
        .by([Evidence::field(
            "lease/kube-controller-manager",
            "spec.renewTime",
            &format!("{ago} ago"),
        )]),
        Lease::Held(_) | Lease::Unseen => Cause::new(id, about, seen).likely(format!(
            "see whether the controller leads: {system} get lease kube-controller-manager -o yaml"
        )),
    };
    let cause = cause
        .advise(format!("see whether the controller runs: {system} get pods -l {label}"))
        .advise(format!("and whether it leads: {system} get lease kube-controller-manager -o yaml"))
        .advise(format!("its log says why it does not act: {system} logs -l {label} --tail 50"));
    Examination::Blamed(vec![cause])
}

/// The controller manager's lease, with the time since it was renewed.
enum Lease {
    Held(String),
    Given(String),
    Unseen,
}

fn lease(picture: &Picture) -> Lease {
    let spec = picture.lease.as_deref().ok().and_then(|leases| leases.first()?.spec.clone());
    let Some((renewed, spec)) = spec.and_then(|spec| Some((spec.renew_time.clone()?, spec))) else {
        return Lease::Unseen;
    };
    let ago = picture.at.duration_since(renewed.0).as_secs_f64().max(0.0);
    let lasts = f64::from(spec.lease_duration_seconds.unwrap_or(15));
    let text = words::seconds(ago);
    if ago > lasts { Lease::Given(text) } else { Lease::Held(text) }
}

/// Whether the controller has not seen the newest spec.
fn unseen(picture: &Picture) -> bool {
    let seen = picture.set.status.as_ref().and_then(|status| status.observed_generation).unwrap_or(0);
    seen < picture.set.metadata.generation.unwrap_or(0)
}

/// The controller manager is alive, and has not taken in the newest spec: before it does, it makes a revision of it, and
/// tells nobody when it may not.
fn unheard(picture: &Picture, what: &str, ago: &str) -> Cause {
    let full = picture.quotas.as_deref().unwrap_or_default().iter().find(|quota| {
        let status = quota.status.as_ref();
        let amount = |all: Option<&BTreeMap<String, Quantity>>| quantity::parse(&all?.get(REVISIONS)?.0);
        let hard = status.and_then(|status| amount(status.hard.as_ref()));
        let used = status.and_then(|status| amount(status.used.as_ref()));
        hard.zip(used).is_some_and(|(hard, used)| used >= hard)
    });
    let set = picture.name();
    let log = "kubectl -n kube-system logs -l component=kube-controller-manager --tail 200";
    if let Some(quota) = full {
        let name = quota.name_any();
        let seen = format!(
            "the controller has not taken in the newest spec: {what}; it makes a ControllerRevision of it first, and ResourceQuota {name} allows no more of them ({REVISIONS})"
        );
        return Cause::new(cause::QUOTA_EXCEEDED, format!("resourcequota/{name}"), seen)
            .likely(format!("see the controller's log: {log} | grep {set}"))
            .advise(format!(
                "raise the quota, or free some of it: {}; the controller tries again by itself",
                picture.kubectl("get controllerrevisions")
            ));
    }
    let seen = format!(
        "the controller has not taken in the newest spec of the set, though the controller manager is alive (it renewed its lease {ago} ago), and no event says why: {what}"
    );
    Cause::new(cause::CONTROLLER_IDLE, format!("statefulset/{set}"), seen)
        .unknown()
        .advise(format!("its log says why: {log} | grep {set}"))
        .advise("often: it is busy with many sets, or may not make a ControllerRevision (a quota, a policy, a webhook)")
}
