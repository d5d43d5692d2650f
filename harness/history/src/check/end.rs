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
        Self { settled, load, whole }
    }

    /// Whether an operation is of it. Where nothing was ever written, nothing has an end.
    pub fn has(&self, one: &Operation) -> bool {
        self.settled.is_some_and(|settled| one.invoked >= settled) && !self.load.contains(&one.process)
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
        (
            Action::Get { .. } | Action::Range { .. },
            Outcome::Ok(Answer::Found(value) | Answer::Mislabelled(value)),
        ) => Some(value.size),
        // Its parts go one by one.
        (Action::Put { how: How::Parts, .. }, _) => None,
        (Action::Put { value, .. }, Outcome::Ok(_)) => Some(value.size),
        _ => None,
    }
}
