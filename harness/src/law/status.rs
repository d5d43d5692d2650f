//! What a set says of itself.

use super::Inquiry;
use crate::{
    claim::K19,
    journal::{Fact, Kind, Promise, Record, fact::Set},
};

/// K19: the counters of a set's status never contradict each other, and what it has seen never grows less.
pub fn counters_add_up(_: &Promise) -> Inquiry<'_> {
    let mut last: Option<&Set> = None;
    let mut former = 0;
    Inquiry::new(K19, &[Kind::StatefulSet], move |judgement, world, promise, entry| {
        let Record::Object { fact: Fact::Set(set), .. } = &entry.record else { return };
        if set.meta.name != promise.set {
            return;
        }
        if let Some(last) = last.filter(|last| last.meta.uid != set.meta.uid) {
            former = last.meta.generation;
        }
        last = Some(set);
        // A controller that was about to write a status writes it to the set that was made again under the name.
        let inherited = |set: &Set| set.observed > set.meta.generation && set.observed <= former;
        if inherited(set) {
            return;
        }
        judgement.examined += 1;
        let before = world.sets.get(&promise.set).filter(|before| before.meta.uid == set.meta.uid);
        let before = before.filter(|before| !inherited(before));
        let wrong = contradiction(set).or_else(|| {
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
