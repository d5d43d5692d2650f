//! Where the API serves what a journal records.

use kube::core::{ApiResource, GroupVersionKind};
use record::journal::Kind;

/// Where the API serves objects of a kind.
pub fn resource(kind: Kind) -> ApiResource {
    let group = match kind {
        Kind::StatefulSet | Kind::ControllerRevision => "apps",
        Kind::EndpointSlice => "discovery.k8s.io",
        _ => "",
    };
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, "v1", kind.name()))
}
