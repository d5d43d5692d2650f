//! Volumes that the kubelet holds in memory: each is as large as the pod's memory limit, and no larger.

use k8s_openapi::{
    api::core::v1::{Container, Event, Pod, Volume},
    apimachinery::pkg::api::resource::Quantity,
};
use kube::ResourceExt;

use crate::{
    Picture,
    cause::{self, Cause, quote},
    evidence::{Evidence, often},
    picture::{message, spec},
    quantity, thousandths,
};

/// Secrets and tokens fit into this many bytes: a limit below is at fault whatever they hold.
const FITS: f64 = 1_048_576.0;

/// A volume in memory that the kubelet can't fill, since the pod's memory limit leaves no room in it.
pub(super) fn full(picture: &Picture, pod: &Pod, volume: Option<&Volume>, event: &Event) -> Option<Cause> {
    let told = message(event);
    let volume = volume.filter(|volume| told.contains("no space left on device") && held(volume))?;
    let (limit, limits) = limit(pod)?;
    let (name, set) = (pod.name_any(), picture.name());
    let seen = format!(
        "volume {} of pod {name} is held in memory, and the kubelet makes it no larger than the pod's memory limit ({limits}), which what is on it does not fit into{}: {}",
        volume.name,
        often(event),
        quote(told)
    );
    let cause = Cause::new(cause::OUT_OF_MEMORY, format!("pod/{name}"), seen)
        .by_event(event)
        .by([Evidence::field(format!("pod/{name}"), "resources.limits.memory", &limits)])
        .advise(format!("raise resources.limits.memory in statefulset {set}"));
    let cause = if limit < FITS {
        cause
    } else {
        let node = spec(pod).node_name.as_deref().unwrap_or("NODE");
        cause.likely(format!(
            "see how large what is on volume {} is, and the memory of node {node}",
            volume.name
        ))
    };
    Some(thousandths::note(picture, pod, cause))
}

/// Whether the kubelet holds a volume in memory.
pub(super) fn held(volume: &Volume) -> bool {
    volume.projected.is_some()
        || volume.secret.is_some()
        || volume.downward_api.is_some()
        || volume.empty_dir.as_ref().is_some_and(|empty| empty.medium.as_deref() == Some("Memory"))
}

/// The memory limit of a pod in bytes, and as its template has it. It has none while a container has none.
fn limit(pod: &Pod) -> Option<(f64, String)> {
    let spec = spec(pod);
    let memory = |limits: &std::collections::BTreeMap<String, Quantity>| limits.get("memory").cloned();
    if let Some(whole) = spec.resources.as_ref().and_then(|all| memory(all.limits.as_ref()?)) {
        return Some((quantity::parse(&whole.0)?, format!("pod {}", whole.0)));
    }
    let own = |container: &Container| -> Option<(f64, String)> {
        let own = container.resources.as_ref().and_then(|all| memory(all.limits.as_ref()?))?;
        Some((quantity::parse(&own.0)?, format!("container {} {}", container.name, own.0)))
    };
    let together: Vec<_> = spec.containers.iter().map(own).collect::<Option<_>>()?;
    let before: Vec<_> = spec.init_containers.iter().flatten().map(own).collect::<Option<_>>()?;
    let sum: f64 = together.iter().map(|(limit, _)| limit).sum();
    let limit = before.iter().fold(sum, |most, (limit, _)| most.max(*limit));
    let texts: Vec<String> = together.into_iter().chain(before).map(|(_, text)| text).collect();
    (!texts.is_empty()).then(|| (limit, texts.join(", ")))
}
