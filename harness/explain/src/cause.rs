//! A cause: what keeps a set from being ready, what was seen of it, and what to do about it.

use k8s_openapi::api::core::v1::Event;
use serde::Serialize;

use record::words;

use super::evidence::Evidence;

/// How sure a cause is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// It follows from what was seen.
    Certain,
    /// What was seen speaks for it, and something more would make sure.
    Likely,
    /// What is in the way was seen, and not why.
    Unknown,
}

/// One cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// Stable, for programs: one of [`ALL`].
    pub id: &'static str,
    /// How sure it is.
    pub certainty: Certainty,
    /// What would make sure, of a cause that is only likely.
    pub to_be_sure: Option<String>,
    /// What is to blame, as `kubectl` takes it: `pod/garage-1`, `storageclass/fast`.
    pub about: String,
    /// What was seen, in a sentence that quotes the condition or event.
    pub seen: String,
    /// What it was named from.
    pub evidence: Vec<Evidence>,
    /// What to do, a line a step.
    pub advice: Vec<String>,
    /// The pods that this keeps from being ready, by its own doing.
    pub pods: Vec<String>,
    /// The pods that only wait until those are ready.
    pub waiting: Vec<String>,
}

impl Cause {
    /// A cause; which pods it hits is known to who looks at the set.
    pub(super) fn new(id: &'static str, about: impl Into<String>, seen: impl Into<String>) -> Self {
        Self {
            id,
            certainty: Certainty::Certain,
            to_be_sure: None,
            about: about.into(),
            seen: seen.into(),
            evidence: Vec::new(),
            advice: Vec::new(),
            pods: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// With another line of advice.
    pub(super) fn advise(mut self, line: impl Into<String>) -> Self {
        self.advice.push(line.into());
        self
    }

    /// Only likely; this would make sure.
    pub(super) fn likely(mut self, to_be_sure: impl Into<String>) -> Self {
        self.certainty = Certainty::Likely;
        self.to_be_sure = Some(to_be_sure.into());
        self
    }

    /// Nobody but who refused it knows why.
    pub(super) fn unknown(mut self) -> Self {
        self.certainty = Certainty::Unknown;
        self
    }

    /// Named from this as well.
    pub(super) fn by(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    /// Named from this event.
    pub(super) fn by_event(self, event: &Event) -> Self {
        self.by([Evidence::event(event)])
    }
}

/// What a cluster said, on one line, in quotation marks, harmless to a terminal and not endless.
pub(super) fn quote(text: &str) -> String {
    const LONGEST: usize = 700;
    let line = words::plain(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST {
        return format!("\"{line}\"");
    }
    format!("\"{}…\"", line.chars().take(LONGEST).collect::<String>())
}

macro_rules! ids {
    ($($name:ident = $text:literal, $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $name: &str = $text;)*
        /// Every id, with its meaning.
        pub const ALL: &[(&str, &str)] = &[$(($text, $meaning)),*];
    };
}

ids! {
    ADMISSION_REFUSED = "admission-refused", "the API server refuses the pod or its claim";
    ADOPTED_POD_DIFFERS = "adopted-pod-differs", "a pod that the set adopted lacks a volume of its claim templates, which no running pod can be given";
    AFFINITY_CIRCLE = "affinity-circle", "pods without nodes each want to be beside the other";
    AFFINITY_UNMET = "affinity-unmet", "a pod must be beside another one that runs nowhere";
    ANTI_AFFINITY = "anti-affinity", "affinity between pods leaves no node";
    BINDING_REFUSED = "binding-refused", "the API server does not let the scheduler put the pod on its node";
    CLAIM_LOST = "claim-lost", "a claim is bound to a volume that is gone";
    CLAIM_MISSING = "claim-missing", "a claim that the pod mounts, or asks for a device by, does not exist";
    CLAIM_TERMINATING = "claim-terminating", "a claim is being deleted while its pod waits for it";
    CLAIM_WAITS_FOR_SCHEDULER = "claim-waits-for-scheduler", "a claim waits for the scheduler's choice of a node, and the pod names its node itself";
    CLASS_NOT_FOR_NODES = "class-not-for-nodes", "a storage class makes no volumes for the nodes that the pod may go to";
    CONFIG_MAP_MISSING = "config-map-missing", "a ConfigMap, or a key of it, does not exist";
    CONTAINER_CANNOT_START = "container-cannot-start", "the container runtime cannot start a container";
    CONTAINER_CONFIG_INVALID = "container-config-invalid", "the kubelet cannot make a container's configuration";
    CONTAINER_CRASHES = "container-crashes", "a container ends again and again";
    CONTAINER_DOES_NOT_STOP = "container-does-not-stop", "a container whose liveness or startup probe failed was told to stop and does not";
    CONTROLLER_IDLE = "controller-idle", "the StatefulSet controller does not act";
    CREDENTIALS_REFUSED = "credentials-refused", "a server does not accept a password, or a certificate is over";
    CSI_DRIVER_NOT_REGISTERED = "csi-driver-not-registered", "the CSI driver of a volume is not registered on the pod's node";
    DATA_DAMAGED = "data-damaged", "a server says that its data is damaged";
    DATA_DIRECTORY_NOT_EMPTY = "data-directory-not-empty", "a server refuses a data directory that holds something else";
    DATA_IN_USE = "data-in-use", "a server finds its data locked by another process";
    DATA_NOT_PERMITTED = "data-not-permitted", "a process may not read or write its volume";
    DATA_OF_ANOTHER_CLUSTER = "data-of-another-cluster", "a server finds the data of another cluster or member";
    DATA_OF_ANOTHER_VERSION = "data-of-another-version", "a server finds data of a version that it can't read";
    DELETION_REFUSED = "deletion-refused", "the API server does not let the controller delete a pod";
    DEPENDENCY_UNREACHABLE = "dependency-unreachable", "a container ends since it does not reach what it needs";
    DISK_FULL = "disk-full", "a process finds no space left on its volume";
    DNS_NOT_THE_CLUSTERS = "dns-not-the-clusters", "a pod asks another DNS than the cluster's, and does not find a name";
    FILE_SYSTEM_READ_ONLY = "file-system-read-only", "a process may not write to a file system that is mounted read-only";
    FINALIZER_HOLDS = "finalizer-holds", "a finalizer keeps a deleted object";
    IMAGE_UNAVAILABLE = "image-unavailable", "an image cannot be had";
    INIT_CONTAINER_RUNS = "init-container-runs", "an init container runs and does not end";
    INSUFFICIENT_CPU = "insufficient-cpu", "no node has enough processor time free";
    INSUFFICIENT_EPHEMERAL_STORAGE = "insufficient-ephemeral-storage", "no node has enough ephemeral storage free";
    INSUFFICIENT_MEMORY = "insufficient-memory", "no node has enough memory free";
    INSUFFICIENT_RESOURCE = "insufficient-resource", "no node has enough of another resource free";
    INSUFFICIENT_STORAGE = "insufficient-storage", "no node can reach enough free storage for a new volume";
    LIMIT_RANGE_REFUSED = "limit-range-refused", "a LimitRange refuses the pod or its claim";
    LIVENESS_PROBE_FAILING = "liveness-probe-failing", "a container is restarted because its liveness probe fails";
    MEMBER_ALREADY_KNOWN = "member-already-known", "the cluster still knows this member, which comes without its data";
    NAMED_VOLUME_UNAVAILABLE = "named-volume-unavailable", "a claim names its volume, which is not there, taken, or another than it asks for";
    NAMESPACE_TERMINATING = "namespace-terminating", "the namespace is being deleted";
    NAME_TAKEN = "name-taken", "something else has the pod's name";
    NAME_TOO_LONG = "name-too-long", "the set's name makes a name or label that is longer than Kubernetes allows";
    NETWORK_POLICY_IN_THE_WAY = "network-policy-in-the-way", "a NetworkPolicy does not let a pod reach what it needs";
    NODES_CORDONED = "nodes-cordoned", "the nodes that could run the pod are cordoned";
    NODE_NAME_UNKNOWN = "node-name-unknown", "the pod template names a node that does not exist";
    NODE_NOT_READY = "node-not-ready", "the pod's node is gone or not Ready";
    NODE_NOT_SET_UP = "node-not-set-up", "a node waits for the program that makes it fit for pods";
    NODE_SETTING_TOO_LOW = "node-setting-too-low", "a server finds a kernel setting of its node too low";
    NODE_UNDER_PRESSURE = "node-under-pressure", "nodes run out of disk, memory or process ids";
    NO_DEFAULT_STORAGE_CLASS = "no-default-storage-class", "a claim names no storage class, and there is no default";
    NO_NODE_MATCHES = "no-node-matches", "no node has what the pod's selector or affinity asks for";
    NO_VOLUME_FITS = "no-volume-fits", "nothing provisions volumes, and no existing one fits a claim";
    OLD_REVISION_KEPT = "old-revision-kept", "a broken pod of an old revision is kept by partition or OnDelete";
    OUT_OF_MEMORY = "out-of-memory", "a container is killed for using more memory than its limit";
    PEERS_COME_LATER = "peers-come-later", "a pod waits for others that come only when it is Ready";
    PEERS_NOT_PUBLISHED = "peers-not-published", "pods wait for each other's names, which only Ready ones have";
    PEER_NEVER_MADE = "peer-never-made", "a pod waits for another that its set never makes, since its ordinals begin later";
    POD_CLASS_MISSING = "pod-class-missing", "the PriorityClass or RuntimeClass that the pod names does not exist";
    POD_FAILED = "pod-failed", "the pod was evicted, or refused by its node";
    POD_REPLACED_OFTEN = "pod-replaced-often", "a pod is deleted and made anew again and again";
    POD_SECURITY_REFUSED = "pod-security-refused", "the namespace's pod security level refuses the pod";
    POD_TERMINATING = "pod-terminating", "a deleted pod does not go";
    PORTS_TAKEN = "ports-taken", "a port that the pod needs is taken, on its node or by another of its containers";
    POST_START_HOOK_FAILING = "post-start-hook-failing", "a container is killed because its postStart hook fails";
    POST_START_HOOK_RUNNING = "post-start-hook-running", "a container's postStart hook does not return";
    PREEMPTION_PENDING = "preemption-pending", "room is made for the pod, and those who must go for it do not";
    PROVISIONER_SILENT = "provisioner-silent", "a storage class's provisioner does not answer";
    PROVISIONING_FAILED = "provisioning-failed", "a storage class's provisioner fails";
    QUOTA_EXCEEDED = "quota-exceeded", "a ResourceQuota refuses the pod or its claim";
    READINESS_GATE_UNSET = "readiness-gate-unset", "a readiness gate is not set";
    READINESS_PROBE_FAILING = "readiness-probe-failing", "a readiness probe fails";
    REVISION_STUCK = "revision-stuck", "a broken pod of another revision is not replaced (kubernetes#67250)";
    RIGHTS_MISSING = "rights-missing", "the pod's ServiceAccount may not do what its program needs";
    SANDBOX_FAILED = "sandbox-failed", "the pod's network or sandbox cannot be made";
    SCHEDULER_IDLE = "scheduler-idle", "the pod's scheduler does not act";
    SCHEDULING_GATED = "scheduling-gated", "a scheduling gate holds the pod";
    SECRET_MISSING = "secret-missing", "a Secret, or a key of it, does not exist";
    SERVICE_ACCOUNT_MISSING = "service-account-missing", "the pod's ServiceAccount does not exist";
    SERVICE_GIVES_NO_NAMES = "service-gives-no-names", "the set's Service does not exist, or gives its pods no names";
    SETTING_MISSING = "setting-missing", "a server says that it lacks a setting";
    SETTING_WRONG = "setting-wrong", "a program can't do with a setting that its template gives it";
    SHARED_MEMORY_REFUSED = "shared-memory-refused", "a server does not get the shared memory that it asks for";
    SPREAD_COUNTS_CLOSED_NODES = "spread-counts-closed-nodes", "a spread constraint counts nodes that the pod may not go to";
    STARTUP_PROBE_FAILING = "startup-probe-failing", "a startup probe fails";
    STORAGE_CLASS_MISSING = "storage-class-missing", "a claim names a storage class that does not exist";
    TAINT_NOT_TOLERATED = "taint-not-tolerated", "the pod does not tolerate the nodes' taints";
    TOO_MANY_PODS = "too-many-pods", "the nodes run as many pods as they may";
    TOPOLOGY_SPREAD = "topology-spread", "topology spread constraints leave no node";
    UNSCHEDULABLE = "unschedulable", "the scheduler finds no node, for a reason that it alone knows";
    UPDATE_REFUSED = "update-refused", "the API server does not let the controller update a pod";
    VOLUME_ATTACH_FAILED = "volume-attach-failed", "a volume cannot be attached to the pod's node";
    VOLUME_ELSEWHERE = "volume-elsewhere", "the nodes that the pod asks for are not those that can mount its volume";
    VOLUME_IN_USE = "volume-in-use", "a volume is attached to another node, or used by another pod";
    VOLUME_LIMIT = "volume-limit", "the nodes have as many volumes attached as they may";
    VOLUME_MOUNT_FAILED = "volume-mount-failed", "a volume cannot be mounted";
    VOLUME_NODE_UNAVAILABLE = "volume-node-unavailable", "the node that has the pod's volume is gone, cordoned or not Ready";
    VOLUME_OWNERS_CHANGE = "volume-owners-change", "each file of a volume is given to the pod's group before it starts";
    WEBHOOK_UNREACHABLE = "webhook-unreachable", "a webhook that must be asked does not answer";
    WRONG_ARCHITECTURE = "wrong-architecture", "an image's program is for another processor";
}
