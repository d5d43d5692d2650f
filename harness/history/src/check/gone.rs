//! Whether an acknowledged deletion proves that nothing may be there any more: whatever was put had been over before it began.

use jiff::Timestamp;

use super::keys::OfKey;
use crate::operation::{Action, Operation, Outcome};

/// The puts and deletions of a key.
pub(super) struct Gone {
    deletions: Vec<Deletion>,
    /// When each put that may have happened was begun, and when the last of those up to it was over.
    puts: Vec<(Timestamp, Timestamp)>,
}

/// A deletion that was acknowledged.
#[derive(Clone, Copy)]
struct Deletion {
    known: Timestamp,
    /// When the latest of those that were known by then was begun, and its line.
    begun: Timestamp,
    line: u64,
}

impl Gone {
    pub fn new(of: &OfKey<'_>) -> Self {
        let (mut deletions, mut puts) = (Vec::new(), Vec::new());
        for write in &of.writes {
            match (&write.action, write.ended) {
                (Action::Put { .. }, _) if !matches!(write.outcome, Outcome::Failed(_)) => {
                    puts.push((write.invoked, write.over().unwrap_or(Timestamp::MAX)));
                }
                (Action::Delete { .. }, Some(known)) if write.is_ok() => {
                    deletions.push(Deletion { known, begun: write.invoked, line: write.line });
                }
                _ => {}
            }
        }
        puts.sort_unstable();
        let mut last = Timestamp::MIN;
        for (_, over) in &mut puts {
            last = last.max(*over);
            *over = last;
        }
        deletions.sort_by_key(|one| one.known);
        let mut latest: Option<Deletion> = None;
        for one in &mut deletions {
            let later = latest.filter(|latest| latest.begun > one.begun).unwrap_or(*one);
            (one.begun, one.line) = (later.begun, later.line);
            latest = Some(*one);
        }
        deletions.shrink_to_fit();
        puts.shrink_to_fit();
        Self { deletions, puts }
    }

    /// The line of the deletion that leaves nothing for someone who looked there.
    pub fn before(&self, look: &Operation) -> Option<u64> {
        let known = self.deletions.partition_point(|one| one.known < look.invoked);
        let deletion = self.deletions.get(known.checked_sub(1)?)?;
        (self.last_over(look)? < deletion.begun).then_some(deletion.line)
    }

    /// Whether nothing that was put by then may be there: nothing was, or it was deleted.
    pub fn nothing_for(&self, look: &Operation) -> bool {
        self.last_over(look).is_none() || self.before(look).is_some()
    }

    /// When the last put was over of those that someone who looked there may have seen; none where there was none.
    fn last_over(&self, look: &Operation) -> Option<Timestamp> {
        let begun =
            look.ended.map_or(self.puts.len(), |ended| self.puts.partition_point(|one| one.0 <= ended));
        self.puts.get(begun.checked_sub(1)?).map(|one| one.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::keys::ByKey,
        fixture::{delete, get, put, refused, unknown},
    };

    #[test]
    fn nothing_is_there_only_when_every_put_was_over_before_a_deletion_that_was_known() {
        let look = get(9, "k", (10, 12), unknown());
        let gone = |writes: &[Operation]| Gone::new(&ByKey::new(writes).iter().next().unwrap()).before(&look);
        let written = || put(1, "k", b"1", (0, 1), Outcome::DONE);
        let deleted = |span| delete(2, "k", span, Outcome::DONE);
        assert_eq!(gone(&[written(), deleted((2, 3))]), Some(2));
        assert_eq!(gone(&[written(), deleted((2, 3)), delete(3, "k", (1, 9), Outcome::DONE)]), Some(2));
        // At the same time as the put, or as the look; or maybe not at all.
        assert_eq!(gone(&[written(), deleted((1, 3))]), None);
        assert_eq!(gone(&[written(), deleted((2, 10))]), None);
        assert_eq!(gone(&[written(), delete(2, "k", (2, 3), unknown())]), None);
        // What may happen late, and what came since; but not what was refused, or came too late.
        let another = |span, outcome| put(3, "k", b"3", span, outcome);
        assert_eq!(gone(&[written(), deleted((2, 3)), another((0, 1), unknown())]), None);
        assert_eq!(gone(&[written(), deleted((2, 3)), another((11, 14), Outcome::DONE)]), None);
        assert_eq!(gone(&[written(), deleted((2, 3)), another((4, 5), refused())]), Some(2));
        assert_eq!(gone(&[written(), deleted((2, 3)), another((13, 14), Outcome::DONE)]), Some(2));
        // Nothing was ever put.
        assert_eq!(gone(&[deleted((2, 3))]), None);
        assert!(Gone::new(&ByKey::new(&[deleted((2, 3))]).iter().next().unwrap()).nothing_for(&look));
    }
}
