//! What one reader saw no later reader, wherever it reads, loses.

use super::{
    judgement::{Judgement, Kind},
    keys::ByKey,
    read_after_write::{Seen, Witness, older, seen, writers},
};
use crate::operation::Operation;

/// Judges every read of a key by the reads before it.
pub fn judge(all: &[Operation]) -> Judgement {
    let mut judgement = Judgement::default();
    for of in ByKey::new(all).iter() {
        let seen = seen(&of.reads, &writers(&of));
        judgement.judged += seen.len() as u64;
        let witness = |Seen { read, write }: &Seen<'_>| {
            Some(Witness { known: read.ended?, begun: write.as_ref()?.invoked, line: read.line })
        };
        let witnesses = seen.iter().filter_map(witness).collect();
        older(&of, &seen, witnesses, Kind::Backwards, &mut judgement);
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{found, get, put, unknown},
        operation::{Answer, Outcome},
    };

    #[test]
    fn what_was_seen_once_stays_seen_even_if_nobody_acknowledged_it() {
        let absent = || Outcome::Ok(Answer::Absent);
        let write = put(1, "k", b"1", (0, 30), unknown());
        let lines = |reads: [Operation; 2]| {
            let all: Vec<_> = std::iter::once(write.clone()).chain(reads).collect();
            judge(&all).anomalies.iter().map(|one| one.lines.clone()).collect::<Vec<_>>()
        };
        assert_eq!(lines([get(2, "k", (1, 2), found(b"1")), get(3, "k", (3, 4), absent())]), [[3, 2]]);
        // At the same time is not later.
        assert_eq!(lines([get(2, "k", (1, 4), found(b"1")), get(3, "k", (3, 4), absent())]), [[0; 2]; 0]);
        assert_eq!(lines([get(2, "k", (1, 2), absent()), get(3, "k", (3, 4), found(b"1"))]), [[0; 2]; 0]);
    }
}
