//! Everything that one look at a set saw.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::{
    api::{
        apps::v1::{ControllerRevision, StatefulSet},
        coordination::v1::Lease,
        core::v1::{
            Container, Event, Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod, PodCondition,
            PodSpec, PodStatus, ResourceQuota, Service,
        },
        networking::v1::NetworkPolicy,
        policy::v1::PodDisruptionBudget,
        storage::v1::{CSINode, StorageClass, VolumeAttachment},
    },
    apimachinery::pkg::apis::meta::v1::Time,
};
use kube::{Resource, ResourceExt};

use record::words;

/// The objects of a kind, or why they could not be looked at.
pub type Look<T> = Result<Vec<T>, String>;

/// One look at a set.
#[derive(Debug, Clone)]
pub struct Picture {
    /// When, by the API server's clock.
    pub at: Timestamp,
    /// Whether nothing had changed since another look, seconds before.
    pub quiet: bool,
    /// The set.
    pub set: StatefulSet,
    /// Its namespace.
    pub home: Look<Namespace>,
    /// The pods of its namespace.
    pub pods: Vec<Pod>,
    /// The claims of its namespace.
    pub claims: Vec<PersistentVolumeClaim>,
    /// The events of its namespace.
    pub events: Vec<Event>,
    /// The quotas of its namespace.
    pub quotas: Look<ResourceQuota>,
    /// The disruption budgets of its namespace.
    pub budgets: Look<PodDisruptionBudget>,
    /// The revisions of its namespace.
    pub revisions: Look<ControllerRevision>,
    /// The Services of its namespace.
    pub services: Look<Service>,
    /// The policies of its namespace's network.
    pub policies: Look<NetworkPolicy>,
    /// The lease of the controller manager, where it has one.
    pub lease: Look<Lease>,
    /// All storage classes.
    pub classes: Look<StorageClass>,
    /// All volumes.
    pub volumes: Look<PersistentVolume>,
    /// All nodes.
    pub nodes: Look<Node>,
    /// The drivers that are registered on each node.
    pub drivers: Look<CSINode>,
    /// Which volume is attached to which node.
    pub attachments: Look<VolumeAttachment>,
    /// The pods of all namespaces; not read while none of the set's pods looks for a node.
    pub neighbours: Look<Pod>,
    /// The last lines of containers that end or are not ready, by pod and container, without what may be secret.
    pub logs: BTreeMap<(String, String), String>,
    /// How full volumes of the namespace are.
    pub usage: Look<Usage>,
}

/// How full a volume is.
#[derive(Debug, Clone, PartialEq)]
pub struct Usage {
    /// Its claim.
    pub claim: String,
    /// Bytes that are used.
    pub used: f64,
    /// Bytes that it has.
    pub has: f64,
}

impl Picture {
    /// A picture of nothing, at a moment.
    pub fn at(at: Timestamp) -> Self {
        Self {
            at,
            quiet: false,
            set: StatefulSet::default(),
            home: Ok(Vec::new()),
            pods: Vec::new(),
            claims: Vec::new(),
            events: Vec::new(),
            quotas: Ok(Vec::new()),
            budgets: Ok(Vec::new()),
            revisions: Ok(Vec::new()),
            services: Ok(Vec::new()),
            policies: Ok(Vec::new()),
            lease: Ok(Vec::new()),
            classes: Ok(Vec::new()),
            volumes: Ok(Vec::new()),
            nodes: Ok(Vec::new()),
            drivers: Ok(Vec::new()),
            attachments: Ok(Vec::new()),
            neighbours: Ok(Vec::new()),
            logs: BTreeMap::new(),
            usage: Ok(Vec::new()),
        }
    }

    /// The set's name.
    pub fn name(&self) -> String {
        self.set.name_any()
    }

    /// The set's namespace.
    pub fn namespace(&self) -> String {
        self.set.namespace().unwrap_or_default()
    }

    /// The namespace, when it is being deleted.
    pub fn leaving(&self) -> Option<&Namespace> {
        self.home.as_deref().unwrap_or_default().iter().find(|home| terminating(*home))
    }

