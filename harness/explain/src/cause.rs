//! A cause: what keeps a set from being ready, what was seen of it, and what to do about it.

use serde::Serialize;

use record::words;

/// One cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// Stable, for programs: one of [`ALL`].
    pub id: &'static str,
    /// What is to blame, as `kubectl` takes it: `pod/garage-1`, `storageclass/fast`.
    pub about: String,
    /// What was seen, in a sentence that quotes the condition or event.
    pub seen: String,
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
            about: about.into(),
            seen: seen.into(),
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
    ANTI_AFFINITY = "anti-affinity", "affinity between pods leaves no node";
    CLAIM_LOST = "claim-lost", "a claim is bound to a volume that is gone";
    CLAIM_MISSING = "claim-missing", "a claim that the pod mounts does not exist";
    CLAIM_TERMINATING = "claim-terminating", "a claim is being deleted while its pod waits for it";
    CONFIG_MAP_MISSING = "config-map-missing", "a ConfigMap, or a key of it, does not exist";
    CONTAINER_CANNOT_START = "container-cannot-start", "the container runtime cannot start a container";
    CONTAINER_CONFIG_INVALID = "container-config-invalid", "the kubelet cannot make a container's configuration";
    CONTAINER_CRASHES = "container-crashes", "a container ends again and again";
    CONTROLLER_IDLE = "controller-idle", "the StatefulSet controller does not act";
    FINALIZER_HOLDS = "finalizer-holds", "a finalizer keeps a deleted object";
    IMAGE_UNAVAILABLE = "image-unavailable", "an image cannot be had";
    INSUFFICIENT_CPU = "insufficient-cpu", "no node has enough processor time free";
    INSUFFICIENT_EPHEMERAL_STORAGE = "insufficient-ephemeral-storage", "no node has enough ephemeral storage free";
    INSUFFICIENT_MEMORY = "insufficient-memory", "no node has enough memory free";
    INSUFFICIENT_RESOURCE = "insufficient-resource", "no node has enough of another resource free";
    INSUFFICIENT_STORAGE = "insufficient-storage", "no node can reach enough free storage for a new volume";
    LIMIT_RANGE_REFUSED = "limit-range-refused", "a LimitRange refuses the pod or its claim";
    LIVENESS_PROBE_FAILING = "liveness-probe-failing", "a container is restarted because its liveness probe fails";
    NAME_TAKEN = "name-taken", "something else has the pod's name";
    NAMESPACE_TERMINATING = "namespace-terminating", "the namespace is being deleted";
    NO_DEFAULT_STORAGE_CLASS = "no-default-storage-class", "a claim names no storage class, and there is no default";
    NO_NODE_MATCHES = "no-node-matches", "no node has what the pod's selector or affinity asks for";
    NO_VOLUME_FITS = "no-volume-fits", "nothing provisions volumes, and no existing one fits a claim";
    NODE_NOT_READY = "node-not-ready", "the pod's node is gone or not Ready";
    NODE_UNDER_PRESSURE = "node-under-pressure", "nodes run out of disk, memory or process ids";
    NODES_CORDONED = "nodes-cordoned", "the nodes that could run the pod are cordoned";
    OUT_OF_MEMORY = "out-of-memory", "a container is killed for using more memory than its limit";
    POD_FAILED = "pod-failed", "the pod was evicted, or refused by its node";
    POD_TERMINATING = "pod-terminating", "a deleted pod does not go";
    PORTS_TAKEN = "ports-taken", "a port of the host that the pod asks for is taken";
    PROVISIONER_SILENT = "provisioner-silent", "a storage class's provisioner does not answer";
    PROVISIONING_FAILED = "provisioning-failed", "a storage class's provisioner fails";
    QUOTA_EXCEEDED = "quota-exceeded", "a ResourceQuota refuses the pod or its claim";
    READINESS_GATE_UNSET = "readiness-gate-unset", "a readiness gate is not set";
    READINESS_PROBE_FAILING = "readiness-probe-failing", "a readiness probe fails";
    REVISION_STUCK = "revision-stuck", "a broken pod of another revision is not replaced (kubernetes#67250)";
    SANDBOX_FAILED = "sandbox-failed", "the pod's network or sandbox cannot be made";
    SCHEDULER_IDLE = "scheduler-idle", "the pod's scheduler does not act";
    SCHEDULING_GATED = "scheduling-gated", "a scheduling gate holds the pod";
    SECRET_MISSING = "secret-missing", "a Secret, or a key of it, does not exist";
    SERVICE_ACCOUNT_MISSING = "service-account-missing", "the pod's ServiceAccount does not exist";
    STARTUP_PROBE_FAILING = "startup-probe-failing", "a startup probe fails";
    STORAGE_CLASS_MISSING = "storage-class-missing", "a claim names a storage class that does not exist";
    TAINT_NOT_TOLERATED = "taint-not-tolerated", "the pod does not tolerate the nodes' taints";
    TOO_MANY_PODS = "too-many-pods", "the nodes run as many pods as they may";
    TOPOLOGY_SPREAD = "topology-spread", "topology spread constraints leave no node";
    UNSCHEDULABLE = "unschedulable", "the scheduler finds no node, for a reason that it alone knows";
    VOLUME_IN_USE = "volume-in-use", "a volume is attached to another node, or used by another pod";
    VOLUME_LIMIT = "volume-limit", "the nodes have as many volumes attached as they may";
    VOLUME_MOUNT_FAILED = "volume-mount-failed", "a volume cannot be mounted";
    VOLUME_NODE_UNAVAILABLE = "volume-node-unavailable", "the node that has the pod's volume is gone, cordoned or not Ready";
}
