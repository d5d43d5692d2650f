//! What was read of a list. Most reads are the beginning of a later one, and then share its memory: else a history of long lists
//! would hold the square of them.

use std::{collections::HashMap, fmt, ops::Deref, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::operation::{Action, Answer, Operation, Outcome, Step};

/// The elements of a list, as a read saw them.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "Vec<u64>", into = "Vec<u64>")]
pub struct Elements {
    /// What it saw, and maybe what a later read saw after it.
    held: Arc<[u64]>,
    length: usize,
}

impl Elements {
    /// The first so many of them.
    fn first(&self, length: usize) -> Self {
        Self { held: Arc::clone(&self.held), length: length.min(self.length) }
    }
}

impl Deref for Elements {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        self.held.get(..self.length).unwrap_or(&self.held)
    }
}

impl From<Vec<u64>> for Elements {
    fn from(elements: Vec<u64>) -> Self {
        Self { length: elements.len(), held: elements.into() }
    }
}

impl From<Elements> for Vec<u64> {
    fn from(elements: Elements) -> Self {
        elements.to_vec()
    }
}

impl PartialEq for Elements {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Elements {}

impl fmt::Debug for Elements {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, formatter)
    }
}

/// Lets reads of these operations that are the beginning of a later one share its memory.
pub fn share(operations: &mut [Operation]) {
    let mut later: HashMap<u32, Elements> = HashMap::new();
    for one in operations.iter_mut().rev() {
        let (Action::Transaction(steps), Outcome::Ok(Answer::Lists(reads))) =
            (&mut one.action, &mut one.outcome)
        else {
            continue;
        };
        // They were read without knowing how many there are.
        steps.shrink_to_fit();
        reads.shrink_to_fit();
        let read = |step: &Step| match step {
            Step::Read { list } => Some(*list),
            Step::Append { .. } | Step::Undone { .. } => None,
        };
        for (list, elements) in steps.iter().filter_map(read).zip(reads) {
            match later.get(&list) {
                Some(longer) if longer.starts_with(elements) => *elements = longer.first(elements.len()),
                _ => drop(later.insert(list, elements.clone())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::operation;

    fn read(line: u64, seen: &[&[u64]]) -> Operation {
        let steps = (0..).take(seen.len()).map(|list| Step::Read { list }).collect();
        let lists = seen.iter().map(|one| one.to_vec().into()).collect();
        operation(line, Action::Transaction(steps), (0, 1), Outcome::Ok(Answer::Lists(lists)))
    }

    #[test]
    fn the_beginning_of_a_later_read_shares_its_memory_and_reads_the_same() {
        let all = [read(1, &[&[1], &[7]]), read(2, &[&[2, 1], &[]]), read(3, &[&[1, 2, 3], &[7, 8]])];
        let mut shared = all.clone();
        share(&mut shared);
        assert_eq!(shared, all);
        let held = |place: usize, list: usize| match &shared[place].outcome {
            Outcome::Ok(Answer::Lists(lists)) => Arc::as_ptr(&lists[list].held).cast::<u64>(),
            _ => panic!("no lists"),
        };
        assert_eq!((held(0, 1), held(1, 1)), (held(2, 1), held(2, 1)));
        assert_ne!(held(1, 0), held(2, 0), "another order is another read");
    }
}
