//! The rights that a run uses, and which of them we lack.

use external::api::cluster_objects;
use futures::future::try_join_all;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::Client;

use crate::{
    error::{Error, Result, exit},
    report::terrain::Right,
};

/// Where a right is asked for.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// In a namespace of ours.
    Ours,
    /// In this one.
    Namespace(&'static str),
    /// In the whole cluster.
    Cluster,
}

/// A right that is used.
struct Used {
    verbs: &'static [&'static str],
    /// `statefulsets.apps`, `pods/proxy`
    resource: &'static str,
    place: Place,
    purpose: &'static str,
    /// Whether nothing can be run without it; otherwise it is told, and what hangs on it is left out.
    indispensable: bool,
}

const fn must(verbs: &'static [&'static str], resource: &'static str, purpose: &'static str) -> Used {
    Used { verbs, resource, place: Place::Ours, purpose, indispensable: true }
}

const fn may(
    verbs: &'static [&'static str],
    resource: &'static str,
    place: Place,
    purpose: &'static str,
) -> Used {
    Used { verbs, resource, place, purpose, indispensable: false }
}

const CHANGE: &[&str] = &["get", "list", "watch", "create", "patch", "delete"];
const RECORD: &[&str] = &["list", "watch"];

/// All that a run uses.
const USED: &[Used] = &[
    Used {
        place: Place::Cluster,
        ..must(&["create", "delete", "list"], "namespaces", "each scenario has a namespace of its own")
    },
    must(CHANGE, "statefulsets.apps", "what is proved is proved of StatefulSets"),
    must(CHANGE, "pods", "pods are deleted and held, and asked"),
    must(CHANGE, "persistentvolumeclaims", "claims are recorded and changed"),
    must(CHANGE, "services", "names are those of Services"),
    must(CHANGE, "configmaps", "configurations"),
    must(&["create", "patch"], "secrets", "the secrets of Garage and PostgreSQL"),
    must(RECORD, "serviceaccounts", "no pod can be made before its namespace has one"),
    must(RECORD, "endpointslices.discovery.k8s.io", "endpoints are recorded"),
    must(RECORD, "controllerrevisions.apps", "revisions are recorded"),
    must(&["get", "update"], "pods/proxy", "pods of ours are asked and told through the API server"),
    must(&["get", "create"], "pods/portforward", "the way to Garage and PostgreSQL"),
    must(&["get"], "pods/log", "logs are kept as evidence"),
    may(RECORD, "events", Place::Ours, "why something waits"),
    may(
        &["list"],
        "networkpolicies.networking.k8s.io",
        Place::Ours,
        "whether somebody's policy keeps pods apart",
    ),
    may(RECORD, "nodes", Place::Cluster, "which nodes there are"),
    may(RECORD, "persistentvolumes", Place::Cluster, "volumes are recorded"),
    may(
        &["list"],
        "storageclasses.storage.k8s.io",
        Place::Cluster,
        "which classes there are, and what they allow",
    ),
    may(
        &["get"],
        "configmaps",
        Place::Namespace("kube-system"),
        "the DNS's configuration; a pod is asked instead",
    ),
    may(&["list"], "leases.coordination.k8s.io", Place::Namespace("kube-node-lease"), "the nodes' clocks"),
    may(&["create"], "pods/eviction", Place::Ours, "K16, D5: evictions"),
    may(
        &["patch"],
        "pods/ephemeralcontainers",
        Place::Ours,
        "S7: what lies on a volume that no container shows",
    ),
    may(&["create", "patch"], "poddisruptionbudgets.policy", Place::Ours, "K16, D5: disruption budgets"),
    may(&["create", "patch"], "deployments.apps", Place::Ours, "S11, D4: Deployments beside StatefulSets"),
    may(&["create", "patch"], "resourcequotas", Place::Ours, "S15, K10: quotas"),
    may(&["create", "patch"], "serviceaccounts", Place::Ours, "Garage's own account"),
    may(
        &["create", "patch"],
        "roles.rbac.authorization.k8s.io",
        Place::Ours,
        "Garage's discovery of its nodes",
    ),
    may(
        &["create", "patch"],
        "rolebindings.rbac.authorization.k8s.io",
        Place::Ours,
        "Garage's discovery of its nodes",
    ),
    may(
        &["get", "create", "patch"],
        "customresourcedefinitions.apiextensions.k8s.io",
        Place::Cluster,
        "Garage's discovery of its nodes",
    ),
    may(
        &["deletecollection"],
        "customresourcedefinitions.apiextensions.k8s.io",
        Place::Cluster,
        "the definition that Garage brought goes again",
    ),
];

