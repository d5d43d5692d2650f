//! Whether a load ran while a fault did: without it, what it says of the fault is nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{availability::WAY_IN, operation::Operation};

/// A fault, and when it was on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// `scale 3 → 1 → 3`
    pub name: String,
    /// From here on.
    pub from: Timestamp,
    /// Until here.
    pub to: Timestamp,
}

/// Whether writes were acknowledged before a fault, operations tried throughout it, and writes acknowledged after it; if not,
/// what is missing.
///
/// # Errors
/// What is missing.
pub fn overlap(all: &[Operation], fault: &Fault) -> Result<(), String> {
    /// A fault is divided in so many parts, each of which must have seen something tried.
    const PARTS: i64 = 8;
    let Fault { name, from, to } = fault;
    let missing = |when: &str| Err(format!("nothing was {when} ({name}, from {from} to {to})"));
    let mut written = all.iter().filter(|one| one.is_ok() && one.action.writes());
    if !written.clone().any(|one| one.ended.is_some_and(|ended| ended < *from)) {
        return missing("acknowledged before the fault");
    }
    if !written.any(|one| one.invoked > *to) {
        return missing("acknowledged after the fault");
    }
    let part = to.duration_since(*from).as_nanos() / i128::from(PARTS);
    let mut tried = [false; PARTS as usize];
    // Whoever looks only at the way there says nothing of the store.
    for one in all.iter().filter(|one| *one.endpoint != *WAY_IN) {
        let place = |at: Timestamp| one_part(at.duration_since(*from).as_nanos(), part, PARTS);
        let (Some(first), Some(last)) =
            (place(one.invoked.max(*from)), place(one.ended.map_or(*to, |ended| ended.min(*to))))
        else {
            continue;
        };
        if one.invoked <= *to && one.ended.is_none_or(|ended| ended >= *from) {
            tried.iter_mut().take(last + 1).skip(first).for_each(|tried| *tried = true);
        }
    }
    if tried.contains(&false) { missing("tried in a part of the fault") } else { Ok(()) }
}

fn one_part(nanoseconds: i128, part: i128, parts: i64) -> Option<usize> {
    let place = if part == 0 { 0 } else { nanoseconds / part };
    usize::try_from(place.min(i128::from(parts) - 1)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{at, put, unknown},
        operation::Outcome,
    };

    #[test]
    fn a_load_must_be_there_before_throughout_and_after() {
        let fault = Fault { name: "kill".into(), from: at(100), to: at(180) };
        let one = |line, from, to, outcome| put(line, "k", b"1", (from, to), outcome);
        let before = one(1, 98, 99, Outcome::DONE);
        let during: Vec<_> = (0..8).map(|part| one(2, 102 + 10 * part, 104 + 10 * part, unknown())).collect();
        let after = one(3, 190, 191, Outcome::DONE);
        let all = |parts: &[&[Operation]]| overlap(&parts.concat(), &fault);
        let (before, after) = ([before], [after]);
        assert_eq!(all(&[&before, &during, &after]), Ok(()));
        // One that takes as long as the fault was there throughout.
        assert_eq!(all(&[&before, &[one(2, 99, 200, unknown())], &after]), Ok(()));
        let said = |parts: &[&[Operation]]| all(parts).unwrap_err();
        assert!(said(&[&during, &after]).contains("before the fault"));
        assert!(said(&[&before, &during]).contains("after the fault"));
        assert!(said(&[&before, &during[..6], &after]).contains("in a part of the fault"));
        assert!(said(&[&before, &after]).contains("in a part of the fault"));
    }
}
