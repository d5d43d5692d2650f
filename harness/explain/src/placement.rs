//! A pod without a node: who holds it, or what the nodes lack.

mod affinity;
mod room;
pub(crate) mod scheduling;
mod shared_claim;
mod spread;
mod standing;
mod taint;
mod topology;
mod unscheduled;
mod volume;

use k8s_openapi::api::core::v1::{Event, Node, Pod};
use kube::ResourceExt;

use super::{
    Picture,
    cause::{self, Cause, quote},
    claim,
    controller::refused_change::{self, NOT_ASKED},
    evidence::{Evidence, often},
    node,
    picture::{condition, message, spec},
    quantity,
};
use scheduling::{Refusal, closest, lack_of, refusals};

/// The causes that a pod has no node.
pub(super) fn examine(picture: &Picture, pod: &Pod) -> Option<Vec<Cause>> {
    if let Some(gates) = spec(pod).scheduling_gates.as_deref().filter(|gates| !gates.is_empty()) {
        return Some(vec![gated(
            picture,
            pod,
            &gates.iter().map(|gate| gate.name.as_str()).collect::<Vec<_>>(),
        )]);
    }
    let known = claim::examine(picture, pod).or_else(|| volume::examine(picture, pod)).or_else(|| {
        unscheduled::examine(picture, pod).or_else(|| binding(picture, pod)).map(|cause| vec![cause])
    });
    if known.is_some() || claim::on_its_way(picture, pod) {
        return known;
    }
    let words = scheduler_words(picture, pod);
    words
        .as_deref()
        .and_then(|text| judge(picture, pod, text))
        .or_else(|| claim::failed_before(picture, pod))
        .or_else(|| words.map(|text| vec![unknown(picture, pod, &text)]))
        .or_else(|| idle(picture, pod))
}

/// What the scheduler says, in the pod's condition or in an event.
fn scheduler_words(picture: &Picture, pod: &Pod) -> Option<String> {
    let condition = condition(pod, "PodScheduled").filter(|condition| condition.status == "False");
    let told = condition.and_then(|condition| condition.message.clone());
    told.or_else(|| picture.event(pod, &["FailedScheduling"]).map(|event| message(event).to_owned()))
}

/// A node was found, and the API server does not take the choice: only the scheduler's words say so, under a reason of
/// its own.
fn binding(picture: &Picture, pod: &Pod) -> Option<Cause> {
    let condition =
        condition(pod, "PodScheduled").filter(|found| found.reason.as_deref() == Some("SchedulerError"))?;
    let told = condition.message.as_deref()?;
    let bound = told.contains("Bind plugin \"") || told.contains("binding rejected");
    // A conflict is over when the scheduler tries again.
    if !bound || told.contains("cannot be fulfilled") {
        return None;
    }
    let seen = format!(
        "the scheduler has found a node for pod {}, and the API server does not let it bind the pod to it: {}",
        pod.name_any(),
        quote(told)
    );
    let id = if told.contains(NOT_ASKED) { cause::WEBHOOK_UNREACHABLE } else { cause::BINDING_REFUSED };
    let cause = Cause::new(id, about(pod), seen).by([Evidence::condition(pod, condition)]);
    Some(refused_change::end_it(picture, cause, told))
}

fn about(pod: &Pod) -> String {
    format!("pod/{}", pod.name_any())
}

fn gated(picture: &Picture, pod: &Pod, gates: &[&str]) -> Cause {
    let seen = format!(
        "pod {} has scheduling gates that nobody has taken away: {}",
        pod.name_any(),
        gates.join(", ")
    );
    Cause::new(cause::SCHEDULING_GATED, about(pod), seen)
        .advise("look after the program that sets these gates in the pod template, or takes them away")
        .advise(format!(
            "see them: {}",
            picture.kubectl(&format!("get pod {} -o jsonpath='{{.spec.schedulingGates}}'", pod.name_any()))
        ))
}

