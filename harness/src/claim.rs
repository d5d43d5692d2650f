//! The claims: every promise this project proves, with its source. Laws, scenarios and reports name them by id.

use serde::Serialize;

/// One promise, in one sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Claim {
    /// Short and stable: `S9`.
    pub id: &'static str,
    /// Where the promise is made: a heading of the reference document, or the Kubernetes documentation.
    pub source: &'static str,
    /// The promise.
    pub statement: &'static str,
    /// What the reference document says instead, where it is wrong: a proof of the promise refutes it.
    pub refutes: Option<&'static str>,
}

const fn first(sentences: &[&'static str]) -> Option<&'static str> {
    match sentences {
        [sentence, ..] => Some(sentence),
        [] => None,
    }
}

macro_rules! claims {
    ($($id:ident, $source:literal, $statement:literal $(, instead of $refutes:literal)?;)*) => {
        $(#[doc = $statement] pub const $id: Claim = Claim {
            id: stringify!($id),
            source: $source,
            statement: $statement,
            refutes: first(&[$($refutes)?]),
        };)*
        /// Every claim, in the order of the reports.
        pub const ALL: &[Claim] = &[$($id),*];
    };
}

claims! {
    S1, "Stable Pod Identity", "pods are named <set>-0 to <set>-(n-1), without gaps and with nothing above";
    S2, "Stable Pod Identity", "a deleted pod comes back under its name, as another object";
    S3, "Stable Pod Identity", "the hostname inside a pod is the pod's name";
    S4, "Stable Network Identity", "<pod>.<headless service>.<namespace>.svc.cluster.local resolves, from any pod, to exactly that pod's address";
    S5, "Why headless service?", "a headless service answers with the addresses of all ready pods; a regular one with its own, and spreads connections over them";
    S6, "Persistent Storage per Replica", "one PVC per template and replica, named <template>-<set>-<ordinal>, as large as asked, ReadWriteOnce and Bound";
    S7, "Persistent Storage per Replica", "a recreated pod mounts the same PVCs, with its own ordinal's data in them";
    S8, "Ordered Deployment and Scaling", "scale-up is sequential: a pod is created only when all lower ordinals are Running and Ready";
    S9, "Ordered Deployment and Scaling", "scale-down takes the highest ordinal first, and the next only when it is completely gone";
    S10, "Ordered Deployment and Scaling", "scaling halts while a pod is unhealthy, and goes on when it heals";
    S11, "StatefulSet vs Deployment", "a StatefulSet has ordered names, a stable name in the DNS and a claim for each pod, and one step at a time; a Deployment has none of it";
    S12, "Pattern 1: Single-Replica Database", "a single-replica PostgreSQL serves SQL through its regular and its headless name";
    S13, "Pattern 2: Distributed Storage Cluster", "three Garage nodes form one store that serves S3 through its regular and its headless name";
    S14, "Initialization", "the layout gives each node zone dc1 and 10G and is applied once as version 1; S3 works after it and not before";
    S17, "PVC Not Deleted After Scale-Down", "PVCs stay after scale-down and after the set's deletion, and are reused with the same data";
    S18, "Pods Created Out of Order", "pods out of order come only from a Deployment or from Parallel, and the harness says which";
    S21, "Use Liveness and Readiness Probes", "no next replica is created before the readiness probe passes; a failing liveness probe restarts the pod in place";
    S23, "Test Scale-Down Before Production", "data written through S3 and through SQL survives 3 → 1 → 3";
    K1, "Kubernetes: StatefulSet", "at most one pod of an ordinal runs at any time";
    K2, "Kubernetes: podManagementPolicy", "Parallel creates and deletes pods without waiting for each other";
    K3, "Kubernetes: RollingUpdate", "a roll goes from the highest to the lowest ordinal, one at a time, each Ready first";
    K4, "Kubernetes: partition", "a roll leaves ordinals below the partition alone, and one that is deleted there comes back at the old revision";
    K5, "Kubernetes: OnDelete", "under OnDelete a pod changes only when somebody deletes it";
    K6, "Kubernetes: ControllerRevision", "a rollback reuses the old revision, and revisionHistoryLimit prunes the oldest";
    K8, "Kubernetes: minReadySeconds", "minReadySeconds gates availability and the roll";
    K13, "Kubernetes: StatefulSet API", "the fields that may not change are refused with 422, and those that may are accepted";
    K19, "Kubernetes: StatefulSetStatus", "the counters add up at every moment, and observedGeneration never goes back";
    K20, "Kubernetes: forced rollback", "under OrderedReady a broken roll stays stuck when the template is taken back, until the broken pod is deleted";
    G1, "Garage: kubernetes_discovery", "three Garage nodes find each other unaided";
    G2, "Garage: layout", "a cluster without a layout says so, and serves no S3";
    G3, "Garage: node identity", "a Garage node's id is stable as long as its meta volume is";
    G4, "Garage: layout", "the layout survives a restart of all nodes at once";
    P3, "PostgreSQL: readiness", "Ready means that login and write work";
    P5, "PostgreSQL: data directory", "the data directory is on the claim, and a lost+found beside it does no harm";
    P7, "PostgreSQL: system identifier", "the system identifier is stable across deletion and scaling";
    D4, "StatefulSet vs Deployment", "a Deployment that is scaled down takes away pods that are not Ready before those that are", instead of "Deployments delete random pods";
}

/// The claim with this id, if there is one.
pub fn find(id: &str) -> Option<Claim> {
    ALL.iter().copied().find(|claim| claim.id == id)
}
