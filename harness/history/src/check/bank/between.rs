//! What may have moved between two reads of all accounts.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::operation::{Action, Operation, Outcome};

/// So many transfers of which each may have happened or not are tried in every way; of more, each account has its bounds alone.
const TRIED: usize = 14;

/// A read of all accounts.
pub struct Balances<'a> {
    pub read: &'a Operation,
    pub ended: Timestamp,
    /// What each holds.
    pub held: &'a [i64],
}

/// A transfer that may have happened.
#[derive(Clone, Copy)]
struct Transfer {
    from: u32,
    to: u32,
    amount: i64,
    invoked: Timestamp,
    /// When it was over; never where nobody knows.
    over: Timestamp,
}

/// Whether transfers explain what two reads found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Explained {
    /// Some of them make the difference.
    Yes,
    /// None do.
    No,
    /// Too many may have happened to try them all: no account has more or less than all of them together give it or take.
    WithinBounds,
}

/// What may have come to an account and gone from it by the transfers up to one of which nobody knows.
#[derive(Clone, Copy, Default)]
struct Sum {
    /// When that one began.
    invoked: Timestamp,
    comes: i64,
    goes: i64,
}

/// All that may have happened.
pub struct Transfers {
    /// Those that did, in the order in which they began.
    done: Vec<Transfer>,
    /// When the last was over of each and those before it.
    over: Vec<Timestamp>,
    /// Those of which nobody knows, in the order in which they began.
    unknown: Vec<Transfer>,
    /// What these come to, by account: a long history has many, and each read is after most of them.
    sums: HashMap<u32, Vec<Sum>>,
}

impl Transfers {
    pub fn new(all: &[Operation]) -> Self {
        let transfer = |one: &Operation| match (&one.action, &one.outcome) {
            (_, Outcome::Failed(_)) => None,
            (Action::Transfer { from, to, amount }, _) => {
                let over = one.over().unwrap_or(Timestamp::MAX);
                Some(Transfer { from: *from, to: *to, amount: *amount, invoked: one.invoked, over })
            }
            _ => None,
        };
        let (mut done, mut unknown): (Vec<_>, Vec<_>) =
            all.iter().filter_map(transfer).partition(|one| one.over < Timestamp::MAX);
        done.sort_by_key(|one| one.invoked);
        unknown.sort_by_key(|one| one.invoked);
        let mut last = Timestamp::MIN;
        let over = done.iter().map(|one| {
            last = last.max(one.over);
            last
        });
        Self { over: over.collect(), done, sums: sums(&unknown), unknown }
    }

    /// Whether transfers explain what a later read found beside an earlier one.
    pub fn explain(&self, earlier: &Balances<'_>, later: &Balances<'_>) -> Explained {
        if earlier.held.len() != later.held.len() {
            return Explained::No;
        }
        let mut missing: Vec<i64> =
            later.held.iter().zip(earlier.held).map(|(later, earlier)| later - earlier).collect();
        let mut maybe = Vec::new();
        let begun = self.done.partition_point(|one| one.invoked <= later.ended);
        for place in (0..begun).rev() {
            // It and all before it were over before the earlier read began.
            if self.over.get(place).is_none_or(|over| *over < earlier.read.invoked) {
                break;
            }
            let Some(one) = self.done.get(place).filter(|one| one.over >= earlier.read.invoked) else {
                continue;
            };
            if one.invoked > earlier.ended && one.over < later.read.invoked {
                one.move_back(&mut missing);
            } else {
                maybe.push(*one);
            }
        }
        if nothing(&missing) {
            return Explained::Yes;
        }
        let begun = self.unknown.partition_point(|one| one.invoked <= later.ended);
        let within = |(account, missing): (u32, &i64)| {
            let unknown = self.sum(account, later.ended);
            let comes = |one: &Transfer| if one.to == account { one.amount } else { 0 };
            let goes = |one: &Transfer| if one.from == account { one.amount } else { 0 };
            *missing <= unknown.comes + maybe.iter().map(comes).sum::<i64>()
                && -*missing <= unknown.goes + maybe.iter().map(goes).sum::<i64>()
        };
        if !(0..).zip(&missing).all(within) {
            return Explained::No;
        }
        if begun + maybe.len() > TRIED {
            return Explained::WithinBounds;
        }
        maybe.extend(self.unknown.iter().take(begun));
        if made(missing, &maybe) { Explained::Yes } else { Explained::No }
    }

    /// What may have come to an account and gone from it by those of which nobody knows that had begun by then.
    fn sum(&self, account: u32, by: Timestamp) -> Sum {
        let sums = self.sums.get(&account).map_or(&[][..], Vec::as_slice);
        let begun = sums.partition_point(|one| one.invoked <= by);
        begun.checked_sub(1).and_then(|last| sums.get(last)).copied().unwrap_or_default()
    }
}

impl Transfer {
    /// What is still to be explained without it.
    fn move_back(&self, missing: &mut [i64]) {
        for (account, amount) in [(self.from, self.amount), (self.to, -self.amount)] {
            if let Some(missing) = missing.get_mut(account as usize) {
                *missing += amount;
            }
        }
    }
}

/// The sums of these, by account.
fn sums(unknown: &[Transfer]) -> HashMap<u32, Vec<Sum>> {
    let mut sums: HashMap<u32, Vec<Sum>> = HashMap::new();
    for one in unknown {
        for (account, comes, goes) in [(one.from, 0, one.amount), (one.to, one.amount, 0)] {
            let sums = sums.entry(account).or_default();
            let last = sums.last().copied().unwrap_or_default();
            sums.push(Sum { invoked: one.invoked, comes: last.comes + comes, goes: last.goes + goes });
        }
    }
    sums
}

fn nothing(missing: &[i64]) -> bool {
    missing.iter().all(|one| *one == 0)
}

/// Whether some of these transfers, each once, make this difference.
fn made(missing: Vec<i64>, maybe: &[Transfer]) -> bool {
    let mut left = HashSet::from([missing]);
    for one in maybe {
        let with: Vec<Vec<i64>> = left
            .iter()
            .map(|missing| {
                let mut missing = missing.clone();
                one.move_back(&mut missing);
                missing
            })
            .collect();
        if with.iter().any(|missing| nothing(missing)) {
            return true;
        }
        left.extend(with);
    }
    false
}
