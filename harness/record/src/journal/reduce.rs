//! From an object as the API tells it to what is asked of it.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use jiff::SignedDuration;
use k8s_openapi::{
    api::{apps::v1 as apps, core::v1 as core, discovery::v1 as discovery},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    Fact, Kind,
    fact::{Container, Ended, Endpoint, EndpointSlice, Event, Labels, Meta, Owner, Pod, Set, VolumeClaim},
};
use crate::redact::REDACTED;

/// Reduces the objects of one journal. What it meets again is held once: an object's versions differ in little.
#[derive(Debug, Default)]
pub struct Reducer {
    words: Pool<str>,
    labels: Pool<Labels>,
    owners: Pool<[Owner]>,
    metas: Pool<Meta>,
    claims: Pool<BTreeMap<String, String>>,
    lists: Pool<[Arc<str>]>,
    containers: Pool<[Container]>,
}

/// One of each value.
#[derive(Debug)]
struct Pool<T: ?Sized>(HashSet<Arc<T>>);

impl<T: ?Sized> Default for Pool<T> {
    fn default() -> Self {
        Self(HashSet::new())
    }
}

impl<T: ?Sized + Eq + Hash> Pool<T> {
    fn one(&mut self, value: impl Borrow<T> + Into<Arc<T>>) -> Arc<T> {
        if let Some(known) = self.0.get(value.borrow()) {
            return Arc::clone(known);
        }
        let value = value.into();
        self.0.insert(Arc::clone(&value));
        value
    }
}

impl Reducer {
    /// Reduces an object of this kind.
    ///
    /// # Errors
    /// When the object does not have the kind's shape.
    pub fn reduce(&mut self, kind: Kind, object: &Value) -> Result<Fact, serde_json::Error> {
        Ok(match kind {
            Kind::Pod => Fact::Pod(Arc::new(self.pod(core::Pod::deserialize(object)?))),
            Kind::PersistentVolumeClaim => {
                let claim = core::PersistentVolumeClaim::deserialize(object)?;
                Fact::VolumeClaim(Arc::new(self.volume_claim(claim)))
            }
            Kind::StatefulSet => {
                let template = object.pointer("/spec/template").and_then(number);
                Fact::Set(Arc::new(self.set(apps::StatefulSet::deserialize(object)?, template)))
            }
            Kind::EndpointSlice => {
                let slice = discovery::EndpointSlice::deserialize(object)?;
                Fact::EndpointSlice(Arc::new(self.endpoint_slice(slice)))
            }
            Kind::Event => Fact::Event(Arc::new(self.event(core::Event::deserialize(object)?))),
            Kind::ControllerRevision | Kind::PersistentVolume | Kind::Node => {
                let metadata = object.get("metadata").cloned().unwrap_or_default();
                Fact::Other(kind, self.meta(serde_json::from_value(metadata)?))
            }
        })
    }

    fn word(&mut self, word: Option<String>) -> Arc<str> {
        self.words.one(word.unwrap_or_default())
    }

    fn meta(&mut self, meta: ObjectMeta) -> Arc<Meta> {
        let labels = meta.labels.into_iter().flatten();
        let labels: Labels =
            labels.map(|(label, value)| (self.words.one(label), self.words.one(value))).collect();
        let owners = meta.owner_references.into_iter().flatten().map(|owner| Owner {
            kind: owner.kind,
            name: owner.name,
            uid: owner.uid,
            controller: owner.controller == Some(true),
        });
        self.metas.one(Meta {
            name: meta.name.unwrap_or_default(),
            uid: meta.uid.unwrap_or_default(),
            labels: self.labels.one(labels),
            owners: self.owners.one(owners.collect::<Vec<_>>()),
            terminating: meta.deletion_timestamp.is_some(),
            generation: meta.generation.unwrap_or(0),
        })
    }

