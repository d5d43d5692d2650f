//! A key behaves as if there were one copy of it, and each operation happened at one moment between its beginning and its
//! end: it is linearizable.
//!
//! Each value is written once, so the operations of a value (its write and the reads that saw it) stand together in any order
//! that explains them. From the first end among them to the last beginning the key must have held that value: a *forward*
//! zone. Where all of them were under way at once there is a moment for all: a *backward* zone. An order exists exactly when no
//! two forward zones overlap and no backward zone is inside a forward one (Gibbons and Korach, *Testing Shared Memories*, 1997):
//! sorting is all it takes.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::{
    judgement::{Anomaly, Judgement, Kind},
    keys::{ByKey, OfKey},
};
use crate::{
    operation::{Action, Answer, Operation, Outcome},
    value::Value,
};

/// All operations of one value, or those that found nothing before the first write.
struct Zone {
    /// The first end.
    end: Timestamp,
    /// The last beginning.
    start: Timestamp,
    /// Whose that are.
    lines: [u64; 2],
}

/// Judges every key.
pub fn judge(all: &[Operation]) -> Judgement {
    let mut judgement = Judgement::default();
    let mut apart = 0;
    for of in ByKey::new(all).iter() {
        // Of two absences nobody knows which is before the first write: what was deleted is judged by what comes after what.
        if of.writes.iter().any(|write| matches!(write.action, Action::Delete { .. })) {
            continue;
        }
        let mut values = HashSet::new();
        let mut puts = of.writes.iter().filter_map(|write| match write.action {
            Action::Put { value, .. } => Some(value),
            _ => None,
        });
        if puts.any(|value| !values.insert(value)) {
            apart += 1;
            continue;
        }
        judgement.judged += 1;
        if let Some((text, lines)) = not_linearizable(&of) {
            let text = format!("{}: {text}", of.key);
            judgement.anomalies.push(Anomaly { kind: Kind::NotLinearizable, text, lines });
        }
    }
    if apart > 0 {
        let why =
            format!("{apart} keys were written twice with one value: what a read saw is not told apart");
        judgement.unjudged.push(why);
    }
    judgement
}

/// Why no order explains what the operations of a key answered; none if one does.
fn not_linearizable(of: &OfKey<'_>) -> Option<(String, Vec<u64>)> {
    let (mut zones, mut places) = (Vec::new(), HashMap::new());
    // Before everything the key held nothing.
    zones.push((Zone { end: Timestamp::MIN, start: Timestamp::MIN, lines: [0; 2] }, None));
    for write in &of.writes {
        let Action::Put { value, .. } = &write.action else { continue };
        places.insert(*value, zones.len());
        let end = write.ended.filter(|_| write.is_ok()).unwrap_or(Timestamp::MAX);
        zones.push((Zone { end, start: write.invoked, lines: [write.line; 2] }, Some(*write)));
    }
    for read in &of.reads {
        let Outcome::Ok(answer) = &read.outcome else { continue };
        let place = match answer {
            Answer::Absent => 0,
            Answer::Found(value) | Answer::Mislabelled(value) => match places.get(value) {
                Some(place) => *place,
                None => return Some((never(read, *value), vec![read.line])),
            },
            _ => continue,
        };
        let Some((zone, write)) = zones.get_mut(place) else { continue };
        let ended = read.ended.unwrap_or(Timestamp::MAX);
        if let Some(write) = write {
            if matches!(write.outcome, Outcome::Failed(_)) {
                let text = format!("the read that began at {} saw a write that was refused", read.invoked);
                return Some((text, vec![read.line, write.line]));
            }
            if ended < write.invoked {
                let text = format!("the read that began at {} saw a write that came after it", read.invoked);
                return Some((text, vec![read.line, write.line]));
            }
        }
        if ended < zone.end {
            (zone.end, zone.lines[0]) = (ended, read.line);
        }
        if read.invoked > zone.start {
            (zone.start, zone.lines[1]) = (read.invoked, read.line);
        }
    }
    let happened = zones.into_iter().filter(|(zone, write)| match write {
        // Nobody saw it: it can stand at the very end, or nowhere.
        Some(write) => write.is_ok() || zone.end < Timestamp::MAX,
        None => zone.start > Timestamp::MIN,
    });
    let (mut forward, backward): (Vec<Zone>, Vec<Zone>) =
        happened.map(|(zone, _)| zone).partition(|zone| zone.end < zone.start);
    forward.sort_by_key(|zone| zone.end);
    let clash = |held: &Zone, other: &Zone| {
        let text = format!(
            "it must have held one value from {} to {}, and another between {} and {}",
            held.end,
            held.start,
            other.end.min(other.start),
            other.end.max(other.start)
        );
        Some((text, [held.lines, other.lines].concat()))
    };
    if let Some([one, other]) = forward.array_windows().find(|[one, other]| other.end < one.start) {
        return clash(one, other);
    }
    for zone in &backward {
        let place = forward.partition_point(|held| held.end < zone.start);
        let before = place.checked_sub(1).and_then(|place| forward.get(place));
        if let Some(held) = before.filter(|held| zone.end < held.start) {
            return clash(held, zone);
        }
    }
    None
}

fn never(read: &Operation, value: Value) -> String {
    format!("the read that began at {} saw {value}, which nobody wrote", read.invoked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{delete, found, get, put, refused, unknown};

    fn broken(all: &[Operation]) -> bool {
        !judge(all).anomalies.is_empty()
    }

    #[test]
    fn a_value_that_comes_back_is_no_register() {
        let writes =
            || vec![put(1, "k", b"1", (0, 1), Outcome::DONE), put(2, "k", b"2", (2, 9), Outcome::DONE)];
        let with = |reads: [Operation; 2]| writes().into_iter().chain(reads).collect::<Vec<_>>();
        assert!(!broken(&with([get(3, "k", (3, 4), found(b"1")), get(4, "k", (5, 6), found(b"2"))])));
        assert!(broken(&with([get(3, "k", (3, 4), found(b"2")), get(4, "k", (5, 6), found(b"1"))])));
        assert!(!broken(&with([get(3, "k", (3, 6), found(b"2")), get(4, "k", (5, 6), found(b"1"))])));
    }

    #[test]
    fn what_is_deleted_is_judged_by_others() {
        let all = [
            put(1, "k", b"1", (0, 1), Outcome::DONE),
            delete(2, "k", (2, 3), Outcome::DONE),
            get(3, "k", (4, 5), Outcome::Ok(Answer::Absent)),
        ];
        assert_eq!(judge(&all), Judgement::default());
        let twice = [all[0].clone(), put(2, "k", b"1", (2, 3), Outcome::DONE)];
        assert_eq!(judge(&twice).unjudged.len(), 1);
    }

    #[test]
    fn nothing_is_read_before_it_is_written_or_after_it_was_refused() {
        let absent = || Outcome::Ok(Answer::Absent);
        assert!(broken(&[get(1, "k", (0, 1), found(b"1")), put(2, "k", b"1", (2, 3), Outcome::DONE)]));
        assert!(broken(&[put(1, "k", b"1", (0, 1), refused()), get(2, "k", (2, 3), found(b"1"))]));
        assert!(broken(&[put(1, "k", b"1", (0, 1), Outcome::DONE), get(2, "k", (2, 3), absent())]));
        assert!(broken(&[get(2, "k", (2, 3), found(b"1"))]));
        assert!(!broken(&[put(1, "k", b"1", (0, 1), unknown()), get(2, "k", (2, 3), absent())]));
        assert!(!broken(&[put(1, "k", b"1", (0, 1), unknown()), get(2, "k", (2, 3), found(b"1"))]));
    }
}
