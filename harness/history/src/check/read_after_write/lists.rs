//! Whoever reads a list sees all that was appended to it and acknowledged before: that a transaction was lost, or came from an older
//! state, no order of transactions tells.

use std::collections::{HashMap, HashSet};

use crate::{
    check::judgement::{Anomaly, Judgement, Kind},
    operation::{Action, Answer, Operation, Outcome, Step},
};

/// What was appended to a list and acknowledged, and what was read of it; with the places of their operations.
#[derive(Default)]
struct List<'a> {
    appended: Vec<(u32, u64)>,
    reads: Vec<(u32, &'a [u64])>,
}

/// The strictest of the appends that are known from some moment on.
#[derive(Clone, Copy)]
struct Known {
    /// Where its element is in the list's order; after all of it where nobody has read it.
    place: usize,
    append: (u32, u64),
}

/// Judges every read of a list.
pub fn judge(all: &[Operation], judgement: &mut Judgement) {
    let mut lists: HashMap<u32, List<'_>> = HashMap::new();
    for (place, one) in (0..).zip(all) {
        let (Action::Transaction(steps), Outcome::Ok(Answer::Lists(reads))) = (&one.action, &one.outcome)
        else {
            continue;
        };
        let mut reads = reads.iter();
        for step in steps {
            match step {
                Step::Append { list, element } => {
                    lists.entry(*list).or_default().appended.push((place, *element));
                }
                Step::Undone { .. } => {}
                Step::Read { list } => {
                    lists.entry(*list).or_default().reads.extend(reads.next().map(|read| (place, &**read)));
                }
            }
        }
    }
    let mut found: Vec<Anomaly> = Vec::new();
    for (name, list) in lists {
        judgement.judged += list.reads.len() as u64;
        list.judge(name, all, &mut found);
    }
    found.sort_by(|one, other| one.lines.cmp(&other.lines));
    judgement.anomalies.append(&mut found);
}

impl List<'_> {
    fn judge(mut self, name: u32, all: &[Operation], found: &mut Vec<Anomaly>) {
        let of = |place: u32| all.get(place as usize);
        let ended = |append: &(u32, u64)| of(append.0).and_then(|one| one.ended);
        self.appended.sort_by_key(ended);
        let order =
            self.reads.iter().map(|(_, read)| *read).max_by_key(|read| read.len()).unwrap_or_default();
        let places: HashMap<u64, usize> = order.iter().copied().zip(0..).collect();
        let mut known: Vec<Known> = Vec::with_capacity(self.appended.len());
        for append in &self.appended {
            let place = places.get(&append.1).copied().unwrap_or(order.len());
            let last = known.last().filter(|last| last.place > place);
            known.push(last.copied().unwrap_or(Known { place, append: *append }));
        }
        for (place, read) in &self.reads {
            let Some(reader) = of(*place) else { continue };
            let before = self.appended.partition_point(|append| ended(append) < Some(reader.invoked));
            let lacks = if order.starts_with(read) {
                let strictest = before.checked_sub(1).and_then(|last| known.get(last));
                strictest.filter(|known| known.place >= read.len()).map(|known| known.append)
            } else {
                // In another order: what it has tells nothing of what else it has.
                let has: HashSet<&u64> = read.iter().collect();
                self.appended.iter().take(before).find(|append| !has.contains(&append.1)).copied()
            };
            let Some((writer, element)) = lacks.and_then(|(place, element)| Some((of(place)?, element)))
            else {
                continue;
            };
            found.push(Anomaly {
                kind: Kind::Stale,
                text: format!(
                    "list {name} at {}: the read that began at {} lacks {element}, which was acknowledged before",
                    reader.endpoint, reader.invoked
                ),
                lines: vec![reader.line, writer.line],
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{operation, unknown};

    const APPEND: fn(u64) -> Step = |element| Step::Append { list: 1, element };

    fn one(line: u64, steps: &[Step], reads: &[&[u64]], span: (i64, i64)) -> Operation {
        let reads = reads.iter().map(|read| read.to_vec().into()).collect();
        operation(line, Action::Transaction(steps.to_vec()), span, Outcome::Ok(Answer::Lists(reads)))
    }

    fn stale(all: &[Operation]) -> Vec<Vec<u64>> {
        let mut judgement = Judgement::default();
        judge(all, &mut judgement);
        assert!(judgement.anomalies.iter().all(|one| one.kind == Kind::Stale));
        judgement.anomalies.into_iter().map(|one| one.lines).collect()
    }

    #[test]
    fn what_was_appended_and_acknowledged_before_is_read() {
        let read = |line, seen: &[u64], span| one(line, &[Step::Read { list: 1 }], &[seen], span);
        let appended = [
            one(1, &[APPEND(1)], &[], (0, 1)),
            one(2, &[APPEND(2)], &[], (2, 5)),
            Operation { outcome: unknown(), ..one(3, &[APPEND(3)], &[], (2, 3)) },
        ];
        let with = |reads: &[Operation]| stale(&[&appended, reads].concat());
        // At the same time as the second, and what nobody knows.
        assert_eq!(
            with(&[read(4, &[1], (4, 6)), read(5, &[1, 2], (6, 7)), read(6, &[1, 2, 3], (8, 9))]),
            [[0; 2]; 0]
        );
        assert_eq!(with(&[read(4, &[], (2, 6))]), [[4, 1]]);
        assert_eq!(with(&[read(4, &[1, 2, 3], (6, 7)), read(5, &[1], (6, 7))]), [[5, 2]]);
        // Nobody has ever read the second, and the third came in its place.
        assert_eq!(with(&[read(4, &[1, 3], (6, 7))]), [[4, 2]]);
        // In another order than the longest.
        assert_eq!(with(&[read(4, &[1, 2, 3], (6, 7)), read(5, &[3, 1], (6, 7))]), [[5, 2]]);
    }

    #[test]
    fn what_a_transaction_appends_itself_is_no_reason() {
        let steps = [Step::Read { list: 1 }, APPEND(2), Step::Read { list: 1 }];
        let all = [one(1, &[APPEND(1)], &[], (0, 1)), one(2, &steps, &[&[1], &[1, 2]], (2, 3))];
        assert_eq!(stale(&all), [[0; 2]; 0]);
        let lost = [one(1, &[APPEND(1)], &[], (0, 1)), one(2, &steps, &[&[], &[2]], (2, 3))];
        assert_eq!(stale(&lost), [[2, 1], [2, 1]]);
    }
}
