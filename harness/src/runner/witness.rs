//! Asks the controllers of a trial's sets to look again, and the diagnosis what is in the way.

mod looks;
mod others;

use std::{collections::BTreeSet, sync::Arc};

use external::api::cluster_objects;
use futures::future::BoxFuture;
use k8s_openapi::api::storage::v1::VolumeAttachment;
use kube::Client;

use others::Others;

use super::hindrance;
use crate::{
    error::Result,
    explain::{cause::*, glance},
    journal::{Log, World},
    law::Obstacle,
    wait::{Patience, Witness},
};

/// Rules of where pods may be that are also others': those of a cluster's scheduler, and of pods that are there already.
const PLACEMENT: [&str; 5] =
    [AFFINITY_CIRCLE, AFFINITY_UNMET, ANTI_AFFINITY, SPREAD_COUNTS_CLOSED_NODES, TOPOLOGY_SPREAD];

/// The witness of one trial.
pub(super) struct Controllers {
    client: Client,
    namespace: String,
    log: Arc<Log>,
    patience: Patience,
}

impl Controllers {
    pub(super) fn new(client: Client, namespace: String, log: Arc<Log>, patience: Patience) -> Self {
        Self { client, namespace, log, patience }
    }

    /// The sets that were deployed and are there.
    fn sets(&self) -> BTreeSet<String> {
        let promised: Vec<String> =
            self.log.history().promises().map(|promise| promise.set.clone()).collect();
        self.log.now(|world| {
            let there = |set: &String| world.sets.get(set).is_some_and(|set| !set.meta.terminating);
            promised.into_iter().filter(there).collect()
        })
    }
}

/// A claim of a set whose provisioner has begun and is not through: it is slow, and nobody promised when it would be done.
fn provisioning(world: &World, set: &str) -> Option<String> {
    let of_set = |name: &str| {
        let (before, ordinal) = name.rsplit_once('-').unwrap_or_default();
        ordinal.parse::<u32>().is_ok() && before.ends_with(&format!("-{set}"))
    };
    let pending = world.volume_claims.values().filter(|claim| claim.phase == "Pending");
    pending.filter(|claim| of_set(&claim.meta.name)).find_map(|claim| {
        let events = world.events_about(&format!("PersistentVolumeClaim/{}", claim.meta.name));
        let said = |reason: &str| {
            events.iter().any(|event| event.regarding_uid == claim.meta.uid && event.reason == reason)
        };
        let begun = said("Provisioning") && !said("ProvisioningSucceeded");
        begun.then(|| format!("a volume for {} is being made", claim.meta.name))
    })
}

/// A PVC whose volume is on its way to a node, or from one: nobody promised how long that takes.
fn attaching(world: &World, attachments: &[VolumeAttachment]) -> Option<String> {
    let moves = |attachment: &&VolumeAttachment| {
        let attached = attachment.status.as_ref().is_some_and(|status| status.attached);
        !attached || attachment.metadata.deletion_timestamp.is_some()
    };
    attachments.iter().filter(moves).find_map(|attachment| {
        let volume = attachment.spec.source.persistent_volume_name.as_ref()?;
        let claim = world.volume_claims.values().find(|claim| claim.volume.as_ref() == Some(volume))?;
        let (name, node) = (&claim.meta.name, &attachment.spec.node_name);
        Some(format!("the volume of {name} is being attached to {node}, or detached"))
    })
}

impl Witness for Controllers {
    fn synced(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { self.look_again(self.sets()).await })
    }

    fn awake(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { self.sees_to_a_bystander().await.unwrap_or(false) })
    }

    fn outside<'a>(
        &'a self,
        despite: &'a [&'static str],
    ) -> BoxFuture<'a, Result<Option<(Obstacle, String)>>> {
        Box::pin(async {
            let others = Others::read(&self.client, &self.namespace).await?;
            let sets = self.sets();
            for set in &sets {
                let diagnosis = glance(&self.client, &self.namespace, set).await?;
                let unexplained = self.log.now(|world| hindrance::unexplained(world, set));
                let explains = |cause: &&Cause| !(unexplained && of_scheduler(cause.id));
                let excuses = diagnosis.causes.iter().filter(|cause| !despite.contains(&cause.id));
                let excuses: Vec<&Cause> = excuses.filter(explains).collect();
                let outside = excuses.iter().find_map(|cause| Some((obstacle(cause.id)?, cause)));
                if let Some((obstacle, cause)) = outside {
                    return Ok(Some((obstacle, format!("{} ({}): {}", cause.id, cause.about, cause.seen))));
                }
                if let Some(why) = self.log.now(|world| provisioning(world, set)) {
                    return Ok(Some((Obstacle::Volume, why)));
                }
                if let Some(cause) = excuses.iter().find(|cause| cause.id == INIT_CONTAINER_RUNS)
                    && let Some(container) = others.init_container(set)
                {
                    let why = format!("{}; the set's template has no init container {container}", cause.seen);
                    return Ok(Some((Obstacle::Admission, why)));
                }
                if let Some(cause) = excuses.iter().find(|cause| PLACEMENT.contains(&cause.id))
                    && !others.places(set)
                {
                    let why = format!("{}; the set's template has no such rule", cause.seen);
                    return Ok(Some((Obstacle::Room, why)));
                }
            }
            if let Some(hindrance) = self.log.now(|world| hindrance::of_others(world, &sets, despite)) {
                return Ok(Some(hindrance));
            }
            if let Some(why) = others.waited_for() {
                return Ok(Some((Obstacle::Admission, why)));
            }
            let attachments = match cluster_objects::<VolumeAttachment>(&self.client).list().await {
                // Who may not see them takes it that none is under way.
                Err(error) if error.is_forbidden() => Vec::new(),
                attachments => attachments?,
            };
            let attaching = self.log.now(|world| attaching(world, &attachments));
            Ok(attaching.map(|why| (Obstacle::Volume, why)))
        })
    }
}

