//! What clients are to do: the same seed gives the same operations, with the same contents.

mod content;
mod noise;
mod request;

use std::ops::Range;

use crate::{
    operation::{Action, How, Key, Step},
    value::Value,
};

use request::bare;

pub use content::content;
pub use noise::Noise;
pub use request::Request;

/// After so many operations a process leaves what it shares for something new: a longer list is slow to read and tells no more, and a
/// deletion of unknown outcome explains whatever is missing for ever.
const GENERATION: u64 = 40;

/// So many keys a process with [`Work::Deletes`] leaves.
const LEFT: u32 = 5;

/// What a process is to do, again and again.
#[derive(Debug, Clone)]
pub enum Work {
    /// Writes keys that nobody wrote before, with contents of these sizes in turn.
    Writes {
        /// In bytes.
        sizes: &'static [usize],
    },
    /// Writes keys that nobody wrote before, deletes each of them a while later, and reads them before and after.
    Deletes {
        /// In bytes.
        sizes: &'static [usize],
    },
    /// Reads keys that processes with [`Work::Writes`] have written, or will write soon.
    Reads {
        /// These processes.
        of: Range<u32>,
    },
    /// As [`Work::Writes`], in parts.
    Uploads {
        /// In bytes.
        sizes: &'static [usize],
    },
    /// Reads parts of what processes with [`Work::Writes`] or [`Work::Uploads`] have written, or will write soon.
    Ranges {
        /// These processes.
        of: Range<u32>,
        /// Their sizes, in bytes.
        sizes: &'static [usize],
    },
    /// Writes over a few keys, and reads them: whole, in parts, by a copy, only if new; also asks for heads, and deletes and lists
    /// where so said.
    Objects {
        /// How many keys there are at a time; all processes with as many share them, and leave them together for new ones.
        keys: u32,
        /// In bytes.
        sizes: &'static [usize],
        /// Whether keys are deleted and listed too.
        deletes: bool,
    },
    /// Writes over a few keys, and reads them.
    Registers {
        /// How many there are at a time; all processes with as many share them, and leave them together for new ones.
        keys: u32,
        /// In bytes, none of them 0: what a read saw is known by its content.
        sizes: &'static [usize],
    },
    /// Asks for one thing that nobody writes, to see whether there is an answer.
    Beats,
    /// Moves money between accounts, and looks at all of them.
    Bank {
        /// How many there are.
        accounts: u32,
    },
    /// Transactions that read lists and append to them.
    Lists {
        /// How many there are at a time; each is left for a new one when it has grown long.
        lists: u32,
    },
}

/// The requests of one process, without end.
#[derive(Debug, Clone)]
pub struct Generator {
    run: String,
    process: u32,
    work: Work,
    noise: Noise,
    next: u64,
}

impl Generator {
    /// Those of one process of a run.
    pub fn new(run: &str, seed: u64, process: u32, work: Work) -> Self {
        let noise = Noise::new(seed, process);
        Self { run: run.to_owned(), process, work, noise, next: 0 }
    }

    fn put(&self, key: Key, size: usize, how: How) -> Request {
        let payload = content(&format!("{}/{}/{}", self.run, self.process, self.next), size);
        Request { action: Action::Put { key, value: Value::of(&payload), how }, payload }
    }

