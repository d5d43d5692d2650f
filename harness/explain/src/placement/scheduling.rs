//! What the scheduler says of a pod without a node: `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) …`.

use crate::cause;

/// Why a node was not taken, in the order in which the scheduler asks: a later answer means that more was right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refusal {
    /// It is cordoned.
    Cordoned,
    /// It has a taint that the pod does not tolerate.
    Taint,
    /// It has not the labels that the pod asks for.
    Selector,
    /// A port of the host is taken.
    Ports,
    /// It has too little of a resource, named as Kubernetes does; `pods` when it runs as many as it may.
    Resource(String),
    /// A volume is in use elsewhere.
    VolumeInUse,
    /// As many volumes as it may have are attached.
    VolumeLimit,
    /// A bound volume cannot be mounted there.
    VolumeNode,
    /// No volume that exists fits.
    NoVolume,
    /// Its storage has not enough free for a new volume.
    Storage,
    /// Spread constraints.
    Spread,
    /// Affinity or anti-affinity between pods.
    PodAffinity,
}

static SENTENCES: [(&str, Refusal); 16] = [
    ("were unschedulable", Refusal::Cordoned),
    ("had untolerated taint", Refusal::Taint),
    ("had taint", Refusal::Taint),
    ("didn't match Pod's node affinity", Refusal::Selector),
    ("didn't match node selector", Refusal::Selector),
    ("didn't have free ports", Refusal::Ports),
    ("ReadWriteOncePod", Refusal::VolumeInUse),
    ("exceed max volume count", Refusal::VolumeLimit),
    ("volume node affinity conflict", Refusal::VolumeNode),
    ("didn't match PersistentVolume's node affinity", Refusal::VolumeNode),
    ("no available volume zone", Refusal::VolumeNode),
    ("didn't find available persistent volumes to bind", Refusal::NoVolume),
    ("did not have enough free storage", Refusal::Storage),
    ("topology spread constraints", Refusal::Spread),
    ("affinity rules", Refusal::PodAffinity),
    ("Too many pods", Refusal::Resource(String::new())),
];

/// What the scheduler says of nodes, piece by piece.
fn reasons(message: &str) -> impl Iterator<Item = &str> {
    // What follows says why evicting others would not help either.
    let own = message.split("preemption:").next().unwrap_or_default();
    own.split_once("nodes are available:").map_or(own, |(_, reasons)| reasons).split(", ")
}

/// Whether a scheduler's message has a reason for each node that it counts, as each has at least one: what it says of some does not
/// explain why it takes none of the others.
pub fn accounts_for_each_node(message: &str) -> bool {
    let all = message.split_once(" nodes are available:").and_then(|(before, _)| before.rsplit_once('/'));
    let Some(all) = all.and_then(|(_, all)| all.parse::<u32>().ok()) else { return true };
    let count = |reason: &str| reason.split_whitespace().next().map(|count| count.parse::<u32>().ok());
    // What is said without a number is said of all.
    let counted: Option<Vec<u32>> = reasons(message).filter_map(count).collect();
    counted.is_none_or(|counted| counted.into_iter().fold(0, u32::saturating_add) >= all)
}

/// The refusals in a message, each once.
pub(crate) fn refusals(message: &str) -> Vec<Refusal> {
    let mut found = Vec::new();
    for reason in reasons(message) {
        let refusal = one(reason);
        if let Some(refusal) = refusal.filter(|refusal| !found.contains(refusal)) {
            found.push(refusal);
        }
    }
    found
}

/// The causes in a scheduler's message that are a lack of room, whatever else it says.
pub fn lacks(message: &str) -> impl Iterator<Item = &'static str> {
    refusals(message).into_iter().filter_map(|refusal| match refusal {
        Refusal::Resource(resource) => Some(lack_of(&resource)),
        _ => None,
    })
}

/// The cause that the lack of a resource is.
pub(crate) fn lack_of(resource: &str) -> &'static str {
    match resource {
        "cpu" => cause::INSUFFICIENT_CPU,
        "memory" => cause::INSUFFICIENT_MEMORY,
        "ephemeral-storage" => cause::INSUFFICIENT_EPHEMERAL_STORAGE,
        "pods" => cause::TOO_MANY_PODS,
        _ => cause::INSUFFICIENT_RESOURCE,
    }
}