/// No word of a scheduler at all.
fn idle(picture: &Picture, pod: &Pod) -> Option<Vec<Cause>> {
    if !picture.quiet {
        return None;
    }
    if let Some(claimed) = unscheduled::claimed(picture, pod) {
        return Some(vec![claimed]);
    }
    let scheduler = spec(pod).scheduler_name.as_deref().unwrap_or("default-scheduler");
    let seen =
        format!("no scheduler has said anything of pod {}, which asks for {scheduler}", pod.name_any());
    let cause = Cause::new(cause::SCHEDULER_IDLE, about(pod), seen)
        .advise(format!(
            "see whether {scheduler} runs: kubectl -n kube-system get pods -l component=kube-scheduler"
        ))
        .advise("if its name is wrong, correct schedulerName in the pod template");
    Some(vec![match unscheduled::warning(picture, pod) {
        Some(event) => beside(picture, pod, cause, event),
        None => cause,
    }])
}

/// No word of a scheduler, and a warning of somebody else: it may be what the scheduler waits for.
fn beside(picture: &Picture, pod: &Pod, mut cause: Cause, event: &Event) -> Cause {
    cause.seen.push_str(&format!("; somebody else warns of it{}: {}", often(event), quote(message(event))));
    cause.by_event(event).likely(format!(
        "end what the warning is about, and see whether the pod still gets no node: {}",
        picture.kubectl(&format!("describe pod {}", pod.name_any()))
    ))
}

/// The scheduler's words, and the autoscaler's where it has looked as well.
fn said(picture: &Picture, pod: &Pod, text: &str) -> String {
    let scaled = picture.event(pod, &["NotTriggerScaleUp", "TriggeredScaleUp"]);
    let scaled = scaled.map(|event| format!("; the autoscaler says: {}", quote(message(event))));
    format!(
        "the scheduler finds no node for pod {}: {}{}",
        pod.name_any(),
        quote(text),
        scaled.unwrap_or_default()
    )
}

/// What the nodes lack; nothing where the scheduler's words are none that we know.
fn judge(picture: &Picture, pod: &Pod, text: &str) -> Option<Vec<Cause>> {
    let mut found = refusals(text);
    if picture.volumes.is_ok() && picture.nodes.is_ok() {
        out_of_the_question(picture, pod, &mut found);
    }
    let said = said(picture, pod, text);
    if let Some(apart) = volume::elsewhere(picture, pod, &said) {
        return Some(vec![apart]);
    }
    let cordoned = found.contains(&Refusal::Cordoned);
    let mut closest = closest(found);
    if cordoned && closest == [Refusal::Taint] && cordoned_and_tainted(picture, pod) {
        closest.insert(0, Refusal::Cordoned);
    }
    let place = volume::place(picture, pod);
    let differing = standing::differing(picture, pod);
    let causes = closest.iter().map(|refusal| {
        let cause = explain(picture, pod, refusal, &said).by(words(picture, pod));
        let cause = match &differing {
            Some(differing) => cause.advise(format!(
                "no node is all at once; on one of them, end what is in the way there: {differing}"
            )),
            None => cause,
        };
        match &place {
            // Advice that means another node would help nobody; who uses the volume does so on any.
            Some(place) if *refusal != Refusal::VolumeInUse => cause.advise(format!(
                "{place}: what helps must happen there; other nodes help only when the data has moved"
            )),
            _ => cause,
        }
    });
    let causes: Vec<Cause> = causes.collect();
    (!causes.is_empty()).then_some(causes)
}

/// The scheduler's words, as evidence.
fn words(picture: &Picture, pod: &Pod) -> Vec<Evidence> {
    let condition = condition(pod, "PodScheduled").map(|condition| Evidence::condition(pod, condition));
    let event = picture.event(pod, &["FailedScheduling"]).map(Evidence::event);
    condition.into_iter().chain(event).collect()
}

