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
        $(#[doc = concat!("`", $statement, "`")] pub const $id: Claim = Claim {
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
    S4, "Stable Network Identity", "<pod>.<headless service>.<namespace>.svc.<cluster domain> resolves, from any pod, to exactly that pod's address";
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
    S15, "Pod Stuck in Pending During Scale-Up", "why a pod stays Pending is named: a claim that can't bind, a node without room, a predecessor that is not Ready, a quota; and never a disruption budget";
    S16, "StatefulSet Stuck During Deletion", "a set deleted with --cascade=orphan leaves its pods, and a new one adopts them; one deleted with --cascade=foreground makes none anew, and goes after its pods; a forced deletion removes a pod that refuses to stop";
    S17, "PVC Not Deleted After Scale-Down", "PVCs stay after scale-down and after the set's deletion, and are reused with the same data";
    S18, "Pods Created Out of Order", "pods out of order come only from a Deployment or from Parallel, and the harness says which";
    S19, "Always Use Headless Service with StatefulSet", "without its headless service a set has no names for its pods";
    S20, "Set Resource Requests and Limits", "a pod over its memory limit is killed and comes back with its data; one whose requests don't fit stays Pending";
    S21, "Use Liveness and Readiness Probes", "no next replica is created before the readiness probe passes; a failing liveness probe restarts the pod in place";
    S22, "Plan for Storage Growth", "a claim grows where its class allows it and does not where it forbids it, and the template can't be changed; a set that is orphaned and made anew with another template keeps pods and data";
    S23, "Test Scale-Down Before Production", "data written through S3 and through SQL survives 3 → 1 → 3";
    K1, "Kubernetes: StatefulSet", "at most one pod of an ordinal runs at any time";
    K2, "Kubernetes: podManagementPolicy", "Parallel creates and deletes pods without waiting for each other";
    K3, "Kubernetes: RollingUpdate", "a roll goes from the highest to the lowest ordinal, one at a time, each Ready first";
    K4, "Kubernetes: partition", "a roll leaves ordinals below the partition alone, and one that is deleted there comes back at the old revision";
    K5, "Kubernetes: OnDelete", "under OnDelete a pod changes only when somebody deletes it";
    K6, "Kubernetes: ControllerRevision", "a rollback reuses the old revision, and revisionHistoryLimit prunes the oldest";
    K7, "Kubernetes: maxUnavailable", "a roll takes away at most maxUnavailable pods at once, and uses them";
    K8, "Kubernetes: minReadySeconds", "minReadySeconds gates availability and the roll";
    K9, "Kubernetes: persistentVolumeClaimRetentionPolicy", "the retention policy decides by owner references which claims go, and a claim of a foreign owner stays";
    K10, "Kubernetes: StatefulSet", "a claim that is missing is made again with its pod";
    K11, "Kubernetes: ordinals.start", "ordinals begin at start, also when it is raised, lowered or removed";
    K12, "Kubernetes: selector", "a pod is adopted when it matches the selector, and released when it does not";
    K13, "Kubernetes: StatefulSet API", "the fields that may not change are refused with 422, and those that may are accepted";
    K14, "Kubernetes: publishNotReadyAddresses", "a pod that is not Ready has a name if the service publishes it, and none if not";
    K15, "Kubernetes: DNS", "a name that was asked too early, whose pod got a new address, or whose pod is gone, is right within the DNS's cache times";
    K16, "Kubernetes: eviction", "an eviction below the disruption budget is refused with 429, and one within it is accepted";
    K17, "Kubernetes: StatefulSet", "a pod that failed, or ended well, is replaced";
    K18, "Kubernetes: pod termination", "preStop runs to its end, SIGTERM follows at once, and the pod is killed when its grace period is over and not before";
    K19, "Kubernetes: StatefulSetStatus", "the counters add up at every moment and come to agree with the pods, and observedGeneration never goes back";
    K20, "Kubernetes: forced rollback", "under OrderedReady a broken roll stays stuck when the template is taken back, until the broken pod is deleted";
    K21, "Kubernetes: control plane", "a restart of the controller manager or of the API server in the middle changes nothing";
    K22, "Kubernetes: nodes", "a pod whose node is drained, restarted or paused comes back to its volume, and to no other node";
    K23, "Kubernetes: Recreate", "under Recreate all pods of the old revision are gone before one of the new comes, and the Progressing condition tells";
    K24, "Kubernetes: PVC protection", "a PVC that a pod uses does not go while that pod is there, whatever is deleted";
    K25, "Kubernetes: endpoints", "a pod is out of the endpoints and of the DNS from the moment its deletion begins, and in again only when Ready, unless the service publishes what is not ready";
    G1, "Garage: kubernetes_discovery", "three Garage nodes find each other unaided";
    G2, "Garage: layout", "a cluster without a layout says so, and serves no S3";
    G3, "Garage: node identity", "a Garage node's id is stable as long as its meta volume is";
    G4, "Garage: layout", "the layout survives a restart of all nodes at once";
    G5, "Garage: discovery", "the store forms again by itself after the addresses of all its nodes have changed";
    G6, "Garage: quorum", "with two of three nodes every read and every write goes on";
    G7, "Garage: quorum", "with one of three nodes every answer is an honest 503, never a false 200 or 404, and all is back with two";
    G8, "Garage: durability", "after 3 → 0 → 3 everything that was acknowledged is there";
    G9, "Garage: replication", "what was written with two of three nodes reaches the third, and each replica alone then serves everything";
    G10, "Garage: crashes", "acknowledged objects survive a kill -9, a restart and a pause of a node under load";
    G11, "Garage: checksums", "a flipped bit in a block is detected, never served, and repaired from another replica";
    G12, "Garage: data_dir", "a data volume that was lost or swapped is refused, never taken for an empty one";
    G13, "Garage: layout changes", "a node can be replaced for good: the layout's next version takes over, the old node is drained, and nothing is lost";
    G14, "Garage: consistency", "a read at any node that begins after a write was acknowledged sees it, or a later one";
    G15, "Garage: /health", "the health endpoint says what reads and writes find";
    G16, "Garage: S3", "multipart uploads, ranges and listings survive the same faults, and so do conditional puts where it minds conditions";
    P1, "PostgreSQL: durability", "acknowledged commits survive a deletion of the pod, a kill -9 of the server, 1 → 0 → 1 and a restart of the node";
    P2, "PostgreSQL: shutdown", "a stop with an idle client is clean, and within the grace period";
    P3, "PostgreSQL: readiness", "Ready means that login and write work";
    P4, "PostgreSQL: settings", "the settings that durability rests on are on, as the server itself says";
    P5, "PostgreSQL: data directory", "the data directory is on the claim, and a lost+found beside it does no harm";
    P6, "PostgreSQL: integrity", "heap, indexes and checksums are sound after crashes";
    P7, "PostgreSQL: system identifier", "the system identifier is stable across deletion and scaling";
    P8, "PostgreSQL: password", "the password is the Secret's, and can be changed without losing data";
    P9, "PostgreSQL: Service", "the Service's name leads to the new pod, as soon as the report states";
    F1, "PostgreSQL: fsync", "a power cut of its node loses no commit that PostgreSQL acknowledged";
    F2, "Garage: replication", "a power cut of one node loses no object that Garage acknowledged";
    F3, "Garage: metadata_fsync, data_fsync", "a power cut of all nodes at once loses no object that Garage acknowledged";
    F4, "Power and disks: identity", "who lost its power comes back as itself: the same node id, the same system identifier, the same volume";
    F5, "Power and disks: room", "a full disk is answered honestly and loses nothing, and writes go on when there is room again";
    F6, "Power and disks: identity", "a volume that turns read-only, is emptied, swapped or rolled back is refused or reported, never served as if nothing had been";
    F7, "Power and disks: acknowledgements", "nothing is acknowledged after the power was cut";
    U1, "Chart upgrades: can it be applied", "the API server takes every object of the new chart over the old one, and each field that it refuses is named";
    U2, "Chart upgrades: identity of objects", "no set is renamed or orphaned, and no PVC is left without a pod";
    U3, "Chart upgrades: data", "what was acknowledged before and during upgrade, rollback and upgrade again is there after it";
    U4, "Chart upgrades: secrets", "no secret changes unless somebody asks for it, and one that only a lookup keeps is named";
    U5, "Chart upgrades: server versions", "a step between server versions that must not be taken so is named before it is applied";
    U6, "Chart upgrades: availability", "a replicated store takes writes throughout an upgrade, and every pod of any store takes them again after it";
    U7, "Chart upgrades: revision", "after an upgrade every pod runs the new revision, those of hooks included";
    U8, "Chart upgrades: images", "every image of the new chart can be had before anything starts";
    U9, "Chart upgrades: identity of servers", "pods keep their names, PVCs their UIDs, nodes their ids and databases their system identifiers";
    U10, "Chart upgrades: rollback", "an upgrade can be taken back: every pod runs what it ran before, and the data is there";
    D1, "Use Liveness and Readiness Probes", "with Garage's /health as readiness an OrderedReady set stops at its first pod, since it is 503 until there is a layout: readiness must need no quorum", instead of "readinessProbe: GET /health on port 3902";
    D2, "Pattern 2: Distributed Storage Cluster", "Garage serves its admin API only where garage.toml says so: 3902 is a choice, and not Garage's own", instead of "port 3902 is Garage's admin API";
    D3, "PVC Not Deleted After Scale-Down", "PVCs are kept by default, and deleted where persistentVolumeClaimRetentionPolicy says Delete", instead of "Kubernetes never automatically deletes StatefulSet PVCs";
    D4, "StatefulSet vs Deployment", "a Deployment that is scaled down takes away pods that are not Ready before those that are", instead of "Deployments delete random pods";
    D5, "Pod Stuck in Pending During Scale-Up", "a disruption budget refuses evictions, and never keeps a new pod from starting", instead of "a pod disruption budget keeps a new pod Pending";
}

/// The claim with this id, if there is one.
pub fn find(id: &str) -> Option<Claim> {
    ALL.iter().copied().find(|claim| claim.id == id)
}

/// The ids of all claims, in the order of the reports.
pub fn ids() -> Vec<&'static str> {
    ALL.iter().map(|claim| claim.id).collect()
}