    fn draw(&mut self) -> Request {
        let place = usize::try_from(self.next).unwrap_or(0);
        match self.work.clone() {
            Work::Writes { sizes } => {
                let key = key(&self.run, self.process, self.next);
                self.put(key, pick(sizes, place), How::Whole)
            }
            Work::Deletes { sizes } => {
                let (sequence, turn) = (self.next / 3, self.next % 3);
                let (run, process) = (self.run.clone(), self.process);
                let key = |earlier: u64| key(&run, process, sequence.saturating_sub(earlier));
                match turn {
                    0 => self.put(key(0), pick(sizes, usize::try_from(sequence).unwrap_or(0)), How::Whole),
                    1 if sequence >= u64::from(LEFT) => bare(Action::Delete { key: key(LEFT.into()) }),
                    _ => bare(Action::Get { key: key(self.noise.below(2 * LEFT).into()) }),
                }
            }
            Work::Reads { of } => bare(Action::Get { key: self.written(of, self.next).0 }),
            Work::Uploads { sizes } => {
                let key = key(&self.run, self.process, self.next);
                self.put(key, pick(sizes, place), How::Parts)
            }
            Work::Ranges { of, sizes } => {
                // An upload takes several calls: who reads meanwhile is ahead.
                let (key, sequence) = self.written(of, self.next / 3);
                let size = u32::try_from(pick(sizes, usize::try_from(sequence).unwrap_or(0))).unwrap_or(0);
                let from = self.noise.below(size);
                let length = 1 + self.noise.below(size - from);
                bare(Action::Range { key, from: from.into(), length: length.into() })
            }
            Work::Beats => bare(Action::Get { key: "beat".into() }),
            Work::Registers { keys, sizes } => {
                let key: Key = format!("{}{}", self.shared(), self.noise.below(keys)).into();
                match self.noise.below(2) {
                    0 => self.put(key, pick(sizes, place), How::Over),
                    _ => bare(Action::Get { key }),
                }
            }
            Work::Objects { keys, sizes, deletes } => {
                let shared = self.shared();
                let key: Key = format!("{shared}{}", self.noise.below(keys)).into();
                let size = pick(sizes, place);
                match self.noise.below(10) {
                    0 if deletes => bare(Action::Delete { key }),
                    1 if deletes => bare(Action::List { prefix: shared.into() }),
                    2 => self.put(key, size, How::Parts),
                    3 => self.put(key, size, How::IfNew),
                    4 => self.put(key, size, How::Whole),
                    5 => self.put(key, size, How::Copy),
                    6 => bare(Action::Head { key }),
                    _ => bare(Action::Get { key }),
                }
            }
            Work::Bank { accounts } => {
                let from = self.noise.below(accounts);
                let to = (from + 1 + self.noise.below(accounts.max(2) - 1)) % accounts.max(1);
                let amount = i64::from(self.noise.below(5)) + 1;
                match self.noise.below(3) {
                    0 => bare(Action::Balances),
                    _ => bare(Action::Transfer { from, to, amount }),
                }
            }
            Work::Lists { lists } => bare(Action::Transaction(self.steps(lists))),
        }
    }

    /// What the keys begin with that all share at this time.
    fn shared(&self) -> String {
        format!("{}/shared/{}/", self.run, self.next / GENERATION)
    }

    /// A key that one of these processes has written a short while before its write of this number, or with it; and its number.
    fn written(&mut self, of: Range<u32>, number: u64) -> (Key, u64) {
        let writer = of.start + self.noise.below(of.end - of.start);
        let sequence = number - u64::from(self.noise.below(20)).min(number);
        (key(&self.run, writer, sequence), sequence)
    }

    fn steps(&mut self, lists: u32) -> Vec<Step> {
        let generation = u32::try_from(self.next / GENERATION).unwrap_or(0) * lists;
        let mut steps = Vec::new();
        for number in 0..2 + self.noise.below(3) {
            let list = generation + self.noise.below(lists);
            // Unique over all processes.
            let element = (u64::from(self.process) << 40) + (self.next << 4) + u64::from(number);
            steps.push(match self.noise.below(12) {
                0..6 => Step::Append { list, element },
                6 => Step::Undone { list, element },
                _ => Step::Read { list },
            });
        }
        steps
    }
}

impl Work {
    /// Whether it writes.
    pub fn writes(&self) -> bool {
        !matches!(self, Self::Reads { .. } | Self::Ranges { .. } | Self::Beats)
    }

    /// As it is where the first process has this number, and not 0.
    pub fn after(self, first: u32) -> Self {
        let moved = |of: Range<u32>| of.start + first..of.end + first;
        match self {
            Self::Reads { of } => Self::Reads { of: moved(of) },
            Self::Ranges { of, sizes } => Self::Ranges { of: moved(of), sizes },
            other => other,
        }
    }
}

impl Iterator for Generator {
    type Item = Request;

    fn next(&mut self) -> Option<Request> {
        let request = self.draw();
        self.next += 1;
        Some(request)
    }
}

/// The key of a write, which no other write has.
pub fn key(run: &str, process: u32, sequence: u64) -> Key {
    format!("{run}/{process}/{sequence:06}").into()
}

/// The content that [`Work::Writes`] and [`Work::Uploads`] give to a key of this size; none where it is not theirs.
pub fn content_of(key: &str, size: usize) -> Option<Vec<u8>> {
    let (writer, sequence) = key.rsplit_once('/')?;
    let sequence: u64 = sequence.parse().ok()?;
    Some(content(&format!("{writer}/{sequence}"), size))
}

