//! Who is held up by a fault does not stay behind for ever: it leaves out what the others did meanwhile, so that all of a load keep
//! reading what others write, and writing what they read.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use history::generate::WINDOW;

/// So far behind one may be: readers look back twice as far, and still find something of it.
const BEHIND: u64 = WINDOW as u64 / 2;

/// How far the foremost process of a load has come. Where all are slow it is slow as well, and nobody leaves anything out for that.
#[derive(Debug, Clone, Default)]
pub(super) struct Front(Arc<AtomicU64>);

/// How far one process has come.
#[derive(Debug)]
pub(super) struct Place {
    front: Front,
    next: u64,
}

impl Place {
    /// At the beginning.
    pub fn new(front: &Front) -> Self {
        Self { front: front.clone(), next: 0 }
    }

    /// Goes on to the next operation: how many are left out before it, of one that is too far behind.
    pub fn go_on(&mut self) -> u64 {
        let front = self.front.0.fetch_max(self.next, Ordering::Relaxed);
        let behind = front.saturating_sub(self.next);
        let left_out = if behind > BEHIND { behind } else { 0 };
        self.next += left_out + 1;
        left_out
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use history::{
        Action, Key,
        generate::{Generator, Work},
    };

    use super::*;

    const PACE: u64 = 100;
    /// Until then the first pod is struck.
    const STRUCK: u64 = 120_000;
    /// At a struck one everything takes longer than at any other.
    const LATE: u64 = 12_000;

    /// Of three pods, at each of which one writes and one reads what is written at the next, in milliseconds.
    struct Played {
        /// How many operations each process left out.
        left_out: Vec<u64>,
        /// Of the reads that began at the end, how many there were, and how many found something.
        reads: [(u64, u64); 3],
        /// The keys that all shared at the end.
        shared: Vec<BTreeSet<Key>>,
    }

    /// Plays a load in which an operation takes so long that is begun by a process at a moment.
    fn play(takes: impl Fn(u32, u64) -> u64, until: u64) -> Played {
        let end = until - 20_000;
        let (front, writes) = (Front::default(), Work::Writes { sizes: &[40] });
        let works = |pod: u32| {
            let writer = (pod + 1) % 3 * 3;
            let shared = Work::Objects { keys: 4, sizes: &[40], deletes: false };
            [writes.clone(), Work::Reads { of: writer..writer + 1 }, shared]
        };
        let mut processes: Vec<(u64, Place, Generator)> = (0..3)
            .flat_map(works)
            .zip(0..)
            .map(|(work, number)| (0, Place::new(&front), Generator::new("run", 7, number, work)))
            .collect();
        let mut played =
            Played { left_out: vec![0; 9], reads: [(0, 0); 3], shared: vec![BTreeSet::new(); 3] };
        let mut written: BTreeSet<Key> = BTreeSet::new();
        loop {
            let number = (0..9).min_by_key(|number| processes[*number].0).unwrap();
            let (at, place, generator) = &mut processes[number];
            if *at > until {
                return played;
            }
            let left_out = place.go_on();
            played.left_out[number] += left_out;
            let request = generator.nth(usize::try_from(left_out).unwrap()).unwrap();
            let key = request.action.key().unwrap().clone();
            match (&request.action, number % 3) {
                (_, 2) if *at > end => drop(played.shared[number / 3].insert(key)),
                (Action::Put { .. }, 0) => drop(written.insert(key)),
                (Action::Get { .. }, 1) if *at > end => {
                    let (all, found) = &mut played.reads[number / 3];
                    (*all, *found) = (*all + 1, *found + u64::from(written.contains(&key)));
                }
                _ => {}
            }
            *at += PACE + takes(u32::try_from(number).unwrap(), *at);
        }
    }

    #[test]
    fn after_a_fault_all_meet_on_the_same_keys_again() {
        let played = play(|number, at| if number < 3 && at < STRUCK { LATE } else { 5 }, STRUCK + 30_000);
        for (all, found) in played.reads {
            assert!(found * 10 > all * 8 && all > 100, "{found} of {all}");
        }
        for pod in [0, 1] {
            let both = played.shared[pod].intersection(&played.shared[2]).count();
            assert!(both * 10 > played.shared[2].len() * 8, "{both} of {}", played.shared[2].len());
        }
        // It is held up alone.
        assert_eq!(played.left_out[3..], [0; 6]);
    }

    #[test]
    fn where_all_are_slow_nothing_is_left_out() {
        let played = play(|_, _| 20 * PACE, 1_000_000);
        assert_eq!(played.left_out, [0; 9]);
        // And where writers are slower than readers, these find something nevertheless.
        let played = play(|number, _| if number % 3 == 0 { 4 * PACE } else { PACE / 2 }, 300_000);
        for (all, found) in played.reads {
            assert!(found * 10 > all * 2, "{found} of {all}");
        }
    }
}
