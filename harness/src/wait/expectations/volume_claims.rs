//! What is expected of PVCs.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    journal::{Promise, World, fact::Owner},
    law::Obstacle,
    wait::{
        Expectation,
        Progress::{self, Met, Never, NotYet, Prevented},
    },
};

/// These PVCs exist under their UIDs, Bound and not being deleted.
pub fn volume_claims_are(volume_claims: &BTreeMap<String, String>) -> Expectation {
    let wanted = volume_claims.clone();
    let names: Vec<_> = volume_claims.keys().cloned().collect();
    Expectation::new(format!("the claims {} stay as they are", names.join(", ")), move |world| {
        for (name, uid) in &wanted {
            match world.volume_claims.get(name) {
                None => return NotYet(format!("{name} does not exist")),
                Some(found) if found.meta.uid != *uid => {
                    return NotYet(format!(
                        "{name} is another claim: uid {} instead of {uid}",
                        found.meta.uid
                    ));
                }
                Some(found) if found.meta.terminating => return NotYet(format!("{name} is being deleted")),
                Some(found) if found.phase != "Bound" => return NotYet(format!("{name} is {}", found.phase)),
                Some(_) => {}
            }
        }
        Met
    })
}

/// These PVCs (name and UID) are being deleted, and are there still.
pub fn volume_claims_linger(volume_claims: &BTreeMap<String, String>) -> Expectation {
    let lingering = volume_claims.clone();
    let names: Vec<_> = volume_claims.keys().cloned().collect();
    Expectation::new(format!("{} are being deleted, and are there", names.join(", ")), move |world| {
        for (name, uid) in &lingering {
            match world.volume_claims.get(name) {
                None => return NotYet(format!("{name} does not exist")),
                Some(found) if found.meta.uid != *uid => return NotYet(format!("{name} is another claim")),
                Some(found) if !found.meta.terminating => {
                    return NotYet(format!("{name} is not being deleted"));
                }
                Some(found) if found.phase != "Bound" => return NotYet(format!("{name} is {}", found.phase)),
                Some(_) => {}
            }
        }
        Met
    })
}

/// Another object than the one with this UID is the PVC now, and is Bound.
pub fn volume_claim_is_another(promise: &Promise, volume_claim: &str, uid: &str) -> Expectation {
    volume_claim_made_again(promise, volume_claim, uid).and(bound([volume_claim.to_owned()]))
}

/// Another object than the one with this UID carries the PVC's name now, whether it has a volume yet or not.
pub fn volume_claim_made_again(promise: &Promise, volume_claim: &str, uid: &str) -> Expectation {
    let (set, name, old) = (promise.set.clone(), volume_claim.to_owned(), uid.to_owned());
    Expectation::new(format!("{name} is made again"), move |world| match world.volume_claims.get(&name) {
        None => missing(world, &set, &name),
        Some(found) if found.meta.uid == old => NotYet(format!("{name} is still the old one")),
        Some(_) => Met,
    })
}

/// The object with this UID is not the PVC any more, whether another is or not: one that is made again at once may never be
/// seen missing.
pub fn volume_claim_goes(volume_claim: &str, uid: &str) -> Expectation {
    let (name, old) = (volume_claim.to_owned(), uid.to_owned());
    Expectation::new(format!("{name} is gone or another"), move |world| {
        match world.volume_claims.get(&name) {
            Some(found) if found.meta.uid == old => NotYet(format!("{name} is {}", found.phase)),
            _ => Met,
        }
    })
}

/// The PVC is there and has no volume.
pub fn volume_claim_unbound(volume_claim: &str) -> Expectation {
    let name = volume_claim.to_owned();
    Expectation::new(format!("the claim {name} has no volume"), move |world| {
        match world.volume_claims.get(&name) {
            None => NotYet(format!("{name} does not exist")),
            Some(found) if found.phase == "Pending" && found.volume.is_none() => Met,
            Some(found) => {
                let volume = found.volume.as_deref().unwrap_or("no volume");
                Never(format!("{name} is {}, with {volume}", found.phase))
            }
        }
    })
}

/// A PVC that is not there, and comes only as long as there is a set to make it.
fn missing(world: &World, set: &str, name: &str) -> Progress {
    if world.sets.contains_key(set) {
        NotYet(format!("{name} does not exist"))
    } else {
        Never(format!(
            "{name} does not exist, and nothing makes it again: the StatefulSet {set} does not exist"
        ))
    }
}

/// Each PVC of the ordinal is there and Bound.
pub fn volume_claims_bound(promise: &Promise, ordinal: u32) -> Expectation {
    bound(promise.volume_claims(ordinal))
}

fn bound(volume_claims: impl IntoIterator<Item = String>) -> Expectation {
    let names: Vec<_> = volume_claims.into_iter().collect();
    Expectation::new(format!("the claims {} are bound", names.join(", ")), move |world| {
        match names.iter().find_map(|name| unbound(world, name)) {
            None => Met,
            Some(why) => NotYet(why),
        }
    })
}

