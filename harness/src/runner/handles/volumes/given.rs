//! The volumes behind a set's PVCs: what a provisioner gave for what was asked.

use std::{collections::BTreeMap, time::Duration};

use external::api::cluster_objects;
use k8s_openapi::api::{
    core::v1::{CSIPersistentVolumeSource, PersistentVolume, PersistentVolumeSpec},
    storage::v1::StorageClass,
};
use record::quantity;

use super::Volumes;
use crate::{
    claim::Claim,
    error::{Error, Result},
    journal::fact::VolumeClaim,
    wait::expectations::volume_claims_bound,
};

/// What a class promises that says nothing of it.
const DELETE: &str = "Delete";
/// How long it may take until it is told that a PVC is bound of whose pod it was told that it runs.
const TOLD: Duration = Duration::from_secs(15);

impl Volumes {
    /// Judges that each PVC of each of the set's pods is there and has a volume of its own, bound to it, as large as
    /// asked, ReadWriteOnce and with the reclaim policy of its class.
    ///
    /// # Errors
    /// When the set has no pod with a PVC, of which nothing could be judged, or when a volume or its class can't be
    /// read.
    pub async fn judge(&self, claim: Claim) -> Result<()> {
        let set = &self.set;
        // Those of a pod that was just made may be heard after it.
        self.run.against(claim, self.uids().await)?;
        for ordinal in set.ordinals() {
            let bound = self.run.wait(&volume_claims_bound(&set.promise, ordinal), TOLD).await;
            self.run.against(claim, bound)?;
        }
        let promised: Vec<_> =
            set.ordinals().into_iter().flat_map(|ordinal| set.promise.volume_claims(ordinal)).collect();
        if promised.is_empty() {
            return Err(Error::bug(format!("{} has no claim whose volume could be judged", set.promise.set)));
        }
        let mut against = Vec::new();
        let mut places: BTreeMap<String, String> = BTreeMap::new();
        for name in &promised {
            let Some(asked) = self.run.log().now(|world| world.volume_claims.get(name).cloned()) else {
                against.push(format!("{name} does not exist"));
                continue;
            };
            let Some(volume) = &asked.volume else {
                against.push(format!("{name} is {} and has no volume", asked.phase));
                continue;
            };
            let given = match cluster_objects::<PersistentVolume>(self.run.client()).get(volume).await {
                Err(error) if error.is_forbidden() => {
                    self.run.leave_out(format!("the volumes behind the claims: {error}"));
                    return Ok(());
                }
                given => given?,
            };
            let class = given.spec.as_ref().and_then(|spec| spec.storage_class_name.as_deref());
            let class = match class.filter(|class| !class.is_empty()) {
                Some(class) => cluster_objects::<StorageClass>(self.run.client()).get_opt(class).await?,
                None => None,
            };
            let spec = given.spec.unwrap_or_default();
            against.extend(differs(&asked, volume, &spec));
            let other = class.and_then(|class| reclaimed(&asked, volume, &spec, &class));
            match other {
                // A policy may have every volume kept, which is not weaker; in a cluster of ours there is none.
                Some(why) if kept(&spec) && !self.run.is_in_cluster_of_ours() => self.run.leave_out(why),
                other => against.extend(other),
            }
            if let Some(place) = place(&spec)
                && let Some(other) = places.insert(place.clone(), name.clone())
            {
                against.push(format!("{name} and {other} are the same place: {place}"));
            }
        }
        self.run.judge(claim, against);
        Ok(())
    }

    /// Judges that the PVCs of an ordinal are bound in time; of one that is not, what was made for it is told.
    ///
    /// # Errors
    /// When they are not; that is a finding as well.
    pub async fn judge_bound(&self, claim: Claim, ordinal: u32, deadline: Duration) -> Result<()> {
        let outcome = match self.run.wait(&volume_claims_bound(&self.set.promise, ordinal), deadline).await {
            Err(Error::Failed(message)) => {
                let volumes = cluster_objects(self.run.client()).list().await?;
                let names: Vec<_> = self.set.promise.volume_claims(ordinal).collect();
                let asked: Vec<_> = self.run.log().now(|world| {
                    names.iter().filter_map(|name| world.volume_claims.get(name).cloned()).collect()
                });
                let made =
                    asked.iter().filter(|asked| asked.phase != "Bound").map(|asked| made(asked, &volumes));
                Err(Error::failed(format!("{message}; {}", made.collect::<Vec<_>>().join("; "))))
            }
            outcome => outcome,
        };
        self.run.found(claim, outcome).map(drop)
    }
}

