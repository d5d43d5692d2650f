//! Amounts of memory in thousandths of a byte: `512m` is half a byte, and `512Mi` was meant.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::{Pod, ResourceRequirements},
    apimachinery::pkg::api::resource::Quantity,
};

use super::{Picture, cause::Cause, picture::spec};

/// Resources that are counted in bytes.
const IN_BYTES: &[&str] = &["memory", "ephemeral-storage"];

/// The cause, with a word about the first amount of memory that ends in `m`.
pub(super) fn note(picture: &Picture, pod: &Pod, mut cause: Cause) -> Cause {
    let Some((field, amount)) = first(pod) else { return cause };
    let number = amount.trim_end_matches('m');
    cause.seen.push_str(&format!("; {field} is {amount}, and m means thousandths of a byte"));
    cause.advice.insert(
        0,
        format!(
            "write {number}Mi, or what is needed, for {field} = {amount} in statefulset {}",
            picture.name()
        ),
    );
    cause
}

fn first(pod: &Pod) -> Option<(String, String)> {
    let spec = spec(pod);
    let mut containers = spec.init_containers.iter().flatten().chain(&spec.containers);
    let of_pod = || spec.resources.as_ref().and_then(|resources| of(resources, "the pod"));
    let of_volumes = || {
        let mut volumes = spec.volumes.iter().flatten();
        volumes.find_map(|volume| {
            let size = volume.empty_dir.as_ref()?.size_limit.as_ref()?;
            in_thousandths(size).then(|| (format!("sizeLimit of volume {}", volume.name), size.0.clone()))
        })
    };
    containers
        .find_map(|container| of(container.resources.as_ref()?, &format!("container {}", container.name)))
        .or_else(of_pod)
        .or_else(of_volumes)
}

fn of(resources: &ResourceRequirements, whose: &str) -> Option<(String, String)> {
    let kinds = [("limits", &resources.limits), ("requests", &resources.requests)];
    kinds.into_iter().find_map(|(kind, amounts)| {
        let (resource, amount) = amounts.as_ref().and_then(bytes)?;
        Some((format!("resources.{kind}.{resource} of {whose}"), amount))
    })
}

fn bytes(amounts: &BTreeMap<String, Quantity>) -> Option<(&str, String)> {
    let mut known = IN_BYTES.iter().filter_map(|name| Some((*name, amounts.get(*name)?)));
    known.find(|(_, amount)| in_thousandths(amount)).map(|(name, amount)| (name, amount.0.clone()))
}

fn in_thousandths(amount: &Quantity) -> bool {
    amount.0.ends_with('m')
}
