//! A read that begins after a write was acknowledged sees that write, or a later one.

mod lists;

use std::collections::HashMap;

use jiff::Timestamp;

use super::{
    forgotten::forgotten,
    judgement::{Anomaly, Judgement, Kind},
    keys::{ByKey, OfKey},
    labels,
};
use crate::{
    operation::{Action, Answer, Operation, Outcome},
    value::Value,
};

/// Something that says: from this moment on, nothing older than what was begun then may be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Witness {
    /// From this moment on.
    pub known: Timestamp,
    /// When the write was begun.
    pub begun: Timestamp,
    /// The line that proves it.
    pub line: u64,
}

impl Witness {
    /// A write that was acknowledged.
    pub(super) fn of(write: &Operation) -> Option<Self> {
        write.ended.filter(|_| write.is_ok()).map(|known| Self {
            known,
            begun: write.invoked,
            line: write.line,
        })
    }
}

/// What a read saw, and when that was written.
pub(super) struct Seen<'a> {
    pub read: &'a Operation,
    /// The write that it saw; none for one that saw nothing.
    pub write: Option<&'a Operation>,
}

/// Judges every read of a key, and of a list.
pub fn judge(all: &[Operation]) -> Judgement {
    let mut judgement = Judgement::default();
    for of in ByKey::new(all).iter() {
        let writers = writers(&of);
        // A head tells what is there as well.
        let reads: Vec<&Operation> = of.reads.iter().chain(&of.heads).copied().collect();
        judgement.anomalies.extend(labels::mislabelled(&of, |value| writers.contains_key(&value)));
        judgement.anomalies.extend(forgotten(&of));
        let first = judgement.anomalies.len();
        for (read, found) in reads.iter().filter_map(|read| Some((*read, found(read)?))) {
            let Some((kind, text, line)) = flaw(&of, read, found, writers.get(&found).copied()) else {
                continue;
            };
            // A value that several saw is one.
            match judgement.anomalies.iter_mut().skip(first).find(|one| one.kind == kind) {
                Some(one) if kind != Kind::Future => one.lines.push(read.line),
                _ => {
                    let lines = [Some(read.line), line].into_iter().flatten().collect();
                    judgement.anomalies.push(Anomaly { kind, text, lines });
                }
            }
        }
        let mut seen = seen(&reads, &writers);
        judgement.judged += reads.iter().filter(|read| found(read).is_some() || absent(read)).count() as u64;
        // What was refused has no place in the order.
        seen.retain(|one| !one.write.is_some_and(|write| matches!(write.outcome, Outcome::Failed(_))));
        let witnesses = of.writes.iter().filter_map(|write| Witness::of(write)).collect();
        older(&of, &seen, witnesses, Kind::Stale, &mut judgement);
    }
    lists::judge(all, &mut judgement);
    judgement
}

/// What is wrong with a read by what it saw, and the line of the write that it saw: every write is noted before it is sent.
fn flaw(
    of: &OfKey<'_>,
    read: &Operation,
    found: Value,
    write: Option<&Operation>,
) -> Option<(Kind, String, Option<u64>)> {
    let told = format!("{} at {}: the read that began at {} saw", of.key, read.endpoint, read.invoked);
    let Some(write) = write else {
        let kind = match read.action {
            Action::Head { .. } => Kind::Mislabelled,
            _ if of.writes.is_empty() => Kind::Phantom,
            _ => Kind::Diverged,
        };
        return Some((kind, format!("{told} {found}, which nobody sent"), None));
    };
    if let Outcome::Failed(failure) = &write.outcome {
        let text = format!("{told} what the store had refused: {failure}");
        return Some((Kind::RefusedButStored, text, Some(write.line)));
    }
    let future = read.ended.is_some_and(|ended| ended < write.invoked);
    future.then(|| (Kind::Future, format!("{told} what was sent at {}", write.invoked), Some(write.line)))
}

pub(super) fn found(read: &Operation) -> Option<Value> {
    match read.outcome {
        Outcome::Ok(Answer::Found(value) | Answer::Mislabelled(value)) => Some(value),
        _ => None,
    }
}

fn absent(read: &Operation) -> bool {
    read.outcome == Outcome::Ok(Answer::Absent)
}

/// Who wrote which value of a key. One that was refused counts only where nobody else wrote it.
pub(super) fn writers<'a>(of: &OfKey<'a>) -> HashMap<Value, &'a Operation> {
    let mut writers: HashMap<Value, &Operation> = HashMap::new();
    for write in &of.writes {
        let Action::Put { value, .. } = write.action else { continue };
        if matches!(write.outcome, Outcome::Failed(_)) {
            writers.entry(value).or_insert(write);
        } else {
            writers.insert(value, write);
        }
    }
    writers
}

/// The reads that were answered with something that was written, or with nothing: what nobody wrote is no matter of order.
pub(super) fn seen<'a>(reads: &[&'a Operation], writers: &HashMap<Value, &'a Operation>) -> Vec<Seen<'a>> {
    let seen = |read: &&'a Operation| {
        if absent(read) {
            return Some(Seen { read, write: None });
        }
        writers.get(&found(read)?).map(|write| Seen { read, write: Some(write) })
    };
    reads.iter().filter_map(seen).collect()
}