    fn pod(&mut self, pod: core::Pod) -> Pod {
        let spec = pod.spec.unwrap_or_default();
        let status = pod.status.unwrap_or_default();
        let condition =
            |name: &str| status.conditions.iter().flatten().find(|condition| condition.type_ == name);
        let ready = condition("Ready");
        let unschedulable = condition("PodScheduled").filter(|condition| condition.status == "False");
        let claims: BTreeMap<_, _> = spec
            .volumes
            .into_iter()
            .flatten()
            .filter_map(|volume| Some((volume.name, volume.persistent_volume_claim?.claim_name)))
            .collect();
        // A pod that is told by an old journal has one address, and not the list of them.
        let listed = status.pod_ips.into_iter().flatten().map(|address| address.ip);
        let listed: Vec<_> = listed.map(|address| self.words.one(address)).collect();
        let only = status.pod_ip.map(|address| self.words.one(address));
        let addresses: Vec<_> = if listed.is_empty() { only.into_iter().collect() } else { listed };
        // Of those before them only that an image can't be had is told: what they do else is their own.
        let before = status.init_container_statuses.into_iter().flatten().map(container);
        let before = before.filter(|container| {
            container.waiting.as_ref().is_some_and(|(reason, _)| reason.contains("Image"))
        });
        let containers = status.container_statuses.into_iter().flatten().map(container).chain(before);
        let given_grace = pod.metadata.deletion_grace_period_seconds;
        let end = pod.metadata.deletion_timestamp.as_ref().map(|time| time.0);
        Pod {
            version: version(&pod.metadata),
            created: pod.metadata.creation_timestamp.as_ref().map(|time| time.0),
            // What the API tells is the end of the grace period.
            told_to_go: end.zip(given_grace).map(|(end, grace)| end - SignedDuration::from_secs(grace)),
            own_grace: spec.termination_grace_period_seconds,
            given_grace,
            meta: self.meta(pod.metadata),
            ready: ready.is_some_and(|condition| condition.status == "True"),
            ready_since: ready.and_then(|ready| ready.last_transition_time.as_ref()).map(|time| time.0),
            unschedulable: unschedulable
                .and_then(|condition| condition.message.as_deref())
                .map(|message| self.words.one(message)),
            disrupted: condition("DisruptionTarget")
                .filter(|condition| condition.status == "True")
                .map(|condition| self.words.one(condition.reason.clone().unwrap_or_default())),
            reason: status.reason.map(|reason| self.words.one(reason)),
            phase: self.word(status.phase),
            addresses: self.lists.one(addresses),
            node: spec.node_name.map(|node| self.words.one(node)),
            claims: self.claims.one(claims),
            containers: self.containers.one(containers.collect::<Vec<_>>()),
        }
    }

    fn volume_claim(&mut self, claim: core::PersistentVolumeClaim) -> VolumeClaim {
        let spec = claim.spec.unwrap_or_default();
        let requests = spec.resources.and_then(|resources| resources.requests).unwrap_or_default();
        VolumeClaim {
            version: version(&claim.metadata),
            meta: self.meta(claim.metadata),
            phase: claim.status.and_then(|status| status.phase).unwrap_or_default(),
            volume: spec.volume_name,
            storage: requests.get("storage").map(|quantity| quantity.0.clone()).unwrap_or_default(),
            access_modes: spec.access_modes.unwrap_or_default(),
        }
    }

    fn set(&mut self, set: apps::StatefulSet, template: Option<u64>) -> Set {
        let count = |count: Option<i32>| u32::try_from(count.unwrap_or(0)).unwrap_or(0);
        let spec = set.spec.unwrap_or_default();
        let status = set.status.unwrap_or_default();
        let mut conditions = status.conditions.into_iter().flatten();
        let progressing = conditions.find(|condition| condition.type_ == "Progressing");
        let containers = spec.template.spec.into_iter().flat_map(|template| template.containers);
        let containers: Vec<_> = containers.map(|container| self.words.one(container.name)).collect();
        Set {
            meta: self.meta(set.metadata),
            replicas: count(Some(spec.replicas.unwrap_or(1))),
            observed: status.observed_generation.unwrap_or(0),
            current: count(Some(status.replicas)),
            ready: count(status.ready_replicas),
            available: count(status.available_replicas),
            at_current: count(status.current_replicas),
            at_update: count(status.updated_replicas),
            current_revision: self.word(status.current_revision),
            update_revision: self.word(status.update_revision),
            policy: self.word(spec.pod_management_policy),
            template,
            containers: self.lists.one(containers),
            progressing: progressing
                .map(|condition| (condition.status, condition.reason.unwrap_or_default())),
        }
    }

    fn endpoint_slice(&mut self, slice: discovery::EndpointSlice) -> EndpointSlice {
        let meta = self.meta(slice.metadata);
        EndpointSlice {
            service: meta
                .labels
                .get("kubernetes.io/service-name")
                .map(ToString::to_string)
                .unwrap_or_default(),
            meta,
            endpoints: slice
                .endpoints
                .into_iter()
                .flat_map(|endpoint| {
                    let conditions = endpoint.conditions.unwrap_or_default();
                    // What is not said is as the API defines it: unknown is to be taken for ready.
                    let ready = conditions.ready.unwrap_or(true);
                    let reduced = Endpoint {
                        pod: endpoint.target_ref.and_then(|target| target.uid),
                        ready,
                        serving: conditions.serving.unwrap_or(ready),
                        terminating: conditions.terminating.unwrap_or(false),
                    };
                    endpoint.addresses.into_iter().map(move |address| (address, reduced.clone()))
                })
                .collect(),
        }
    }

