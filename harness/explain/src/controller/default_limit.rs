//! A request above a limit that the set's template does not have: a LimitRange's default has put it into the pod.

use k8s_openapi::api::core::v1::Container;

use crate::{Picture, evidence::Evidence};

/// What helps, and the request; nothing where the limit is the template's own.
pub(super) fn exceeded(picture: &Picture, text: &str) -> Option<(Evidence, String)> {
    let (before, rest) = text.split_once("must be less than or equal to ")?;
    let (resource, rest) = rest.split_once(" limit")?;
    let limit = rest.strip_prefix(" of ").and_then(|rest| rest.split([' ', ',', ']']).next());
    let container = container(picture, before)?;
    let resources = container.resources.as_ref()?;
    if resources.limits.as_ref().is_some_and(|limits| limits.contains_key(resource)) {
        return None;
    }
    let request = &resources.requests.as_ref()?.get(resource)?.0;
    let (set, name) = (picture.name(), &container.name);
    let path = format!("spec.template.spec.containers[{name}].resources.requests.{resource}");
    let limit = limit.map(|limit| format!(" of {limit}")).unwrap_or_default();
    let helps = format!(
        "the limit{limit} is not the template's: it is the default of a LimitRange of the namespace ({}); set resources.limits.{resource} of container {name} to {request} or more in statefulset {set}, or raise that default; the controller tries again by itself",
        picture.kubectl("describe limitrange")
    );
    Some((Evidence::field(format!("statefulset/{set}"), path, request), helps))
}

/// The container of the template that `spec.containers[0].resources.requests` is of.
fn container<'a>(picture: &'a Picture, text: &str) -> Option<&'a Container> {
    let template = picture.template()?;
    let lists = [
        ("spec.containers[", Some(&template.containers)),
        ("spec.initContainers[", template.init_containers.as_ref()),
    ];
    lists.into_iter().find_map(|(path, list)| {
        let (_, rest) = text.rsplit_once(path)?;
        list?.get(rest.split(']').next()?.parse::<usize>().ok()?)
    })
}