fn one(reason: &str) -> Option<Refusal> {
    if let Some((_, resource)) = reason.split_once("Insufficient ") {
        // A resource's name may have dots, but no blank and none at its end.
        let name = resource.split_whitespace().next().unwrap_or_default().trim_end_matches('.');
        return Some(Refusal::Resource(name.to_owned()));
    }
    let known = SENTENCES.iter().find(|(sentence, _)| reason.contains(sentence));
    known.map(|(_, refusal)| match refusal {
        Refusal::Resource(_) => Refusal::Resource("pods".to_owned()),
        refusal => refusal.clone(),
    })
}

/// The refusals of the nodes that came closest: those that would take the pod if this one thing were different.
pub(crate) fn closest(mut refusals: Vec<Refusal>) -> Vec<Refusal> {
    let rank = std::mem::discriminant::<Refusal>;
    let Some(last) = refusals.iter().max().map(rank) else { return refusals };
    refusals.retain(|refusal| rank(refusal) == last);
    refusals
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_nodes_that_came_closest_say_why() {
        let known = [
            (
                "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 Insufficient cpu. preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.",
                vec![Refusal::Resource("cpu".to_owned())],
            ),
            (
                "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu, 2 Insufficient memory.",
                vec![Refusal::Resource("cpu".to_owned()), Refusal::Resource("memory".to_owned())],
            ),
            (
                "0/3 nodes are available: 1 node(s) had untolerated taint {a: b}, 2 node(s) didn't match Pod's node affinity/selector.",
                vec![Refusal::Selector],
            ),
            (
                "0/2 nodes are available: 2 node(s) had untolerated taint {dedicated: other}.",
                vec![Refusal::Taint],
            ),
            (
                "0/2 nodes are available: 1 node(s) were unschedulable, 1 node(s) did not have enough free storage.",
                vec![Refusal::Storage],
            ),
            (
                "0/2 nodes are available: 1 Too many pods, 1 node(s) were unschedulable.",
                vec![Refusal::Resource("pods".to_owned())],
            ),
            (
                "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules.",
                vec![Refusal::PodAffinity],
            ),
            (
                "0/1 nodes are available: 1 Insufficient ephemeral-storage. no new claims to deallocate",
                vec![Refusal::Resource("ephemeral-storage".to_owned())],
            ),
            ("no nodes available to schedule pods", vec![]),
        ];
        for (message, expected) in known {
            assert_eq!(closest(refusals(message)), expected, "{message}");
        }
    }

    #[test]
    fn a_message_may_name_several_lacks() {
        let said = "0/3 nodes are available: 1 Too many pods, 1 node(s) were unschedulable, 2 Insufficient example.com/gpu.";
        assert_eq!(lacks(said).collect::<Vec<_>>(), [cause::TOO_MANY_PODS, cause::INSUFFICIENT_RESOURCE]);
        assert_eq!(lacks("0/1 nodes are available: 1 node(s) were unschedulable.").count(), 0);
    }

    #[test]
    fn a_message_may_leave_nodes_out() {
        let silent = "0/3 nodes are available: 1 node(s) had untolerated taint(s). no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.";
        assert!(!accounts_for_each_node(silent));
        for said in [
            "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu. preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.",
            "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu, 2 Insufficient memory.",
            "0/3 nodes are available: persistentvolumeclaim \"data-db-0\" not found.",
            "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
            "no nodes available to schedule pods",
            "running PreBind plugin \"VolumeBinding\": binding volumes: context deadline exceeded",
        ] {
            assert!(accounts_for_each_node(said), "{said}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC*") {
            closest(refusals(&text));
            accounts_for_each_node(&text);
        }

        #[test]
        fn the_order_of_the_reasons_does_not_matter(mut reasons in Just(vec![
            "1 node(s) were unschedulable",
            "1 node(s) had untolerated taint {a: b}",
            "1 Insufficient memory",
        ]).prop_shuffle()) {
            let text = format!("0/3 nodes are available: {}.", reasons.join(", "));
            prop_assert_eq!(closest(refusals(&text)), vec![Refusal::Resource("memory".to_owned())]);
            reasons.pop();
            let fewer = format!("0/2 nodes are available: {}.", reasons.join(", "));
            prop_assert_eq!(closest(refusals(&fewer)).len(), 1);
        }
    }
}