/// The set has one PVC for each template and replica, all of them Bound, and no other.
pub fn volume_claims_exactly(promise: &Promise, replicas: u32) -> Expectation {
    let promise = promise.clone();
    let ordinals = promise.start..promise.start + replicas;
    let wanted: BTreeSet<_> = ordinals.flat_map(|ordinal| promise.volume_claims(ordinal)).collect();
    let names: Vec<_> = wanted.iter().cloned().collect();
    Expectation::new(
        format!("the claims {} are bound, and there is no other", names.join(", ")),
        move |world| match world.volume_claims_of(&promise).find(|found| !wanted.contains(&found.meta.name)) {
            Some(other) => NotYet(format!("{} is there as well", other.meta.name)),
            None => names.iter().find_map(|name| unbound(world, name)).map_or(Met, NotYet),
        },
    )
}

/// Each pod of the set that is there has its PVCs. Pods and PVCs are watched apart: those of a pod that was just
/// made may be heard after it.
pub fn pods_have_volume_claims(promise: &Promise) -> Expectation {
    let promise = promise.clone();
    Expectation::new(format!("each pod of {} has its claims", promise.set), move |world| {
        let mut wanted =
            world.pods_of(&promise).into_keys().flat_map(|ordinal| promise.volume_claims(ordinal));
        match wanted.find(|name| !world.volume_claims.contains_key(name)) {
            None => Met,
            Some(name) => NotYet(format!("{name} does not exist")),
        }
    })
}

/// What a PVC that is not bound waits for, by what was said of it last, a warning before all else; nothing of one that is.
pub(super) fn unbound(world: &World, name: &str) -> Option<String> {
    let Some(found) = world.volume_claims.get(name) else { return Some(format!("{name} does not exist")) };
    if found.phase == "Bound" {
        return None;
    }
    let mut events = world.events_about(&format!("PersistentVolumeClaim/{name}"));
    events.retain(|event| event.regarding_uid == found.meta.uid);
    let warning = events.iter().rev().find(|event| event.severity == "Warning");
    let said = warning.or(events.last());
    let said = said.map(|event| format!(" ({}: {})", event.reason, event.message)).unwrap_or_default();
    Some(format!("{name} is {}{said}", found.phase))
}

/// None of these PVCs exists.
pub fn volume_claims_gone(volume_claims: impl IntoIterator<Item = String>) -> Expectation {
    let names: Vec<_> = volume_claims.into_iter().collect();
    Expectation::new(format!("the claims {} are gone", names.join(", ")), move |world| {
        match names.iter().find_map(|name| world.volume_claims.get(name)) {
            None => Met,
            Some(found) if found.meta.terminating => NotYet(format!("{} is being deleted", found.meta.name)),
            Some(found) => NotYet(format!("{} is {}", found.meta.name, found.phase)),
        }
    })
}

/// What owns a PVC in a scenario: who else does has his own reasons, and it goes only with him as well.
const OWNERS: [&str; 3] = ["ConfigMap", "Pod", "StatefulSet"];

/// These PVCs are owned by objects of exactly these kinds.
pub fn volume_claims_owned(volume_claims: impl IntoIterator<Item = String>, kinds: &[&str]) -> Expectation {
    let names: Vec<_> = volume_claims.into_iter().collect();
    let kinds: BTreeSet<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    Expectation::new(format!("the claims {} are owned by {kinds:?}", names.join(", ")), move |world| {
        for name in &names {
            let Some(found) = world.volume_claims.get(name) else {
                return NotYet(format!("{name} does not exist"));
            };
            let owners: BTreeSet<_> = found.meta.owners.iter().map(|owner| owner.kind.clone()).collect();
            if let Some(other) = owners.iter().find(|kind| !OWNERS.contains(&kind.as_str())) {
                return Prevented(Obstacle::Admission, format!("somebody gave {name} a {other} as an owner"));
            }
            if owners != kinds {
                return NotYet(format!("{name} is owned by {owners:?}"));
            }
        }
        Met
    })
}

/// No PVC of the set is being deleted or about to be: none of them belongs to a pod that is gone.
///
/// A set that is scaled up before that finds PVCs that vanish under its new pods, and Kubernetes leaves such a
/// pod Pending for as long as nothing else makes the controller look.
pub fn volume_claims_settled(promise: &Promise) -> Expectation {
    let promise = promise.clone();
    Expectation::new(format!("no claim of {} is about to go", promise.set), move |world| {
        for found in world.volume_claims_of(&promise) {
            let name = &found.meta.name;
            if found.meta.terminating {
                return NotYet(format!("{name} is being deleted"));
            }
            let gone = |owner: &&Owner| {
                owner.kind == "Pod" && world.pods.get(&owner.name).is_none_or(|pod| pod.meta.uid != owner.uid)
            };
            if let Some(pod) = found.meta.owners.iter().find(gone) {
                return NotYet(format!("{name} belongs to {}, which is gone", pod.name));
            }
        }
        Met
    })
}
