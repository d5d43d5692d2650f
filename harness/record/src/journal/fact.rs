//! Objects, reduced to what laws and expectations ask of them. What versions of an object have in common is behind an
//! [`Arc`], so that a journal holds it once.

mod pod;

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

pub use pod::{Container, Ended, Pod};

use super::Kind;

/// A reduced object.
#[derive(Debug, Clone)]
pub enum Fact {
    /// A pod.
    Pod(Arc<Pod>),
    /// A PVC.
    VolumeClaim(Arc<VolumeClaim>),
    /// A StatefulSet.
    Set(Arc<Set>),
    /// An EndpointSlice.
    EndpointSlice(Arc<EndpointSlice>),
    /// An event.
    Event(Arc<Event>),
    /// A kind of which its identity is enough: ControllerRevision, PersistentVolume, Node.
    Other(Kind, Arc<Meta>),
}

/// What every object has, and what seldom changes from one version to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Meta {
    /// Its name.
    pub name: String,
    /// Its UID.
    pub uid: String,
    /// Its labels.
    pub labels: Arc<Labels>,
    /// All its owners, the controller among them.
    pub owners: Arc<[Owner]>,
    /// Whether it is being deleted.
    pub terminating: bool,
    /// The generation of its spec.
    pub generation: i64,
}

/// Labels by name.
pub type Labels = BTreeMap<Arc<str>, Arc<str>>;

/// An owner of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Owner {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its UID.
    pub uid: String,
    /// Whether it is the one that controls the object.
    pub controller: bool,
}

/// A PVC.
#[derive(Debug, Clone, Default)]
pub struct VolumeClaim {
    /// Name, UID, labels, owners.
    pub meta: Arc<Meta>,
    /// The cluster's revision at which this version came about.
    pub version: u64,
    /// `Pending`, `Bound`, `Lost`
    pub phase: String,
    /// The volume it is bound to.
    pub volume: Option<String>,
    /// The storage it asks for.
    pub storage: String,
    /// Its access modes.
    pub access_modes: Vec<String>,
}

/// A StatefulSet.
#[derive(Debug, Clone, Default)]
pub struct Set {
    /// Name, UID, labels, generation.
    pub meta: Arc<Meta>,
    /// The replicas asked for.
    pub replicas: u32,
    /// The generation that the controller has seen.
    pub observed: i64,
    /// Replicas that exist, by the controller's count.
    pub current: u32,
    /// Replicas that are ready, by the controller's count.
    pub ready: u32,
    /// Replicas that have been ready for `minReadySeconds`, by the controller's count.
    pub available: u32,
    /// Replicas of the current revision, by the controller's count.
    pub at_current: u32,
    /// Replicas of the update revision, by the controller's count.
    pub at_update: u32,
    /// The revision that a roll comes from.
    pub current_revision: Arc<str>,
    /// The revision that a roll goes to.
    pub update_revision: Arc<str>,
    /// `OrderedReady`, `Parallel`
    pub policy: Arc<str>,
    /// What its template is, as a number: the same template has the same; none where the journal does not tell it.
    pub template: Option<u64>,
    /// The containers of its template, by name.
    pub containers: Arc<[Arc<str>]>,
    /// The Progressing condition, where there is one: status and reason.
    pub progressing: Option<(String, String)>,
}

/// An EndpointSlice.
#[derive(Debug, Clone, Default)]
pub struct EndpointSlice {
    /// Name, UID, labels.
    pub meta: Arc<Meta>,
    /// The service it belongs to.
    pub service: String,
    /// The endpoints, by address.
    pub endpoints: BTreeMap<String, Endpoint>,
}

/// An endpoint of a service, as its controller tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// The UID of the pod that it is, where it is one.
    pub pod: Option<String>,
    /// Whether clients are to be led to it.
    pub ready: bool,
    /// Whether it would serve them, be it on its way out or not.
    pub serving: bool,
    /// Whether it is on its way out.
    pub terminating: bool,
}

/// An event.
#[derive(Debug, Clone, Default)]
pub struct Event {
    /// Name, UID.
    pub meta: Arc<Meta>,
    /// `Pod/sentinel-1`
    pub regarding: String,
    /// The UID of what it is about.
    pub regarding_uid: String,
    /// `Normal`, `Warning`
    pub severity: String,
    /// `FailedScheduling`
    pub reason: String,
    /// The sentence.
    pub message: String,
    /// When it was seen last.
    pub at: Option<Timestamp>,
}

impl Fact {
    /// What every object has.
    pub fn meta(&self) -> &Meta {
        match self {
            Self::Pod(pod) => &pod.meta,
            Self::VolumeClaim(claim) => &claim.meta,
            Self::Set(set) => &set.meta,
            Self::EndpointSlice(slice) => &slice.meta,
            Self::Event(event) => &event.meta,
            Self::Other(_, meta) => meta,
        }
    }

    /// The object's kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Pod(_) => Kind::Pod,
            Self::VolumeClaim(_) => Kind::PersistentVolumeClaim,
            Self::Set(_) => Kind::StatefulSet,
            Self::EndpointSlice(_) => Kind::EndpointSlice,
            Self::Event(_) => Kind::Event,
            Self::Other(kind, _) => *kind,
        }
    }

    /// `Pod sentinel-1`
    pub fn label(&self) -> String {
        format!("{} {}", self.kind().name(), self.meta().name)
    }

    /// The state in a few words.
    pub fn summary(&self) -> String {
        match self {
            Self::Pod(pod) => pod.summary(),
            Self::VolumeClaim(claim) => format!(
                "{}{}, uid {}, volume {}",
                claim.phase,
                if claim.meta.terminating { ", terminating" } else { "" },
                claim.meta.uid,
                claim.volume.as_deref().unwrap_or("none")
            ),
            Self::Set(set) => format!(
                "replicas {}, current {}, ready {}, available {}, at revision {} {}, at revision {} {}, generation {} observed {}",
                set.replicas,
                set.current,
                set.ready,
                set.available,
                set.current_revision,
                set.at_current,
                set.update_revision,
                set.at_update,
                set.meta.generation,
                set.observed
            ),
            Self::EndpointSlice(slice) => {
                let told = slice
                    .endpoints
                    .iter()
                    .map(|(address, endpoint)| format!("{address} {}", endpoint.summary()));
                format!("{}: [{}]", slice.service, told.collect::<Vec<_>>().join("; "))
            }
            Self::Event(event) => format!("{} {}: {}", event.regarding, event.reason, event.message),
            Self::Other(_, meta) => format!("uid {}", meta.uid),
        }
    }
}

impl Endpoint {
    /// The state in a few words.
    pub fn summary(&self) -> String {
        let mut text = if self.ready { "ready" } else { "not ready" }.to_owned();
        if self.terminating {
            text.push_str(if self.serving { ", terminating and serving" } else { ", terminating" });
        }
        text
    }
}

impl Meta {
    /// The controller that owns it.
    pub fn owner(&self) -> Option<&Owner> {
        self.owners.iter().find(|owner| owner.controller)
    }
}