/// A right that we lack.
pub(super) struct Lacking {
    pub right: Right,
    indispensable: bool,
}

/// The rights that we lack, of those that a run uses.
pub(super) async fn lacking(client: &Client, namespace: &str) -> Result<Vec<Lacking>> {
    // Who may do everything is asked for nothing more.
    if allowed(client, "*", "*.*", None).await? {
        return Ok(Vec::new());
    }
    let each = USED.iter().map(|used| async move {
        let place = match used.place {
            Place::Ours => Some(namespace),
            Place::Namespace(name) => Some(name),
            Place::Cluster => None,
        };
        let asked = used.verbs.iter().map(|verb| allowed(client, verb, used.resource, place));
        let allowed = used.verbs.iter().zip(try_join_all(asked).await?);
        let verbs: Vec<String> =
            allowed.filter(|(_, allowed)| !allowed).map(|(verb, _)| (*verb).to_owned()).collect();
        Ok::<_, Error>((!verbs.is_empty()).then(|| Lacking {
            right: Right { verbs, resource: used.resource.to_owned(), purpose: used.purpose.to_owned() },
            indispensable: used.indispensable,
        }))
    });
    Ok(try_join_all(each).await?.into_iter().flatten().collect())
}

/// Refuses to go on where something is lacking without which nothing can be run.
pub(super) fn check(lacking: &[Lacking]) -> Result<()> {
    let missing = lacking.iter().filter(|lacking| lacking.indispensable);
    let missing: Vec<String> = missing.map(|lacking| format!("  {}", lacking.right)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!(
        "these credentials may not do what every run does; ask for a role that allows, in namespaces that are yet to be made:\n{}",
        missing.join("\n")
    );
    Err(Error::trouble(exit::FORBIDDEN, message))
}

/// Whether we may do this: `resource` is `statefulsets.apps` or `pods/proxy`.
async fn allowed(client: &Client, verb: &str, resource: &str, namespace: Option<&str>) -> Result<bool> {
    let (path, group) = resource.split_once('.').unwrap_or((resource, ""));
    let (name, subresource) = path.split_once('/').map_or((path, None), |(name, sub)| (name, Some(sub)));
    let attributes = ResourceAttributes {
        verb: Some(verb.to_owned()),
        group: Some(group.to_owned()),
        resource: Some(name.to_owned()),
        subresource: subresource.map(str::to_owned),
        namespace: namespace.map(str::to_owned),
        ..ResourceAttributes::default()
    };
    let spec = SelfSubjectAccessReviewSpec {
        resource_attributes: Some(attributes),
        ..SelfSubjectAccessReviewSpec::default()
    };
    let review = SelfSubjectAccessReview { spec, ..SelfSubjectAccessReview::default() };
    let reviews = cluster_objects::<SelfSubjectAccessReview>(client).doing("reading which rights we have");
    let answer = reviews.create(&review).await?;
    Ok(answer.status.is_some_and(|status| status.allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nothing_can_be_run_without_is_named_and_all_else_is_not() {
        let lacking = |used: &Used| Lacking {
            right: Right {
                verbs: vec![used.verbs[0].into()],
                resource: used.resource.into(),
                purpose: used.purpose.into(),
            },
            indispensable: used.indispensable,
        };
        let named = |resource: &str| lacking(USED.iter().find(|used| used.resource == resource).unwrap());
        assert!(check(&[named("events"), named("nodes")]).is_ok());
        let error = check(&[named("events"), named("pods/proxy")]).unwrap_err();
        assert_eq!(error.exit_code(), exit::FORBIDDEN);
        let words = error.to_string();
        assert!(
            words.ends_with("\n  get pods/proxy: pods of ours are asked and told through the API server"),
            "{words}"
        );
    }
}
