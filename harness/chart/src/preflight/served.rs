//! U1: kinds that a cluster serves no more, now or in the version that it is to have.

use super::{Picture, Trial};
use crate::{Forecast, Object, Severity, forecast, rendered::Key};

/// Kinds and versions that the cluster does not serve.
pub(super) fn not_served(picture: &Picture) -> Vec<Forecast> {
    let not_served = |(key, object): (Key, &Object)| {
        (picture.trials.get(&key) == Some(&Trial::NotServed)).then(|| {
            let (version, kubernetes) = (&object.api_version, &picture.kubernetes);
            forecast::about(
                ("api-not-served", "U1", Severity::Break),
                &picture.to,
                object,
                "/apiVersion",
                format!("Kubernetes {kubernetes} does not serve {version} {}", key.kind),
                format!(
                    "use a version that it serves (`kubectl api-resources`), by .Capabilities.APIVersions where the chart serves older clusters too; if {} comes from another chart, install that one first",
                    key.kind
                ),
            )
        })
    };
    picture.new_objects().into_iter().filter_map(not_served).collect()
}

/// What the release itself holds in a version that is not served any more: Helm can't read it, and stops.
pub(super) fn held_not_served(picture: &Picture) -> Vec<Forecast> {
    if !picture.way.has_release() {
        return Vec::new();
    }
    let held = picture.held_objects();
    let stale = picture.not_served.iter().filter_map(|key| held.get(key));
    stale
        .map(|object| {
            forecast::about(
                ("held-api-not-served", "U1", Severity::Break),
                &picture.to,
                object,
                "/apiVersion",
                format!(
                    "the release's own manifest has it as {}, which Kubernetes {} does not serve: Helm can't build the current release, whatever the new chart says",
                    object.api_version, picture.kubernetes
                ),
                "rewrite the release's manifest first (`helm mapkubeapis`)",
            )
        })
        .collect()
}

/// A version of a kind that goes.
struct Going {
    api_version: &'static str,
    kinds: &'static [&'static str],
    /// The first minor version of Kubernetes 1 that does not serve it; none where none is named yet.
    removed: Option<u32>,
    /// The one from which on it is deprecated.
    deprecated: u32,
    instead: &'static str,
}

