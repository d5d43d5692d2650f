//! CSI drivers: one that is not registered with a node's kubelet can mount nothing there.

use k8s_openapi::api::core::v1::{Event, Pod};
use kube::ResourceExt;

use crate::{
    Picture,
    cause::{self, Cause, quote},
    claim,
    evidence::Evidence,
    picture::{message, spec},
};

/// What the kubelet and the attacher say of a driver that they do not know.
const UNREGISTERED: &[&str] = &["not found in the list of registered CSI drivers", "does not contain driver"];

/// The CSI drivers that a pod's volumes need, each with its volume.
fn needed(picture: &Picture, pod: &Pod) -> Vec<(String, String)> {
    let volumes = spec(pod).volumes.as_deref().unwrap_or_default();
    let inline =
        volumes.iter().filter_map(|volume| Some((volume.name.clone(), volume.csi.as_ref()?.driver.clone())));
    let persistent = picture.volumes.as_deref().unwrap_or_default();
    let claimed = claim::mounted(pod).into_iter().filter_map(|name| {
        let wanted = picture.claim(&name)?.spec.as_ref()?.volume_name.clone()?;
        let volume = persistent.iter().find(|volume| volume.name_any() == wanted)?;
        Some((format!("PVC {name}"), volume.spec.as_ref()?.csi.as_ref()?.driver.clone()))
    });
    inline.chain(claimed).collect()
}

/// Whether a driver is registered on a node; nothing where that can't be seen.
fn registered(picture: &Picture, node: &str, driver: &str) -> Option<bool> {
    let nodes = picture.drivers.as_deref().ok()?;
    let node = nodes.iter().find(|found| found.name_any() == node);
    Some(node.is_some_and(|node| node.spec.drivers.iter().any(|found| found.name == driver)))
}

/// A volume of the pod whose driver its node does not have, as the newest of these events complains.
pub(super) fn examine(picture: &Picture, pod: &Pod, events: &[&Event]) -> Option<Cause> {
    let node = spec(pod).node_name.as_deref()?;
    let said = |driver: &str| {
        let unknown = |event: &&&Event| {
            message(event).contains(driver) && UNREGISTERED.iter().any(|word| message(event).contains(word))
        };
        events.iter().find(unknown).copied()
    };
    // Where nodes' drivers can't be seen, the kubelet's own words are all that there is.
    let missing = |driver: &str| match registered(picture, node, driver) {
        Some(known) => !known && !events.is_empty(),
        None => said(driver).is_some(),
    };
    let (volume, driver) = needed(picture, pod).into_iter().find(|(_, driver)| missing(driver))?;
    let event = said(&driver).or_else(|| events.first().copied())?;
    let elsewhere = picture.drivers.as_deref().unwrap_or_default().iter();
    let elsewhere = elsewhere.filter(|found| found.spec.drivers.iter().any(|found| found.name == driver));
    let elsewhere = elsewhere.map(ResourceExt::name_any).collect::<Vec<_>>().join(", ");
    let elsewhere = match (picture.drivers.is_ok(), elsewhere.as_str()) {
        (false, _) => String::new(),
        (true, "") => "; it is registered on no node".to_owned(),
        (true, nodes) => format!("; it is registered on {nodes}"),
    };
    let name = pod.name_any();
    let seen = format!(
        "CSI driver {driver} is not registered with the kubelet of {node}, the node of pod {name}, so that its volume {volume} can't be mounted{elsewhere}: {}",
        quote(message(event))
    );
    let cause = Cause::new(cause::CSI_DRIVER_NOT_REGISTERED, format!("csidriver/{driver}"), seen)
        .by_event(event)
        .by([Evidence::field(format!("csinode/{node}"), "spec.drivers", &names(picture, node))])
        .advise(format!("see what the node has: kubectl get csinode {node} -o yaml"))
        .advise(format!("see that the driver's DaemonSet has a running pod on {node}: kubectl get pods -A -o wide --field-selector spec.nodeName={node}; taints of the node, its node selector, or another kubelet directory keep it away"))
        .advise("if its pod runs there and the driver is not registered, restart that pod; the kubelet then mounts by itself");
    Some(cause)
}

fn names(picture: &Picture, node: &str) -> String {
    let nodes = picture.drivers.as_deref().unwrap_or_default();
    let found = nodes.iter().find(|found| found.name_any() == node);
    let names =
        found.map(|node| node.spec.drivers.iter().map(|driver| driver.name.clone()).collect::<Vec<_>>());
    match names {
        Some(names) if !names.is_empty() => names.join(", "),
        Some(_) => "none".to_owned(),
        None => "not seen".to_owned(),
    }
}
