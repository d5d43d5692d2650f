//! What is asked at the end, when nothing is written any more, by those who had no part in the load: only there does it count that
//! no good answer came. In the middle of a fault that is no news.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::operation::{Action, Answer, How, Operation, Outcome};

/// The end of a history.
pub(super) struct End<'a> {
    /// When the last write was over.
    settled: Option<Timestamp>,
    /// The processes that had begun before.
    load: HashSet<u32>,
    /// The size of the largest content that ever went whole on the way to each endpoint, in either direction.
    whole: HashMap<&'a str, u64>,
    /// When each endpoint was last asked at the end for content that it gave.
    given: HashMap<&'a str, Timestamp>,
}

impl<'a> End<'a> {
    /// Finds it.
    pub fn new(all: &'a [Operation]) -> Self {
        let writes = all.iter().filter(|one| one.action.writes());
        let settled = writes.filter_map(|one| one.ended.or(Some(one.invoked))).max();
        let load = all.iter().filter(|one| Some(one.invoked) < settled).map(|one| one.process).collect();
        let mut whole: HashMap<&str, u64> = HashMap::new();
        for (one, size) in all.iter().filter_map(|one| Some((one, carried(one)?))) {
            let largest = whole.entry(&one.endpoint).or_default();
            *largest = size.max(*largest);
        }
        let end = Self { settled, load, whole, given: HashMap::new() };
        let mut given: HashMap<&str, Timestamp> = HashMap::new();
        for one in all.iter().filter(|one| end.has(one) && came(one).is_some()) {
            let last = given.entry(&one.endpoint).or_insert(one.invoked);
            *last = one.invoked.max(*last);
        }
        Self { given, ..end }
    }

    /// Whether an operation is of it. Where nothing was ever written, nothing has an end.
    pub fn has(&self, one: &Operation) -> bool {
        self.settled.is_some_and(|settled| one.invoked >= settled) && !self.load.contains(&one.process)
    }

    /// Whether the endpoint of an operation of the end gave something that was asked for after that was over.
    pub fn goes_on_after(&self, one: &Operation) -> bool {
        self.given.get(&*one.endpoint).is_some_and(|last| one.ended.is_some_and(|ended| *last > ended))
    }

    /// Whether something as large as this ever went whole on the way to an endpoint: then the way is not what breaks it off, even where
    /// nothing as large is given at the end.
    pub fn carried(&self, endpoint: &str, size: u64) -> bool {
        self.whole.get(endpoint).is_some_and(|largest| *largest >= size)
    }
}

/// The size of the content that went whole with an operation.
fn carried(one: &Operation) -> Option<u64> {
    match (&one.action, &one.outcome) {
        // Its parts go one by one.
        (Action::Put { how: How::Parts, .. }, _) => None,
        (Action::Put { value, .. }, Outcome::Ok(_)) => Some(value.size),
        _ => came(one),
    }
}

/// The size of the content that came with one.
fn came(one: &Operation) -> Option<u64> {
    match (&one.action, &one.outcome) {
        (
            Action::Get { .. } | Action::Range { .. },
            Outcome::Ok(Answer::Found(value) | Answer::Mislabelled(value)),
        ) => Some(value.size),
        _ => None,
    }
}
