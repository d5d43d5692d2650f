//! The same volume back: the claims of a set's pods.

use std::collections::{BTreeMap, BTreeSet};

use super::{Inquiry, Obstacle, by_hand::ByHand, identity::born, judgement::Judgement, removal::ended};
use crate::{
    claim::{K24, S6, S7, S17},
    journal::{
        Change, Entry, Fact, Kind, Promise, Record, World,
        fact::{Pod, VolumeClaim},
    },
    quantity,
};

/// What tells why a claim ends: what its set asks for counts as much as the claim itself.
const READS: &[Kind] = &[Kind::Pod, Kind::PersistentVolumeClaim, Kind::StatefulSet];

/// A PVC that carries one of the set's claim names.
fn claim_of<'entry>(entry: &'entry Entry, promise: &Promise) -> Option<(Change, &'entry VolumeClaim, u32)> {
    match &entry.record {
        Record::Object { change, fact: Fact::VolumeClaim(claim), .. } => {
            Some((*change, claim, promise.claim_ordinal(&claim.meta.name)?))
        }
        _ => None,
    }
}

/// Whether two quantities are one: the API server writes 1024Mi as 1Gi.
fn same(one: &str, other: &str) -> bool {
    one == other || quantity::parse(one).is_some_and(|number| quantity::parse(other) == Some(number))
}

/// S6: each pod mounts one claim per template, named after itself; each claim asks for what the template says.
pub fn claims_belong_to_ordinals(_: &Promise) -> Inquiry<'_> {
    let mut changed: Option<&str> = None;
    Inquiry::new(S6, &[Kind::Pod, Kind::PersistentVolumeClaim], move |judgement, world, promise, entry| {
        if let Record::Terrain(terrain) = &entry.record {
            changed = terrain.namespace.claims_changed.as_deref();
        }
        if let Some(pod) = born(world, entry, promise) {
            judgement.examined += 1;
            for template in promise.templates.keys() {
                let expected = format!("{template}-{}", pod.meta.name);
                let found = pod.claims.get(template);
                if found != Some(&expected) {
                    let found = found.map_or("no claim", String::as_str);
                    judgement.find(
                        format!(
                            "volume {template} of {}: expected the claim {expected}, found {found}",
                            pod.meta.name
                        ),
                        [entry],
                    );
                }
            }
        }
        if let Some((Change::Added | Change::Listed, claim, ordinal)) = claim_of(entry, promise) {
            judgement.examined += 1;
            // The name of one template may begin with another's.
            let template = promise.templates.iter().find(|(template, _)| {
                claim.meta.name.strip_prefix(template.as_str()).and_then(|rest| rest.strip_prefix('-'))
                    == Some(&promise.pod(ordinal))
            });
            if let Some((template, storage)) = template
                && !same(&claim.storage, storage)
            {
                let words = format!(
                    "{} asks for {}; template {template} says {storage}",
                    claim.meta.name, claim.storage
                );
                find(judgement, words, entry, changed);
            }
            if claim.access_modes != ["ReadWriteOnce"] {
                let words = format!(
                    "{} has the access modes {:?}; expected ReadWriteOnce",
                    claim.meta.name, claim.access_modes
                );
                find(judgement, words, entry, changed);
            }
        }
    })
}

/// Adds what is wrong with a claim; where somebody changes claims on their way in it may be his.
fn find(judgement: &mut Judgement, words: String, entry: &Entry, changed: Option<&str>) {
    let Some(changed) = changed else { return judgement.find(words, [entry]) };
    let words = format!("{words}; somebody changes claims here: {changed}");
    judgement.leave(Obstacle::Admission, words, [entry]);
}

/// S7: a pod that comes back finds the claims of its ordinal as they were: the same objects, the same volumes.
pub fn pods_keep_their_claims(_: &Promise) -> Inquiry<'_> {
    // What each ordinal's claims were when its pod was first Ready: claim name to (UID, volume).
    let mut first: BTreeMap<String, (String, String, &Entry)> = BTreeMap::new();
    let mut ready: BTreeMap<u32, &str> = BTreeMap::new();
    Inquiry::new(S7, READS, move |judgement, world, promise, entry| {
        if let Some((Change::Deleted, claim, ordinal)) = claim_of(entry, promise)
            && !end_of(world, promise, claim, ordinal).1
        {
            first.remove(&claim.meta.name);
        }
        let Record::Object { fact: Fact::Pod(pod), .. } = &entry.record else { return };
        let Some(ordinal) = promise.ordinal(&pod.meta.name) else { return };
        if !pod.healthy() || ready.get(&ordinal) == Some(&pod.meta.uid.as_str()) {
            return;
        }
        let again = ready.insert(ordinal, &pod.meta.uid).is_some();
        for claim in promise.volume_claims(ordinal) {
            let now = world.volume_claims.get(&claim);
            let now = now.map(|claim| (claim.meta.uid.clone(), claim.volume.clone().unwrap_or_default()));
            match (now, first.get(&claim)) {
                (Some((uid, volume)), Some((old_uid, old_volume, seen))) => {
                    judgement.examined += 1;
                    if uid != *old_uid || volume != *old_volume {
                        judgement.find(
                            format!(
                                "{} came back with another {claim}: uid {old_uid} on {old_volume} before, {uid} on {volume} now",
                                pod.meta.name
                            ),
                            [*seen, entry],
                        );
                    }
                }
                (Some((uid, volume)), None) => {
                    first.insert(claim, (uid, volume, entry));
                }
                (None, _) => {
                    judgement.examined += u64::from(again);
                    judgement.find(
                        format!("{} is Ready, and its claim {claim} does not exist", pod.meta.name),
                        [entry],
                    );
                }
            }
        }
    })
}

