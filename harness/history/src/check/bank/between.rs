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

/// What came to an account and went from it by the transfers up to one.
#[derive(Clone, Copy, Default)]
struct Sum {
    /// The moment of that one.
    at: Timestamp,
    comes: i64,
    goes: i64,
}

/// These, by account: a long history has many transfers, and each read is after most of them.
struct Sums(HashMap<u32, Vec<Sum>>);

/// All that may have happened.
pub struct Transfers {
    /// Those that did, in the order in which they began.
    done: Vec<Transfer>,
    /// When the last was over of each and those before it.
    over: Vec<Timestamp>,
    /// What they come to, by when they began, and by when they were over.
    begun: Sums,
    ended: Sums,
    /// Those of which nobody knows, in the order in which they began.
    unknown: Vec<Transfer>,
    /// What these come to.
    maybe: Sums,
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
        let over = over.collect();
        let (begun, maybe) = (Sums::new(&done, |one| one.invoked), Sums::new(&unknown, |one| one.invoked));
        let mut by_end = done.clone();
        by_end.sort_by_key(|one| one.over);
        Self { over, begun, ended: Sums::new(&by_end, |one| one.over), maybe, done, unknown }
    }

    /// Whether transfers explain what a later read found beside one that was over before it.
    pub fn explain(&self, earlier: &Balances<'_>, later: &Balances<'_>) -> Explained {
        if earlier.held.len() != later.held.len() {
            return Explained::No;
        }
        // Between them lies what was over before the later one, without what had begun before the earlier one was over.
        let mut missing: Vec<i64> = (0..)
            .zip(later.held.iter().zip(earlier.held))
            .map(|(account, (later_held, earlier_held))| {
                let over = self.ended.until(account, |at| at < later.read.invoked);
                let begun = self.begun.until(account, |at| at <= earlier.ended);
                later_held - earlier_held - (over.comes - over.goes) + (begun.comes - begun.goes)
            })
            .collect();
        let mut maybe = self.during(later);
        // What goes on through both was taken away with what had begun, and had not been over.
        maybe.iter().filter(|one| one.invoked <= earlier.ended).for_each(|one| one.move_back(&mut missing));
        maybe.extend(self.during(earlier).into_iter().filter(|one| one.over < later.read.invoked));
        if nothing(&missing) {
            return Explained::Yes;
        }
        let begun = self.unknown.partition_point(|one| one.invoked <= later.ended);
        let within = |(account, missing): (u32, &i64)| {
            let unknown = self.maybe.until(account, |at| at <= later.ended);
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

    /// Those that happened, and were under way in the time of a read: it may have seen them or not.
    fn during(&self, read: &Balances<'_>) -> Vec<Transfer> {
        let from = read.read.invoked;
        let begun = self.done.partition_point(|one| one.invoked <= read.ended);
        let all = self.done.iter().zip(&self.over).take(begun).rev();
        // Before these, all were over.
        let some = all.take_while(|(_, over)| **over >= from);
        some.map(|(one, _)| *one).filter(|one| one.over >= from).collect()
    }
}

impl Sums {
    /// Those of these, which are in the order of their moments.
    fn new(transfers: &[Transfer], at: impl Fn(&Transfer) -> Timestamp) -> Self {
        let mut sums: HashMap<u32, Vec<Sum>> = HashMap::new();
        for one in transfers {
            for (account, comes, goes) in [(one.from, 0, one.amount), (one.to, one.amount, 0)] {
                let sums = sums.entry(account).or_default();
                let last = sums.last().copied().unwrap_or_default();
                sums.push(Sum { at: at(one), comes: last.comes + comes, goes: last.goes + goes });
            }
        }
        Self(sums)
    }

    /// What came to an account and went from it by those whose moment is among these first ones.
    fn until(&self, account: u32, is_among: impl Fn(Timestamp) -> bool) -> Sum {
        let sums = self.0.get(&account).map_or(&[][..], Vec::as_slice);
        let among = sums.partition_point(|one| is_among(one.at));
        among.checked_sub(1).and_then(|last| sums.get(last)).copied().unwrap_or_default()
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