fn pick(sizes: &[usize], place: usize) -> usize {
    sizes.get(place % sizes.len().max(1)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const SIZES: &[usize] = &[40, 3000];

    #[test]
    fn the_same_seed_gives_the_same_operations_and_another_gives_others() {
        let of = |seed, work: &Work| Generator::new("r", seed, 3, work.clone()).take(200).collect::<Vec<_>>();
        for work in [
            Work::Writes { sizes: SIZES },
            Work::Reads { of: 0..3 },
            Work::Deletes { sizes: SIZES },
            Work::Ranges { of: 0..3, sizes: SIZES },
            Work::Objects { keys: 4, sizes: SIZES, deletes: true },
            Work::Bank { accounts: 5 },
            Work::Lists { lists: 3 },
        ] {
            assert_eq!(of(1, &work), of(1, &work));
            assert_eq!(of(1, &work) == of(2, &work), matches!(work, Work::Writes { .. }), "{work:?}");
        }
    }

    #[test]
    fn everything_is_done_and_no_element_or_content_twice() {
        let (mut values, mut elements, mut seen) = (HashSet::new(), HashSet::new(), HashSet::new());
        for process in 0..3 {
            for work in [Work::Objects { keys: 4, sizes: SIZES, deletes: true }, Work::Lists { lists: 3 }] {
                for request in Generator::new("r", 9, process, work).take(300) {
                    match &request.action {
                        Action::Put { value, how, .. } => {
                            assert!(values.insert(*value), "{request:?}");
                            assert_eq!(value.size as usize, request.payload.len());
                            seen.insert(format!("{how:?}"));
                        }
                        Action::Transaction(steps) => {
                            for step in steps {
                                if let Step::Append { list, element } | Step::Undone { list, element } = step
                                {
                                    assert!(elements.insert((*list, *element)));
                                }
                            }
                        }
                        other => drop(seen.insert(format!("{other:?}").chars().take(4).collect())),
                    }
                }
            }
        }
        let mut seen: Vec<_> = seen.into_iter().collect();
        seen.sort();
        assert_eq!(seen, ["Copy", "Dele", "Get ", "Head", "IfNew", "List", "Parts", "Whole"]);
    }

    #[test]
    fn what_is_shared_is_left_for_something_new_by_all_at_once() {
        let generation = |process, place: u64| {
            let work = Work::Objects { keys: 4, sizes: SIZES, deletes: true };
            let request = Generator::new("r", 9, process, work).nth(usize::try_from(place).unwrap()).unwrap();
            let key = match &request.action {
                Action::List { prefix } => format!("{prefix}0"),
                other => other.key().unwrap().to_string(),
            };
            key.strip_prefix("r/shared/").unwrap().rsplit_once('/').unwrap().0.to_owned()
        };
        for place in [0, GENERATION - 1, GENERATION, 3 * GENERATION + 7] {
            assert!((0..3).all(|process| generation(process, place) == (place / GENERATION).to_string()));
        }
    }

    #[test]
    fn what_is_written_once_follows_from_its_key_and_its_parts_are_inside() {
        for request in Generator::new("r/a", 1, 4, Work::Uploads { sizes: SIZES }).take(4) {
            let key = request.action.key().unwrap();
            assert_eq!(content_of(key, request.payload.len()), Some(request.payload));
        }
        for request in Generator::new("r/a", 1, 4, Work::Ranges { of: 2..3, sizes: SIZES }).take(100) {
            let Action::Range { key, from, length } = request.action else { panic!("no range") };
            let sequence: usize = key.strip_prefix("r/a/2/").unwrap().parse().unwrap();
            assert!(length > 0 && from + length <= SIZES[sequence % 2] as u64);
        }
    }

    #[test]
    fn a_key_is_written_once_and_then_deleted_once() {
        let all: Vec<Request> = Generator::new("r", 1, 0, Work::Deletes { sizes: SIZES }).take(300).collect();
        let keys = |of: fn(&Action) -> bool| {
            all.iter().filter(|one| of(&one.action)).filter_map(|one| one.action.key()).collect::<Vec<_>>()
        };
        let written = keys(|one| matches!(one, Action::Put { .. }));
        let deleted = keys(|one| matches!(one, Action::Delete { .. }));
        assert!(written.len() == 100 && deleted.len() == 95 && written.starts_with(&deleted));
    }

    #[test]
    fn money_goes_to_another_account() {
        for request in Generator::new("r", 1, 0, Work::Bank { accounts: 3 }).take(100) {
            let Action::Transfer { from, to, amount } = request.action else { continue };
            assert!(from != to && from < 3 && to < 3 && amount > 0);
        }
    }
}