    /// The ordinals that the set asks for.
    pub fn wanted(&self) -> std::ops::Range<i32> {
        let spec = self.set.spec.as_ref();
        let start = spec.and_then(|spec| spec.ordinals.as_ref()?.start).unwrap_or(0);
        start..start + spec.and_then(|spec| spec.replicas).unwrap_or(1)
    }

    /// The name of a pod of the set.
    pub fn pod_name(&self, ordinal: i32) -> String {
        format!("{}-{ordinal}", self.name())
    }

    /// Whether pods are created and removed one after the other.
    pub fn ordered(&self) -> bool {
        let policy = self.set.spec.as_ref().and_then(|spec| spec.pod_management_policy.as_deref());
        policy != Some("Parallel")
    }

    /// The pods that the set owns, by ordinal.
    pub fn pods_of_set(&self) -> BTreeMap<i32, &Pod> {
        let prefix = format!("{}-", self.name());
        let ordinal = |pod: &Pod| pod.name_any().strip_prefix(&prefix)?.parse().ok();
        let owned = self.pods.iter().filter(|pod| self.owns(pod));
        owned.filter_map(|pod| Some((ordinal(pod)?, pod))).collect()
    }

    fn owns(&self, pod: &Pod) -> bool {
        let uid = self.set.uid();
        pod.owner_references()
            .iter()
            .any(|owner| owner.controller == Some(true) && Some(&owner.uid) == uid.as_ref())
    }

    /// A pod that has the name of one of the set's, and is not the set's.
    pub fn stranger(&self, name: &str) -> Option<&Pod> {
        self.pods.iter().find(|pod| pod.name_any() == name && !self.owns(pod))
    }

    /// The claim with this name.
    pub fn claim(&self, name: &str) -> Option<&PersistentVolumeClaim> {
        self.claims.iter().find(|claim| claim.name_any() == name)
    }

    /// The node with this name; `Err` when nodes could not be looked at.
    pub fn node(&self, name: &str) -> Result<Option<&Node>, &String> {
        self.nodes.as_ref().map(|nodes| nodes.iter().find(|node| node.name_any() == name))
    }

    /// The names of the claims that the set makes for an ordinal.
    pub fn template_claims(&self, ordinal: i32) -> Vec<String> {
        let templates = self.set.spec.as_ref().and_then(|spec| spec.volume_claim_templates.as_deref());
        let name =
            |template: &PersistentVolumeClaim| format!("{}-{}", template.name_any(), self.pod_name(ordinal));
        templates.unwrap_or_default().iter().map(name).collect()
    }

    /// What the set's template says of its pods.
    pub fn template(&self) -> Option<&PodSpec> {
        self.set.spec.as_ref()?.template.spec.as_ref()
    }

    /// The events about this very object, newest first.
    pub fn events_about(&self, object: &impl Resource<DynamicType = ()>) -> Vec<&Event> {
        let uid = object.meta().uid.as_deref();
        let about = |event: &&Event| uid.is_some() && event.involved_object.uid.as_deref() == uid;
        let mut events: Vec<&Event> = self.events.iter().filter(about).collect();
        // Times are whole seconds; within one, the API server's own count tells what came later.
        let count =
            |event: &Event| event.metadata.resource_version.as_ref().and_then(|it| it.parse::<u64>().ok());
        events.sort_by_key(|event| std::cmp::Reverse((seen_last(event), count(event))));
        events
    }

    /// The newest event about an object with one of these reasons.
    pub fn event(&self, object: &impl Resource<DynamicType = ()>, reasons: &[&str]) -> Option<&Event> {
        let known = |event: &Event| event.reason.as_deref().is_some_and(|reason| reasons.contains(&reason));
        self.events_about(object).into_iter().find(|event| known(event))
    }