    fn event(&mut self, event: core::Event) -> Event {
        let regarding = event.involved_object;
        Event {
            meta: self.meta(event.metadata),
            regarding: format!(
                "{}/{}",
                regarding.kind.unwrap_or_default(),
                regarding.name.unwrap_or_default()
            ),
            regarding_uid: regarding.uid.unwrap_or_default(),
            severity: event.type_.unwrap_or_default(),
            reason: event.reason.unwrap_or_default(),
            message: event.message.unwrap_or_default(),
            at: event.last_timestamp.map(|time| time.0).or(event.event_time.map(|time| time.0)),
        }
    }
}

/// One etcd numbers every change of every kind.
fn version(meta: &ObjectMeta) -> u64 {
    meta.resource_version.as_deref().and_then(|version| version.parse().ok()).unwrap_or(0)
}

/// A number of an object that has fields: the same for what is the same, whatever their order. None of one of which something was
/// kept out of the journal: two that differ in that alone look the same.
fn number(object: &Value) -> Option<u64> {
    let fields = object.as_object().filter(|fields| !fields.is_empty() && !is_redacted(object))?;
    let mut hasher = DefaultHasher::new();
    fields.hash(&mut hasher);
    Some(hasher.finish())
}

fn is_redacted(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(REDACTED),
        Value::Array(values) => values.iter().any(is_redacted),
        Value::Object(fields) => fields.values().any(is_redacted),
        _ => false,
    }
}

fn container(status: core::ContainerStatus) -> Container {
    let now = status.state.unwrap_or_default();
    let before = status.last_state.unwrap_or_default();
    Container {
        name: status.name,
        restarts: status.restart_count,
        running: now.running.is_some(),
        waiting: now
            .waiting
            .map(|waiting| (waiting.reason.unwrap_or_default(), waiting.message.unwrap_or_default())),
        ended: now.terminated.or(before.terminated).map(|ended| Ended {
            reason: ended.reason.unwrap_or_default(),
            code: ended.exit_code,
            at: ended.finished_at.map(|time| time.0),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_template_of_which_something_is_kept_out_of_the_journal_has_no_number() {
        let of = |value: &str| {
            number(&json!({"spec": {"containers": [{"env": [{"name": "A", "value": value}]}]}}))
        };
        assert!(of("1").is_some() && of("1") == of("1") && of("1") != of("2"));
        assert_eq!((of(REDACTED), number(&json!({}))), (None, None));
    }

    #[test]
    fn of_init_containers_only_what_is_wrong_with_their_images_is_told() {
        let waiting = |name: &str, reason: &str| {
            json!({"name": name, "image": "", "imageID": "", "ready": false, "restartCount": 0,
                "state": {"waiting": {"reason": reason}}})
        };
        let pod = json!({"metadata": {"name": "db-0"}, "status": {
            "initContainerStatuses": [waiting("first", "ImagePullBackOff"), waiting("second", "PodInitializing")],
            "containerStatuses": [waiting("db", "PodInitializing")]}});
        let Fact::Pod(pod) = Reducer::default().reduce(Kind::Pod, &pod).unwrap() else { panic!("no pod") };
        let names: Vec<_> = pod.containers.iter().map(|container| &*container.name).collect();
        assert_eq!(names, ["db", "first"]);
    }

    #[test]
    fn versions_of_an_object_share_what_they_have_in_common() {
        let mut reducer = Reducer::default();
        let mut version = |version: &str, ready: &str| {
            let pod = json!({"metadata": {"name": "db-0", "uid": "uid", "resourceVersion": version,
                    "labels": {"app": "db"}}, "spec": {"containers": [], "nodeName": "worker"},
                "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}});
            match reducer.reduce(Kind::Pod, &pod).unwrap() {
                Fact::Pod(pod) => pod,
                other => panic!("a pod became {other:?}"),
            }
        };
        let (one, two) = (version("1", "False"), version("2", "True"));
        assert_eq!([(one.version, one.ready), (two.version, two.ready)], [(1, false), (2, true)]);
        assert!(Arc::ptr_eq(&one.meta, &two.meta));
        assert!(Arc::ptr_eq(&one.phase, &two.phase));
        assert!(Arc::ptr_eq(&one.containers, &two.containers));
        assert!(Arc::ptr_eq(&one.claims, &two.claims));
    }
}