/// What was made for a PVC that is not bound: nothing, or something that may not be what it asks for.
fn made(asked: &VolumeClaim, volumes: &[PersistentVolume]) -> String {
    let name = &asked.meta.name;
    let meant = |volume: &&PersistentVolume| {
        let reference = volume.spec.as_ref().and_then(|spec| spec.claim_ref.as_ref());
        reference.and_then(|reference| reference.uid.as_ref()) == Some(&asked.meta.uid)
    };
    let Some(volume) = volumes.iter().find(meant) else { return format!("no volume was made for {name}") };
    let (given, spec) = (volume.metadata.name.as_deref().unwrap_or_default(), volume.spec.clone());
    let against = differs(asked, given, &spec.unwrap_or_default());
    if against.is_empty() { format!("{given} was made for {name}") } else { against.join("; ") }
}

/// In what a volume is not what its PVC and its class say.
fn differs(asked: &VolumeClaim, name: &str, given: &PersistentVolumeSpec) -> Vec<String> {
    let mut against = Vec::new();
    let asker = &asked.meta.name;
    let bound = given.claim_ref.as_ref();
    if bound.and_then(|bound| bound.uid.as_ref()) != Some(&asked.meta.uid) {
        let bound = bound.and_then(|bound| bound.name.as_deref()).unwrap_or("nobody");
        against.push(format!("{name}, the volume of {asker}, is bound to {bound} with another uid"));
    }
    let storage = given.capacity.as_ref().and_then(|capacity| capacity.get("storage"));
    let large = |size: &str| quantity::parse(size).unwrap_or_default();
    if storage.map_or(0.0, |storage| large(&storage.0)) < large(&asked.storage) {
        let found = storage.map_or("nothing", |storage| &storage.0);
        against.push(format!("{asker} asks for {}; its volume {name} has {found}", asked.storage));
    }
    let modes = given.access_modes.as_deref().unwrap_or_default();
    if let Some(mode) = asked.access_modes.iter().find(|mode| !modes.contains(mode)) {
        against.push(format!("{asker} asks for {mode}; its volume {name} has {modes:?}"));
    }
    against
}

/// How a volume's reclaim policy is another than its class says.
fn reclaimed(
    asked: &VolumeClaim,
    name: &str,
    given: &PersistentVolumeSpec,
    class: &StorageClass,
) -> Option<String> {
    let promised = class.reclaim_policy.as_deref().unwrap_or(DELETE);
    let policy = given.persistent_volume_reclaim_policy.as_deref().unwrap_or("none");
    let asker = &asked.meta.name;
    let words =
        format!("{name}, the volume of {asker}, has the reclaim policy {policy}; its class says {promised}");
    (policy != promised).then_some(words)
}

/// Whether a volume outlives its claim though its class does not ask for that.
fn kept(given: &PersistentVolumeSpec) -> bool {
    given.persistent_volume_reclaim_policy.as_deref() == Some("Retain")
}