/// Why a claim ends, and whether the retention policy says that it must not.
fn end_of(world: &World, promise: &Promise, claim: &VolumeClaim, ordinal: u32) -> (&'static str, bool) {
    let set = world.sets.get(&promise.set);
    let unasked = set.is_some_and(|set| !(promise.start..promise.start + set.replicas).contains(&ordinal));
    // A claim that goes with a scale-down belongs to its pod, and goes also when the set has grown again meanwhile.
    if unasked || claim.meta.owners.iter().any(|owner| owner.kind == "Pod") {
        ("the set was scaled down", promise.keeps_claims_when_scaled)
    } else {
        ("its set or its pod was deleted", promise.keeps_claims_when_deleted)
    }
}

/// S17: a claim is not deleted because its pod, or its set, went away. What we delete ourselves is written in the
/// journal as an act, and is no finding.
pub fn claims_outlive_pods(_: &Promise) -> Inquiry<'_> {
    let mut by_hand = ByHand::volume_claims();
    let mut reported: BTreeSet<&str> = BTreeSet::new();
    Inquiry::new(S17, READS, move |judgement, world, promise, entry| {
        by_hand.follow(entry);
        // A pod that goes while its claims stay is a moment at which the claim could have been broken.
        if let Record::Object { change: Change::Deleted, fact: Fact::Pod(pod), .. } = &entry.record {
            judgement.examined += u64::from(promise.ordinal(&pod.meta.name).is_some());
        }
        let Some((change, claim, ordinal)) = claim_of(entry, promise) else { return };
        let ends = change == Change::Deleted || claim.meta.terminating;
        let name = claim.meta.name.as_str();
        if !ends || by_hand.took(name) || reported.contains(claim.meta.uid.as_str()) {
            return;
        }
        let (because, kept) = end_of(world, promise, claim, ordinal);
        if kept {
            reported.insert(&claim.meta.uid);
            judgement.find(format!("{name} was deleted when {because}; expected it to stay"), [entry]);
        }
    })
}

/// K24: a claim does not go while a pod that uses it is there. A pod uses a claim when it has a node. One that got it only
/// after the claim's deletion had begun may have been overlooked, and no harm is done until it runs: no kubelet should
/// start it.
pub fn claims_in_use_stay(_: &Promise) -> Inquiry<'_> {
    // By the claim's UID: the pods that used it when its deletion began.
    let mut users: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    Inquiry::new(K24, &[Kind::Pod, Kind::PersistentVolumeClaim], move |judgement, world, promise, entry| {
        let Some((change, claim, _)) = claim_of(entry, promise) else { return };
        let name = &claim.meta.name;
        let using = || world.pods.values().filter(|pod| uses(pod, name));
        if claim.meta.terminating || change == Change::Deleted {
            let now = || using().map(|pod| pod.meta.uid.clone()).collect();
            users.entry(&claim.meta.uid).or_insert_with(now);
        }
        // A claim that a list lacks went at a moment that nobody saw: it is told at its last version.
        let seen = world.volume_claims.get(name).is_none_or(|known| known.version < claim.version);
        let (Change::Deleted, true, Some(users)) = (change, seen, users.get(claim.meta.uid.as_str())) else {
            return;
        };
        judgement.examined += 1;
        for pod in using().filter(|pod| users.contains(&pod.meta.uid) || pod.runs()) {
            let message = format!("{name} went while {} used it: {}", pod.meta.name, pod.summary());
            judgement.find(message, [entry]);
        }
    })
}

/// Whether a pod that has not ended by itself has a node, and the claim among its volumes.
fn uses(pod: &Pod, claim: &str) -> bool {
    pod.node.is_some() && !ended(pod) && pod.claims.values().any(|name| name == claim)
}