    /// The newest event about a container of a pod with this reason.
    pub fn container_event(&self, pod: &Pod, container: &str, reason: &str) -> Option<&Event> {
        let field = format!("{{{container}}}");
        let about = |event: &&Event| {
            let path = event.involved_object.field_path.as_deref();
            event.reason.as_deref() == Some(reason) && path.is_none_or(|path| path.ends_with(&field))
        };
        self.events_about(pod).into_iter().find(about)
    }

    /// The last lines of a container's log, where they could be read.
    pub fn log(&self, pod: &Pod, container: &str) -> Option<&str> {
        self.logs.get(&(pod.name_any(), container.to_owned())).map(String::as_str)
    }

    /// Seconds since a moment; none before it, whatever the clocks say.
    pub fn since(&self, moment: Option<&Time>) -> f64 {
        moment.map_or(0.0, |moment| self.at.duration_since(moment.0).as_secs_f64().max(0.0))
    }

    /// The time since a moment, for reading.
    pub fn ago(&self, moment: Option<&Time>) -> String {
        words::seconds(self.since(moment))
    }

    /// What kubectl calls for this namespace: `kubectl describe pod x -n garage`.
    pub fn kubectl(&self, what: &str) -> String {
        format!("kubectl -n {} {what}", self.namespace())
    }
}

/// When an event was seen last.
pub fn seen_last(event: &Event) -> Option<Timestamp> {
    let series = event.series.as_ref().and_then(|series| Some(series.last_observed_time.as_ref()?.0));
    let last = event.last_timestamp.as_ref().map(|time| time.0);
    let once = event.event_time.as_ref().map(|time| time.0);
    series.max(last).or(once).or(event.metadata.creation_timestamp.as_ref().map(|time| time.0))
}

/// Seconds since an event was seen last.
pub fn age(picture: &Picture, event: &Event) -> f64 {
    seen_last(event).map_or(0.0, |seen| picture.at.duration_since(seen).as_secs_f64().max(0.0))
}

/// An event's sentence.
pub fn message(event: &Event) -> &str {
    event.message.as_deref().unwrap_or_default()
}

static NO_SPEC: std::sync::LazyLock<PodSpec> = std::sync::LazyLock::new(PodSpec::default);
static NO_STATUS: std::sync::LazyLock<PodStatus> = std::sync::LazyLock::new(PodStatus::default);

/// A pod's spec; the API server never serves a pod without.
pub fn spec(pod: &Pod) -> &PodSpec {
    pod.spec.as_ref().unwrap_or(&NO_SPEC)
}

/// A pod's status, empty where nobody has written one yet.
pub fn status(pod: &Pod) -> &PodStatus {
    pod.status.as_ref().unwrap_or(&NO_STATUS)
}

/// A container of a pod, an initial one or not, as its template has it.
pub fn container<'a>(pod: &'a Pod, name: &str) -> Option<&'a Container> {
    let spec = spec(pod);
    let mut all = spec.init_containers.iter().flatten().chain(&spec.containers);
    all.find(|container| container.name == name)
}

/// Whether a container is an initial one that runs on beside the others.
pub fn sidecar(container: &Container) -> bool {
    container.restart_policy.as_deref() == Some("Always")
}

/// A pod's phase.
pub fn phase(pod: &Pod) -> &str {
    status(pod).phase.as_deref().unwrap_or("Pending")
}

/// A condition of a pod.
pub fn condition<'a>(pod: &'a Pod, kind: &str) -> Option<&'a PodCondition> {
    status(pod).conditions.as_deref().unwrap_or_default().iter().find(|condition| condition.type_ == kind)
}

/// Whether a condition of a pod is True.
pub fn is_true(pod: &Pod, kind: &str) -> bool {
    condition(pod, kind).is_some_and(|condition| condition.status == "True")
}

/// Whether an object is being deleted.
pub fn terminating(object: &impl Resource<DynamicType = ()>) -> bool {
    object.meta().deletion_timestamp.is_some()
}

/// Running, Ready and not being deleted.
pub fn healthy(pod: &Pod) -> bool {
    phase(pod) == "Running" && is_true(pod, "Ready") && !terminating(pod)
}
