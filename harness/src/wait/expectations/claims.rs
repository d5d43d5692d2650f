//! What is expected of PVCs.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    journal::{Promise, World, fact::Owner},
    wait::{
        Expectation,
        Progress::{self, Met, Never, NotYet},
    },
};

/// These PVCs exist under their UIDs, Bound and not being deleted.
pub fn claims_are(claims: &BTreeMap<String, String>) -> Expectation {
    let wanted = claims.clone();
    let names: Vec<_> = claims.keys().cloned().collect();
    Expectation::new(format!("the claims {} stay as they are", names.join(", ")), move |world| {
        for (name, uid) in &wanted {
            match world.volume_claims.get(name) {
                None => return NotYet(format!("{name} does not exist")),
                Some(claim) if claim.meta.uid != *uid => {
                    return NotYet(format!(
                        "{name} is another claim: uid {} instead of {uid}",
                        claim.meta.uid
                    ));
                }
                Some(claim) if claim.meta.terminating => return NotYet(format!("{name} is being deleted")),
                Some(claim) if claim.phase != "Bound" => return NotYet(format!("{name} is {}", claim.phase)),
                Some(_) => {}
            }
        }
        Met
    })
}

/// The PVC with this UID is being deleted, and is there still.
pub fn claim_lingers(claim: &str, uid: &str) -> Expectation {
    let (name, uid) = (claim.to_owned(), uid.to_owned());
    Expectation::new(format!("{name} is being deleted, and is there"), move |world| {
        match world.volume_claims.get(&name) {
            None => NotYet(format!("{name} does not exist")),
            Some(claim) if claim.meta.uid != uid => NotYet(format!("{name} is another claim")),
            Some(claim) if !claim.meta.terminating => NotYet(format!("{name} is not being deleted")),
            Some(claim) if claim.phase != "Bound" => NotYet(format!("{name} is {}", claim.phase)),
            Some(_) => Met,
        }
    })
}

/// Another object than the one with this UID is the claim now, and is Bound.
pub fn claim_is_another(promise: &Promise, claim: &str, uid: &str) -> Expectation {
    let (set, name, old) = (promise.set.clone(), claim.to_owned(), uid.to_owned());
    Expectation::new(format!("{name} is another claim"), move |world| match world.volume_claims.get(&name) {
        None => missing(world, &set, &name),
        Some(claim) if claim.meta.uid == old => NotYet(format!("{name} is still the old one")),
        Some(claim) if claim.phase != "Bound" => NotYet(format!("{name} is {}", claim.phase)),
        Some(_) => Met,
    })
}

/// Another object than the one with this UID carries the claim's name now, whether it has a volume yet or not.
pub fn claim_made_again(promise: &Promise, claim: &str, uid: &str) -> Expectation {
    let (set, name, old) = (promise.set.clone(), claim.to_owned(), uid.to_owned());
    Expectation::new(format!("{name} is made again"), move |world| match world.volume_claims.get(&name) {
        None => missing(world, &set, &name),
        Some(claim) if claim.meta.uid == old => NotYet(format!("{name} is still the old one")),
        Some(_) => Met,
    })
}

/// The object with this UID is not the claim any more, whether another is or not: one that is made again at once may never be
/// seen missing.
pub fn claim_goes(claim: &str, uid: &str) -> Expectation {
    let (name, old) = (claim.to_owned(), uid.to_owned());
    Expectation::new(format!("{name} is gone or another"), move |world| {
        match world.volume_claims.get(&name) {
            Some(claim) if claim.meta.uid == old => NotYet(format!("{name} is {}", claim.phase)),
            _ => Met,
        }
    })
}

/// A claim that is not there, and comes only as long as there is a set to make it.
fn missing(world: &World, set: &str, claim: &str) -> Progress {
    if world.sets.contains_key(set) {
        NotYet(format!("{claim} does not exist"))
    } else {
        Never(format!(
            "{claim} does not exist, and nothing makes it again: the StatefulSet {set} does not exist"
        ))
    }
}

/// Each claim of the ordinal is there and Bound.
pub fn claims_bound(promise: &Promise, ordinal: u32) -> Expectation {
    let names: Vec<_> = promise.claims(ordinal).collect();
    Expectation::new(format!("the claims {} are bound", names.join(", ")), move |world| {
        match names.iter().find_map(|name| unbound(world, name)) {
            None => Met,
            Some(why) => NotYet(why),
        }
    })
}