/// Where a volume's data is: two volumes of one place are one. None where its source names none: the driver of a
/// `FlexVolume` goes by the volume's own name, and those of a virtual cluster have a driver alone and stand for others.
fn place(volume: &PersistentVolumeSpec) -> Option<String> {
    // A CSI driver knows a volume by its handle, whatever else it is told.
    let handle = |csi: &CSIPersistentVolumeSource| CSIPersistentVolumeSource {
        driver: csi.driver.clone(),
        volume_handle: csi.volume_handle.clone(),
        ..CSIPersistentVolumeSource::default()
    };
    // What says whose it is and how it may be used says nothing of where it is.
    let source = PersistentVolumeSpec {
        access_modes: None,
        capacity: None,
        claim_ref: None,
        csi: volume.csi.as_ref().map(handle),
        flex_volume: None,
        mount_options: None,
        node_affinity: None,
        persistent_volume_reclaim_policy: None,
        storage_class_name: None,
        volume_attributes_class_name: None,
        volume_mode: None,
        ..volume.clone()
    };
    // One path is another place on each node.
    let place = PersistentVolumeSpec { node_affinity: volume.node_affinity.clone(), ..source.clone() };
    (source != PersistentVolumeSpec::default()).then(|| serde_json::to_string(&place).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
    use serde_json::{Value, json};

    use super::*;
    use crate::journal::fact::Meta;

    fn asked() -> VolumeClaim {
        VolumeClaim {
            meta: Arc::new(Meta { name: "data-db-0".into(), uid: "uid-0".into(), ..Meta::default() }),
            storage: "1Gi".into(),
            access_modes: vec!["ReadWriteOnce".into()],
            ..VolumeClaim::default()
        }
    }

    fn given(change: &Value) -> PersistentVolumeSpec {
        let mut spec = json!({"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
            "claimRef": {"name": "data-db-0", "uid": "uid-0"}, "persistentVolumeReclaimPolicy": "Delete",
            "hostPath": {"path": "/volumes/0"}});
        crate::manifest::patch::merge(&mut spec, change);
        serde_json::from_value(spec).unwrap()
    }

    fn words(change: &Value) -> Vec<String> {
        let class = serde_json::from_value(json!({"provisioner": "x", "reclaimPolicy": "Delete"})).unwrap();
        let mut words = differs(&asked(), "pv-0", &given(change));
        words.extend(reclaimed(&asked(), "pv-0", &given(change), &class));
        words
    }

    #[test]
    fn a_volume_as_asked_for_or_larger_is_right() {
        assert_eq!(words(&json!({})), Vec::<String>::new());
        assert_eq!(words(&json!({"capacity": {"storage": "1025Mi"}})), Vec::<String>::new());
    }

    #[test]
    fn each_way_to_be_another_volume_has_its_words() {
        let ways = [
            (json!({"capacity": {"storage": "1000M"}}), "data-db-0 asks for 1Gi; its volume pv-0 has 1000M"),
            (json!({"capacity": null}), "data-db-0 asks for 1Gi; its volume pv-0 has nothing"),
            (
                json!({"accessModes": ["ReadOnlyMany"]}),
                r#"data-db-0 asks for ReadWriteOnce; its volume pv-0 has ["ReadOnlyMany"]"#,
            ),
            (
                json!({"persistentVolumeReclaimPolicy": "Retain"}),
                "pv-0, the volume of data-db-0, has the reclaim policy Retain; its class says Delete",
            ),
            (
                json!({"claimRef": {"name": "data-db-1", "uid": "uid-1"}}),
                "pv-0, the volume of data-db-0, is bound to data-db-1 with another uid",
            ),
        ];
        for (change, expected) in ways {
            assert_eq!(words(&change), [expected]);
        }
    }

    #[test]
    fn a_volume_that_is_kept_is_not_weaker_and_one_that_goes_is() {
        let of = |policy: &str| kept(&given(&json!({"persistentVolumeReclaimPolicy": policy})));
        assert_eq!((of("Retain"), of("Delete"), of("Recycle")), (true, false, false));
    }

    #[test]
    fn what_was_made_for_a_claim_that_is_not_bound_is_told() {
        let volume = |change: &Value| PersistentVolume {
            metadata: ObjectMeta { name: Some("pv-0".into()), ..ObjectMeta::default() },
            spec: Some(given(change)),
            ..PersistentVolume::default()
        };
        let other = volume(&json!({"claimRef": {"uid": "uid-1"}}));
        assert_eq!(made(&asked(), &[]), "no volume was made for data-db-0");
        assert_eq!(made(&asked(), std::slice::from_ref(&other)), "no volume was made for data-db-0");
        let small = volume(&json!({"capacity": {"storage": "512Mi"}}));
        assert_eq!(made(&asked(), &[other, small]), "data-db-0 asks for 1Gi; its volume pv-0 has 512Mi");
        assert_eq!(made(&asked(), &[volume(&json!({}))]), "pv-0 was made for data-db-0");
    }

    #[test]
    fn two_volumes_of_one_directory_are_one_place() {
        let other =
            json!({"claimRef": {"name": "data-db-1", "uid": "uid-1"}, "capacity": {"storage": "2Gi"}});
        assert_eq!(place(&given(&json!({}))), place(&given(&other)));
        let elsewhere = json!({"hostPath": {"path": "/volumes/1"}});
        assert_ne!(place(&given(&json!({}))), place(&given(&elsewhere)));
    }

    #[test]
    fn a_csi_volume_is_its_handle_and_a_source_that_names_no_place_is_none() {
        let csi = |driver: &str, handle: &str, told: &str| {
            let csi = json!({"driver": driver, "volumeHandle": handle, "volumeAttributes": {"told": told}});
            place(&given(&json!({"hostPath": null, "csi": csi})))
        };
        assert!(csi("a", "1", "x").is_some());
        assert_eq!(csi("a", "1", "x"), csi("a", "1", "y"));
        assert_ne!(csi("a", "1", "x"), csi("a", "2", "x"));
        assert_ne!(csi("a", "1", "x"), csi("b", "1", "x"));
        let node = json!({"required": {"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name",
            "operator": "In", "values": ["worker"]}]}]}});
        assert_ne!(place(&given(&json!({"nodeAffinity": node}))), place(&given(&json!({}))));
        let fake = json!({"hostPath": null, "flexVolume": {"driver": "fake"}, "nodeAffinity": node});
        assert_eq!(place(&given(&fake)), None);
        assert_eq!(place(&given(&json!({"hostPath": null}))), None);
    }
}
