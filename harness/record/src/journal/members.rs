//! When each node of a store may have been up: its pod's life, read off a journal.

use std::collections::BTreeMap;

use history::check::{Members, Up};

use super::{Change, Fact, History, Promise, Record};

/// The nodes of a store that are the pods of a set, from before each could answer until after it could: from the pod's creation
/// until it was seen gone.
pub fn members(history: &History, promise: &Promise, quorum: u32) -> Members {
    let mut lives: BTreeMap<&str, Up> = BTreeMap::new();
    for entry in history.entries() {
        let Record::Object { change, fact: Fact::Pod(pod), .. } = &entry.record else { continue };
        if promise.ordinal(&pod.meta.name).is_none() {
            continue;
        }
        let life = lives.entry(&pod.meta.uid).or_insert_with(|| {
            // What we heard late had begun before.
            let from = pod.created.map_or(entry.at, |created| created.min(entry.at));
            Up { node: pod.meta.name.clone(), from, to: None }
        });
        life.to = (*change == Change::Deleted).then_some(entry.at);
    }
    Members { quorum, up: lives.into_values().collect() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::journal::{Entry, fact::Pod};

    #[test]
    fn a_node_may_be_up_from_its_pods_creation_until_that_is_gone() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let pod = |name: &str, uid: &str, created: Option<i64>| {
            let meta =
                crate::journal::fact::Meta { name: name.into(), uid: uid.into(), ..Default::default() };
            Fact::Pod(Arc::new(Pod { meta: Arc::new(meta), created: created.map(at), ..Pod::default() }))
        };
        let seen = [
            (10, Change::Added, pod("db-0", "a", Some(9))),
            (11, Change::Added, pod("db-1", "b", Some(12))),
            (12, Change::Added, pod("probe", "c", None)),
            (13, Change::Modified, pod("db-0", "a", Some(9))),
            (14, Change::Deleted, pod("db-0", "a", Some(9))),
            (15, Change::Added, pod("db-0", "d", None)),
        ];
        let entries = seen.into_iter().zip(1..).map(|((second, change, fact), line)| {
            let record = Record::Object { change, revision: line, fact };
            Arc::new(Entry { line, at: at(second), record })
        });
        let promise = Promise::of(&json!({"metadata": {"name": "db"}, "spec": {}}));
        let members = members(&History::new(entries), &promise, 2);
        let mut up: Vec<_> = members.up.into_iter().map(|up| (up.node, up.from, up.to)).collect();
        up.sort();
        let expected = [("db-0", 9, Some(14)), ("db-0", 15, None), ("db-1", 11, None)];
        assert_eq!(up, expected.map(|(node, from, to)| (node.to_owned(), at(from), to.map(at))));
    }
}
