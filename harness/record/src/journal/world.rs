//! What was true at a moment.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Change, Entry, Fact, Kind, Promise, Record,
    fact::{Endpoint, EndpointSlice, Event, Meta, Pod, Set, VolumeClaim},
};

/// The objects of a scenario at one moment of its journal.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// Pods by name.
    pub pods: BTreeMap<String, Arc<Pod>>,
    /// PVCs by name.
    pub volume_claims: BTreeMap<String, Arc<VolumeClaim>>,
    /// StatefulSets by name.
    pub sets: BTreeMap<String, Arc<Set>>,
    /// EndpointSlices by name.
    pub endpoint_slices: BTreeMap<String, Arc<EndpointSlice>>,
    /// ControllerRevisions by name, with their UIDs.
    pub revisions: BTreeMap<String, Arc<Meta>>,
    /// Events by name, the newest version of each.
    pub events: BTreeMap<String, Arc<Event>>,
}

impl World {
    /// Lets an entry happen.
    pub fn apply(&mut self, entry: &Entry) {
        let Record::Object { change, fact, .. } = &entry.record else { return };
        match fact {
            Fact::Pod(pod) => {
                put(&mut self.pods, *change, &pod.meta.name, pod, |pod| &pod.meta.uid);
            }
            Fact::VolumeClaim(claim) => {
                put(&mut self.volume_claims, *change, &claim.meta.name, claim, |claim| &claim.meta.uid);
            }
            Fact::Set(set) => {
                put(&mut self.sets, *change, &set.meta.name, set, |set| &set.meta.uid);
            }
            Fact::EndpointSlice(slice) => {
                put(&mut self.endpoint_slices, *change, &slice.meta.name, slice, |slice| &slice.meta.uid);
            }
            Fact::Event(event) => {
                put(&mut self.events, *change, &event.meta.name, event, |event| &event.meta.uid);
            }
            Fact::Other(Kind::ControllerRevision, meta) => {
                put(&mut self.revisions, *change, &meta.name, meta, |meta| &meta.uid);
            }
            Fact::Other(..) => {}
        }
    }

    /// The pods that belong to a set, by ordinal: those it owns and those that carry one of its names.
    pub fn pods_of<'world>(&'world self, promise: &'world Promise) -> BTreeMap<u32, &'world Arc<Pod>> {
        self.pods.values().filter_map(|pod| Some((promise.ordinal(&pod.meta.name)?, pod))).collect()
    }

    /// The PVCs that carry a claim name of a set, by name.
    pub fn volume_claims_of(&self, promise: &Promise) -> impl Iterator<Item = &Arc<VolumeClaim>> {
        self.volume_claims.values().filter(|claim| promise.claim_ordinal(&claim.meta.name).is_some())
    }

    /// The endpoints of a service, all its slices together.
    pub fn endpoints_of<'world>(&'world self, service: &str) -> impl Iterator<Item = &'world Endpoint> {
        let slices = self.endpoint_slices.values().filter(move |slice| slice.service == service);
        slices.flat_map(|slice| slice.endpoints.values())
    }

    /// Warnings about an object (`Pod/sentinel-1`), the newest last.
    pub fn warnings_about(&self, regarding: &str) -> Vec<&Arc<Event>> {
        let mut events = self.events_about(regarding);
        events.retain(|event| event.severity == "Warning");
        events
    }

    /// Events about an object, the newest last.
    pub fn events_about(&self, regarding: &str) -> Vec<&Arc<Event>> {
        let mut events: Vec<_> = self.events.values().filter(|event| event.regarding == regarding).collect();
        events.sort_by_key(|event| event.at);
        events
    }
}

/// A deletion of an older object must not remove a newer one of the same name.
fn put<T>(
    objects: &mut BTreeMap<String, Arc<T>>,
    change: Change,
    name: &str,
    object: &Arc<T>,
    uid: impl Fn(&T) -> &String,
) {
    if change == Change::Deleted {
        if objects.get(name).is_some_and(|known| uid(known) == uid(object)) {
            objects.remove(name);
        }
    } else if let Some(known) = objects.get_mut(name) {
        *known = Arc::clone(object);
    } else {
        objects.insert(name.to_owned(), Arc::clone(object));
    }
}
