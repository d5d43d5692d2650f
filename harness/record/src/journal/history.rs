//! Everything that happened, in the cluster's own order.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use super::{Change, Entry, Fact, Kind, Promise, Record, World};

/// A journal, ordered for judging.
///
/// Watches of different kinds arrive on different connections, so the order of receiving says nothing across
/// kinds. The revisions do: one etcd numbers every change of every kind but events, which some clusters keep in another.
/// An act of ours comes just before what it brought about, by the API server's own answer. What has no revision stays
/// behind what was received before it, and so does an end that nobody saw: a list that lacks an object tells it at its last version.
#[derive(Debug, Clone, Default)]
pub struct History {
    entries: Vec<Arc<Entry>>,
}

impl History {
    /// Orders a journal's entries.
    pub fn new(entries: impl IntoIterator<Item = Arc<Entry>>) -> Self {
        let entries: Vec<_> = entries.into_iter().collect();
        let answered = entries.iter().filter_map(|entry| match &entry.record {
            Record::Answered(answered) => Some((answered.act, answered.revision)),
            _ => None,
        });
        let mut answered: BTreeMap<u64, u64> = answered.collect();
        for (act, marked) in marked(&entries) {
            answered.entry(act).and_modify(|revision| *revision = marked.min(*revision));
        }
        let unseen = unseen_ends(&entries);
        let mut newest = 0;
        let mut keyed: Vec<_> = entries
            .into_iter()
            .map(|entry| {
                // An answered act comes before all that has its revision; all else by its line.
                let key = match (&entry.record, answered.get(&entry.line)) {
                    (Record::Object { fact: Fact::Event(_), .. }, _) => (newest, 1),
                    _ if unseen.contains(&entry.line) => (newest, 1),
                    (Record::Object { revision, .. }, _) => {
                        newest = newest.max(*revision);
                        (*revision, 1)
                    }
                    // What changed nothing is answered with a revision of before.
                    (_, Some(revision)) if *revision > newest => (*revision, 0),
                    _ => (newest, 1),
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

    /// How many of the entries come before this gap may have begun: those up to the last that was told of its kind, or up to the last
    /// moment until which all was recorded.
    pub fn before(&self, gap: &Entry, kind: Kind) -> usize {
        let told = |entry: &Arc<Entry>| match &entry.record {
            Record::Object { fact, .. } => fact.kind() == kind,
            Record::Barrier => true,
            _ => false,
        };
        self.entries.iter().rposition(|entry| entry.line < gap.line && told(entry)).map_or(0, |last| last + 1)
    }
}

/// The lines of the ends that nobody saw: what a list lacked after a gap.
fn unseen_ends(entries: &[Arc<Entry>]) -> BTreeSet<u64> {
    let gap = |entry: &Arc<Entry>| matches!(entry.record, Record::Gap { bridged: false, .. });
    if !entries.iter().any(gap) {
        return BTreeSet::new();
    }
    let (mut last, mut unseen) = (HashMap::new(), BTreeSet::new());
    for entry in entries {
        let Record::Object { change, revision, fact } = &entry.record else { continue };
        let before = last.insert(fact.meta().uid.as_str(), *revision);
        if *change == Change::Deleted && before == Some(*revision) {
            unseen.insert(entry.line);
        }
    }
    unseen
}

/// The revision with which each object of ours began to go, by the act that deleted it. What goes at once (a pod that is on no node)
/// is marked first, and the answer tells the revision of its end.
fn marked(entries: &[Arc<Entry>]) -> BTreeMap<u64, u64> {
    let (mut deleting, mut marked) = (BTreeMap::new(), BTreeMap::new());
    for entry in entries {
        match &entry.record {
            Record::Act(act) if act.verb == "delete" => {
                deleting.insert(act.target.as_str(), entry.line);
            }
            Record::Object { revision, fact, .. } if fact.meta().terminating => {
                let target = format!("{:?}/{}", fact.kind(), fact.meta().name).to_lowercase();
                if let Some(act) = deleting.remove(target.as_str()) {
                    marked.insert(act, *revision);
                }
            }
            _ => {}
        }
    }
    marked
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::journal::{Act, Answered, Change, Reducer};

    /// The lines of a history in its order.
    fn order(records: Vec<Record>) -> Vec<u64> {
        let entry = |(line, record)| Arc::new(Entry { line, at: Timestamp::UNIX_EPOCH, record });
        let history = History::new((1..).zip(records).map(entry));
        history.entries().iter().map(|entry| entry.line).collect()
    }

    fn object(kind: Kind, revision: u64) -> Record {
        let object = json!({"metadata": {"name": "x", "uid": "x"}, "involvedObject": {}});
        Record::Object {
            change: Change::Added,
            revision,
            fact: Reducer::default().reduce(kind, &object).unwrap(),
        }
    }

    /// One that is to go.
    fn going(revision: u64) -> Record {
        let object =
            json!({"metadata": {"name": "x", "uid": "x", "deletionTimestamp": "2026-11-29T20:52:20Z"}});
        let fact = Reducer::default().reduce(Kind::Pod, &object).unwrap();
        Record::Object { change: Change::Modified, revision, fact }
    }

    fn act() -> Record {
        Record::Act(Box::new(Act { verb: "delete".into(), target: "pod/x".into(), text: String::new() }))
    }

    #[test]
    fn an_act_comes_before_what_it_brought_about_and_after_what_was_before() {
        let answered = Record::Answered(Answered { act: 2, revision: 12 });
        // Revision 11 was before the act, and is heard after it.
        let records =
            vec![object(Kind::Pod, 10), act(), answered, object(Kind::Pod, 12), object(Kind::Pod, 11)];
        assert_eq!(order(records), [1, 3, 5, 2, 4]);
    }

    // As garage::machine_replaced met it: the pod that its administrator deletes is on no node yet.
    #[test]
    fn the_deletion_of_what_goes_at_once_comes_before_its_mark() {
        let answered = Record::Answered(Answered { act: 2, revision: 15 });
        let records =
            vec![object(Kind::Pod, 10), act(), object(Kind::Pod, 11), going(13), answered, going(15)];
        assert_eq!(order(records), [1, 3, 2, 4, 5, 6]);
    }

    #[test]
    fn what_changed_nothing_stays_where_it_was_done() {
        let answered = Record::Answered(Answered { act: 2, revision: 3 });
        assert_eq!(order(vec![object(Kind::Pod, 10), act(), answered, object(Kind::Pod, 11)]), [1, 2, 3, 4]);
    }

    #[test]
    fn events_of_another_etcd_say_nothing_of_the_order() {
        let records = vec![object(Kind::Pod, 10), object(Kind::Event, 9000), act(), object(Kind::Pod, 11)];
        assert_eq!(order(records), [1, 2, 3, 4]);
    }
}
