//! Pods that the controller takes away.

use std::collections::HashSet;

use super::{by_hand::ByHand, demand::Demand};
use crate::journal::{Change, Entry, Fact, Promise, Record, World, fact::Pod};

/// Follows which pods begin to end, and by whose will. What we delete ourselves is not the controller's doing; neither
/// is what an eviction, a taint or the end of a node takes, nor what goes with a deleted set.
pub(super) struct Removals<'history> {
    pub(super) demand: Demand<'history>,
    by_hand: ByHand<'history>,
    ending: HashSet<&'history str>,
}

impl<'history> Removals<'history> {
    pub(super) fn new() -> Self {
        Self { demand: Demand::default(), by_hand: ByHand::pods(), ending: HashSet::new() }
    }

    /// The pod that the controller begins to take away with this entry.
    pub(super) fn by_controller(
        &mut self,
        world: &World,
        promise: &'history Promise,
        entry: &'history Entry,
    ) -> Option<(u32, &'history Pod)> {
        self.demand.follow(entry, promise);
        self.by_hand.follow(entry);
        let Record::Object { change, fact: Fact::Pod(pod), .. } = &entry.record else { return None };
        let ordinal = promise.ordinal(&pod.meta.name)?;
        let begins = pod.meta.terminating || *change == Change::Deleted;
        let by_another = pod.disrupted.is_some() || self.by_hand.took(&pod.meta.name);
        if !begins || !self.ending.insert(&pod.meta.uid) || by_another {
            return None;
        }
        // A set that was made again does not answer for the pods of the one before.
        let set = world.sets.get(&promise.set).filter(|set| !set.meta.terminating)?;
        let owned = pod.meta.owner().is_some_and(|owner| owner.uid == set.meta.uid);
        owned.then_some((ordinal, pod))
    }

    /// As [`Removals::by_controller`], of pods that are asked for and did not fail: what a roll does.
    pub(super) fn by_roll(
        &mut self,
        world: &World,
        promise: &'history Promise,
        entry: &'history Entry,
    ) -> Option<(u32, &'history Pod)> {
        let (ordinal, pod) = self.by_controller(world, promise, entry)?;
        (self.demand.always().contains(&ordinal) && !ended(pod)).then_some((ordinal, pod))
    }
}

/// Whether a pod ended by itself, so that the controller makes it anew.
pub(super) fn ended(pod: &Pod) -> bool {
    matches!(&*pod.phase, "Failed" | "Succeeded")
}
