//! What we take away ourselves: no controller's doing.

use std::collections::BTreeMap;

use crate::journal::{Change, Entry, Kind, Record, entry::REFUSED};

/// Follows which objects of a kind we delete or evict. An act means the object that carries the name at that moment, and
/// one that was refused means nothing.
pub(super) struct ByHand<'history> {
    kind: Kind,
    target: &'static str,
    acts: BTreeMap<&'history str, usize>,
}

impl<'history> ByHand<'history> {
    pub(super) fn pods() -> Self {
        Self { kind: Kind::Pod, target: "pod/", acts: BTreeMap::new() }
    }

    pub(super) fn volume_claims() -> Self {
        Self { kind: Kind::PersistentVolumeClaim, target: "persistentvolumeclaim/", acts: BTreeMap::new() }
    }

    pub(super) fn follow(&mut self, entry: &'history Entry) {
        match &entry.record {
            Record::Act(act) => {
                let Some(name) = act.target.strip_prefix(self.target) else { return };
                let acts = self.acts.entry(name).or_default();
                match act.verb.as_str() {
                    "delete" | "evict" => *acts += 1,
                    REFUSED => *acts = acts.saturating_sub(1),
                    _ => {}
                }
            }
            Record::Object { change: Change::Added, fact, .. } if fact.kind() == self.kind => {
                self.acts.remove(fact.meta().name.as_str());
            }
            _ => {}
        }
    }

    pub(super) fn took(&self, name: &str) -> bool {
        self.acts.get(name).is_some_and(|acts| *acts > 0)
    }
}
