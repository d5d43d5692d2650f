//! What a set says of itself.

use super::{Inquiry, health::status};
use crate::{
    claim::K19,
    journal::{Fact, Kind, Promise, Record, fact::Set},
};

/// K19: the counters of a set's status never contradict each other, what it has seen never grows less, and there is a generation for
/// each spec: without, nobody knows what was seen.
pub fn counters_add_up(_: &Promise) -> Inquiry<'_> {
    let mut last: Option<&Set> = None;
    let mut former = 0;
    let mut inherited = false;
    Inquiry::new(K19, &[Kind::StatefulSet], move |judgement, _, promise, entry| {
        let Record::Object { fact: Fact::Set(set), .. } = &entry.record else { return };
        if set.meta.name != promise.set {
            return;
        }
        let (same, other) = match last.replace(set) {
            Some(before) if before.meta.uid == set.meta.uid => (Some(before), None),
            before => (None, before),
        };
        former = other.map_or(former, |other| other.meta.generation);
        // A controller that was about to write a status writes it to the set that was made again under the name, where
        // it stays until the next one, whatever is asked of the set meanwhile.
        let before = same.filter(|_| !inherited);
        let stays = inherited && same.is_some_and(|same| status(same) == status(set));
        inherited = stays || (set.observed > set.meta.generation && set.observed <= former);
        if inherited {
            return;
        }
        judgement.examined += 1;
        let unnoted = || {
            let before = same.filter(|before| {
                before.replicas != set.replicas && before.meta.generation == set.meta.generation
            })?;
            let (from, to) = (before.replicas, set.replicas);
            Some(format!(
                "the spec went from {from} to {to} replicas, and stayed generation {}",
                set.meta.generation
            ))
        };
        let wrong = contradiction(set).or_else(unnoted).or_else(|| {
            let before = before.filter(|before| before.observed > set.observed)?;
            Some(format!("observedGeneration went back from {} to {}", before.observed, set.observed))
        });
        if let Some(wrong) = wrong {
            judgement.find(format!("the status of {}: {wrong}", promise.set), [entry]);
        }
    })
}

/// The first two counters that can't both be right.
fn contradiction(set: &Set) -> Option<String> {
    let at_most = |name: &str, count: u32, limit_name: &str, limit: u32| {
        (count > limit).then(|| format!("{name} is {count}, more than {limit_name} {limit}"))
    };
    if set.observed > set.meta.generation {
        return Some(format!(
            "observedGeneration {} is ahead of generation {}",
            set.observed, set.meta.generation
        ));
    }
    let both = if set.current_revision == set.update_revision { 0 } else { set.at_update };
    at_most("readyReplicas", set.ready, "replicas", set.current)
        .or_else(|| at_most("availableReplicas", set.available, "readyReplicas", set.ready))
        .or_else(|| at_most("updatedReplicas", set.at_update, "replicas", set.current))
        .or_else(|| at_most("currentReplicas", set.at_current, "replicas", set.current))
        .or_else(|| {
            at_most("currentReplicas with updatedReplicas", set.at_current + both, "replicas", set.current)
        })
}