/// From <https://kubernetes.io/docs/reference/using-api/deprecation-guide/>.
#[rustfmt::skip]
const GOING: &[Going] = &[
    Going { api_version: "extensions/v1beta1", kinds: &["Deployment", "DaemonSet", "ReplicaSet", "NetworkPolicy", "PodSecurityPolicy"], deprecated: 9, removed: Some(16), instead: "apps/v1, networking.k8s.io/v1" },
    Going { api_version: "apps/v1beta1", kinds: &[], deprecated: 9, removed: Some(16), instead: "apps/v1" },
    Going { api_version: "apps/v1beta2", kinds: &[], deprecated: 9, removed: Some(16), instead: "apps/v1" },
    Going { api_version: "extensions/v1beta1", kinds: &["Ingress"], deprecated: 14, removed: Some(22), instead: "networking.k8s.io/v1" },
    Going { api_version: "networking.k8s.io/v1beta1", kinds: &["Ingress", "IngressClass"], deprecated: 19, removed: Some(22), instead: "networking.k8s.io/v1" },
    Going { api_version: "rbac.authorization.k8s.io/v1beta1", kinds: &[], deprecated: 17, removed: Some(22), instead: "rbac.authorization.k8s.io/v1" },
    Going { api_version: "apiextensions.k8s.io/v1beta1", kinds: &[], deprecated: 16, removed: Some(22), instead: "apiextensions.k8s.io/v1" },
    Going { api_version: "admissionregistration.k8s.io/v1beta1", kinds: &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"], deprecated: 16, removed: Some(22), instead: "admissionregistration.k8s.io/v1" },
    Going { api_version: "scheduling.k8s.io/v1beta1", kinds: &[], deprecated: 14, removed: Some(22), instead: "scheduling.k8s.io/v1" },
    Going { api_version: "coordination.k8s.io/v1beta1", kinds: &[], deprecated: 19, removed: Some(22), instead: "coordination.k8s.io/v1" },
    Going { api_version: "certificates.k8s.io/v1beta1", kinds: &[], deprecated: 19, removed: Some(22), instead: "certificates.k8s.io/v1" },
    Going { api_version: "storage.k8s.io/v1beta1", kinds: &["StorageClass", "VolumeAttachment", "CSIDriver", "CSINode"], deprecated: 19, removed: Some(22), instead: "storage.k8s.io/v1" },
    Going { api_version: "policy/v1beta1", kinds: &["PodSecurityPolicy"], deprecated: 21, removed: Some(25), instead: "Pod Security admission" },
    Going { api_version: "policy/v1beta1", kinds: &["PodDisruptionBudget"], deprecated: 21, removed: Some(25), instead: "policy/v1" },
    Going { api_version: "batch/v1beta1", kinds: &["CronJob"], deprecated: 21, removed: Some(25), instead: "batch/v1" },
    Going { api_version: "discovery.k8s.io/v1beta1", kinds: &[], deprecated: 21, removed: Some(25), instead: "discovery.k8s.io/v1" },
    Going { api_version: "events.k8s.io/v1beta1", kinds: &[], deprecated: 19, removed: Some(25), instead: "events.k8s.io/v1" },
    Going { api_version: "node.k8s.io/v1beta1", kinds: &[], deprecated: 20, removed: Some(25), instead: "node.k8s.io/v1" },
    Going { api_version: "autoscaling/v2beta1", kinds: &[], deprecated: 22, removed: Some(25), instead: "autoscaling/v2" },
    Going { api_version: "autoscaling/v2beta2", kinds: &[], deprecated: 23, removed: Some(26), instead: "autoscaling/v2" },
    Going { api_version: "flowcontrol.apiserver.k8s.io/v1beta1", kinds: &[], deprecated: 23, removed: Some(26), instead: "flowcontrol.apiserver.k8s.io/v1" },
    Going { api_version: "storage.k8s.io/v1beta1", kinds: &["CSIStorageCapacity"], deprecated: 24, removed: Some(27), instead: "storage.k8s.io/v1" },
    Going { api_version: "flowcontrol.apiserver.k8s.io/v1beta2", kinds: &[], deprecated: 26, removed: Some(29), instead: "flowcontrol.apiserver.k8s.io/v1" },
    Going { api_version: "flowcontrol.apiserver.k8s.io/v1beta3", kinds: &[], deprecated: 29, removed: Some(32), instead: "flowcontrol.apiserver.k8s.io/v1" },
    Going { api_version: "admissionregistration.k8s.io/v1beta1", kinds: &["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"], deprecated: 31, removed: Some(34), instead: "admissionregistration.k8s.io/v1" },
    Going { api_version: "v1", kinds: &["Endpoints"], deprecated: 33, removed: None, instead: "discovery.k8s.io/v1 EndpointSlice" },
    Going { api_version: "v1", kinds: &["ComponentStatus"], deprecated: 19, removed: None, instead: "the components' own health checks" },
];

/// Versions that the cluster still serves and that go: in the version that it is to have, or later.
pub(super) fn going(picture: &Picture) -> Vec<Forecast> {
    let now = minor(&picture.kubernetes);
    let Some(target) = picture.target.as_deref().map_or(now, minor) else { return Vec::new() };
    let mut forecasts = Vec::new();
    let rendered = picture.at_target.as_ref().unwrap_or(&picture.new);
    for object in rendered.objects.iter().filter(|object| !object.is_test()) {
        let going = GOING.iter().find(|going| {
            going.api_version == object.api_version
                && (going.kinds.is_empty() || going.kinds.contains(&object.key.kind.as_str()))
        });
        let Some(going) = going.filter(|going| going.deprecated <= target) else { continue };
        let removed = going.removed.filter(|removed| *removed <= target);
        // What is refused now is told as such.
        if removed.is_some() && picture.trials.get(&picture.key(object)) == Some(&Trial::NotServed) {
            continue;
        }
        let (severity, message) = match removed {
            Some(removed) => (
                Severity::Break,
                format!(
                    "Kubernetes 1.{target} does not serve {} {}: it went in 1.{removed}",
                    object.api_version, object.key.kind
                ),
            ),
            None => (
                Severity::Note,
                format!(
                    "{} {} is deprecated since Kubernetes 1.{}",
                    object.api_version, object.key.kind, going.deprecated
                ),
            ),
        };
        forecasts.push(forecast::about(
            ("api-going", "U1", severity),
            &picture.to,
            object,
            "/apiVersion",
            message,
            format!("use {}", going.instead),
        ));
    }
    forecasts
}

/// 34 of `v1.34.4` and of `1.34`.
fn minor(version: &str) -> Option<u32> {
    let digits: String = version.split('.').nth(1)?.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
