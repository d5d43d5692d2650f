//! What clients are to do: the same seed gives the same operations, with the same contents.
//!
//! Which of them are done follows from the time as well: who is held up leaves some out, and does the next as its seed has it.

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

/// So far back a reader looks for what a writer has written, who is to have done as much as it has.
pub const WINDOW: u32 = 20;

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

/// What is to be done: what is left out needs no content.
enum Drawn {
    Put(Key, usize, How),
    Other(Action),
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

    fn request(&self, drawn: Drawn) -> Request {
        let (key, size, how) = match drawn {
            Drawn::Put(key, size, how) => (key, size, how),
            Drawn::Other(action) => return bare(action),
        };
        let payload = content(&format!("{}/{}/{}", self.run, self.process, self.next), size);
        Request { action: Action::Put { key, value: Value::of(&payload), how }, payload }
    }

    fn draw(&mut self) -> Drawn {
        let place = usize::try_from(self.next).unwrap_or(0);
        match self.work.clone() {
            Work::Writes { sizes } => {
                let key = key(&self.run, self.process, self.next);
                Drawn::Put(key, pick(sizes, place), How::Whole)
            }
            Work::Deletes { sizes } => {
                let (sequence, turn) = (self.next / 3, self.next % 3);
                let (run, process) = (self.run.clone(), self.process);
                let key = |earlier: u64| key(&run, process, sequence.saturating_sub(earlier));
                match turn {
                    0 => Drawn::Put(key(0), pick(sizes, usize::try_from(sequence).unwrap_or(0)), How::Whole),
                    1 if sequence >= u64::from(LEFT) => {
                        Drawn::Other(Action::Delete { key: key(LEFT.into()) })
                    }
                    _ => Drawn::Other(Action::Get { key: key(self.noise.below(2 * LEFT).into()) }),
                }
            }
            Work::Reads { of } => Drawn::Other(Action::Get { key: self.written(of, self.next).0 }),
            Work::Uploads { sizes } => {
                let key = key(&self.run, self.process, self.next);
                Drawn::Put(key, pick(sizes, place), How::Parts)
            }
            Work::Ranges { of, sizes } => {
                let (key, sequence) = self.written(of, self.next);
                let size = u32::try_from(pick(sizes, usize::try_from(sequence).unwrap_or(0))).unwrap_or(0);
                let from = self.noise.below(size);
                let length = 1 + self.noise.below(size - from);
                Drawn::Other(Request::part(key, from.into(), length.into()).action)
            }
            Work::Beats => Drawn::Other(Action::Get { key: "beat".into() }),
            Work::Registers { keys, sizes } => {
                let key: Key = format!("{}{}", self.shared(), self.noise.below(keys)).into();
                match self.noise.below(2) {
                    0 => Drawn::Put(key, pick(sizes, place), How::Over),
                    _ => Drawn::Other(Action::Get { key }),
                }
            }
            Work::Objects { keys, sizes, deletes } => {
                let shared = self.shared();
                let key: Key = format!("{shared}{}", self.noise.below(keys)).into();
                let size = pick(sizes, place);
                match self.noise.below(10) {
                    0 if deletes => Drawn::Other(Action::Delete { key }),
                    1 if deletes => Drawn::Other(Action::List { prefix: shared.into() }),
                    2 => Drawn::Put(key, size, How::Parts),
                    3 => Drawn::Put(key, size, How::IfNew),
                    4 => Drawn::Put(key, size, How::Whole),
                    5 => Drawn::Put(key, size, How::Copy),
                    6 => Drawn::Other(Action::Head { key }),
                    _ => Drawn::Other(Action::Get { key }),
                }
            }
            Work::Bank { accounts } => {
                let from = self.noise.below(accounts);
                let to = (from + 1 + self.noise.below(accounts.max(2) - 1)) % accounts.max(1);
                let amount = i64::from(self.noise.below(5)) + 1;
                match self.noise.below(3) {
                    0 => Drawn::Other(Action::Balances),
                    _ => Drawn::Other(Action::Transfer { from, to, amount }),
                }
            }
            Work::Lists { lists } => Drawn::Other(Action::Transaction(self.steps(lists))),
        }
    }

    /// What the keys begin with that all share at this time.
    fn shared(&self) -> String {
        format!("{}/shared/{}/", self.run, self.next / GENERATION)
    }

    /// A key that one of these processes has written a short while before its write of this number, or with it; and its number.
    fn written(&mut self, of: Range<u32>, number: u64) -> (Key, u64) {
        let writer = of.start + self.noise.below(of.end - of.start);
        let sequence = number - u64::from(self.noise.below(WINDOW)).min(number);
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
        let drawn = self.draw();
        let request = self.request(drawn);
        self.next += 1;
        Some(request)
    }

    fn nth(&mut self, left_out: usize) -> Option<Request> {
        for _ in 0..left_out {
            self.draw();
            self.next += 1;
        }
        self.next()
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
mod tests;