/// Drops what only says why nodes are out of the question that were never meant, where others were.
fn out_of_the_question(picture: &Picture, pod: &Pod, found: &mut Vec<Refusal>) {
    let mut only = |dropped: &[Refusal]| {
        if found.iter().any(|refusal| !dropped.contains(refusal)) {
            found.retain(|refusal| !dropped.contains(refusal));
        }
    };
    // The pod's volumes have a usable node, or this would not be asked.
    only(&[Refusal::VolumeNode]);
    let meant = meant(picture, pod);
    if !meant.is_empty() {
        only(&[Refusal::Selector]);
    }
    // A cordoned node that nothing else keeps from the pod is closer than one whose taint is there to stay.
    let only_cordoned = |node: &&Node| node::cordoned(node) && !tainted_besides(node, pod);
    if found.contains(&Refusal::Cordoned) && meant.iter().any(only_cordoned) {
        found.retain(|refusal| *refusal != Refusal::Taint);
    }
}

/// Whether a node has a taint that keeps the pod away, beside the one that every cordoned node has.
fn tainted_besides(node: &Node, pod: &Pod) -> bool {
    node::untolerated(node, pod).iter().any(|taint| taint.key != node::CORDONED)
}

/// Whether all nodes that the pod may be meant for, which control planes seldom are, are cordoned and tainted: then
/// neither the one nor the other alone would help.
fn cordoned_and_tainted(picture: &Picture, pod: &Pod) -> bool {
    let mut workers = meant(picture, pod);
    workers.retain(|node| !node::untolerated(node, pod).iter().any(|taint| taint.key == node::CONTROL_PLANE));
    let both = |node: &&Node| node::cordoned(node) && tainted_besides(node, pod);
    !workers.is_empty() && workers.iter().all(both)
}

/// The nodes that can mount the pod's volumes and have what its selector and affinity ask for.
fn meant<'a>(picture: &'a Picture, pod: &Pod) -> Vec<&'a Node> {
    let able = volume::nodes_for(picture, pod);
    able.into_iter().filter(|node| node::meets_demand(node, pod)).collect()
}

fn unknown(picture: &Picture, pod: &Pod, text: &str) -> Cause {
    let describe = picture.kubectl(&format!("describe pod {}", pod.name_any()));
    Cause::new(cause::UNSCHEDULABLE, about(pod), said(picture, pod, text))
        .unknown()
        .by(words(picture, pod))
        .advise(format!("see the pod and the nodes: {describe}; kubectl get nodes"))
}

fn explain(picture: &Picture, pod: &Pod, refusal: &Refusal, said: &str) -> Cause {
    let set = picture.name();
    let new = |id, more: &str| Cause::new(id, about(pod), format!("{said}{more}"));
    match refusal {
        Refusal::Resource(resource) => resources(picture, pod, resource, said),
        Refusal::Taint => taint::examine(picture, pod, &meant(picture, pod), said),
        Refusal::Cordoned => {
            let names = names(picture, node::cordoned);
            new(cause::NODES_CORDONED, &format!("; cordoned: {names}")).advise(format!(
                "let pods onto a node again: kubectl uncordon {}",
                names.split(", ").next().unwrap_or("NODE")
            ))
        }
        Refusal::Selector => new(
            cause::NO_NODE_MATCHES,
            &format!("; it asks for nodes with {}{}", node::demand(pod), not_its_own(picture, pod)),
        )
        .advise("see what the nodes have: kubectl get nodes --show-labels")
        .advise(format!(
            "label a node: kubectl label node NODE KEY=VALUE; or change what statefulset {set} asks for"
        )),
        Refusal::Ports => new(cause::PORTS_TAKEN, "").advise(format!(
            "take hostPort out of statefulset {set}, or add nodes: each has a port only once"
        )),
        Refusal::VolumeInUse => shared_claim::examine(picture, pod, said),
        Refusal::VolumeLimit => new(cause::VOLUME_LIMIT, "").advise(
            "add nodes, or detach volumes: kubectl get volumeattachments; kubectl get csinodes -o yaml",
        ),
        Refusal::VolumeNode => new(
            cause::VOLUME_NODE_UNAVAILABLE,
            &format!("; it mounts {}", claim::mounted(pod).join(", ")),
        )
        .advise(
            "see whether the node that its volumes need is there: kubectl describe pv; kubectl get nodes",
        ),
        Refusal::NoVolume => topology::examine(picture, pod, said).unwrap_or_else(|| {
            new(cause::NO_VOLUME_FITS, &format!("; it mounts {}", claim::mounted(pod).join(", ")))
                .advise("create one that fits the claim, on a node that can run the pod, or free a Released one by removing its claimRef; those there are: kubectl get pv")
        }),
        Refusal::Storage => new(
            cause::INSUFFICIENT_STORAGE,
            &format!("; it asks for {}", sizes(picture, pod)),
        )
        .advise("see what each storage pool has free: kubectl get csistoragecapacities -A")
        .advise("make room in the storage, or ask for less: claims can't shrink, so make claim and set anew"),
        Refusal::Spread => spread::examine(picture, pod, said),
        Refusal::PodAffinity => apart(picture, pod, said),
    }
}

