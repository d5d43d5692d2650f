//! Storage classes that make volumes only in some places.

use k8s_openapi::api::{
    core::v1::{Node, Pod, TopologySelectorTerm},
    storage::v1::StorageClass,
};
use kube::ResourceExt;

use crate::{
    Picture,
    cause::{self, Cause},
    claim,
    evidence::Evidence,
    node,
};

/// A class of the pod's pending claims that makes no volume for any node which the pod may go to. The scheduler only says
/// that it finds none.
pub(super) fn examine(picture: &Picture, pod: &Pod, said: &str) -> Option<Cause> {
    let (classes, nodes) = (picture.classes.as_deref().ok()?, picture.nodes.as_deref().ok()?);
    let open: Vec<&Node> = nodes
        .iter()
        .filter(|node| {
            node::trouble(node).is_none()
                && node::untolerated(node, pod).is_empty()
                && node::meets_demand(node, pod)
        })
        .collect();
    claim::mounted(pod).into_iter().find_map(|name| {
        let found = picture.claim(&name).filter(|found| claim::phase(found) == "Pending")?;
        let wanted = found.spec.as_ref()?.storage_class_name.as_deref()?;
        let class = classes.iter().find(|class| class.name_any() == wanted)?;
        let terms = class.allowed_topologies.as_deref().filter(|terms| !terms.is_empty())?;
        let nowhere =
            !open.is_empty() && !open.iter().any(|node| terms.iter().any(|term| admits(term, node)));
        nowhere.then(|| blame(picture, pod, &name, class, terms, &open, said))
    })
}

fn admits(term: &TopologySelectorTerm, node: &Node) -> bool {
    term.match_label_expressions
        .iter()
        .flatten()
        .all(|needed| node.labels().get(&needed.key).is_some_and(|found| needed.values.contains(found)))
}

fn text(terms: &[TopologySelectorTerm]) -> String {
    let term = |term: &TopologySelectorTerm| {
        let all = term.match_label_expressions.iter().flatten();
        all.map(|needed| format!("{} in ({})", needed.key, needed.values.join(", ")))
            .collect::<Vec<_>>()
            .join(" and ")
    };
    terms.iter().map(term).collect::<Vec<_>>().join(" or ")
}

fn blame(
    picture: &Picture,
    pod: &Pod,
    claim: &str,
    class: &StorageClass,
    terms: &[TopologySelectorTerm],
    open: &[&Node],
    said: &str,
) -> Cause {
    let (class, places) = (class.name_any(), text(terms));
    let open = open.iter().map(|node| node.name_any()).collect::<Vec<_>>().join(", ");
    let seen = format!(
        "PVC {claim} asks for storage class {class}, which makes volumes only for nodes with {places} (allowedTopologies), and none of the nodes that pod {} may go to is one ({open}); {said}",
        pod.name_any()
    );
    Cause::new(cause::CLASS_NOT_FOR_NODES, format!("storageclass/{class}"), seen)
        .by([Evidence::field(format!("storageclass/{class}"), "allowedTopologies", &places)])
        .advise(format!("make the class anew with the places of these nodes, since a class can't be changed: kubectl get storageclass {class} -o yaml; kubectl get nodes --show-labels"))
        .advise(format!("or bring nodes to those places, or use another class: PVCs keep the class that they were made with, so make set and PVC anew: {}", picture.kubectl(&format!("delete pvc {claim}"))))
}