/// Whether a cause is what the scheduler says of nodes that it does not take.
fn of_scheduler(cause: &str) -> bool {
    PLACEMENT.contains(&cause) || matches!(obstacle(cause), Some(Obstacle::Room | Obstacle::Taint))
}

/// What a cause stands in the way of a judgement as; none of a cause that is the set's own, or that the promise is about.
pub(super) fn obstacle(cause: &str) -> Option<Obstacle> {
    Some(match cause {
        ADMISSION_REFUSED | BINDING_REFUSED | DELETION_REFUSED | POD_SECURITY_REFUSED | UPDATE_REFUSED
        | WEBHOOK_UNREACHABLE => Obstacle::Admission,
        LIMIT_RANGE_REFUSED | QUOTA_EXCEEDED => Obstacle::Quota,
        IMAGE_UNAVAILABLE => Obstacle::Image,
        CONTAINER_CANNOT_START | WRONG_ARCHITECTURE => Obstacle::Architecture,
        INSUFFICIENT_CPU
        | INSUFFICIENT_EPHEMERAL_STORAGE
        | INSUFFICIENT_MEMORY
        | INSUFFICIENT_RESOURCE
        | NO_NODE_MATCHES
        | PREEMPTION_PENDING
        | TOO_MANY_PODS
        | UNSCHEDULABLE => Obstacle::Room,
        NODES_CORDONED | NODE_NOT_SET_UP | TAINT_NOT_TOLERATED => Obstacle::Taint,
        CLASS_NOT_FOR_NODES
        | CSI_DRIVER_NOT_REGISTERED
        | INSUFFICIENT_STORAGE
        | NAMED_VOLUME_UNAVAILABLE
        | NO_DEFAULT_STORAGE_CLASS
        | NO_VOLUME_FITS
        | PROVISIONER_SILENT
        | PROVISIONING_FAILED
        | STORAGE_CLASS_MISSING
        | VOLUME_ATTACH_FAILED
        | VOLUME_IN_USE
        | VOLUME_LIMIT
        | VOLUME_MOUNT_FAILED
        | VOLUME_OWNERS_CHANGE => Obstacle::Volume,
        NODE_NOT_READY | NODE_UNDER_PRESSURE | POD_FAILED | SANDBOX_FAILED | VOLUME_NODE_UNAVAILABLE => {
            Obstacle::Node
        }
        NAMESPACE_TERMINATING => Obstacle::Namespace,
        CONTROLLER_IDLE | SCHEDULER_IDLE => Obstacle::Controller,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::journal::{Change, Entry, Kind, Record, Reducer};

    /// The causes that a workload, or Kubernetes itself, answers for.
    const INSIDE: [&str; 58] = [
        ADOPTED_POD_DIFFERS,
        AFFINITY_CIRCLE,
        AFFINITY_UNMET,
        ANTI_AFFINITY,
        CLAIM_LOST,
        CLAIM_MISSING,
        CLAIM_TERMINATING,
        CLAIM_WAITS_FOR_SCHEDULER,
        CONFIG_MAP_MISSING,
        CONTAINER_CONFIG_INVALID,
        CONTAINER_CRASHES,
        CONTAINER_DOES_NOT_STOP,
        CREDENTIALS_REFUSED,
        DATA_DAMAGED,
        DATA_DIRECTORY_NOT_EMPTY,
        DATA_IN_USE,
        DATA_NOT_PERMITTED,
        DATA_OF_ANOTHER_CLUSTER,
        DATA_OF_ANOTHER_VERSION,
        DEPENDENCY_UNREACHABLE,
        DISK_FULL,
        DNS_NOT_THE_CLUSTERS,
        FILE_SYSTEM_READ_ONLY,
        FINALIZER_HOLDS,
        INIT_CONTAINER_RUNS,
        LIVENESS_PROBE_FAILING,
        MEMBER_ALREADY_KNOWN,
        NAME_TAKEN,
        NAME_TOO_LONG,
        NETWORK_POLICY_IN_THE_WAY,
        NODE_NAME_UNKNOWN,
        NODE_SETTING_TOO_LOW,
        OLD_REVISION_KEPT,
        OUT_OF_MEMORY,
        PEER_NEVER_MADE,
        PEERS_COME_LATER,
        PEERS_NOT_PUBLISHED,
        POD_CLASS_MISSING,
        POD_REPLACED_OFTEN,
        POD_TERMINATING,
        PORTS_TAKEN,
        POST_START_HOOK_FAILING,
        POST_START_HOOK_RUNNING,
        READINESS_GATE_UNSET,
        READINESS_PROBE_FAILING,
        REVISION_STUCK,
        RIGHTS_MISSING,
        SCHEDULING_GATED,
        SECRET_MISSING,
        SERVICE_ACCOUNT_MISSING,
        SERVICE_GIVES_NO_NAMES,
        SETTING_MISSING,
        SETTING_WRONG,
        SHARED_MEMORY_REFUSED,
        SPREAD_COUNTS_CLOSED_NODES,
        STARTUP_PROBE_FAILING,
        TOPOLOGY_SPREAD,
        VOLUME_ELSEWHERE,
    ];

    #[test]
    fn a_volume_that_is_being_made_is_awaited_by_nobody_else() {
        let mut reducer = Reducer::default();
        let mut world = World::default();
        let mut tell = |world: &mut World, kind, object: serde_json::Value| {
            let fact = reducer.reduce(kind, &object).unwrap();
            let record = Record::Object { change: Change::Added, revision: 1, fact };
            world.apply(&Entry { line: 1, at: jiff::Timestamp::UNIX_EPOCH, record });
        };
        let event = |reason: &str, uid: &str| {
            json!({"metadata": {"name": format!("{reason}-{uid}"), "uid": reason}, "reason": reason,
                "involvedObject": {"kind": "PersistentVolumeClaim", "name": "data-db-0", "uid": uid}})
        };
        let claim = json!({"metadata": {"name": "data-db-0", "uid": "one"}, "status": {"phase": "Pending"}});
        tell(&mut world, Kind::PersistentVolumeClaim, claim);
        tell(&mut world, Kind::Event, event("ExternalProvisioning", "one"));
        tell(&mut world, Kind::Event, event("Provisioning", "old"));
        assert_eq!(provisioning(&world, "db"), None);
        tell(&mut world, Kind::Event, event("Provisioning", "one"));
        assert_eq!(provisioning(&world, "db").unwrap(), "a volume for data-db-0 is being made");
        assert_eq!(provisioning(&world, "b"), None);
        // What was made and does not fit is another matter.
        tell(&mut world, Kind::Event, event("ProvisioningSucceeded", "one"));
        assert_eq!(provisioning(&world, "db"), None);
    }

    #[test]
    fn a_volume_is_awaited_until_it_is_attached_and_when_it_goes() {
        let mut world = World::default();
        let claim = json!({"metadata": {"name": "data-db-0", "uid": "one"}, "spec": {"volumeName": "pv-1"}});
        let fact = Reducer::default().reduce(Kind::PersistentVolumeClaim, &claim).unwrap();
        let record = Record::Object { change: Change::Added, revision: 1, fact };
        world.apply(&Entry { line: 1, at: jiff::Timestamp::UNIX_EPOCH, record });
        let said = |volume: &str, attached: bool, deleted: Option<&str>| {
            let attachment = json!({"metadata": {"name": "csi-1", "deletionTimestamp": deleted}, "status": {"attached": attached},
                "spec": {"attacher": "example.com", "nodeName": "worker", "source": {"persistentVolumeName": volume}}});
            attaching(&world, &[serde_json::from_value(attachment).unwrap()])
        };
        let words = "the volume of data-db-0 is being attached to worker, or detached";
        assert_eq!(said("pv-1", false, None).as_deref(), Some(words));
        assert_eq!(said("pv-1", true, Some("2026-11-30T10:00:00Z")).as_deref(), Some(words));
        assert_eq!(said("pv-1", true, None), None);
        assert_eq!(said("pv-2", false, None), None);
    }

    #[test]
    fn each_cause_is_in_the_way_or_the_sets_own() {
        for (cause, _) in ALL {
            assert_ne!(obstacle(cause).is_some(), INSIDE.contains(cause), "{cause}");
        }
    }
}