/// Finds the reads that saw something older than a witness allows.
pub(super) fn older(
    of: &OfKey<'_>,
    seen: &[Seen<'_>],
    mut witnesses: Vec<Witness>,
    kind: Kind,
    judgement: &mut Judgement,
) {
    witnesses.sort_by_key(|witness| witness.known);
    // The strictest so far, at each place.
    let mut strictest: Vec<Witness> = Vec::with_capacity(witnesses.len());
    for witness in witnesses {
        let last =
            strictest.last().map_or(witness, |last| if last.begun > witness.begun { *last } else { witness });
        strictest.push(Witness { known: witness.known, ..last });
    }
    let deletions = of.writes.iter().filter(|write| matches!(write.action, Action::Delete { .. }));
    let mut deletions: Vec<&Operation> = deletions.copied().collect();
    deletions.sort_by_key(|one| one.invoked);
    for Seen { read, write } in seen {
        let place = strictest.partition_point(|witness| witness.known < read.invoked);
        let Some(witness) = place.checked_sub(1).and_then(|place| strictest.get(place)) else { continue };
        let superseded = |write: &Operation| write.over().is_some_and(|over| over < witness.begun);
        // What is absent was never there, or was deleted: one deletion that may be the last word explains it.
        let explained = |one: &&Operation| !matches!(one.outcome, Outcome::Failed(_)) && !superseded(one);
        let begun =
            read.ended.map_or(deletions.len(), |ended| deletions.partition_point(|one| one.invoked <= ended));
        // The latest first: it is the likeliest to explain.
        let mut before = deletions.iter().take(begun).rev();
        let stale = match write {
            Some(write) => superseded(write),
            None => !before.any(explained),
        };
        if stale {
            let what = write
                .map_or_else(|| "nothing".to_owned(), |write| format!("what was sent at {}", write.invoked));
            let text = format!(
                "{} at {}: the read that began at {} saw {what}; at {} what was sent at {} was already known",
                of.key, read.endpoint, read.invoked, witness.known, witness.begun
            );
            judgement.anomalies.push(Anomaly { kind, text, lines: vec![read.line, witness.line] });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{delete, found, get, put, unknown};

    const ABSENT: Outcome = Outcome::Ok(Answer::Absent);

    fn kinds(all: &[Operation]) -> Vec<(Kind, u64)> {
        judge(all).anomalies.iter().map(|one| (one.kind, one.lines[0])).collect()
    }

    #[test]
    fn a_read_may_see_any_write_that_is_not_surely_older() {
        let all = [
            put(1, "k", b"1", (0, 1), Outcome::DONE),
            put(2, "k", b"2", (2, 5), Outcome::DONE),
            put(3, "k", b"3", (3, 4), Outcome::DONE),
            get(4, "k", (3, 4), found(b"1")),
            get(5, "k", (6, 7), found(b"2")),
            get(6, "k", (6, 7), found(b"3")),
            get(7, "k", (6, 7), found(b"1")),
            get(8, "k", (6, 7), ABSENT),
            get(9, "k", (-1, 0), ABSENT),
        ];
        assert_eq!(kinds(&all), [(Kind::Stale, 7), (Kind::Stale, 8)]);
        assert_eq!(judge(&all).judged, 6);
    }

    #[test]
    fn what_may_happen_late_and_what_was_deleted_is_not_stale() {
        let late = [
            put(1, "k", b"1", (0, 1), unknown()),
            put(2, "k", b"2", (2, 3), Outcome::DONE),
            get(3, "k", (4, 5), found(b"1")),
        ];
        assert_eq!(kinds(&late), []);
        let deleted = |outcome| {
            [
                put(1, "k", b"1", (0, 1), Outcome::DONE),
                delete(2, "k", (2, 3), outcome),
                get(3, "k", (4, 5), ABSENT),
            ]
        };
        assert_eq!(kinds(&deleted(Outcome::DONE)), []);
        assert_eq!(kinds(&deleted(unknown())), []);
        assert_eq!(kinds(&deleted(crate::fixture::refused())), [(Kind::Stale, 3)]);
        let back = [
            delete(1, "k", (2, 3), Outcome::DONE),
            put(2, "k", b"1", (0, 1), Outcome::DONE),
            get(3, "k", (4, 5), found(b"1")),
        ];
        assert_eq!(kinds(&back), [(Kind::Stale, 3)]);
    }

    #[test]
    fn what_nobody_sent_and_what_was_refused_is_not_read() {
        let refused = crate::fixture::refused;
        assert_eq!(kinds(&[get(2, "k", (4, 5), found(b"x"))]), [(Kind::Phantom, 2)]);
        // One value that many saw is one.
        let all = [
            put(1, "k", b"1", (0, 1), Outcome::DONE),
            get(2, "k", (2, 3), found(b"x")),
            get(3, "k", (4, 5), found(b"x")),
            get(4, "k", (6, 7), found(b"1")),
        ];
        assert_eq!(kinds(&all), [(Kind::Diverged, 2)]);
        assert_eq!((judge(&all).judged, judge(&all).anomalies[0].lines.clone()), (3, vec![2, 3]));
        let all = |outcome| [put(1, "k", b"1", (0, 1), outcome), get(2, "k", (2, 3), found(b"1"))];
        assert_eq!(kinds(&all(refused())), [(Kind::RefusedButStored, 2)]);
        assert_eq!(kinds(&all(unknown())), []);
        // A history that was cut: its last operations have no end.
        let cut = |one: Operation| Operation { ended: None, outcome: unknown(), ..one };
        let [write, read] = all(Outcome::DONE);
        assert_eq!(kinds(&[cut(write.clone()), read.clone()]), []);
        assert_eq!(kinds(&[write.clone(), cut(read.clone())]), []);
        // Refused at first, and taken when it was sent again.
        let again = put(3, "k", b"1", (0, 1), refused());
        assert_eq!(kinds(&[again.clone(), write.clone(), read.clone()]), []);
        assert_eq!(kinds(&[write, again, read]), []);
    }

    #[test]
    fn nobody_reads_the_future() {
        let all = [get(1, "k", (0, 1), found(b"1")), put(2, "k", b"1", (2, 3), Outcome::DONE)];
        assert_eq!(kinds(&all), [(Kind::Future, 1)]);
    }
}
