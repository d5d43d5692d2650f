//! A pod's sandbox that is not made: its network, its runtime, or its node. One event has all of it, so that its words
//! choose the advice.

use k8s_openapi::api::core::v1::{Event, Pod};
use kube::ResourceExt;

use crate::{
    Picture,
    cause::{self, Cause, quote},
    evidence::{Evidence, often},
    picture::{message, spec},
    thousandths,
};

const NO_ADDRESS: &[&str] = &[
    "failed to assign an IP",
    "no IP addresses available",
    "no available IP",
    "IPs are exhausted",
    "unable to allocate IP",
];
const NO_IMAGE: &[&str] = &["failed to get sandbox image", "failed to pull image", "pause:"];
/// Words of a network that is not given to the pod, in small letters.
const NETWORK: &[&str] = &["network", "cni", "plugin type="];

/// A sandbox that the container runtime does not make, as it says in this event.
pub(super) fn failed(picture: &Picture, pod: &Pod, event: &Event) -> Cause {
    let (name, told) = (pod.name_any(), message(event));
    let node = spec(pod).node_name.as_deref().unwrap_or("NODE");
    let set = picture.name();
    let says = |words: &[&str]| words.iter().any(|word| told.contains(word));
    if told.contains("OOM-killed") {
        let seen = format!(
            "the memory limit of pod {name} is too low even to start it{}: {}",
            often(event),
            quote(told)
        );
        let cause = Cause::new(cause::OUT_OF_MEMORY, format!("pod/{name}"), seen)
            .by_event(event)
            .advise(format!("raise resources.limits.memory in statefulset {set}"));
        return thousandths::note(picture, pod, cause);
    }
    let seen = format!("pod {name} gets no sandbox{}: {}", often(event), quote(told));
    let cause = Cause::new(cause::SANDBOX_FAILED, format!("pod/{name}"), seen).by_event(event);
    if let Some(class) = spec(pod).runtime_class_name.as_deref()
        && told.contains("no runtime for")
    {
        let field = Evidence::field(format!("pod/{name}"), "spec.runtimeClassName", class);
        return cause
            .by([field])
            .advise(format!("the container runtime of node {node} does not know the handler of RuntimeClass {class}: see it: kubectl get runtimeclass {class} -o yaml; configure the runtime there, and restart it"))
            .advise(format!("or let the pods run where it is known (scheduling.nodeSelector of the RuntimeClass), or without runtimeClassName in statefulset {set}"));
    }
    if says(NO_ADDRESS) {
        return cause
            .advise(format!("the network plugin has no address left for node {node}: see how many pods it runs and how large its range is: kubectl get node {node} -o jsonpath='{{.spec.podCIDR}}'; in a cloud, the free addresses of its subnet"))
            .advise("free some (pods that are over, addresses of pods that are gone: restart the plugin's pod there), or give the nodes a larger range");
    }
    if says(NO_IMAGE) {
        return cause.advise(format!("node {node} can't have the image of the sandbox itself (pause): see its container runtime's setting for it, and the registry"));
    }
    if spec(pod).host_users == Some(false) && says(&["user namespaces", "idmap"]) {
        let field = Evidence::field(format!("pod/{name}"), "spec.hostUsers", "false");
        return cause
            .by([field])
            .advise(format!("node {node} can't give the pod users of its own, as hostUsers: false asks: take that out of the pod template of statefulset {set}"))
            .advise("or have nodes that can: containerd 2.0 or CRI-O 1.25 and later, with a kernel of 6.3 or later");
    }
    let lower = told.to_lowercase();
    let cause = if NETWORK.iter().any(|word| lower.contains(word)) {
        cause.advise(format!("see the network plugin on node {node}: kubectl get pods -A -o wide --field-selector spec.nodeName={node}"))
    } else {
        cause.advise(format!("see the container runtime of node {node}: its log (journalctl -u containerd or crio), its settings, and its disk"))
    };
    cause.advise("once it works there, the kubelet makes the sandbox by itself")
}