/// The set has one claim for each template and replica, all of them Bound, and no other.
pub fn claims_exactly(promise: &Promise, replicas: u32) -> Expectation {
    let promise = promise.clone();
    let ordinals = promise.start..promise.start + replicas;
    let wanted: BTreeSet<_> = ordinals.flat_map(|ordinal| promise.claims(ordinal)).collect();
    let names: Vec<_> = wanted.iter().cloned().collect();
    Expectation::new(
        format!("the claims {} are bound, and there is no other", names.join(", ")),
        move |world| match world.claims_of(&promise).find(|claim| !wanted.contains(&claim.meta.name)) {
            Some(other) => NotYet(format!("{} is there as well", other.meta.name)),
            None => names.iter().find_map(|name| unbound(world, name)).map_or(Met, NotYet),
        },
    )
}

/// Each pod of the set that is there has its claims. Pods and claims are watched apart: those of a pod that was just
/// made may be heard after it.
pub fn pods_have_claims(promise: &Promise) -> Expectation {
    let promise = promise.clone();
    Expectation::new(format!("each pod of {} has its claims", promise.set), move |world| {
        let mut wanted = world.pods_of(&promise).into_keys().flat_map(|ordinal| promise.claims(ordinal));
        match wanted.find(|name| !world.volume_claims.contains_key(name)) {
            None => Met,
            Some(name) => NotYet(format!("{name} does not exist")),
        }
    })
}

/// What a claim that is not bound waits for, by what was said of it last, a warning before all else; nothing of one that is.
pub(super) fn unbound(world: &World, name: &str) -> Option<String> {
    let Some(claim) = world.volume_claims.get(name) else { return Some(format!("{name} does not exist")) };
    if claim.phase == "Bound" {
        return None;
    }
    let mut events = world.events_about(&format!("PersistentVolumeClaim/{name}"));
    events.retain(|event| event.regarding_uid == claim.meta.uid);
    let warning = events.iter().rev().find(|event| event.severity == "Warning");
    let said = warning.or(events.last());
    let said = said.map(|event| format!(" ({}: {})", event.reason, event.message)).unwrap_or_default();
    Some(format!("{name} is {}{said}", claim.phase))
}

/// None of these PVCs exists.
pub fn claims_gone(claims: impl IntoIterator<Item = String>) -> Expectation {
    let names: Vec<_> = claims.into_iter().collect();
    Expectation::new(format!("the claims {} are gone", names.join(", ")), move |world| {
        match names.iter().find_map(|name| world.volume_claims.get(name)) {
            None => Met,
            Some(claim) if claim.meta.terminating => NotYet(format!("{} is being deleted", claim.meta.name)),
            Some(claim) => NotYet(format!("{} is {}", claim.meta.name, claim.phase)),
        }
    })
}

/// These PVCs are owned by objects of exactly these kinds.
pub fn claims_owned(claims: impl IntoIterator<Item = String>, kinds: &[&str]) -> Expectation {
    let names: Vec<_> = claims.into_iter().collect();
    let kinds: BTreeSet<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    Expectation::new(format!("the claims {} are owned by {kinds:?}", names.join(", ")), move |world| {
        for name in &names {
            let Some(claim) = world.volume_claims.get(name) else {
                return NotYet(format!("{name} does not exist"));
            };
            let owners: BTreeSet<_> = claim.meta.owners.iter().map(|owner| owner.kind.clone()).collect();
            if owners != kinds {
                return NotYet(format!("{name} is owned by {owners:?}"));
            }
        }
        Met
    })
}

/// No PVC of the set is being deleted or about to be: none of them belongs to a pod that is gone.
///
/// A set that is scaled up before that finds claims that vanish under its new pods, and Kubernetes leaves such a
/// pod Pending for as long as nothing else makes the controller look.
pub fn claims_settled(promise: &Promise) -> Expectation {
    let promise = promise.clone();
    Expectation::new(format!("no claim of {} is about to go", promise.set), move |world| {
        for claim in world.claims_of(&promise) {
            let name = &claim.meta.name;
            if claim.meta.terminating {
                return NotYet(format!("{name} is being deleted"));
            }
            let gone = |owner: &&Owner| {
                owner.kind == "Pod" && world.pods.get(&owner.name).is_none_or(|pod| pod.meta.uid != owner.uid)
            };
            if let Some(pod) = claim.meta.owners.iter().find(gone) {
                return NotYet(format!("{name} belongs to {}, which is gone", pod.name));
            }
        }
        Met
    })
}
