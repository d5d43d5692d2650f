//! Which pods are healthy, as far as the controller can know.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use crate::journal::{Change, Entry, Fact, Promise, Record, World, fact::Set};

/// Which pods were healthy, since when they are not, and whether the controller has looked since.
///
/// The controller reads from a cache: a pod that stopped being Ready a moment ago may not have reached it. So a pod
/// counts against it only if it never was healthy, or if the controller must have looked since. It has when it wrote a
/// status; and when it did what needs another pod that was healthy for the first time only after this one was not any
/// more, since its cache shows all pods as they were at one moment.
#[derive(Default)]
pub(super) struct Health<'history> {
    pods: BTreeMap<u32, PodHealth<'history>>,
    /// Ordinals that are not healthy now. Of those never seen, only the neighbours of one that was: a range that
    /// lacks any lacks one of these, or its first.
    ill: BTreeSet<u32>,
    healthy: BTreeMap<&'history str, BTreeSet<u32>>,
    /// How many versions of pods there were.
    versions: u64,
    statuses: u64,
    set: Option<&'history Set>,
}

/// What the controller alone writes.
pub(super) fn status(set: &Set) -> (i64, [u32; 5], [&str; 2]) {
    let counts = [set.current, set.ready, set.available, set.at_current, set.at_update];
    (set.observed, counts, [&set.current_revision, &set.update_revision])
}

struct PodHealth<'history> {
    healthy: bool,
    /// Which version of a pod showed it healthy for the first time, as this object.
    first: Option<u64>,
    /// Which version of a pod began this.
    since: u64,
    /// How many statuses the controller had written when this began.
    statuses: u64,
    entry: &'history Entry,
}

impl<'history> Health<'history> {
    pub(super) fn follow(&mut self, entry: &'history Entry, promise: &Promise) {
        match &entry.record {
            Record::Object { change, fact: Fact::Pod(pod), .. } => {
                let Some(ordinal) = promise.ordinal(&pod.meta.name) else { return };
                let healthy = *change != Change::Deleted && pod.healthy();
                let before = self.pods.get(&ordinal);
                let fresh = *change == Change::Added;
                self.versions += 1;
                let unchanged = before.filter(|before| !fresh && before.healthy == healthy);
                let health = PodHealth {
                    healthy,
                    first: before
                        .filter(|_| !fresh)
                        .and_then(|before| before.first)
                        .or(healthy.then_some(self.versions)),
                    since: unchanged.map_or(self.versions, |before| before.since),
                    statuses: unchanged.map_or(self.statuses, |before| before.statuses),
                    entry: unchanged
                        .filter(|_| *change != Change::Deleted)
                        .map_or(entry, |before| before.entry),
                };
                self.pods.insert(ordinal, health);
                let alike = self.healthy.entry(pod.revision()).or_default();
                if healthy {
                    alike.insert(ordinal);
                    self.ill.remove(&ordinal);
                } else {
                    alike.remove(&ordinal);
                    self.ill.insert(ordinal);
                }
                let neighbours = ordinal.checked_sub(1).into_iter().chain(ordinal.checked_add(1));
                self.ill.extend(neighbours.filter(|ordinal| !self.pods.contains_key(ordinal)));
            }
            Record::Object { fact: Fact::Set(set), .. } if set.meta.name == promise.set => {
                // A version that differs in its spec alone is ours, and proves nothing of the controller.
                if self.set.is_none_or(|before| status(before) != status(set)) {
                    self.statuses += 1;
                }
                self.set = Some(set);
            }
            _ => {}
        }
    }

    /// The controller itself has taken this pod away: it need not look to know.
    pub(super) fn taken(&mut self, ordinal: u32) {
        if let Some(health) = self.pods.get_mut(&ordinal) {
            health.first = None;
        }
    }

    /// The pods of these ordinals that forbid a step now, each with the reason and its proof.
    pub(super) fn against(
        &self,
        world: &World,
        promise: &Promise,
        ordinals: Range<u32>,
    ) -> impl Iterator<Item = (String, Option<&'history Entry>)> {
        let never_seen = Some(ordinals.start).filter(|first| {
            !ordinals.is_empty() && !self.pods.contains_key(first) && !self.ill.contains(first)
        });
        let ill = if ordinals.is_empty() { None } else { Some(self.ill.range(ordinals.clone()).copied()) };
        never_seen.into_iter().chain(ill.into_iter().flatten()).filter_map(move |ordinal| {
            let (why, proof) = self.excludes(world, promise, ordinal, &ordinals)?;
            Some((format!("{} {why}", promise.pod(ordinal)), proof))
        })
    }

    fn excludes(
        &self,
        world: &World,
        promise: &Promise,
        ordinal: u32,
        needed: &Range<u32>,
    ) -> Option<(String, Option<&'history Entry>)> {
        let Some(health) = self.pods.get(&ordinal) else { return Some(("did not exist".to_owned(), None)) };
        let later = |(_, other): (_, &PodHealth)| other.first.is_some_and(|first| first > health.since);
        // Where several may be missing, the other may have been so at that moment.
        let looked = self.statuses > health.statuses
            || (promise.max_unavailable == 1 && self.pods.range(needed.clone()).any(later));
        if health.healthy || (health.first.is_some() && !looked) {
            return None;
        }
        let why = match world.pods.get(&promise.pod(ordinal)) {
            Some(pod) => format!("was not ready: {}", pod.summary()),
            None => "was gone".to_owned(),
        };
        Some((why, Some(health.entry)))
    }

    /// The healthy pods among these ordinals that are of this revision.
    pub(super) fn alike(&self, revision: &str, ordinals: Range<u32>) -> impl Iterator<Item = u32> {
        let alike = self.healthy.get(revision).filter(|_| !ordinals.is_empty());
        alike.into_iter().flat_map(move |alike| alike.range(ordinals.clone()).copied())
    }
}
