//! What is worth knowing of a set and is no cause.

use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::ResourceExt;

use super::{
    Picture,
    claim::{self, growth},
    controller::rollout::{self, Strategy},
    labels::selects,
    picture::{Usage, healthy, phase, terminating},
    pod::peers,
    quantity,
};

/// The part of what may be used from which on it is told, before it is all.
const NEARLY: f64 = 0.85;

/// The notes on a set.
pub(super) fn all(picture: &Picture) -> Vec<String> {
    budgets(picture)
        .into_iter()
        .chain(revisions(picture))
        .chain(consumers(picture))
        .chain(going(picture))
        .chain(peers::note(picture))
        .chain(growth::notes(picture))
        .chain(nobody(picture))
        .chain(full_volumes(picture))
        .chain(full_quotas(picture))
        .collect()
}

/// A set that asks for no pod: whoever waits for one looks for the reason elsewhere.
fn nobody(picture: &Picture) -> Option<String> {
    if !picture.wanted().is_empty() || terminating(&picture.set) {
        return None;
    }
    let entries = picture.set.metadata.managed_fields.iter().flatten();
    let written = entries.filter(|entry| entry.subresource.as_deref() != Some("status"));
    let last = written.max_by_key(|entry| entry.time.as_ref().map(|time| time.0));
    let who = last.and_then(|entry| entry.manager.as_deref()).map(|who| format!(", written last by {who}"));
    Some(format!("it asks for no pod (spec.replicas is 0{})", who.unwrap_or_default()))
}

/// Volumes of the set's pods that are nearly full.
fn full_volumes(picture: &Picture) -> Vec<String> {
    let pods = picture.pods_of_set();
    let mounted: Vec<String> = pods.values().flat_map(|pod| claim::mounted(pod)).collect();
    let usage = picture.usage.as_deref().unwrap_or_default().iter();
    let full = usage.filter(|usage| mounted.contains(&usage.claim) && usage.used / usage.has >= NEARLY);
    let note = |usage: &Usage| {
        format!(
            "PVC {} is {:.0} % full ({} of {}): a server that finds no space stops; grow it in time",
            usage.claim,
            (usage.used / usage.has * 100.0).floor(),
            quantity::show("storage", usage.used),
            quantity::show("storage", usage.has)
        )
    };
    full.map(note).collect()
}

/// Quotas of the namespace that leave little: the next pod or PVC may be refused.
fn full_quotas(picture: &Picture) -> Vec<String> {
    let quotas = picture.quotas.as_deref().unwrap_or_default().iter();
    let notes = quotas.flat_map(|quota| {
        let status = quota.status.as_ref();
        let hard = status.and_then(|status| status.hard.clone()).unwrap_or_default();
        let used = status.and_then(|status| status.used.clone()).unwrap_or_default();
        let name = quota.name_any();
        hard.into_iter().filter_map(move |(resource, hard)| {
            let used = used.get(&resource)?.0.clone();
            let (whole, part) = (quantity::parse(&hard.0)?, quantity::parse(&used)?);
            (whole > 0.0 && part / whole >= NEARLY).then(|| {
                format!("ResourceQuota {name} is nearly used up: {resource} {used} of {}; the next pod or PVC may be refused", hard.0)
            })
        })
    });
    notes.collect()
}

/// A budget covers the pods, and a pod is Pending or not there: people blame the one for the other.
fn budgets(picture: &Picture) -> Vec<String> {
    let pods = picture.pods_of_set();
    let waits = picture.wanted().any(|ordinal| pods.get(&ordinal).is_none_or(|pod| phase(pod) == "Pending"));
    let labels = picture.set.spec.as_ref().and_then(|spec| spec.template.metadata.as_ref()?.labels.clone());
    let labels = labels.unwrap_or_default();
    let covers = |budget: &&PodDisruptionBudget| {
        budget
            .spec
            .as_ref()
            .and_then(|spec| spec.selector.as_ref())
            .is_some_and(|selector| selects(selector, &labels))
    };
    let budgets = picture.budgets.as_deref().unwrap_or_default().iter().filter(covers);
    let note = |budget: &PodDisruptionBudget| {
        let allowed = budget.status.as_ref().map_or(0, |status| status.disruptions_allowed);
        format!(
            "PodDisruptionBudget {} covers these pods and allows {allowed} disruptions now; {}",
            budget.name_any(),
            "it only refuses evictions, and never keeps a pod Pending or from being created"
        )
    };
    if waits { budgets.map(note).collect() } else { Vec::new() }
}

/// Pods of other revisions that are so because the set says so.
fn revisions(picture: &Picture) -> Option<String> {
    let pods = picture.pods_of_set();
    let old = |from: i32, until: i32| {
        let old = pods
            .iter()
            .filter(|(ordinal, pod)| (from..until).contains(ordinal) && rollout::other(picture, pod));
        old.map(|(_, pod)| pod.name_any()).collect::<Vec<_>>().join(", ")
    };
    let wanted = picture.wanted();
    let (old, why) = match rollout::strategy(picture) {
        Strategy::Rolling(from) => {
            let why = format!(
                "updateStrategy.rollingUpdate.partition is {}, so they are not replaced",
                from - wanted.start
            );
            (old(wanted.start, from), why)
        }
        Strategy::OnDelete => (
            old(wanted.start, wanted.end),
            "updateStrategy is OnDelete, so each is replaced when somebody deletes it".to_owned(),
        ),
        Strategy::Recreate => return None,
    };
    (!old.is_empty()).then(|| {
        format!(
            "pods of another revision than {}: {old}; {why}",
            rollout::newest(picture).unwrap_or("the newest")
        )
    })
}

/// Claims that look unbound and are as they should be.
fn consumers(picture: &Picture) -> Option<String> {
    let pods = picture.pods_of_set();
    let mounted = pods.values().flat_map(|pod| claim::mounted(pod));
    let waiting = mounted
        .filter(|name| picture.claim(name).is_some_and(|claim| claim::waits_for_consumer(picture, claim)));
    let waiting = waiting.collect::<Vec<_>>().join(", ");
    (!waiting.is_empty()).then(|| {
        format!("PVC {waiting} is Pending, which is normal: its volume is made for the pod's node (WaitForFirstConsumer)")
    })
}

/// Claims that are deleted and last as long as their pods: nobody sees that before the pod is deleted.
fn going(picture: &Picture) -> Vec<String> {
    let pods = picture.pods_of_set();
    let mounted = pods.values().filter(|pod| healthy(pod)).flat_map(|pod| claim::mounted(pod));
    let going = mounted.filter(|name| picture.claim(name).is_some_and(terminating));
    let note = |name| format!("PVC {name} is being deleted, and goes with its data when its pod does");
    going.map(note).collect()
}
