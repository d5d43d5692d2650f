//! The one table of rights that a run uses. `manifests/rights/rights.yaml` grants them, and no more.

/// Where a right is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// In a namespace of ours.
    Ours,
    /// In this one.
    Namespace(&'static str),
    /// In the whole cluster.
    Cluster,
}

/// What is lost without a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Without {
    /// Everything: nothing can be run.
    Nothing,
    /// Everything, unless namespaces are given.
    NoNamespace,
    /// These claims can't be asked.
    Claims(&'static [&'static str]),
    /// It is told, and another way is taken.
    Told,
    /// The same; and it is used where namespaces are given, and nowhere else.
    GivenTold,
}

/// A right that is used.
pub(super) struct Used {
    pub verbs: &'static [&'static str],
    /// `statefulsets.apps`, `pods/proxy`
    pub resource: &'static str,
    pub place: Place,
    pub purpose: &'static str,
    pub without: Without,
}

const fn must(verbs: &'static [&'static str], resource: &'static str, purpose: &'static str) -> Used {
    Used { verbs, resource, place: Place::Ours, purpose, without: Without::Nothing }
}

const fn claims(
    claims: &'static [&'static str],
    verbs: &'static [&'static str],
    resource: &'static str,
    purpose: &'static str,
) -> Used {
    Used { verbs, resource, place: Place::Ours, purpose, without: Without::Claims(claims) }
}

/// What belongs to the whole cluster is made for a claim, and goes again with what the scenario made.
const fn outside(
    claims: &'static [&'static str],
    verbs: &'static [&'static str],
    resource: &'static str,
    purpose: &'static str,
) -> Used {
    Used { verbs, resource, place: Place::Cluster, purpose, without: Without::Claims(claims) }
}

const fn told(
    verbs: &'static [&'static str],
    resource: &'static str,
    place: Place,
    purpose: &'static str,
) -> Used {
    Used { verbs, resource, place, purpose, without: Without::Told }
}

const fn given(resource: &'static str) -> Used {
    let purpose = "a namespace that is given is given back as it was";
    Used { verbs: EMPTY, resource, place: Place::Ours, purpose, without: Without::GivenTold }
}

const CHANGE: &[&str] = &["get", "list", "watch", "create", "patch", "delete"];
const SHARE: &[&str] = &["get", "list", "create", "patch"];
const RECORD: &[&str] = &["list", "watch"];
const MAKE: &[&str] = &["get", "create", "patch"];
const MAKE_OUTSIDE: &[&str] = &["get", "create", "patch", "deletecollection"];
const EMPTY: &[&str] = &["deletecollection"];
/// What can't be asked of a Garage that can't be started.
const GARAGE: &[&str] = &["S13", "S14", "G1", "G2", "G3", "G4", "D1", "D2"];
const DIAGNOSIS: &[&str] = &["S15"];

