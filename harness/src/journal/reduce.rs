//! From an object as the API tells it to what is asked of it.

use std::sync::Arc;

use k8s_openapi::{
    api::{apps::v1 as apps, core::v1 as core, discovery::v1 as discovery},
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference},
};
use serde_json::Value;

use super::{
    Fact, Kind,
    fact::{Container, EndpointSlice, Event, Meta, Pod, Set, VolumeClaim},
};

/// Reduces an object of this kind.
///
/// # Errors
/// When the object does not have the kind's shape.
pub fn reduce(kind: Kind, object: &Value) -> Result<Fact, serde_json::Error> {
    use serde::Deserialize;
    Ok(match kind {
        Kind::Pod => Fact::Pod(Arc::new(pod(core::Pod::deserialize(object)?))),
        Kind::PersistentVolumeClaim => {
            Fact::VolumeClaim(Arc::new(volume_claim(core::PersistentVolumeClaim::deserialize(object)?)))
        }
        Kind::StatefulSet => Fact::Set(Arc::new(set(apps::StatefulSet::deserialize(object)?))),
        Kind::EndpointSlice => {
            Fact::EndpointSlice(Arc::new(endpoint_slice(discovery::EndpointSlice::deserialize(object)?)))
        }
        Kind::Event => Fact::Event(Arc::new(event(core::Event::deserialize(object)?))),
        Kind::ControllerRevision | Kind::PersistentVolume | Kind::Node => {
            let metadata = object.get("metadata").cloned().unwrap_or_default();
            Fact::Other(kind, Arc::new(meta(serde_json::from_value(metadata)?)))
        }
    })
}

fn meta(meta: ObjectMeta) -> Meta {
    let owners = meta.owner_references.unwrap_or_default();
    let names = |owner: OwnerReference| (owner.kind, owner.name, owner.uid);
    Meta {
        name: meta.name.unwrap_or_default(),
        uid: meta.uid.unwrap_or_default(),
        version: meta.resource_version.unwrap_or_default(),
        labels: meta.labels.unwrap_or_default(),
        owner: owners.iter().find(|owner| owner.controller == Some(true)).cloned().map(names),
        owners: owners.into_iter().map(names).collect(),
        terminating: meta.deletion_timestamp.is_some(),
        generation: meta.generation.unwrap_or(0),
    }
}

fn pod(pod: core::Pod) -> Pod {
    let spec = pod.spec.unwrap_or_default();
    let status = pod.status.unwrap_or_default();
    let condition = |name: &str| status.conditions.iter().flatten().find(|condition| condition.type_ == name);
    let unschedulable = condition("PodScheduled")
        .filter(|condition| condition.status == "False")
        .and_then(|condition| condition.message.clone());
    Pod {
        meta: meta(pod.metadata),
        ready: condition("Ready").is_some_and(|condition| condition.status == "True"),
        ready_since: condition("Ready")
            .and_then(|condition| condition.last_transition_time.as_ref())
            .map(|time| time.0),
        unschedulable,
        reason: status.reason,
        phase: status.phase.unwrap_or_default(),
        ip: status.pod_ip,
        node: spec.node_name,
        claims: spec
            .volumes
            .into_iter()
            .flatten()
            .filter_map(|volume| Some((volume.name, volume.persistent_volume_claim?.claim_name)))
            .collect(),
        containers: status.container_statuses.into_iter().flatten().map(container).collect(),
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
        ended: now
            .terminated
            .or(before.terminated)
            .map(|ended| (ended.reason.unwrap_or_default(), ended.exit_code)),
    }
}

fn volume_claim(claim: core::PersistentVolumeClaim) -> VolumeClaim {
    let spec = claim.spec.unwrap_or_default();
    let requests = spec.resources.and_then(|resources| resources.requests).unwrap_or_default();
    VolumeClaim {
        meta: meta(claim.metadata),
        phase: claim.status.and_then(|status| status.phase).unwrap_or_default(),
        volume: spec.volume_name,
        storage: requests.get("storage").map(|quantity| quantity.0.clone()).unwrap_or_default(),
        access_modes: spec.access_modes.unwrap_or_default(),
    }
}

fn set(set: apps::StatefulSet) -> Set {
    let count = |count: Option<i32>| u32::try_from(count.unwrap_or(0)).unwrap_or(0);
    let spec = set.spec.unwrap_or_default();
    let status = set.status.unwrap_or_default();
    let mut conditions = status.conditions.into_iter().flatten();
    let progressing = conditions.find(|condition| condition.type_ == "Progressing");
    Set {
        meta: meta(set.metadata),
        replicas: count(Some(spec.replicas.unwrap_or(1))),
        observed: status.observed_generation.unwrap_or(0),
        current: count(Some(status.replicas)),
        ready: count(status.ready_replicas),
        available: count(status.available_replicas),
        at_current: count(status.current_replicas),
        at_update: count(status.updated_replicas),
        current_revision: status.current_revision.unwrap_or_default(),
        update_revision: status.update_revision.unwrap_or_default(),
        policy: spec.pod_management_policy.unwrap_or_default(),
        progressing: progressing.map(|condition| (condition.status, condition.reason.unwrap_or_default())),
    }
}

fn endpoint_slice(slice: discovery::EndpointSlice) -> EndpointSlice {
    let meta = meta(slice.metadata);
    EndpointSlice {
        service: meta.labels.get("kubernetes.io/service-name").cloned().unwrap_or_default(),
        meta,
        addresses: slice
            .endpoints
            .into_iter()
            .flat_map(|endpoint| {
                let ready = endpoint.conditions.and_then(|conditions| conditions.ready).unwrap_or(true);
                endpoint.addresses.into_iter().map(move |address| (address, ready))
            })
            .collect(),
    }
}

fn event(event: core::Event) -> Event {
    let regarding = event.involved_object;
    Event {
        meta: meta(event.metadata),
        regarding: format!("{}/{}", regarding.kind.unwrap_or_default(), regarding.name.unwrap_or_default()),
        regarding_uid: regarding.uid.unwrap_or_default(),
        severity: event.type_.unwrap_or_default(),
        reason: event.reason.unwrap_or_default(),
        message: event.message.unwrap_or_default(),
        at: event.last_timestamp.map(|time| time.0).or(event.event_time.map(|time| time.0)),
    }
}
