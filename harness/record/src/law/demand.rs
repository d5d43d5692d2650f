//! What a set demands of its controller, which reads from a cache, at each moment.

use std::{collections::BTreeMap, ops::Range};

use crate::journal::{Change, Entry, Fact, Promise, Record};

/// What a set demands. A controller that has not yet seen a change acts rightly on what was asked before it, so every
/// version of the spec counts from the one on that the controller says it has seen.
#[derive(Default)]
pub(super) struct Demand<'history> {
    replicas: BTreeMap<i64, u32>,
    promises: BTreeMap<i64, &'history Promise>,
    newest: i64,
}

impl<'history> Demand<'history> {
    pub(super) fn follow(&mut self, entry: &Entry, promise: &'history Promise) {
        if self.promises.last_key_value().is_none_or(|(_, last)| !std::ptr::eq(*last, promise)) {
            // The promise is written before the spec is changed.
            let generation = if self.promises.is_empty() { 0 } else { self.newest + 1 };
            self.promises.insert(generation, promise);
        }
        let Record::Object { change, fact: Fact::Set(set), .. } = &entry.record else { return };
        if set.meta.name != promise.set {
            return;
        }
        if *change == Change::Deleted {
            return *self = Self::default();
        }
        self.newest = set.meta.generation;
        self.replicas.insert(set.meta.generation, set.replicas);
        self.replicas.retain(|generation, _| *generation >= set.observed);
        let seen = self.promises.range(..=set.observed).next_back().map_or(0, |(generation, _)| *generation);
        self.promises.retain(|generation, _| *generation >= seen);
    }

    /// What the controller may still be held to.
    pub(super) fn promises(&self) -> impl Iterator<Item = &'history Promise> {
        self.promises.values().copied()
    }

    /// Whether pods of an old revision may go all at once, in any order, be they wanted or not, ready or not (K23).
    pub(super) fn recreates(&self) -> bool {
        self.promises().any(|promise| promise.recreate)
    }

    /// The ordinals from the lowest to the highest that the controller may create.
    pub(super) fn ordinals(&self) -> Range<u32> {
        let starts = || self.promises().map(|promise| promise.start);
        let replicas = self.replicas.values().max();
        // Before the set was seen, nothing is known of its number.
        let end = replicas.map_or(u32::MAX, |replicas| starts().max().unwrap_or(0).saturating_add(*replicas));
        starts().min().unwrap_or(0)..end
    }

    /// The ordinals that every version asks for.
    pub(super) fn always(&self) -> Range<u32> {
        let starts = || self.promises().map(|promise| promise.start);
        let replicas = self.replicas.values().min().copied().unwrap_or(0);
        starts().max().unwrap_or(0)..starts().min().unwrap_or(0).saturating_add(replicas)
    }
}