/// Affinity between pods: the pod's own rule, or that of others that run there.
fn apart(picture: &Picture, pod: &Pod, said: &str) -> Cause {
    let set = picture.name();
    let others = affinity::against(picture, pod).join(", ");
    if said.contains("existing pods anti-affinity rules") && !others.is_empty() {
        let seen = format!("{said}; the rule is that of pods which run there: {others}");
        return Cause::new(cause::ANTI_AFFINITY, about(pod), seen)
            .advise("change the rule of those pods, or let them leave a node: their required podAntiAffinity means this pod's labels")
            .advise(format!("or give the pods of statefulset {set} labels that the rule does not mean"));
    }
    affinity::examine(picture, pod, said)
        .unwrap_or_else(|| Cause::new(cause::ANTI_AFFINITY, about(pod), said))
        .advise("see which pods run where: kubectl get pods -A -o wide")
        .advise(format!(
            "let one node more take such pods, or make the rule of statefulset {set} preferred instead of required"
        ))
}

/// What the pod's selector has that the set's template has not.
fn not_its_own(picture: &Picture, pod: &Pod) -> String {
    let Some(template) = picture.template().filter(|template| !template.containers.is_empty()) else {
        return String::new();
    };
    let own = template.node_selector.clone().unwrap_or_default();
    let others = spec(pod).node_selector.iter().flatten().filter(|(key, value)| own.get(*key) != Some(value));
    let others = others.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ");
    if others.is_empty() {
        return others;
    }
    format!(
        "; of these, {others} is not in the set's template: admission has added it (a webhook, the namespace, or a RuntimeClass)"
    )
}

fn resources(picture: &Picture, pod: &Pod, resource: &str, said: &str) -> Cause {
    let mut seen = said.to_owned();
    if resource != "pods" {
        seen.push_str(&format!(
            "; it asks for {} {resource}",
            quantity::show(resource, room::requested(pod, resource))
        ));
        // Nodes that would refuse it anyway are no measure.
        let able = meant(picture, pod).into_iter();
        let able: Vec<&Node> = able.filter(|node| node::untolerated(node, pod).is_empty()).collect();
        if !able.is_empty() {
            seen.push_str(&format!("; {}", room::table(picture, &able, resource)));
        }
    }
    Cause::new(lack_of(resource), about(pod), seen)
        .advise(format!(
            "lower resources.requests of statefulset {} if it asks for more than it needs",
            picture.name()
        ))
        .advise("or make room: add a node, or scale down what uses the nodes: kubectl describe nodes")
}

fn names(picture: &Picture, which: impl Fn(&Node) -> bool) -> String {
    let nodes = picture.nodes.as_deref().unwrap_or_default().iter().filter(|node| which(node));
    nodes.map(ResourceExt::name_any).collect::<Vec<_>>().join(", ")
}

fn sizes(picture: &Picture, pod: &Pod) -> String {
    let size = |name: String| {
        let claim =
            picture.claim(&name)?.spec.as_ref()?.resources.as_ref()?.requests.as_ref()?.get("storage")?;
        Some(format!("{} in PVC {name}", claim.0))
    };
    claim::mounted(pod).into_iter().filter_map(size).collect::<Vec<_>>().join(", ")
}
