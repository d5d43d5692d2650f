//! What is asked at the end, when nothing is written any more, by those who had no part in the load: only there does it count that
//! no good answer came. In the middle of a fault that is no news.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::operation::{Action, Answer, Operation, Outcome};

/// The end of a history.
pub struct End<'a> {
    /// When the last write was over.
    settled: Option<Timestamp>,
    /// The processes that had begun before.
    load: HashSet<u32>,
    /// The size of the largest content that each endpoint gave then.
    whole: HashMap<&'a str, u64>,
}

impl<'a> End<'a> {
    /// Finds it.
    pub fn new(all: &'a [Operation]) -> Self {
        let writes = all.iter().filter(|one| one.action.writes());
        let settled = writes.filter_map(|one| one.ended.or(Some(one.invoked))).max();
        let load = all.iter().filter(|one| Some(one.invoked) < settled).map(|one| one.process).collect();
        let mut end = Self { settled, load, whole: HashMap::new() };
        for one in all {
            let Outcome::Ok(Answer::Found(value) | Answer::Mislabelled(value)) = &one.outcome else {
                continue;
            };
            // A head has no content.
            if end.has(one) && !matches!(one.action, Action::Head { .. }) {
                let largest = end.whole.entry(&one.endpoint).or_default();
                *largest = value.size.max(*largest);
            }
        }
        end
    }

    /// Whether an operation is of it. Where nothing was ever written, nothing has an end.
    pub fn has(&self, one: &Operation) -> bool {
        self.settled.is_some_and(|settled| one.invoked >= settled) && !self.load.contains(&one.process)
    }

    /// Whether an endpoint then gave something as large as this, whole.
    pub fn gave(&self, endpoint: &str, size: u64) -> bool {
        self.whole.get(endpoint).is_some_and(|largest| *largest >= size)
    }
}