/// All that a run uses.
pub(super) const USED: &[Used] = &[
    Used {
        verbs: &["create", "delete", "get", "list"],
        resource: "namespaces",
        place: Place::Cluster,
        purpose: "each scenario has a namespace of its own",
        without: Without::NoNamespace,
    },
    must(CHANGE, "statefulsets.apps", "what is proved is proved of StatefulSets"),
    must(CHANGE, "pods", "pods are deleted and held, and asked"),
    must(CHANGE, "persistentvolumeclaims", "claims are recorded and changed"),
    must(SHARE, "services", "names are those of Services"),
    must(SHARE, "configmaps", "configurations"),
    must(&["create", "patch"], "secrets", "the secrets of Garage and PostgreSQL, and of registries"),
    must(RECORD, "serviceaccounts", "no pod can be made before its namespace has one"),
    must(RECORD, "endpointslices.discovery.k8s.io", "endpoints are recorded"),
    must(RECORD, "controllerrevisions.apps", "revisions are recorded"),
    must(&["get", "update"], "pods/proxy", "pods of ours are asked and told through the API server"),
    must(&["get", "create"], "pods/portforward", "the way to Garage and PostgreSQL"),
    must(&["get"], "pods/log", "logs are kept as evidence"),
    must(&["patch"], "pods/status", "pods are held by readiness gates"),
    told(
        &["list", "watch", "create"],
        "events",
        Place::Ours,
        "why something waits, and whether events are kept apart",
    ),
    told(
        &["list"],
        "networkpolicies.networking.k8s.io",
        Place::Ours,
        "whether somebody's policy keeps pods apart",
    ),
    told(&["list"], "limitranges", Place::Ours, "what a namespace allows a pod"),
    told(&["list"], "resourcequotas", Place::Ours, "what a namespace allows its pods together"),
    told(RECORD, "nodes", Place::Cluster, "which nodes there are"),
    told(
        &["get", "list"],
        "persistentvolumes",
        Place::Cluster,
        "which volume a claim was given, or could be",
    ),
    told(
        &["patch"],
        "persistentvolumes",
        Place::Cluster,
        "volumes that their class keeps go with our namespaces",
    ),
    told(&["list"], "poddisruptionbudgets.policy", Place::Ours, "that a budget is not why something waits"),
    told(
        &["get", "list", "watch"],
        "storageclasses.storage.k8s.io",
        Place::Cluster,
        "which classes there are, and what they allow",
    ),
    told(
        &["list"],
        "mutatingwebhookconfigurations.admissionregistration.k8s.io",
        Place::Cluster,
        "whether a pod that is not as its set's template says was changed by a webhook",
    ),
    told(
        &["list"],
        "mutatingadmissionpolicies.admissionregistration.k8s.io",
        Place::Cluster,
        "whether it was changed by a policy",
    ),
    told(
        &["list"],
        "volumeattachments.storage.k8s.io",
        Place::Cluster,
        "whether a volume is on its way to a node",
    ),
    told(
        &["get"],
        "configmaps",
        Place::Namespace("kube-system"),
        "the DNS's configuration, for which a pod is asked instead, and the proxies'",
    ),
    told(&["list"], "pods", Place::Namespace("kube-system"), "how long the controllers keep endpoints back"),
    told(
        &["patch"],
        "statefulsets/scale.apps",
        Place::Ours,
        "sets are scaled as kubectl scale and autoscalers do it",
    ),
    told(&["list"], "leases.coordination.k8s.io", Place::Namespace("kube-node-lease"), "the nodes' clocks"),
    claims(&["K16", "D5"], &["create"], "pods/eviction", "evictions"),
    claims(
        &["S3", "P5"],
        &["get", "create"],
        "pods/exec",
        "what a pod of Garage or PostgreSQL sees of itself",
    ),
    claims(&["S7"], &["patch"], "pods/ephemeralcontainers", "what lies on a volume that no container shows"),
    claims(
        &["K19"],
        &["patch"],
        "statefulsets/status.apps",
        "a status that somebody else writes, for a control",
    ),
    claims(
        &["K6"],
        &["delete"],
        "controllerrevisions.apps",
        "a revision that somebody takes away, for a control",
    ),
    claims(&["K16", "D5", "S15"], MAKE, "poddisruptionbudgets.policy", "disruption budgets"),
    claims(
        &["S11", "D4"],
        &["get", "list", "create", "patch"],
        "deployments.apps",
        "Deployments beside StatefulSets",
    ),
    claims(DIAGNOSIS, MAKE, "resourcequotas", "quotas"),
    claims(DIAGNOSIS, MAKE, "limitranges", "limit ranges"),
    claims(GARAGE, MAKE, "serviceaccounts", "Garage's own account"),
    claims(GARAGE, MAKE, "roles.rbac.authorization.k8s.io", "Garage's discovery of its nodes"),
    claims(GARAGE, MAKE, "rolebindings.rbac.authorization.k8s.io", "Garage's discovery of its nodes"),
    // Nobody can give what he does not have.
    claims(
        GARAGE,
        &["get", "list", "create", "update"],
        "garagenodes.deuxfleurs.fr",
        "what Garage's account is given",
    ),
    outside(
        GARAGE,
        MAKE,
        "customresourcedefinitions.apiextensions.k8s.io",
        "Garage's discovery of its nodes",
    ),
    told(
        &["list", "delete"],
        "customresourcedefinitions.apiextensions.k8s.io",
        Place::Cluster,
        "the definition that Garage brought goes again",
    ),
    outside(
        &["S22"],
        MAKE_OUTSIDE,
        "storageclasses.storage.k8s.io",
        "a class of our own, whose claims may grow no more",
    ),
    outside(DIAGNOSIS, MAKE_OUTSIDE, "persistentvolumes", "volumes out of reach, and some that are ready"),
    outside(DIAGNOSIS, MAKE_OUTSIDE, "csidrivers.storage.k8s.io", "a driver without room"),
    outside(DIAGNOSIS, MAKE_OUTSIDE, "runtimeclasses.node.k8s.io", "a runtime that no node has"),
    outside(
        DIAGNOSIS,
        MAKE_OUTSIDE,
        "validatingadmissionpolicies.admissionregistration.k8s.io",
        "a policy that protects a set",
    ),
    outside(
        DIAGNOSIS,
        MAKE_OUTSIDE,
        "validatingadmissionpolicybindings.admissionregistration.k8s.io",
        "a policy that protects a set",
    ),
    given("statefulsets.apps"),
    given("deployments.apps"),
    given("pods"),
    given("persistentvolumeclaims"),
    given("services"),
    given("configmaps"),
    given("secrets"),
    given("serviceaccounts"),
    given("events"),
    given("resourcequotas"),
    given("limitranges"),
    given("poddisruptionbudgets.policy"),
    given("roles.rbac.authorization.k8s.io"),
    given("rolebindings.rbac.authorization.k8s.io"),
    given("garagenodes.deuxfleurs.fr"),
];
