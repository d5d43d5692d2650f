//! Everything that happened, in the cluster's own order.

use std::{collections::BTreeSet, sync::Arc};

use super::{Entry, Kind, Promise, Record, World};

/// A journal, ordered for judging.
///
/// Watches of different kinds arrive on different connections, so the order of receiving says nothing across
/// kinds. The revisions do: one etcd numbers every change of every kind. What has no revision (our own acts,
/// gaps) stays behind what was received before it.
#[derive(Debug, Clone, Default)]
pub struct History {
    entries: Vec<Arc<Entry>>,
}

impl History {
    /// Orders a journal's entries.
    pub fn new(entries: impl IntoIterator<Item = Arc<Entry>>) -> Self {
        let mut newest = 0;
        let mut keyed: Vec<_> = entries
            .into_iter()
            .map(|entry| {
                let key = match &entry.record {
                    Record::Object { revision, .. } => {
                        newest = newest.max(*revision);
                        *revision
                    }
                    _ => newest,
                };
                (key, entry)
            })
            .collect();
        keyed.sort_by_key(|(key, entry)| (*key, entry.line));
        Self { entries: keyed.into_iter().map(|(_, entry)| entry).collect() }
    }

    /// The part of it that passes, in the same order.
    pub fn only(&self, pass: impl Fn(&Entry) -> bool) -> Self {
        Self { entries: self.entries.iter().filter(|entry| pass(entry)).cloned().collect() }
    }

    /// The entries, in order.
    pub fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    /// Walks through the moments: the world just before each entry, and the entry.
    pub fn walk<'history>(&'history self, mut visit: impl FnMut(&World, &'history Entry)) {
        let mut world = World::default();
        for entry in &self.entries {
            visit(&world, entry);
            world.apply(entry);
        }
    }

    /// As [`History::walk`], with the promise that is in force for this one's set at each moment: a scenario may
    /// change what a set promises.
    pub fn walk_promised<'history>(
        &'history self,
        first: &'history Promise,
        mut visit: impl FnMut(&World, &'history Promise, &'history Entry),
    ) {
        let mut promise = first;
        self.walk(|world, entry| {
            if let Record::Promise(newer) = &entry.record
                && newer.set == first.set
            {
                promise = newer;
            }
            visit(world, promise, entry);
        });
    }

    /// What was true just after this line of the journal.
    pub fn at(&self, line: u64) -> World {
        let mut world = World::default();
        for entry in &self.entries {
            world.apply(entry);
            if entry.line == line {
                break;
            }
        }
        world
    }

    /// What each deployed set promised at first.
    pub fn promises(&self) -> impl Iterator<Item = &Promise> {
        let mut sets = BTreeSet::new();
        self.entries.iter().filter_map(move |entry| match &entry.record {
            Record::Promise(promise) => sets.insert(promise.set.as_str()).then_some(promise.as_ref()),
            _ => None,
        })
    }

    /// All that one set promised, in the order of time.
    pub fn promises_of<'history>(
        &'history self,
        set: &'history str,
    ) -> impl Iterator<Item = &'history Promise> {
        self.entries.iter().filter_map(move |entry| match &entry.record {
            Record::Promise(promise) if promise.set == set => Some(promise.as_ref()),
            _ => None,
        })
    }

    /// The gaps in the recording that nothing bridges, with the kind of each.
    pub fn gaps(&self) -> impl Iterator<Item = (Kind, &Entry)> {
        self.entries.iter().filter_map(|entry| match &entry.record {
            Record::Gap { kind, bridged: false, .. } => Some((*kind, entry.as_ref())),
            _ => None,
        })
    }
}
